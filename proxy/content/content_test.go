package content

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"sluis/filter"
	"sluis/internal/clamd"
	"sluis/internal/roster"
	"sluis/internal/testenv"
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

func TestDownloads(t *testing.T) {
	pupils, _ := roster.ParseGroup("leerlingen")
	e := inspector(t, func(o *Options) {
		o.Downloads = []DownloadRule{
			{Groups: []roster.Group{pupils}, Extensions: []string{"apk", "msi"}},
			{Groups: []roster.Group{pupils}, Executable: true},
			{Larger: 1000, Clause: "Grote bestanden"},
		}
	})
	for _, tt := range []struct {
		name, path, disposition, body string
		pupil, blocked                bool
	}{
		{"a picture", "/a.png", "", "\x89PNG", true, false},
		{"a program by its name", "/a.APK", "", "PK", true, true},
		{"for staff", "/a.apk", "", "PK", false, false},
		{"by the name it is to be kept under", "/get?id=1", `attachment; filename="x.msi"`, "x", true, true},
		{"by its content", "/holiday.jpg", "", "MZ\x90\x00", true, true},
		{"too large for everybody", "/a.bin", "", strings.Repeat("x", 1001), false, true},
	} {
		x := exchange(rules.Conduct)
		if tt.pupil {
			x.Group = pupils
		}
		r := respond("application/octet-stream", "", tt.body)
		r.Request = httptest.NewRequest("GET", "http://site.example"+tt.path, nil)
		if tt.disposition != "" {
			r.Header.Set("Content-Disposition", tt.disposition)
		}
		blocked, err := e.Response(t.Context(), x, r)
		if err != nil || blocked != tt.blocked {
			t.Errorf("%s: got blocked %v, %v, want %v", tt.name, blocked, err, tt.blocked)
		}
		if !blocked {
			if b, err := io.ReadAll(r.Body); err != nil || string(b) != tt.body {
				t.Errorf("%s: got %d bytes, %v, want all %d", tt.name, len(b), err, len(tt.body))
			}
		}
	}
}

const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

func TestMalware(t *testing.T) {
	testenv.Need(t, "clamd")
	d, err := testenv.StartClamd(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	e := inspector(t, func(o *Options) { o.Scanner = clamd.New(d.Socket()); o.Limits.Scanned = 100_000 })
	for _, tt := range []struct {
		name, body string
		blocked    bool
	}{
		{"harmless", strings.Repeat("x", 50_000), false},
		{"the EICAR file", eicar, true},
		{"larger than is scanned", strings.Repeat("x", 300_000), false},
	} {
		x := exchange()
		r := respond("application/octet-stream", "", tt.body)
		r.ContentLength = -1
		blocked, err := e.Response(t.Context(), x, r)
		if err != nil || blocked != tt.blocked {
			t.Errorf("%s: got blocked %v, %v, %+v, want %v", tt.name, blocked, err, x.Found(), tt.blocked)
		}
		if blocked {
			if x.Found().Verdict.Category != rules.Malware {
				t.Errorf("%s: got %+v, want malware", tt.name, x.Found())
			}
			continue
		}
		if b, err := io.ReadAll(r.Body); err != nil || string(b) != tt.body {
			t.Errorf("%s: got %d bytes, %v, want all %d", tt.name, len(b), err, len(tt.body))
		}
		r.Body.Close()
	}
}

// slow is a scanner that takes its time.
type slow struct {
	wait      chan struct{}
	signature string
}

func (s slow) Scan(ctx context.Context, content io.Reader) (string, error) {
	<-s.wait
	return s.signature, nil
}

// TestPatience: while a scanner takes long the download begins, and its end depends on the verdict.
func TestPatience(t *testing.T) {
	for _, signature := range []string{"", "Bad"} {
		s := slow{make(chan struct{}), signature}
		e := inspector(t, func(o *Options) { o.Scanner = s; o.Limits.Patience = 20 * time.Millisecond })
		body := strings.Repeat("0123456789", 1000)
		x := exchange()
		r := respond("application/zip", "", body)
		if blocked, err := e.Response(t.Context(), x, r); blocked || err != nil {
			t.Fatalf("got blocked %v, %v, want it to begin", blocked, err)
		}
		close(s.wait)
		b, err := io.ReadAll(r.Body)
		if signature == "" && (err != nil || string(b) != body) {
			t.Errorf("harmless: got %d bytes, %v, want all %d", len(b), err, len(body))
		}
		if signature != "" &&
			(!errors.Is(err, ErrBlocked) || len(b) == len(body) || x.Found().Verdict.Category != rules.Malware) {
			t.Errorf("malware: got %d of %d bytes, %v, %+v, want it cut off", len(b), len(body), err, x.Found())
		}
		r.Body.Close()
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
