package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"sluis/internal/lang/langtest"
)

// declared returns the causes that the source has constants for.
func declared(t *testing.T) []string {
	file, err := parser.ParseFile(token.NewFileSet(), "doubt.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := v.Type.(*ast.Ident); ok && name.Name == "Cause" {
			value, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, value)
		}
		return true
	})
	return all
}

func TestEveryCauseHasAWeightAndATextInEveryLanguage(t *testing.T) {
	all := declared(t)
	if len(all) != len(causes) {
		t.Errorf("%d causes are declared, %d have a row", len(all), len(causes))
	}
	for _, c := range all {
		if Cause(c).Weight().rank() < 0 {
			t.Errorf("%s has no weight", c)
		}
	}
	langtest.Package(t, langtest.Families{"doubt-": all, "weight-": langtest.Words([]Weight{Sloppy, Unread, Trick})})
}

func TestAReportIsFlaggedForMoreThanSloppiness(t *testing.T) {
	for name, tc := range map[string]struct {
		causes            []Cause
		disputed, flagged bool
		uninspectable     int
	}{
		"nothing":             {},
		"sloppiness":          {causes: []Cause{BadHeader, NoEnd, NoText}, disputed: true},
		"a trick":             {causes: []Cause{BadHeader, BadBoundary}, disputed: true, flagged: true},
		"something encrypted": {causes: []Cause{Encrypted, Encrypted, NoText}, uninspectable: 1},
		"both": {causes: []Cause{TooDeep, Encrypted, BadArchive}, disputed: true, flagged: true,
			uninspectable: 2},
	} {
		var r Report
		for i, c := range tc.causes {
			r.Doubt(Doubt{Part: strconv.Itoa(i), Cause: c})
		}
		if r.Disputed() != tc.disputed || r.Ambiguous() != tc.flagged || len(r.Uninspectable()) != tc.uninspectable {
			t.Errorf("%s: disputed %v, ambiguous %v, uninspectable %v; want %v, %v, %d of them", name, r.Disputed(),
				r.Ambiguous(), r.Uninspectable(), tc.disputed, tc.flagged, tc.uninspectable)
		}
	}
}

func TestDoubtsAreBoundedAndKeepEveryCause(t *testing.T) {
	var r Report
	for i := range 1000 {
		r.Doubt(Doubt{Part: strconv.Itoa(i), Cause: BadHeader})
		r.Doubt(Doubt{Part: "1", Cause: Encrypted})
	}
	r.Doubt(Doubt{Part: "7", Cause: BadArchive})
	if len(r.Doubts) != maxPlaces+2 || !r.Has(BadArchive) || !r.Has(Encrypted) {
		t.Errorf("%d doubts, want %d of one cause, and each other cause", len(r.Doubts), maxPlaces)
	}
}
