package content

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"sluis/filter"
	"sluis/rules"
)

// theEngine is the real one, with the built-in rules.
var theEngine = sync.OnceValues(func() (*filter.Engine, error) {
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		return nil, err
	}
	return filter.Compile(set, filter.Options{OwnDomains: []string{"school.example"}})
})

func engine(t testing.TB) *filter.Engine {
	t.Helper()
	e, err := theEngine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// onFailure is what becomes of content that could not be inspected for conduct or security; leaks stay closed.
func onFailure(passes bool) OnFailure {
	if passes {
		return OnFailure{Conduct: open, Security: open}
	}
	return OnFailure{Conduct: closed}
}

func inspector(t testing.TB, change ...func(*Options)) *Inspector {
	t.Helper()
	o := Options{Settings: Settings{Pages: true}, Engine: engine(t), Dir: t.TempDir()}
	for _, c := range change {
		c(&o)
	}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func exchange(ps ...rules.Purpose) *Exchange {
	return &Exchange{
		ID:      filter.NewID(),
		Host:    "site.example",
		Score:   true,
		Grounds: filter.Grounds{Purposes: rules.SetOf(append(ps, rules.Security)...)},
	}
}

const (
	threat   = "ik maak je af, ik weet waar je woont"
	harmless = "Morgen gaan we met groep 7 naar het museum, neem een lunchpakket mee."
	bsnText  = "Hierbij het BSN van de leerling: 628194821, burgerservicenummer van Sem."
)

func form(fields map[string]string, files map[string]string) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		w.WriteField(k, v)
	}
	for name, text := range files {
		f, _ := w.CreateFormFile("file", name)
		io.WriteString(f, text)
	}
	w.Close()
	return b.String(), w.FormDataContentType()
}

func TestUploads(t *testing.T) {
	e := inspector(t)
	bad, badType := form(map[string]string{"message": threat}, nil)
	file, fileType := form(map[string]string{"message": harmless}, map[string]string{"brief.txt": threat})
	good, goodType := form(map[string]string{"message": harmless}, map[string]string{"brief.txt": harmless})
	for _, tt := range []struct {
		name, kind, coding, body string
		purposes                 []rules.Purpose
		want                     rules.Category
	}{
		{"nothing wrong", "text/plain", "", harmless, []rules.Purpose{rules.Conduct}, 0},
		{"plain text", "text/plain", "", threat, []rules.Purpose{rules.Conduct}, rules.Threat},
		{"no type", "", "", threat, []rules.Purpose{rules.Conduct}, rules.Threat},
		{"a form", "application/x-www-form-urlencoded", "", "a=1&b=" + url.QueryEscape(threat), []rules.Purpose{rules.Conduct}, rules.Threat},
		{"a form that is not well made", "application/x-www-form-urlencoded", "", "a=%zz&b=" + strings.ReplaceAll(threat, " ", "+"), []rules.Purpose{rules.Conduct}, rules.Threat},
		{"JSON", "application/json; charset=utf-8", "", `{"text":"` + strings.ReplaceAll(threat, "a", `\u0061`) + `"}`, []rules.Purpose{rules.Conduct}, rules.Threat},
		{"JSON that is none", "application/json", "", "{text: " + threat, []rules.Purpose{rules.Conduct}, rules.Threat},
		{"a field of a multipart form", badType, "", bad, []rules.Purpose{rules.Conduct}, rules.Threat},
		{"a file in a multipart form", fileType, "", file, []rules.Purpose{rules.Conduct}, rules.Threat},
		{"a harmless multipart form", goodType, "", good, []rules.Purpose{rules.Conduct}, 0},
		{"compressed", "text/plain", "gzip", zip("gzip", threat), []rules.Purpose{rules.Conduct}, rules.Threat},
		{"C3.3b: a leak in what was drawn", "text/plain", "", bsnText, []rules.Purpose{rules.Conduct, rules.Leak}, rules.Identity},
		{"C3.3b: a leak in what was not drawn", "text/plain", "", bsnText, []rules.Purpose{rules.Conduct}, 0},
		{"C3.2g: nothing of a confidential role is inspected", "text/plain", "", threat, nil, 0},
	} {
		x := exchange(tt.purposes...)
		r := httptest.NewRequest("POST", "http://site.example/", strings.NewReader(tt.body))
		r.Header.Set("Content-Type", tt.kind)
		if tt.coding != "" {
			r.Header.Set("Content-Encoding", tt.coding)
		}
		blocked, err := e.Request(t.Context(), x, r)
		if v := x.Found().Verdict; v.Purpose == rules.Conduct && v.Clause.String() != "C2.8d" {
			t.Errorf("%s: got clause %s, want C2.8d", tt.name, v.Clause)
		}
		if err != nil || blocked != (tt.want != 0) || x.Found().Verdict.Category != tt.want {
			t.Errorf("%s: got blocked %v, %v, %+v, want %s", tt.name, blocked, err, x.Found(), tt.want)
			continue
		}
		if !blocked {
			if b, err := io.ReadAll(r.Body); err != nil || string(b) != tt.body || r.ContentLength != int64(len(b)) {
				t.Errorf("%s: got %d bytes, %v, want all %d", tt.name, len(b), err, len(tt.body))
			}
			r.Body.Close()
		}
	}
	if left, err := os.ReadDir(e.o.Dir); err != nil || len(left) > 0 {
		t.Errorf("got %d files left, %v, want none", len(left), err)
	}
}

