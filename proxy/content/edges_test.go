package content

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"sluis/filter"
	"sluis/internal/clamd"
	"sluis/rules"
)

// post returns a request that sends a body.
func post(kind, body string) *http.Request {
	r := httptest.NewRequest("POST", "http://site.example/", strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	return r
}

// nothingWaits fails the test if bytes wait that will never be read.
func nothingWaits(t *testing.T, e *Inspector) {
	t.Helper()
	if n := e.total.Load(); n != 0 {
		t.Errorf("got %d bytes that wait, want none", n)
	}
	if left, err := os.ReadDir(e.o.Dir); err != nil || len(left) > 0 {
		t.Errorf("got %d files left, %v, want none", len(left), err)
	}
}

func TestWhatHasNoBodyIsLetBe(t *testing.T) {
	e := inspector(t)
	for name, change := range map[string]func(*http.Response){
		"HEAD":         func(r *http.Response) { r.Request.Method = "HEAD" },
		"no content":   func(r *http.Response) { r.StatusCode = 204 },
		"not modified": func(r *http.Response) { r.StatusCode = 304 },
		"empty":        func(r *http.Response) { r.ContentLength, r.Body = 0, http.NoBody },
	} {
		r := respond("text/html", "", htmlPage(vile, 1))
		change(r)
		body := r.Body
		if blocked, err := e.Response(t.Context(), exchange(rules.Conduct), r); blocked || err != nil ||
			r.Body != body {
			t.Errorf("%s: got blocked %v, %v, want the body untouched", name, blocked, err)
		}
	}
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

// TestNamesOfFilesAreInspected: so are names of fields, and the content of documents.
func TestNamesOfFilesAreInspected(t *testing.T) {
	e := inspector(t)
	body, kind := form(nil, map[string]string{threat + ".txt": harmless})
	for name, r := range map[string]*http.Request{
		"a file name": post(kind, body),
		"a field":     post("application/x-www-form-urlencoded", url.QueryEscape(threat)+"=1"),
		"nested JSON": post("application/vnd.api+json", `[{"a":{"b":["ik maak\tje af, ik weet\u0020waar je woont"]}}]`),
		"RTF":         post("application/octet-stream", `{\rtf1 ik maak je {\b af}, ik weet waar je woont}`),
	} {
		x := exchange(rules.Conduct)
		if blocked, err := e.Request(t.Context(), x, r); !blocked || err != nil || !x.Found().Upload {
			t.Errorf("%s: got blocked %v, %v, %+v, want the upload blocked", name, blocked, err, x.Found())
		}
	}
	nothingWaits(t, e)
}

// TestSearchesAreInspectedOnlyIfConfigured: a search is a question, not a statement.
func TestSearchesAreInspectedOnlyIfConfigured(t *testing.T) {
	for _, asked := range []bool{false, true} {
		e := inspector(t, func(o *Options) { o.Searches = asked })
		r := httptest.NewRequest("GET", "http://site.example/search?q="+url.QueryEscape(threat), nil)
		if blocked, err := e.Request(t.Context(), exchange(rules.Conduct), r); err != nil || blocked != asked {
			t.Errorf("got blocked %v, %v, want %v", blocked, err, asked)
		}
		// C3.2g: not of a confidential role. Leaks are no matter of searches.
		if blocked, err := e.Request(t.Context(), exchange(), r); err != nil || blocked {
			t.Errorf("confidential: got blocked %v, %v, want it to pass", blocked, err)
		}
	}
}

// sealed remembers the upload that was quarantined.
type sealed struct {
	body string
	err  error
}

func (s *sealed) SealUpload(
	_ context.Context,
	_ *Exchange,
	v filter.Verdict,
	e *filter.Inspection,
	content io.Reader,
	size int64,
) error {
	b, err := io.ReadAll(content)
	if s.body = string(b); int64(len(b)) != size || len(e.Findings) == 0 || v.Action == filter.Pass {
		return errors.New("not what was stopped")
	}
	return errors.Join(s.err, err)
}

func TestAStoppedUploadIsQuarantinedIfConfigured(t *testing.T) {
	for _, fails := range []error{nil, errors.New("the disk is full")} {
		s := &sealed{err: fails}
		e := inspector(t, func(o *Options) { o.Quarantine, o.Sealer = true, s })
		x := exchange(rules.Conduct)
		blocked, err := e.Request(t.Context(), x, post("text/plain", threat))
		if !blocked || !errors.Is(err, fails) || s.body != threat || x.Found().Quarantined != (fails == nil) {
			t.Errorf("got blocked %v, %v, %+v, want it blocked, and sealed unless that fails: %v",
				blocked, err, x.Found(), fails)
		}
		s.body = ""
		if blocked, err := e.Request(t.Context(), exchange(rules.Conduct), post("text/plain", harmless)); blocked ||
			err != nil ||
			s.body != "" {
			t.Errorf("harmless: got blocked %v, %v, %q sealed, want it to pass", blocked, err, s.body)
		}
	}
}

// TestFull: a full buffer is a failure like any other.
func TestFull(t *testing.T) {
	for _, open := range []bool{false, true} {
		e := inspector(t, func(o *Options) {
			o.OnFailure, o.Limits.Total = onFailure(open), 1000
			o.Scanner = finder{}
		})
		body := strings.Repeat(harmless, 100)
		x, r := exchange(rules.Conduct), post("text/plain", body)
		blocked, err := e.Request(t.Context(), x, r)
		if blocked || (err == nil) != open || x.Found().Incomplete != open {
			t.Errorf("an upload: got blocked %v, %v, %+v, want it to pass: %v", blocked, err, x.Found(), open)
		}
		if open {
			if b, err := io.ReadAll(r.Body); err != nil || string(b) != body {
				t.Errorf("an upload: got %d bytes, %v, want all %d", len(b), err, len(body))
			}
		}
		r.Body.Close()
		x, resp := exchange(), respond("application/zip", "", body)
		blocked, err = e.Response(t.Context(), x, resp)
		if blocked || (err == nil) != open || x.Found().Incomplete != open {
			t.Errorf("a download: got blocked %v, %v, %+v, want it to pass: %v", blocked, err, x.Found(), open)
		}
		if open {
			if b, err := io.ReadAll(resp.Body); err != nil || string(b) != body {
				t.Errorf("a download: got %d bytes, %v, want all %d", len(b), err, len(body))
			}
		}
		resp.Body.Close()
		nothingWaits(t, e)
	}
}

// finder is a scanner that finds the EICAR file wherever it stands.
type finder struct{ err error }

func (f finder) Scan(_ context.Context, r io.Reader) (string, error) {
	b, err := io.ReadAll(r)
	if f.err != nil || err != nil {
		return "", errors.Join(f.err, err)
	}
	if bytes.Contains(b, []byte(eicar)) {
		return "Eicar", nil
	}
	return "", nil
}

func TestMalwareHasManyForms(t *testing.T) {
	e := inspector(t, func(o *Options) { o.Scanner = finder{} })
	for name, tc := range map[string]struct {
		kind, coding, disposition, body string
		blocked                         bool
	}{
		"a file":                               {"application/octet-stream", "", "", eicar, true},
		"of no type":                           {"", "", "", eicar, true},
		"coded on its way":                     {"application/zip", "br", "", "PK\x03\x04" + eicar, true},
		"an attachment that says it is a page": {"text/html", "", "attachment", eicar, true},
		"a program that says it is a picture":  {"image/png", "", "", "MZ\x90\x00\x03" + eicar, true},
		"a program that says it is JSON":       {"application/json", "", "", "MZ\x90\x00\x03\x00\x00\x00" + eicar, true},
		"a page":                               {"text/html", "", "", "<html>" + eicar, false},
		"a picture":                            {"image/png", "", "", "\x89PNG\r\n\x1a\n" + eicar, false},
	} {
		x, r := exchange(), respond(tc.kind, tc.coding, tc.body)
		if tc.disposition != "" {
			r.Header.Set("Content-Disposition", tc.disposition)
		}
		blocked, err := e.Response(t.Context(), x, r)
		if err != nil || blocked != tc.blocked || blocked && x.Found().Verdict.Rule != filter.SignatureRule {
			t.Errorf("%s: got blocked %v, %v, %+v, want %v", name, blocked, err, x.Found(), tc.blocked)
		}
		r.Body.Close()
	}
	nothingWaits(t, e)
}

func TestAScannerThatFails(t *testing.T) {
	for _, open := range []bool{false, true} {
		for _, fault := range []error{errors.New("no answer"), clamd.ErrTooLarge} {
			e := inspector(t, func(o *Options) { o.Scanner, o.OnFailure = finder{fault}, onFailure(open) })
			x, r := exchange(), respond("application/zip", "", "PK")
			blocked, err := e.Response(t.Context(), x, r)
			passes := open || errors.Is(fault, clamd.ErrTooLarge)
			if blocked || (err == nil) != passes || passes && !x.Found().Incomplete {
				t.Errorf("%v: got blocked %v, %v, %+v, want it to pass: %v", fault, blocked, err, x.Found(), passes)
			}
			if b, rerr := io.ReadAll(r.Body); passes && (rerr != nil || string(b) != "PK") {
				t.Errorf("%v: got %q, %v, want the whole file", fault, b, rerr)
			}
			r.Body.Close()
			nothingWaits(t, e)
		}
	}
}

// TestTrickle: a browser that waits gets a little now and then, never so much that it is of use.
func TestTrickle(t *testing.T) {
	s := slow{make(chan struct{}), "Bad"}
	e := inspector(t, func(o *Options) { o.Scanner, o.Limits.Patience = s, time.Millisecond })
	body := strings.Repeat("0123456789", 200)
	r := respond("application/zip", "", body)
	if blocked, err := e.Response(t.Context(), exchange(), r); blocked || err != nil {
		t.Fatalf("got blocked %v, %v, want it to begin", blocked, err)
	}
	got := make([]byte, len(body))
	n, err := r.Body.Read(got)
	if err != nil || n == 0 || n > len(body)/trickleShare || string(got[:n]) != body[:n] {
		t.Errorf("got %d bytes, %v, want a small part of the file", n, err)
	}
	close(s.wait)
	if rest, err := io.ReadAll(r.Body); !errors.Is(err, ErrBlocked) || n+len(rest) > len(body)/trickleShare {
		t.Errorf("got %d bytes more, %v, want the file cut off", len(rest), err)
	}
	r.Body.Close()
	nothingWaits(t, e)
}

// TestNothingWaitsForAPeerThatIsGone: nothing waits for a client or a site that is gone.
func TestNothingWaitsForAPeerThatIsGone(t *testing.T) {
	e := inspector(t, func(o *Options) {
		o.Scanner, o.Limits = finder{}, Limits{Head: 1 << 10, Buffered: 1 << 10, Patience: time.Millisecond}
	})
	gone := errors.New("10.1.2.3: connection reset")
	broken := func(s string) io.ReadCloser {
		return io.NopCloser(io.MultiReader(strings.NewReader(s), iotest.ErrReader(gone)))
	}
	for _, size := range []int{10, 5000} {
		text := strings.Repeat("x ", size)
		r := post("text/plain", "")
		r.Body, r.ContentLength = broken(text), -1
		_, err := e.Request(t.Context(), exchange(rules.Conduct), r)
		if err == nil {
			_, err = io.ReadAll(r.Body)
		}
		r.Body.Close()
		if !errors.Is(err, gone) || strings.Contains(err.Error(), "10.1.2.3") && size < 1000 {
			t.Errorf("an upload: got %v, want its cause, and no address", err)
		}
		for _, kind := range []string{"text/html", "application/zip"} {
			resp := respond(kind, "", text)
			resp.Body = broken(text)
			_, err := e.Response(t.Context(), exchange(rules.Conduct), resp)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
			}
			resp.Body.Close()
			if !errors.Is(err, gone) {
				t.Errorf("%s: got %v, want its cause", kind, err)
			}
		}
	}
	half := respond("text/html", "", htmlPage("", 100)) // a browser that is closed in the middle
	if blocked, err := e.Response(t.Context(), exchange(rules.Conduct), half); blocked || err != nil {
		t.Fatalf("got blocked %v, %v, want it to begin", blocked, err)
	}
	half.Body.Read(make([]byte, 2000))
	if err := half.Body.Close(); err != nil {
		t.Error(err)
	}
	nothingWaits(t, e)
}

// TestABodyThatIsCutOffIsNotWhole: wherever a body breaks off, its reader gets an error.
func TestABodyThatIsCutOffIsNotWhole(t *testing.T) {
	e := inspector(t, func(o *Options) {
		o.Scanner, o.Limits = finder{}, Limits{Head: 1 << 10, Buffered: 1 << 10, Scanned: 1 << 10}
	})
	for _, size := range []int{1, 700, 1024, 1025, 17 << 10, 66 << 10, 200 << 10} {
		broken := func() io.ReadCloser {
			return io.NopCloser(
				io.MultiReader(strings.NewReader(strings.Repeat("x", size)), iotest.ErrReader(io.ErrUnexpectedEOF)),
			)
		}
		r := post("text/plain", "")
		r.Body, r.ContentLength = broken(), -1
		_, err := e.Request(t.Context(), exchange(rules.Conduct), r)
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
		}
		r.Body.Close()
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("an upload of %d bytes: got %v, want it cut off", size, err)
		}
		for _, kind := range []string{"text/html", "application/zip", "image/png", "application/json", ""} {
			resp := respond(kind, "", "")
			resp.Body, resp.ContentLength = broken(), -1
			_, err := e.Response(t.Context(), exchange(rules.Conduct), resp)
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
			}
			resp.Body.Close()
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%q of %d bytes: got %v, want it cut off", kind, size, err)
			}
		}
	}
	nothingWaits(t, e)
}

