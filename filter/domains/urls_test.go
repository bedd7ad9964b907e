package domains

import (
	"bytes"
	"slices"
	"testing"
)

func TestURLs(t *testing.T) {
	b, err := NewBuilder("games", "adult")
	if err != nil {
		t.Fatal(err)
	}
	b.Add(0, "games.example")
	for _, a := range []string{"host.example/bad", "host.example/deep/er/", "www.host.example/w", "games.example/adult", "whole.example/"} {
		if !b.AddURL(1, a) {
			t.Errorf("%s is not taken", a)
		}
	}
	for _, a := range []string{"no-path.example", "/x", "192.0.2.1/x", "ho st/x", ""} {
		if b.AddURL(1, a) {
			t.Errorf("%q is taken", a)
		}
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	x, err := parse(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if all := x.Categories(^Set(0)); !slices.Equal(all, []string{"games", "adult"}) {
		t.Errorf("categories %q", all)
	}
	for _, tt := range []struct {
		host, path string
		want       []string
	}{
		{"host.example", "/", nil},
		{"host.example", "/bad", []string{"adult"}},
		{"HOST.example.", "/bad/page?x=1", []string{"adult"}},
		{"www.host.example", "/bad?x", []string{"adult"}},
		{"host.example", "/badly", nil},
		{"host.example", "/Bad", nil},
		{"host.example", "/deep", nil},
		{"host.example", "/deep/er", []string{"adult"}},
		{"host.example", "/w", nil},
		{"www.host.example", "/w", []string{"adult"}},
		{"games.example", "/", []string{"games"}},
		{"games.example", "/adult", []string{"games", "adult"}},
		{"whole.example", "/anything", []string{"adult"}},
		{"other.example", "/bad", nil},
		{"host.example", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20", nil},
		{"host.example", "", nil},
	} {
		if got := x.Categories(x.LookupURL(tt.host, tt.path)); !slices.Equal(got, tt.want) {
			t.Errorf("%s%s: %q, want %q", tt.host, tt.path, got, tt.want)
		}
	}
	if got := x.Lookup("host.example"); got != 0 {
		t.Errorf("the host alone is in a category: %b", got)
	}
}
