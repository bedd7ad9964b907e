package sitepolicy

import "testing"

// TestPagesOfAnEntry: a path is for its page and for all below it, and a block for each spelling that a site may take
// for that page.
func TestPagesOfAnEntry(t *testing.T) {
	for _, tt := range []struct {
		path, page     string
		block, allowed bool // whether an entry of either kind counts
	}{
		{"/games", "/games", true, true},
		{"/games", "/games/", true, true},
		{"/games", "/games/chess?level=1", true, true},
		{"/games", "/games?x", true, true},
		{"/games", "/games;v=1", true, true},
		{"/games", "/a/../games", true, true},
		{"/games", "/./games//x", true, true},
		{"/games", "/%67ames", true, true},
		{"/games/", "/games/x", true, true},
		{"/games/", "/games", false, false},
		{"/games?id=3", "/games?id=3", true, true},
		{"/games?id=3", "/games?id=3&x=1", true, true},
		{"/games?id=3", "/games?id=33", false, false},
		{"/", "/anything", true, true},

		{"/spel/gokken", "/spel%2Fgokken", true, false},
		{"/spel/gokken", "/spel%2fgokken/a", true, false},
		{"/spel/gokken", "/SPEL/Gokken", true, false},
		{"/spel/gokken", "/spel/%2567okken", true, false},
		{"/spel/gokken", "/spel%5Cgokken", true, false},
		{"/spel/gokken", "/a/..%2Fspel/gokken", true, false},
		{"/spel/gokken", "/spel/gokken.", true, false},
		{"/spel/gokken", "/spel/gokken%20", true, false},
		{"/spel/gokken", "/spel/gokken/..%2Fandere", false, false}, // another page, and not below this one for sure

		{"/games", "/gamesx", false, false},
		{"/games", "/games-of-words", false, false},
		{"/games", "/games.html", false, false},
		{"/games", "/games%41", false, false},
		{"/games", "/x/games", false, false},
		{"/games", "/?/games", false, false},
		{"/games", "/", false, false},
		{"/spel/gokken", "/spel/gokkenbos", false, false},
		{"/spel/gokken", "/spel", false, false},
	} {
		for _, block := range []bool{true, false} {
			o := Options{Sites: Sites{Own: []Entry{{
				Host:   "les.example",
				Path:   tt.path,
				Block:  Blocks(block),
				Locked: true,
				Clause: "art. 1",
				Reason: "r",
				Author: "a",
			}}}}
			p, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			d := p.Decide(Request{Hosts: [3]string{"", "", "les.example"}, Path: tt.page})
			want := tt.allowed
			if block {
				want = tt.block
			}
			if got := d.Level == LockedBlock || d.Level == LockedAllow; got != want {
				t.Errorf("%s with an entry for %s, block %v: got that it counts %v, want %v",
					tt.page, tt.path, block, got, want)
			}
		}
	}
}
