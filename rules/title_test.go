package rules

import (
	"testing"

	"sluis/internal/lang/langtest"
)

// TestEveryCategoryHasATitle in every language: a new one is missed here.
func TestEveryCategoryHasATitle(t *testing.T) {
	var others []string // than those of sites, whose lists have the titles
	for i, n := range categoryNames {
		if _, ok := Category(i).SiteClause(); !ok {
			others = append(others, n)
		}
	}
	langtest.Package(t, langtest.Families{"category-": others})
}
