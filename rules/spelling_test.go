package rules

import (
	"slices"
	"testing"
)

func TestMisspelt(t *testing.T) {
	for _, tt := range []struct {
		phrase    Phrase
		want, not []Phrase
	}{
		{"moslims", []Phrase{"mosims", "molims", "mosilms", "mos lims", "m oslims", "*moslims"},
			[]Phrase{"moslims", "oslims", "moslim", "msolim", "moslims*"}},
		{"homoseksuelen", []Phrase{"homoseksuelen*", "*homoseksuelen", "homosesuelen"}, nil},
		{"sterven", nil, []Phrase{"streven"}},   // another word
		{"hoeren", nil, []Phrase{"horen"}},      // another word
		{"homo", nil, []Phrase{"hmo", "ho mo"}}, // too short
		{"*verdachte", []Phrase{"*verdahte"}, []Phrase{"**verdachte"}},
		{"ik haat", []Phrase{"ikhaat"}, []Phrase{"ik hat", "ik haat"}},
		{"dood aan alle", []Phrase{"doodaan alle", "dood aanalle"}, nil},
		{"homo's", nil, []Phrase{"hom's"}}, // not all letters
	} {
		got := Misspelt(tt.phrase)
		for _, w := range tt.want {
			if !slices.Contains(got, w) {
				t.Errorf("%s: %q is not among %q", tt.phrase, w, got)
			}
		}
		for _, w := range tt.not {
			if slices.Contains(got, w) {
				t.Errorf("%s: %q is among them", tt.phrase, w)
			}
		}
		seen := map[Phrase]bool{}
		for _, g := range got {
			if seen[g] {
				t.Errorf("%s: %q twice", tt.phrase, g)
			}
			seen[g] = true
		}
	}
}
