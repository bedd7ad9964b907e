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