// TestLargeUploads: an upload larger than the buffer is judged as it goes, wherever the bad words are.
func TestLargeUploads(t *testing.T) {
	e := inspector(t, func(o *Options) { o.Limits = Limits{Buffered: 64 << 10} })
	filler := strings.Repeat(harmless+"\n", 4000) // 280 KB
	for _, at := range []int{-1, 0, 60 << 10, 64<<10 - 10, 64<<10 + 16<<10 - 12, 200_000, len(filler)} {
		body := filler
		if at >= 0 {
			body = filler[:at] + " " + threat + " " + filler[at:]
		}
		x := exchange(rules.Conduct)
		r := httptest.NewRequest("PUT", "http://site.example/", strings.NewReader(body))
		blocked, err := e.Request(t.Context(), x, r)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if !blocked {
			b, err := io.ReadAll(r.Body)
			if n = len(b); !strings.HasPrefix(body, string(b)) {
				t.Errorf("at %d: got other bytes, want those that were sent", at)
			}
			if at >= 0 && !errors.Is(err, ErrBlocked) || at < 0 && (err != nil || n != len(body)) {
				t.Errorf("at %d: got %d of %d bytes, %v, want a block if something is there", at, n, len(body), err)
			}
			r.Body.Close()
		}
		if at >= 0 && (n > at || x.Found().Verdict.Category != rules.Threat) {
			t.Errorf("at %d: got %d bytes, %+v, want none from there on, and a threat", at, n, x.Found())
		}
	}
}

// TestChunks: however a page or upload arrives the verdict is the same.
func TestChunks(t *testing.T) {
	e := inspector(t, func(o *Options) { o.Limits = Limits{Head: 2 << 10, Buffered: 2 << 10} })
	body := htmlPage(vile, 6)
	for _, piece := range []int{1, 7, 100, 1 << 20} {
		x := exchange(rules.Conduct)
		r := respond("text/html", "", body)
		r.Body = io.NopCloser(&pieces{body, piece})
		blocked, err := e.Response(t.Context(), x, r)
		if err == nil && !blocked {
			_, err = io.ReadAll(r.Body)
		}
		if !blocked && !errors.Is(err, ErrBlocked) || x.Found().Verdict.Action != filter.Reject {
			t.Errorf("in pieces of %d: got blocked %v, %v, %+v, want it rejected", piece, blocked, err, x.Found())
		}
	}
}

type pieces struct {
	s string
	n int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.s == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.n)], p.s)
	p.s = p.s[n:]
	return n, nil
}

// failing is an engine that fails.
type failing struct{}

func (failing) Stream(rules.Purposes) (*filter.Stream, error) { return nil, errors.New("failed") }

func (failing) Inspect(context.Context, filter.Item, rules.Purposes) (*filter.Inspection, error) {
	return nil, errors.New("failed")
}

