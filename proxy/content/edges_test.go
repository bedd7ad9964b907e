package content

import (
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
