package proxy

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// TestMaxForwards: OPTIONS goes so far as it asks, and no further (RFC 9110, section 7.6.2). In other requests the
// field means nothing.
func TestMaxForwards(t *testing.T) {
	for _, w := range newRig(t).ways(fine) {
		for _, tt := range []struct {
			method, fields string
			status         int
			want           string // what the site gets; - if it gets nothing
		}{
			{"OPTIONS", "Max-Forwards: 0\r\n", 200, "-"},
			{"OPTIONS", "max-forwards: 00\r\n", 200, "-"},
			{"OPTIONS", "Max-Forwards: 1\r\n", 200, "0"},
			{"OPTIONS", "Max-Forwards: 10\r\n", 200, "9"},
			{"OPTIONS", "Max-Forwards: -1\r\n", 400, "-"},
			{"OPTIONS", "Max-Forwards: x\r\n", 400, "-"},
			{"OPTIONS", "Max-Forwards: 1\r\nMax-Forwards: 0\r\n", 400, "-"},
			{"OPTIONS", "", 200, ""},
			{"GET", "Max-Forwards: 0\r\n", 200, "0"},
		} {
			resp, _ := w.ask(t, tt.method+" "+w.before+"/x HTTP/1.1\r\nHost: "+w.host+"\r\n"+tt.fields+
				"Connection: close\r\n\r\n")
			got := "-"
			if len(w.site.seen) > 0 {
				got = fieldOf(<-w.site.seen, "Max-Forwards")
			}
			if resp.StatusCode != tt.status || got != tt.want {
				t.Errorf("%s: %s %q: got %d and the site %q, want %d and %q",
					w.name, tt.method, tt.fields, resp.StatusCode, got, tt.status, tt.want)
			}
		}
	}
}

// fieldOf returns the value of a field in a header, or the empty string.
func fieldOf(head, name string) string {
	q, err := http.ReadRequest(bufio.NewReader(strings.NewReader(withTarget(head, "/"))))
	if err != nil {
		return err.Error()
	}
	return q.Header.Get(name)
}

// TestHalfClosedClient: a client that has no more to send still gets its answers (RFC 9112, section 9.6).
func TestHalfClosedClient(t *testing.T) {
	hold := make(chan struct{}, 10)
	slow := func(head string, n int) string {
		<-hold
		return fine(head, n)
	}
	for _, w := range newRig(t).ways(slow) {
		for name, sent := range map[string][]string{
			"one":     {"GET " + w.before + "/a HTTP/1.1\r\nHost: " + w.host + "\r\n\r\n"},
			"the end": {"GET " + w.before + "/a HTTP/1.1\r\nHost: " + w.host + "\r\nConnection: close\r\n\r\n"},
			"a form":  {"POST " + w.before + "/a HTTP/1.1\r\nHost: " + w.host + "\r\nContent-Length: 3\r\n\r\nabc"},
			"chunks":  {"POST " + w.before + "/a HTTP/1.1\r\nHost: " + w.host + "\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
			"two": {"GET " + w.before + "/a HTTP/1.1\r\nHost: " + w.host + "\r\n\r\n",
				"GET " + w.before + "/b HTTP/1.1\r\nHost: " + w.host + "\r\n\r\n"},
		} {
			c := w.dial()
			io.WriteString(c, strings.Join(sent, ""))
			if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(c)
			for i := range sent {
				if i == 0 {
					time.Sleep(20 * time.Millisecond) // for the end to arrive first; the test holds without it too
				}
				hold <- struct{}{}
				resp, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatalf("%s, %s: got %v, want response %d", w.name, name, err, i+1)
				}
				b, err := io.ReadAll(resp.Body)
				if resp.StatusCode != 200 || string(b) != "ok" || err != nil {
					t.Errorf("%s, %s: got %s, %q, %v, want the answer", w.name, name, resp.Status, b, err)
				}
			}
			if rest, _ := io.ReadAll(in); len(rest) > 0 {
				t.Errorf("%s, %s: then got %q, want the end", w.name, name, rest)
			}
			c.Close()
		}
	}
}

