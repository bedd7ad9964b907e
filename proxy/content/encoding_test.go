package content

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"sluis/rules"
)

func zip(coding, s string) string {
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, _ = zstd.NewWriter(&b)
	}
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

// TestUninspectableContentIsNoted: it passes or not, as configured.
func TestUninspectableContentIsNoted(t *testing.T) {
	whole := zip("gzip", htmlPage("", 4))
	coded := func(coding, body string) *http.Response {
		r := respond("text/html", "", body)
		r.Header.Set("Content-Encoding", coding)
		return r
	}
	for _, action := range []Treatment{Pass, Block} {
		e := inspector(t, func(o *Options) { o.Uninspectable = action })
		for name, r := range map[string]func() *http.Response{
			"a broken end": func() *http.Response { return coded("gzip", whole[:len(whole)-6]) },
			"events":       func() *http.Response { return respond("text/event-stream", "", "data: x\n\n") },
		} {
			x, resp := exchange(rules.Conduct), r()
			blocked, err := e.Response(t.Context(), x, resp)
			if err != nil || blocked != (action == Block) || !x.Found().Uninspectable {
				t.Errorf("%s: got blocked %v, %v, %+v, want %s, uninspectable",
					name, blocked, err, x.Found(), action)
			}
			if blocked &&
				(x.Found().Verdict.Purpose != rules.Security || x.Found().Verdict.Clause.String() != "C3.3a" ||
					x.Found().Verdict.Rule != uninspectedRule) {
				t.Errorf("%s: got %+v, want security, C3.3a and %s", name, x.Found().Verdict, uninspectedRule)
			}
			resp.Body.Close()
		}
		up := post("text/plain", whole[:40])
		up.Header.Set("Content-Encoding", "gzip")
		x := exchange(rules.Conduct)
		if blocked, err := e.Request(t.Context(), x, up); err != nil || blocked != (action == Block) ||
			!x.Found().Uninspectable {
			t.Errorf("an upload: got blocked %v, %v, %+v, want %s and uninspectable", blocked, err, x.Found(), action)
		}
		up.Body.Close()
		nothingWaits(t, e)
	}
	x := exchange(rules.Conduct)
	twice := respond("text/html", "", zip("br", zip("gzip", htmlPage(vile, 1))))
	twice.Header["Content-Encoding"] = []string{"gzip", "br"}
	if blocked, err := inspector(t).Response(t.Context(), x, twice); !blocked || err != nil {
		t.Errorf("coded twice: got blocked %v, %v, want it blocked", blocked, err)
	}
}

// TestBombs: a body that becomes much larger is inspected up to its limit, and noted as incomplete.
func TestBombs(t *testing.T) {
	e := inspector(t, func(o *Options) { o.Limits = Limits{Inflated: 1 << 20, Page: 1 << 20} })
	for _, coding := range []string{"gzip", "br", "zstd"} {
		bomb := strings.Repeat("<p>harmless</p>\n", 4<<20)
		x, r := exchange(rules.Conduct), respond("text/html", coding, bomb)
		blocked, err := e.Response(t.Context(), x, r)
		if err != nil || blocked {
			t.Fatalf("%s: got blocked %v, %v, want it to pass", coding, blocked, err)
		}
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
		if !x.Found().Incomplete {
			t.Errorf("%s: a page: got %+v, want it incomplete", coding, x.Found())
		}
		x, up := exchange(rules.Conduct), post("text/plain", zip(coding, bomb))
		up.Header.Set("Content-Encoding", coding)
		if blocked, err := e.Request(t.Context(), x, up); err != nil || blocked || !x.Found().Incomplete {
			t.Errorf("%s: an upload: got blocked %v, %v, %+v, want it to pass, incomplete",
				coding, blocked, err, x.Found())
		}
		up.Body.Close()
	}
	nothingWaits(t, e)
}

// TestBodiesDoNotMix: a decoder that is used again remembers nothing of the body before,
// however far that was read.
func TestBodiesDoNotMix(t *testing.T) {
	second := htmlPage("twee", 20)
	for _, coding := range []string{"gzip", "br", "zstd"} {
		first := zip(coding, htmlPage("een", 200))
		for _, damage := range []string{first, first[:40], first[:40] + "x" + first[41:], first + "x"} {
			for _, read := range []int64{0, 1, 1000, 1 << 20} {
				for range 3 {
					r, done, err := decode([]string{coding}, strings.NewReader(damage))
					if err == nil {
						io.CopyN(io.Discard, r, read)
					}
					done()
					r, done, err = decode([]string{coding}, strings.NewReader(zip(coding, second)))
					if err != nil {
						t.Fatal(err)
					}
					if b, err := io.ReadAll(r); err != nil || string(b) != second {
						t.Fatalf(
							"%s, of which %d bytes were read: %d bytes of %d, %v",
							coding,
							read,
							len(b),
							len(second),
							err,
						)
					}
					done()
				}
			}
		}
	}
}

func TestWhatIsAskedForCanBeRead(t *testing.T) {
	e := inspector(t)
	for sent, want := range map[string]string{
		"gzip, deflate, br, zstd":       "gzip, deflate, br, zstd",
		"br;q=1.0, gzip;q=0.8, *;q=0.1": "br;q=1.0, gzip;q=0.8",
		"gzip, br, zstd, dcb, dcz":      "gzip, br, zstd",
		"compress":                      "identity",
	} {
		r := httptest.NewRequest("GET", "http://site.example/a", nil)
		r.Header.Set("Accept-Encoding", sent)
		r.Header.Set("Range", "bytes=5-")
		if _, err := e.Request(t.Context(), exchange(rules.Conduct), r); err != nil ||
			r.Header.Get("Accept-Encoding") != want ||
			r.Header.Get("Range") != "bytes=5-" {
			t.Errorf("%q: got %v, %v, want codings %q and the range", sent, r.Header, err, want)
		}
	}
}
