package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryCitedClauseIsThere: a clause that code, tests, rules or documents cite leads somewhere
// (K1).
func TestEveryCitedClauseIsThere(t *testing.T) {
	cited := regexp.MustCompile(`\b(C[1-3]\.[0-9]+[a-z]?|K[1-9]|never [1-9])\b`)
	kinds := []string{".go", ".md", ".yaml", ".html", ".json", ".txt"}
	n := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !slices.Contains(kinds, filepath.Ext(path)):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, id := range cited.FindAllString(string(text), -1) {
			n++
			if _, err := ParseClause(id); err != nil {
				t.Errorf("%s cites %s, want a clause of clauses.yaml", path, id)
			}
		}
		return nil
	})
	if err != nil || n < 500 {
		t.Errorf("found %d citations, %v; want some hundreds", n, err)
	}
}

func TestClausesHaveBothLanguages(t *testing.T) {
	all := Clauses()
	if len(all) < 40 {
		t.Errorf("got %d clauses, want all of the code, the guidance and what must never happen", len(all))
	}
	for _, c := range all {
		if nl, en := c.Text("nl"), c.Text("en"); nl == en || c.Text("fr") != nl {
			t.Errorf("%s: got %q and %q, want two languages, and the default for others", c, nl, en)
		}
	}
}

func TestAWrongListOfClausesIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"clauses: [{id: C1, text: {nl: a}}]":                                        "nl and en",
		"clauses: [{id: C1, text: {nl: a, en: b}}, {id: C1, text: {nl: a, en: b}}]": "id of its own",
		"clauses: [{text: {nl: a, en: b}}]":                                         "id of its own",
		"clauses: [{id: C1, txt: {}}]":                                              "unknown key",
	} {
		if _, err := readClauses([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
}