func TestFailure(t *testing.T) {
	for _, open := range []bool{false, true} {
		e := inspector(t, func(o *Options) { o.Engine, o.OnFailure = failing{}, onFailure(open) })
		r := httptest.NewRequest("POST", "http://site.example/", strings.NewReader("x"))
		if blocked, err := e.Request(t.Context(), exchange(rules.Conduct), r); blocked || (err == nil) != open {
			t.Errorf("an upload: got blocked %v, %v, want it to pass: %v", blocked, err, open)
		}
		if blocked, err := e.Response(t.Context(), exchange(rules.Conduct), respond("text/html", "", "x")); blocked ||
			(err == nil) != open {
			t.Errorf("a page: got blocked %v, %v, want it to pass: %v", blocked, err, open)
		}
		// Leak rules are not open because conduct rules are.
		drawn := exchange(rules.Conduct, rules.Leak)
		r = httptest.NewRequest("POST", "http://site.example/", strings.NewReader("x"))
		if _, err := e.Request(t.Context(), drawn, r); err == nil {
			t.Error("an upload that was drawn: got it passed, want an error")
		}
	}
}

func FuzzBody(f *testing.F) {
	e := inspector(f, func(o *Options) {
		o.Scanner, o.Limits = finder{}, Limits{Buffered: 512, Scanned: 700, Head: 256, Page: 4096}
	})
	bad, badType := form(map[string]string{"message": threat}, map[string]string{"a.txt": harmless})
	f.Add(badType, "", bad, uint8(3))
	f.Add("application/json", "", `{"a":["b",{"c":"`+threat+`"}]}`, uint8(1))
	f.Add("application/x-www-form-urlencoded", "", "a=%20b&c", uint8(9))
	f.Add("text/html", "gzip", zip("gzip", htmlPage(vile, 1)), uint8(20))
	f.Add("text/html", "", htmlPage(vile, 3), uint8(5))
	f.Add("text/html", "br, zstd", zip("zstd", zip("br", htmlPage(vile, 3))), uint8(5))
	f.Add("application/zip", "", strings.Repeat("x", 690)+eicar, uint8(1))
	f.Fuzz(func(t *testing.T, kind, coding, body string, piece uint8) {
		outcome := func(n int) (string, filter.Verdict) {
			x := exchange(rules.Conduct)
			r := httptest.NewRequest("POST", "http://site.example/", &pieces{body, n})
			r.ContentLength = -1
			r.Header["Content-Type"], r.Header["Content-Encoding"] = []string{kind}, []string{coding}
			defer func() { r.Body.Close() }()
			blocked, err := e.Request(t.Context(), x, r)
			if blocked || err != nil {
				return fmt.Sprint(blocked, err), x.Found().Verdict
			}
			b, err := io.ReadAll(r.Body)
			if !strings.HasPrefix(body, string(b)) || err == nil && string(b) != body {
				t.Fatal("got other bytes, want those that were sent")
			}
			return fmt.Sprint(len(b), err), x.Found().Verdict
		}
		whole, v1 := outcome(len(body) + 1)
		cut, v2 := outcome(int(piece) + 1)
		if whole != cut || v1 != v2 {
			t.Fatalf("in pieces: got %s %+v, want %s %+v", cut, v2, whole, v1)
		}
		answer := func(n int) (string, Found) {
			x, r := exchange(rules.Conduct), respond(kind, "", body)
			r.Header["Content-Encoding"] = []string{coding}
			r.Body = io.NopCloser(&pieces{body, n})
			defer func() { r.Body.Close() }()
			blocked, err := e.Response(t.Context(), x, r)
			if blocked || err != nil {
				return fmt.Sprint(blocked, err), x.Found()
			}
			b, err := io.ReadAll(r.Body)
			if !strings.HasPrefix(body, string(b)) || err == nil && string(b) != body {
				t.Fatal("got other bytes back, want those that were sent")
			}
			return fmt.Sprint(len(b), err), x.Found()
		}
		whole, f1 := answer(len(body) + 1)
		cut, f2 := answer(int(piece) + 1)
		if whole != cut || f1 != f2 {
			t.Fatalf("a response, in pieces: got %s %+v, want %s %+v", cut, f2, whole, f1)
		}
		if e.total.Load() != 0 {
			t.Fatalf("got %d bytes that wait, want none", e.total.Load())
		}
	})
}
