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
	for _, a := range []string{"no-path.example", "/x", "192.0.2.1.5/x", "ho st/x", ""} {
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
		{"host.example", "/%62%61d", []string{"adult"}},
		{"host.example", "//bad", []string{"adult"}},
		{"host.example", "/good/../bad", []string{"adult"}},
		{"host.example", "/./bad/.", []string{"adult"}},
		{"host.example", "/bad/../good", nil},
		{"host.example", "/%2Fbad", nil},
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

func TestAPathHasOneForm(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "*": "*", "/": "/", "/a": "/a", "/a/": "/a/", "/a?b=//c/..": "/a?b=//c/..",
		"/%61": "/a", "/%41%2d%5F%7e": "/A-_~", "/%2f%3f": "/%2F%3F", "/%": "/%25", "/%6": "/%256", "/%zz": "/%25zz",
		"/%%36%31":  "/%2561",
		"//a///b//": "/a/b/", "/a/./b": "/a/b", "/a/../b": "/b", "/../../a": "/a", "/a/..": "/", "/a/.": "/a/", "/..": "/",
		"/%2e%2e/a": "/a", "/a/%2E%2e/b?%61=%2f": "/b?a=%2F", "/.well-known/x": "/.well-known/x", "/a/...": "/a/...",
	} {
		if got := Path(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