// TestHalfClosedIdle: a client that closes its half between two requests keeps nothing open.
func TestHalfClosedIdle(t *testing.T) {
	r := newRig(t)
	for _, w := range r.ways(fine) {
		k := w.keep(t)
		if got := k.ask("GET " + w.before + "/a HTTP/1.1\r\nHost: " + w.host + "\r\n\r\n"); got != 200 {
			t.Fatalf("%s: got %d, want 200", w.name, got)
		}
		k.c.(interface{ CloseWrite() error }).CloseWrite()
		if rest, _ := io.ReadAll(k.in); len(rest) > 0 {
			t.Errorf("%s: got %q, want the end", w.name, rest)
		}
	}
	testenv.Eventually(t, "no connection is open", func() bool { n, _ := r.proxy.door.Counts(); return n == 0 })
}

// TestOddStatuses: a status that is none is answered with a page, and every other passes.
func TestOddStatuses(t *testing.T) {
	status := ""
	r := newRig(t)
	for _, w := range r.ways(func(string, int) string {
		return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	}) {
		for s, want := range map[string]int{
			"099 Vreemd": 502, "000 ": 502, "001 x": 502, "20 OK": 502, "-10 x": 502, "2000 x": 502, "abc x": 502, "101 x": 502,
			"200": 200, "200 ": 200, "299 x": 299, "450 x": 450, "599 x": 599, "600 x": 600, "999 x": 999,
		} {
			status = s
			resp, _ := w.ask(t, "GET "+w.before+"/a HTTP/1.1\r\nHost: "+w.host+"\r\nConnection: close\r\n\r\n")
			if resp.StatusCode != want {
				t.Errorf("%s: %q: got %d, want %d", w.name, s, resp.StatusCode, want)
			}
		}
	}
}

// TestFieldsOfOneHopByName: what Connection names goes no further, in requests as in responses, whatever else is named
// and however it is spelt.
func TestFieldsOfOneHopByName(t *testing.T) {
	for _, connection := range []string{
		"X-Hop", "close, X-Hop", "X-Hop, close", "X-HOP,close", "close\r\nConnection: x-hop", "x-hop\r\nConnection: close",
		"keep-alive, , x-hop", "close,\tx-hop ,", "CLOSE, X-Hop", "upgrade, close, X-Hop",
	} {
		r := newRig(t)
		for _, w := range r.ways(func(string, int) string {
			return "HTTP/1.1 103 Early\r\nX-Kept: 0\r\n\r\nHTTP/1.1 200 OK\r\nConnection: " + connection +
				"\r\nX-Hop: geheim\r\nX-Kept: 1\r\nContent-Length: 2\r\n\r\nok"
		}) {
			c := w.dial()
			io.WriteString(c, "GET "+w.before+"/a HTTP/1.1\r\nHost: "+w.host+"\r\nConnection: "+connection+
				"\r\nX-Hop: geheim\r\nX-Kept: 1\r\n\r\n")
			in := bufio.NewReader(c)
			resp, err := http.ReadResponse(in, nil)
			if err == nil && resp.StatusCode == 103 {
				resp, err = http.ReadResponse(in, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			if resp.Header.Get("X-Hop") != "" || resp.Header.Get("X-Kept") != "1" {
				t.Errorf("%s: a response with Connection %q: got %v, want no X-Hop, and X-Kept",
					w.name, connection, resp.Header)
			}
			if head := <-w.site.seen; fieldOf(head, "X-Hop") != "" || fieldOf(head, "X-Kept") != "1" {
				t.Errorf("%s: a request with Connection %q: the site got %q, want no X-Hop, and X-Kept",
					w.name, connection, head)
			}
			c.Close()
		}
	}
}
