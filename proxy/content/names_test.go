package content

import (
	"net/http"
	"testing"

	"sluis/rules"
)

// TestTheLastContentTypeCounts: as it does for browsers (Fetch Standard, section 2.2.2).
func TestTheLastContentTypeCounts(t *testing.T) {
	for _, c := range []struct {
		fields        []string
		kind, charset string
	}{
		{nil, "", ""},
		{[]string{"Text/HTML; charset=utf-8"}, "text/html", "utf-8"},
		{[]string{"image/png", "text/html"}, "text/html", ""},
		{[]string{"image/png, text/html"}, "text/html", ""},
		{[]string{"text/html, image/png"}, "image/png", ""},
		{[]string{"text/html;charset=utf-16", "text/html"}, "text/html", "utf-16"},
		{[]string{"text/html;charset=utf-16", "text/html;charset=utf-8"}, "text/html", "utf-8"},
		{[]string{"text/html;charset=utf-16", "text/plain"}, "text/plain", ""},
		{[]string{"text/html", "*/*"}, "text/html", ""},
		{[]string{"text/html, , nonsense, a b/c"}, "text/html", ""},
		{[]string{`image/png; a="\",text/html`}, "image/png", ""},
		{[]string{`multipart/form-data; boundary="a,b"`}, "multipart/form-data", ""},
		{[]string{"nonsense", "more"}, "nonsense", ""},
	} {
		h := http.Header{"Content-Type": c.fields}
		if kind, charset := mediaType(h), charsetOf(h); kind != c.kind || charset != c.charset {
			t.Errorf("%q: got %q, %q, want %q, %q", c.fields, kind, charset, c.kind, c.charset)
		}
	}
}

// TestAPageOfSeveralTypesIsWeighed: what a browser shows is weighed (C2.8a).
func TestAPageOfSeveralTypesIsWeighed(t *testing.T) {
	e := inspector(t)
	for _, kinds := range [][]string{{"image/png", "text/html"}, {"application/json, text/html;charset=utf-8"}} {
		r := respond("", "", htmlPage(vile, 1))
		r.Header["Content-Type"] = kinds
		blocked, err := e.Response(t.Context(), exchange(rules.Conduct), r)
		if r.Body.Close(); !blocked || err != nil {
			t.Errorf("%q: got blocked %v, %v, want it blocked", kinds, blocked, err)
		}
	}
}

// TestNamesOfDownloads are those that browsers give them.
func TestNamesOfDownloads(t *testing.T) {
	for urlPath, want := range map[string]string{
		"/a/spel.apk": "spel.apk", "/a/spel.apk;v=1": "spel.apk", "/spel.apk;a.txt": "spel.apk", "/a;b/spel.apk": "spel.apk",
		"/;spel.apk": "", "/": "/", "/a/": "a",
	} {
		if got, _ := fileName(http.Header{}, urlPath); got != want && !(want == "" && got == ".") {
			t.Errorf("%s: got %q, want %q", urlPath, got, want)
		}
	}
}

// TestSearchesWithinAddresses: an address in a query has a query of its own, which is escaped twice; ordinary queries
// stay what they are.
func TestSearchesWithinAddresses(t *testing.T) {
	e := inspector(t, func(o *Options) { o.Searches = true })
	for query, want := range map[string]bool{
		"m=ik+maak+je+af%2C+ik+weet+waar+je+woont":                                                               true,
		"m=ik%2Bmaak%2Bje%2Baf%252C%2Bik%2Bweet%2Bwaar%2Bje%2Bwoont":                                             true,
		"u=https%3A%2F%2Fx.example%2F%3Fq%3Dik%2520maak%2520je%2520af%2520ik%2520weet%2520waar%2520je%2520woont": true,
		"q=molen": false,
		"u=https%3A%2F%2Fx.example%2F%3Fq%3Da%2Bb": false,
		"a=1%25&b=100%2525":                        false,
	} {
		r, err := http.NewRequest(http.MethodGet, "http://x.example/?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		blocked, err := e.Request(t.Context(), exchange(rules.Conduct), r)
		if blocked != want || err != nil {
			t.Errorf("%s: got blocked %v, %v, want %v", query, blocked, err, want)
		}
	}
}
