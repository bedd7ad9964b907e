package proxy

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"sluis/proxy/content"
)

// TestUploadsAreLetGo: what an upload held is free again once it was sent on, so that many in a row all pass.
func TestUploadsAreLetGo(t *testing.T) {
	r := inspected(t, func(o *content.Options) { o.Limits.Total = 600 << 10 })
	s := r.site(
		http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { io.Copy(io.Discard, q.Body) }),
		"www.site.example",
	)
	c := r.browser()
	for n := range 8 {
		resp, err := c.Post(
			at(s, "www.site.example", "/"),
			"text/plain",
			strings.NewReader(strings.Repeat("molen ", 30_000)),
		)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("upload %d: got %s, want 200", n+1, resp.Status)
		}
	}
}

// TestTargetAndLengthStayAsTheyAre: a query goes on as it came (RFC 9110, section 7.7), also one that net/url cannot
// parse, and a response without a body keeps its length.
func TestTargetAndLengthStayAsTheyAre(t *testing.T) {
	r := ownRoad(t)
	got := make(chan string, 1)
	authority := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		got <- q.RequestURI
		w.Header().Set("Content-Length", "12345")
	}))
	const target = "/a%2Fb?b=1;c=%zz&&a=+&d"
	c := r.dial(t)
	io.WriteString(c, "HEAD http://"+authority+target+" HTTP/1.1\r\nHost: "+authority+"\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: http.MethodHead})
	if err != nil {
		t.Fatal(err)
	}
	if uri := <-got; uri != target || resp.ContentLength != 12345 {
		t.Errorf("got %q and a length of %d, want %q and 12345", uri, resp.ContentLength, target)
	}
}

// TestEventsAreSentAtOnce: each event of a stream is sent when it comes, also if the length of the stream is known.
func TestEventsAreSentAtOnce(t *testing.T) {
	r := ownRoad(t)
	next := make(chan struct{})
	defer close(next)
	authority := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		select {
		case <-next:
		case <-q.Context().Done():
		}
	}))
	c := r.dial(t)
	io.WriteString(c, "GET http://"+authority+"/ HTTP/1.1\r\nHost: "+authority+"\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len("data: 1\n\n"))
	if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != "data: 1\n\n" {
		t.Errorf("got %q, %v, want the first event", b, err)
	}
}

// TestSwitchedUnasked: a site that switches protocols unasked becomes an error, not a tunnel.
func TestSwitchedUnasked(t *testing.T) {
	r := ownRoad(t)
	authority := r.site(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
			c.Close()
		}
	}))
	for _, fields := range []string{
		"", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Connection: Upgrade\r\nUpgrade: websocket\r\n",
	} {
		if resp, body, _ := r.ask(t, authority, fields); resp.StatusCode != http.StatusBadGateway {
			t.Errorf("%q: got %s, %q, want 502", fields, resp.Status, body)
		}
	}
}