func TestDownloadsOfUnknownSize(t *testing.T) {
	e := inspector(t, func(o *Options) {
		o.Downloads = []DownloadRule{{Types: []string{"video/"}, Larger: 5000, Clause: "2.8 geen films"}}
	})
	for size, blocked := range map[int]bool{5000: false, 5001: true} {
		x, r := exchange(), respond("video/mp4", "", strings.Repeat("x", size))
		r.ContentLength = -1
		if stopped, err := e.Response(t.Context(), x, r); stopped || err != nil {
			t.Fatalf("got blocked %v, %v, want it to begin", stopped, err)
		}
		b, err := io.ReadAll(r.Body)
		if errors.Is(err, ErrBlocked) != blocked || !blocked && len(b) != size {
			t.Errorf("%d: got %d bytes, %v, want it blocked: %v", size, len(b), err, blocked)
		}
		if f := x.Found(); blocked &&
			(f.Own != "2.8 geen films" || f.Verdict.Category != rules.OwnCode || f.Verdict.Clause.String() != "C2.8e") {
			t.Errorf("got %+v, want the clause of the own code", f)
		}
	}
}

// TestOnlyTheOwnCodeRefusesMore: C2.8e.
func TestOnlyTheOwnCodeRefusesMore(t *testing.T) {
	for name, tc := range map[string]struct {
		d  DownloadRule
		ok bool
	}{
		"programs":               {DownloadRule{Executable: true}, true},
		"names of programs":      {DownloadRule{Extensions: []string{"exe", ".MSI"}}, true},
		"films":                  {DownloadRule{Extensions: []string{"mp4"}}, false},
		"programs and films":     {DownloadRule{Executable: true, Extensions: []string{"mp4"}}, false},
		"all that is large":      {DownloadRule{Larger: 1}, false},
		"a type":                 {DownloadRule{Types: []string{"video/"}}, false},
		"films, by the own code": {DownloadRule{Extensions: []string{"mp4"}, Clause: "2.8"}, true},
		"nothing":                {DownloadRule{Clause: "2.8"}, false},
	} {
		_, err := New(Options{Engine: failing{}, Settings: Settings{Downloads: []DownloadRule{tc.d}}})
		if (err == nil) != tc.ok {
			t.Errorf("%s: got %v, want it right: %v", name, err, tc.ok)
		}
	}
}

// TestEventsComeAtOnce: a body that comes piece by piece does not wait.
func TestEventsComeAtOnce(t *testing.T) {
	e := inspector(t, func(o *Options) { o.Scanner = finder{} })
	for _, kind := range []string{"text/event-stream", "application/x-ndjson", "application/json"} {
		src, site := io.Pipe()
		r := respond(kind, "", "")
		r.Body, r.ContentLength = src, -1
		go io.WriteString(site, "{\"a\": 1}\n")
		if blocked, err := e.Response(t.Context(), exchange(rules.Conduct), r); blocked || err != nil {
			t.Fatalf("%s: got blocked %v, %v, want it to pass", kind, blocked, err)
		}
		got := make([]byte, 9)
		if _, err := io.ReadFull(r.Body, got); err != nil || string(got) != "{\"a\": 1}\n" {
			t.Errorf("%s: got %q, %v, want the first event at once", kind, got, err)
		}
		r.Body.Close()
	}
}
