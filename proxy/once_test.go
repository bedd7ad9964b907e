package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// TestAFormIsSentOnceAndArrives: a site closes connections that it keeps, at the moment that it likes least. A request
// that may not be repeated then neither fails nor is sent twice (RFC 9110, section 9.2.2).
func TestAFormIsSentOnceAndArrives(t *testing.T) {
	for _, sent := range []string{
		"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 3\r\n\r\nabc",
		"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n",
		"POST %s HTTP/1.1\r\nHost: %s\r\n\r\n",
		"POST %s HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"POST %s HTTP/1.1\r\nHost: %s\r\nIdempotency-Key: 1\r\nContent-Length: 3\r\n\r\nabc",
		"PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 3\r\n\r\nabc",
		"PATCH %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 3\r\n\r\nabc",
		"DELETE %s HTTP/1.1\r\nHost: %s\r\n\r\n",
		"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n",
		"GET %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 3\r\n\r\nabc",
	} {
		method, _, _ := strings.Cut(sent, " ")
		r := newRig(t)
		ways := r.ways(func(head string, n int) string {
			if n > 1 { // it had just closed the connection
				return ""
			}
			return fine(head, n)
		})
		for _, w := range ways {
			k := w.keep(t)
			get := "GET " + w.before + "/ HTTP/1.1\r\nHost: " + w.host + "\r\n\r\n"
			if got := k.ask(get); got != 200 {
				t.Fatalf("%s: got %d, want 200", w.name, got)
			}
			w.site.forget()
			if got := k.ask(fmt.Sprintf(sent, w.before+"/form", w.host)); got != 200 {
				t.Errorf("%s: %s: got %d, want 200", w.name, method, got)
			}
			if n := len(w.site.seen); n != 1 && (method != "GET" || n > 2) {
				t.Errorf("%s: %s: the site got it %d times, want once", w.name, method, n)
			}
			w.site.forget()
		}
	}
}

// TestFormsShareHTTP2: over HTTP/2 a site says which requests it has not seen, so that forms share a connection.
func TestFormsShareHTTP2(t *testing.T) {
	r := newRig(t)
	var conns atomic.Int32
	seen := map[string]bool{}
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !seen[q.RemoteAddr] {
			seen[q.RemoteAddr] = true
			conns.Add(1)
		}
		io.WriteString(w, q.Proto)
	}), "site.example")
	r.decide = inspecting
	c := r.browser()
	for range 6 {
		resp, err := c.Post(at(s, "site.example", "/"), "text/plain", strings.NewReader("abc"))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || string(b) != "HTTP/2.0" {
			t.Fatalf("got %s, %q, want 200 over HTTP/2.0", resp.Status, b)
		}
	}
	if conns.Load() != 1 {
		t.Errorf("got %d connections for six forms, want 1", conns.Load())
	}
}
