package filter

import (
	"slices"
	"strings"
	"testing"

	"sluis/rules"
)

// Words that are written so that a machine does not see them are seen (C2.2a).
func TestWordsThatAreDisguisedAreFound(t *testing.T) {
	e := engine(t)
	for _, text := range []string{
		"Vuile flikker, blijf van mijn school weg.",
		"Vuile fl1kk3r, blijf van mijn school weg.",
		"Vuile f l i k k e r, blijf van mijn school weg.",
		"Vuile f.l.i.k.k.e.r, blijf van mijn school weg.",
		"Vuile fliiiiikkkkker, blijf van mijn school weg.",
		"Vuile fl\u0456kk\u0435r, blijf van mijn school weg.",
		"Vuile fli\u200bk\u00adker, blijf van mijn school weg.",
		"Vuile ｆｌｉｋｋｅｒ, blijf van mijn school weg.",
	} {
		item := Item{Kind: Document, Name: "a.txt", Content: strings.NewReader(text), Size: int64(len(text)),
			Directions: rules.DirectionsOf(rules.In)}
		x, err := e.Inspect(t.Context(), item, rules.SetOf(rules.Conduct))
		if err != nil {
			t.Fatal(err)
		}
		slur := rules.MustID("conduct.discrimination.slur")
		if !slices.ContainsFunc(x.Findings, func(f Finding) bool { return f.Rule == slur }) {
			t.Errorf("%q: %d findings", text, len(x.Findings))
		}
	}
}
