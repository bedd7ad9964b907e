package proxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestUntypedBodies: a response that does not say what it is stays without, so that the browser decides as it would.
func TestUntypedBodies(t *testing.T) {
	r := newRig(t)
	for _, sent := range []string{
		"Content-Length: 12\r\n\r\np{color:red}",
		"X-Content-Type-Options: nosniff\r\nContent-Length: 12\r\n\r\np{color:red}",
		"Transfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n0\r\n\r\n",
		"Content-Length: 0\r\n\r\n",
		"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
	} {
		for _, w := range r.ways(func(string, int) string { return "HTTP/1.1 200 OK\r\n" + sent }) {
			resp, _ := w.ask(t, "GET "+w.before+"/ HTTP/1.1\r\nHost: "+w.host+"\r\n\r\n")
			if got, ok := resp.Header["Content-Type"]; ok {
				t.Errorf("%s: %q: got type %q, want none", w.name, sent, got)
			}
		}
	}
	secret := r.site(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		io.WriteString(w, "<html>x")
	}), "site.example")
	r.decide = inspecting
	resp, _ := r.get(r.browser(), at(secret, "site.example", "/"))
	if got, ok := resp.Header["Content-Type"]; ok || resp.ProtoMajor != 2 {
		t.Errorf("over HTTP/%d: got type %q, want none, over HTTP/2", resp.ProtoMajor, got)
	}
}

// TestBadUploads: a body that is malformed, breaks off or stays away is the client's fault, and no alarm of the
// gateway's, whether or not it is inspected.
func TestBadUploads(t *testing.T) {
	r := inspected(t)
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { io.Copy(io.Discard, q.Body) }))
	host := "site.example:" + portString(s)
	asked := 0
	chunked := "Transfer-Encoding: chunked\r\n\r\n"
	for name, tt := range map[string]struct {
		body   string
		closes bool
		status int
	}{
		"no size of a chunk":      {chunked + "zz\r\n", false, 400},
		"a negative size":         {chunked + "-1\r\nx\r\n", false, 400},
		"a size without end":      {chunked + strings.Repeat("f", 40) + "\r\nx", false, 400},
		"more than the chunk":     {chunked + "2\r\nabcd\r\n0\r\n\r\n", false, 400},
		"malformed after a chunk": {chunked + "3\r\nabc\r\n!\r\n", false, 400},
		"it breaks off":           {"Content-Length: 1000000\r\n\r\nabc", true, 0},
		"chunks break off":        {chunked + "3\r\nabc\r\n", true, 0},
		"it stays away":           {"Content-Length: 10\r\n\r\nabc", false, 408},
	} {
		for _, kind := range []string{"text/plain", "multipart/form-data; boundary=x", "application/grpc"} {
			r.reload(func(c *Config) {
				c.Limits.Idle = time.Minute
				if tt.status == http.StatusRequestTimeout {
					c.Limits.Idle = 200 * time.Millisecond
				}
				c.Limits.Tunnel = c.Limits.Idle
			})
			asked++
			head := fmt.Sprintf("POST http://%s/ HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n", host, host, kind)
			if tt.closes {
				c, err := net.Dial("tcp", r.address)
				if err != nil {
					t.Fatal(err)
				}
				io.WriteString(c, head+tt.body)
				c.(*net.TCPConn).SetLinger(0)
				c.Close()
				r.journal.wait(t, asked)
			} else if got := r.raw(head + tt.body); !strings.HasPrefix(got, fmt.Sprintf("%d ", tt.status)) {
				t.Errorf("%s, %s: got %q, want status %d", name, kind, got, tt.status)
			}
			if log := r.log.String(); strings.Contains(log, "level=ERROR") {
				t.Errorf("%s, %s: got %q in the log, want no error", name, kind, log)
			}
		}
	}
}
