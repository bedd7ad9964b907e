package content

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluis/filter"
	"sluis/rules"
)

// htmlPage returns an HTML page with some text, repeated.
func htmlPage(say string, kb int) string {
	var b strings.Builder
	b.WriteString("<!doctype html><html><head><title>Pagina</title></head><body>")
	for b.Len() < kb<<10 {
		fmt.Fprintf(&b, "<p class=\"item\">%s</p>\n", harmless)
	}
	return b.String() + say + "</body></html>"
}

func respond(kind, coding, body string) *http.Response {
	h := http.Header{"Content-Type": {kind}}
	if coding != "" {
		h.Set("Content-Encoding", coding)
		body = zip(coding, body)
	}
	return &http.Response{
		StatusCode:    200,
		Header:        h,
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       httptest.NewRequest("GET", "http://site.example/file", nil),
	}
}

// vile is text that no page at a school may have.
var vile = strings.Repeat(
	"<p>Vieze hoer, kankerhoer, ik neuk je kapot. Hete geile sletjes, gratis porno, neukfilmpjes met geile tieners. "+
		"Alle moslims moeten dood, vergas ze.</p>\n",
	12,
)

func TestPages(t *testing.T) {
	e := inspector(t)
	for _, tt := range []struct {
		name, coding, body string
		blocked            bool
	}{
		{"a harmless page", "", htmlPage("", 40), false},
		{"a vile page", "", htmlPage(vile, 4), true},
		{"compressed with gzip", "gzip", htmlPage(vile, 4), true},
		{"compressed with br", "br", htmlPage(vile, 4), true},
		{"compressed with zstd", "zstd", htmlPage(vile, 4), true},
		{"harmless and compressed", "br", htmlPage("", 300), false},
		{"a page that quotes one sentence", "", htmlPage("<p>De verdachte schreef: 'ik maak je af'. De rechter legde een werkstraf op.</p>", 20), false},
	} {
		x := exchange(rules.Conduct)
		r := respond("text/html; charset=utf-8", tt.coding, tt.body)
		blocked, err := e.Response(t.Context(), x, r)
		if err != nil || blocked != tt.blocked {
			t.Errorf("%s: got blocked %v, %v, %+v, want %v", tt.name, blocked, err, x.Found(), tt.blocked)
			continue
		}
		if blocked {
			continue
		}
		want := tt.body // as the site sent it
		if tt.coding != "" {
			want = zip(tt.coding, tt.body)
		}
		if b, err := io.ReadAll(r.Body); err != nil || string(b) != want ||
			r.Header.Get("Content-Encoding") != tt.coding {
			t.Errorf("%s: %d of %d bytes, %v, %v", tt.name, len(b), len(want), err, r.Header)
		}
		r.Body.Close()
	}
	e = inspector(t, func(o *Options) { o.Limits.Head = 4 << 10 })
	x := exchange(rules.Conduct)
	r := respond("text/html", "", htmlPage("", 8)+vile)
	if blocked, err := e.Response(t.Context(), x, r); blocked || err != nil {
		t.Fatalf("vile behind the first window: got blocked %v, %v, want it to begin", blocked, err)
	}
	if b, err := io.ReadAll(r.Body); !errors.Is(err, ErrBlocked) || bytes.Contains(b, []byte("hoer")) ||
		x.Found().Verdict.Action != filter.Reject {
		t.Errorf("vile behind the first window: got %v, %+v, want it cut off and rejected", err, x.Found())
	}
	x.Score = false
	if blocked, _ := e.Response(t.Context(), x, respond("text/html", "", htmlPage(vile, 4))); blocked {
		t.Error("a page of a listed site: got it blocked, want it not weighed")
	}
}

func BenchmarkPage(b *testing.B) {
	e := inspector(b)
	body := htmlPage("", 40)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r := respond("text/html; charset=utf-8", "", body)
		if blocked, err := e.Response(b.Context(), exchange(rules.Conduct), r); blocked || err != nil {
			b.Fatal(blocked, err)
		}
		io.Copy(io.Discard, r.Body)
	}
}

// TestPagesThatTeachPass: a page may speak of the categories that no site may show (C2.8a). Each file is
// judged as it is, and within a long page that is about something else.
func TestPagesThatTeachPass(t *testing.T) {
	e := inspector(t)
	for kind, want := range map[string]bool{"harmless": false, "forbidden": true} {
		files, err := filepath.Glob(filepath.Join("testdata", "pages", kind, "*.html"))
		if err != nil || len(files) < 3 {
			t.Fatalf("got %d files, %v, want 3 at least", len(files), err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			x := exchange()
			x.Grounds.Purposes |= conduct
			blocked, err := e.Response(t.Context(), x, respond("text/html; charset=utf-8", "", string(b)))
			if err != nil || blocked != want {
				t.Errorf("%s: got blocked %v, %v, %+v, want %v", f, blocked, err, x.Found().Verdict, want)
			}
		}
	}
}

// TestAllThatTeachesTogetherPasses: a site that shows every such lesson on one page.
func TestAllThatTeachesTogetherPasses(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("testdata", "pages", "harmless", "*.html"))
	var all strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	x := exchange()
	x.Grounds.Purposes |= conduct
	r := respond("text/html; charset=utf-8", "", all.String())
	blocked, err := inspector(t).Response(t.Context(), x, r)
	if err != nil || blocked {
		t.Fatalf("got blocked %v, %v, %+v, want it to pass", blocked, err, x.Found().Verdict)
	}
	if b, err := io.ReadAll(r.Body); err != nil || string(b) != all.String() {
		t.Errorf("got %d bytes, %v, want all %d", len(b), err, all.Len())
	}
}
