package langtest

import (
	"slices"
	"strings"
	"testing"
)

// TestFaultsAreFound in a package that has one of each kind.
func TestFaultsAreFound(t *testing.T) {
	families := Families{"kind-": {"mail", "web"}}
	strict, err := packageFaults("testdata/faulty", families, []Speaker{{Name: "note"}})
	if err != nil {
		t.Fatal(err)
	}
	loose, err := looseFaults("testdata/faulty")
	if err != nil {
		t.Fatal(err)
	}
	anywhere := []string{
		`en: "dutch-only" is in nl only`,
		`en: "english-only" is not in nl`,
		`en: "arguments" has text "%s of %d" with arguments "s d", want "d s"`,
		`nl: "plural" has text "een bericht" with arguments "", want "d"`,
	}
	for name, c := range map[string]struct{ got, want []string }{
		"with its families": {strict, []string{
			`templates/a.html: .T .Unknown: a key is a text, or begins with one`,
			`nl: no text for "kind-web" (family kind-)`,
			`nl: no text for "missing-in-code" (testdata/faulty/a.go)`,
			`nl: no text for "missing-in-template" (testdata/faulty/templates/a.html)`,
			`nl: "kind-fax" is not used`,
			`nl: "unused" is not used`,
		}},
		"without": {loose, []string{
			`keys begin with ["kind-"], and no test calls langtest.Package with their families`,
			`no text for "missing-in-code" (testdata/faulty/a.go)`,
			`no text for "missing-in-template" (testdata/faulty/templates/a.html)`,
			`"unused" is not used`,
		}},
	} {
		for _, want := range slices.Concat(c.want, anywhere) {
			if !slices.ContainsFunc(c.got, func(f string) bool { return strings.HasSuffix(f, want) }) {
				t.Errorf("%s: no fault %q among %q", name, want, c.got)
			}
		}
		for _, good := range []string{"in-code", "in-template", "noted", "order", "kind-mail"} {
			if slices.ContainsFunc(c.got, func(f string) bool { return strings.Contains(f, `"`+good+`"`) }) {
				t.Errorf("%s: %q is reported, want nothing on it: %q", name, good, c.got)
			}
		}
	}
}
