package content

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"sluis/internal/roster"
	"sluis/rules"
)

// TestSlowPagesAreShown: a page that comes slowly is shown while it comes, and ends where it becomes too heavy.
func TestSlowPagesAreShown(t *testing.T) {
	for name, last := range map[string]string{"ordinary": htmlPage("", 8), "vile": htmlPage(vile, 8)} {
		for _, coding := range []string{"", "gzip"} {
			e := inspector(t, func(o *Options) { o.Limits.Slow = time.Millisecond })
			src, site := io.Pipe()
			r := respond("text/html", "", "")
			r.Body, r.ContentLength = src, -1
			var send io.Writer = site
			flush := func() {}
			if coding != "" {
				r.Header.Set("Content-Encoding", coding)
				w := gzip.NewWriter(site)
				send, flush = w, func() { w.Flush() }
			}
			next := make(chan bool)
			go func() {
				defer site.Close()
				rows := []string{"<!doctype html><h1>Rij 0</h1>", "<p>Rij 1</p>", last, strings.Repeat("x ", 300)}
				for _, row := range rows {
					io.WriteString(send, row)
					flush()
					<-next
				}
			}()
			x := exchange(rules.Conduct)
			if blocked, err := e.Response(t.Context(), x, r); blocked || err != nil {
				t.Fatalf("%s, %q: got blocked %v, %v, want it to begin", name, coding, blocked, err)
			}
			b := make([]byte, 1000)
			for row := range 2 { // each is there before the next is sent
				n, err := r.Body.Read(b)
				if n == 0 || err != nil || coding == "" && !bytes.Contains(b[:n], []byte("Rij")) {
					t.Fatalf("%s, %q: got %q, %v, want row %d", name, coding, b[:n], err, row)
				}
				next <- true
			}
			close(next)
			rest, err := io.ReadAll(r.Body)
			if name == "ordinary" && (err != nil || len(rest) == 0) || name == "vile" && !errors.Is(err, ErrBlocked) ||
				bytes.Contains(rest, []byte("hoer")) {
				t.Errorf("%s, %q: got %d bytes more, %v, want only a vile one ended", name, coding, len(rest), err)
			}
			r.Body.Close()
			nothingWaits(t, e)
		}
	}
}

// TestASlowLessonIsNoVilePage: what a page says first does not count for more because the rest is slow.
func TestASlowLessonIsNoVilePage(t *testing.T) {
	e := inspector(t, func(o *Options) { o.Limits.Slow = time.Millisecond })
	row := "<p>Les: 'Vieze hoer', 'hete geile sletjes', 'gratis porno' en 'alle moslims moeten dood' zijn " +
		"strafbaar of kwetsend.</p>"
	src, site := io.Pipe()
	r := respond("text/html", "", "")
	r.Body, r.ContentLength = src, -1
	go func() {
		io.WriteString(site, row)
		io.WriteString(site, htmlPage("", 40))
		site.Close()
	}()
	blocked, err := e.Response(t.Context(), exchange(rules.Conduct), r)
	if !blocked && err == nil {
		_, err = io.Copy(io.Discard, r.Body)
	}
	if blocked || err != nil {
		t.Errorf("got blocked %v, %v, want it to pass", blocked, err)
	}
}

// TestPagesThatBreakOffAreShown: as far as they came, and not as if they were whole.
func TestPagesThatBreakOffAreShown(t *testing.T) {
	e := inspector(t, func(o *Options) { o.Limits.Head = 4 << 10 })
	for _, kind := range []string{"text/html", "", "text/plain", "application/json"} {
		for _, size := range []int{100, 3000, 4096, 20_000} {
			body := htmlPage("", 20)[:size]
			r := as(kind, "", "")
			r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(body),
				iotest.ErrReader(io.ErrUnexpectedEOF))), -1
			if blocked, err := e.Response(t.Context(), exchange(rules.Conduct), r); blocked || err != nil {
				t.Fatalf("%q of %d bytes: got blocked %v, %v, want it to begin", kind, size, blocked, err)
			}
			if b, err := io.ReadAll(r.Body); string(b) != body || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%q: got %d of %d bytes, %v, want all, and that it broke off", kind, len(b), size, err)
			}
			r.Body.Close()
		}
	}
	x, r := exchange(rules.Conduct), as("text/html", "", "")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(htmlPage(vile, 1)), iotest.ErrReader(io.ErrUnexpectedEOF)))
	r.ContentLength = -1
	if blocked, err := e.Response(t.Context(), x, r); !blocked || err != nil {
		t.Errorf("a vile one: got blocked %v, %v, want it blocked", blocked, err)
	}
}

// TestFirstPiecesComeAtOnce: a rule about downloads holds no answer that comes piece by piece, and stops programs.
func TestFirstPiecesComeAtOnce(t *testing.T) {
	pupils, _ := roster.ParseGroup("leerlingen")
	e := inspector(t, func(o *Options) {
		o.Scanner = finder{}
		o.Downloads = []DownloadRule{{Groups: []roster.Group{pupils}, Executable: true}}
	})
	for _, kind := range []string{
		"application/json", "text/x-component", "application/stream+json", "application/jsonl", "text/plain", "text/css",
		"application/json-seq", "application/x-ndjson", "text/event-stream", "application/grpc-web+proto",
		"application/connect+json",
	} {
		for _, coding := range []string{"", "gzip", "zstd", "br"} {
			first := zipped(coding, `{"gebeurtenis": 1}`+"\n")
			src, site := io.Pipe()
			x, r := exchange(rules.Conduct), as(kind, coding, "")
			x.Group, r.Body, r.ContentLength = pupils, src, -1
			go io.WriteString(site, first) // and nothing more
			if blocked, err := e.Response(t.Context(), x, r); blocked || err != nil {
				t.Fatalf("%s, %q: got blocked %v, %v, want it to begin", kind, coding, blocked, err)
			}
			got := make([]byte, len(first))
			if _, err := io.ReadFull(r.Body, got); err != nil || string(got) != first {
				t.Errorf("%s, %q: got %q, %v, want the first piece", kind, coding, got, err)
			}
			r.Body.Close()
			x, r = exchange(rules.Conduct), as(kind, coding, zipped(coding, "MZ\x90\x00\x03\x00\x00\x00"+eicar))
			x.Group, r.ContentLength = pupils, -1
			if blocked, err := e.Response(t.Context(), x, r); !blocked || err != nil {
				t.Errorf("%s, %q, a program: got blocked %v, %v, want it blocked", kind, coding, blocked, err)
			}
			r.Body.Close()
		}
	}
	nothingWaits(t, e)
}

// zipped returns a piece that is coded, and flushed rather than ended.
func zipped(coding, s string) string {
	if coding == "" {
		return s
	}
	var b bytes.Buffer
	var w interface {
		io.Writer
		Flush() error
	} = gzip.NewWriter(&b)
	switch coding {
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, _ = zstd.NewWriter(&b)
	}
	io.WriteString(w, s)
	w.Flush()
	return b.String()
}
