package rules

import (
	"testing"

	"sluis/internal/lang/langtest"
)

// TestEveryCategoryHasATitle in every language: a new one is missed here.
func TestEveryCategoryHasATitle(t *testing.T) {
	langtest.Package(t, langtest.Families{"category-": categoryNames[:]})
}
