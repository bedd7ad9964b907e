package rules

import (
	"io/fs"
	"testing"

	"sluis/internal/lang"
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

// TestTextsOfRulesAreThereInEveryLanguage of the house: those of clauses, lists of sites and rules.
func TestTextsOfRulesAreThereInEveryLanguage(t *testing.T) {
	texts := map[string]lang.Text{}
	for _, c := range Clauses() {
		texts["clause "+c.String()] = c.Texts()
	}
	for _, c := range SiteCategories() {
		texts["site category "+c.String()] = c.Title()
	}
	packs, err := fs.Glob(Builtin(), "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range packs {
		b, err := fs.ReadFile(Builtin(), name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parsePack(name, b)
		if err != nil {
			t.Fatal(err)
		}
		texts["pack "+name] = p.About
		for _, r := range p.Rules {
			texts["rule "+r.ID.String()] = r.Title
		}
	}
	if len(texts) < 100 {
		t.Errorf("found %d texts, want those of all clauses, lists and rules", len(texts))
	}
	for name, text := range texts {
		for _, code := range lang.Languages() {
			if text[code] == "" {
				t.Errorf("%s has no text in %s", name, code)
			}
		}
	}
}
