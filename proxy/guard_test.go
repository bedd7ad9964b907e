package proxy

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// TestGuard: a request that two servers could read differently is refused, as the first of a connection and later.
func TestGuard(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200)
	host := "site.example:" + portString(s)
	ok := "GET http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	for name, tt := range map[string]struct {
		sent string
		fine bool
	}{
		"a plain request":         {ok, true},
		"HTTP/1.0":                {"GET http://" + host + "/ HTTP/1.0\r\n\r\n", true},
		"a length":                {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 3\r\n\r\nabc", true},
		"chunks":                  {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n", true},
		"the host in capitals":    {"GET http://" + host + "/ HTTP/1.1\r\nhOST: " + strings.ToUpper(host) + "\r\n\r\n", true},
		"a length and chunks":     {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
		"two lengths":             {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", false},
		"two equal lengths":       {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", false},
		"a list of lengths":       {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 3, 3\r\n\r\nabc", false},
		"a signed length":         {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: +3\r\n\r\nabc", false},
		"a length in hex":         {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0x3\r\n\r\nabc", false},
		"two codings":             {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", false},
		"an unknown coding":       {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", false},
		"chunked in quotes":       {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", false},
		"a tab before chunked":    {"POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", false},
		"chunks in HTTP/1.0":      {"POST http://" + host + "/ HTTP/1.0\r\nHost: " + host + "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
		"a folded line":           {"GET http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nX: a\r\n b\r\n\r\n", false},
		"a space before a colon":  {"GET http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nContent-Length : 3\r\n\r\nabc", false},
		"no name of a field":      {"GET http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\n: x\r\n\r\n", false},
		"no colon":                {"GET http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nabc\r\n\r\n", false},
		"bare line feeds":         {"GET http://" + host + "/ HTTP/1.1\nHost: " + host + "\n\n", false},
		"a bare carriage return":  {"GET http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nX: a\rb\r\n\r\n", false},
		"a zero byte":             {"GET http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nX: a\x00b\r\n\r\n", false},
		"two hosts":               {"GET http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nHost: casino.example\r\n\r\n", false},
		"an empty line before":    {"\r\n" + ok, true},
		"two empty lines before":  {"\r\n\r\n" + ok, false},
		"a bare line feed before": {"\n" + ok, false},
		"no host":                 {"GET http://" + host + "/ HTTP/1.1\r\n\r\n", false},
		"HTTP/0.9":                {"GET http://" + host + "/\r\n\r\n", false},
		"HTTP/2 in plain":         {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", false},
		"two spaces":              {"GET  http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n", false},
		"another host to CONNECT": {"CONNECT site.example:443 HTTP/1.1\r\nHost: casino.example:443\r\n\r\n", false},
	} {
		got := r.raw(tt.sent)
		if fine := strings.HasPrefix(got, "200 hello"); fine != tt.fine || !fine && !strings.HasPrefix(got, "400") {
			t.Errorf("%s: got %q, want it let through: %v", name, got, tt.fine)
		}
		if strings.HasPrefix(tt.sent, "GET http") || tt.fine {
			continue
		}
		if first, second := r.two(ok, tt.sent); first != 200 || second != 400 {
			t.Errorf("%s, as the second request: got %d and %d, want 200 and 400", name, first, second)
		}
	}
}

// two sends two requests at once and returns the status of both replies.
func (r *rig) two(first, second string) (a, b int) {
	r.t.Helper()
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(testenv.Patience))
	io.WriteString(c, first+second)
	in := bufio.NewReader(c)
	for _, n := range []*int{&a, &b} {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return a, b
		}
		io.Copy(io.Discard, resp.Body)
		*n = resp.StatusCode
	}
	return a, b
}

// TestGuardChunks: a body with malformed chunks never becomes whole at the site.
func TestGuardChunks(t *testing.T) {
	r := newRig(t)
	got := make(chan error, 16)
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, err := io.ReadAll(q.Body)
		got <- err
	}))
	host := "site.example:" + portString(s)
	for name, chunks := range map[string]string{
		"a size that is none":      "x\r\nabc\r\n0\r\n\r\n",
		"a negative size":          "-3\r\nabc\r\n0\r\n\r\n",
		"a size with 0x":           "0x3\r\nabc\r\n0\r\n\r\n",
		"too large a size":         "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
		"a bare line feed":         "3\nabc\r\n0\r\n\r\n",
		"more than the size":       "3\r\nabcd\r\n0\r\n\r\n",
		"an endless extension":     "3;" + strings.Repeat("x", 300) + "\r\nabc\r\n0\r\n\r\n",
		"a trailer without end":    "0\r\n" + strings.Repeat("A: "+strings.Repeat("b", 100)+"\r\n", 200) + "\r\n",
		"an extension with a CR":   "3;a\rb\r\nabc\r\n0\r\n\r\n",
		"no size":                  "\r\nabc\r\n0\r\n\r\n",
		"an end that is not whole": "0\r\nX",
	} {
		c, err := net.Dial("tcp", r.address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(
			c,
			"POST http://"+host+"/ HTTP/1.1\r\nHost: "+host+"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"+chunks,
		)
		c.(*net.TCPConn).CloseWrite()
		select {
		case err := <-got:
			if err == nil {
				t.Errorf("%s: the site got a whole body, want an error", name)
			}
		case <-time.After(testenv.Patience):
			t.Errorf("%s: the site still waits, want an error", name)
		}
		c.Close()
	}
}

// FuzzGuard: net/http reads the requests that the guard lets through to the same end, however they arrive. The guard
// adds nothing to them but its poison.
func FuzzGuard(f *testing.F) {
	for _, s := range []string{
		"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
		"POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc" +
			"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
		"POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" +
			"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
		"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	} {
		f.Add([]byte(s), uint8(7))
	}
	f.Fuzz(func(t *testing.T, sent []byte, piece uint8) {
		through := func(piece int) []byte {
			g := newGuard(&arriving{sent: sent, piece: piece}, 1<<10)
			g.expired.Store(true) // nothing answers
			b, _ := io.ReadAll(g)
			return b
		}
		whole, cut := through(len(sent)+1), through(int(piece)+1)
		if !bytes.Equal(whole, cut) {
			t.Fatalf("in pieces: got %q, want %q", cut, whole)
		}
		let := bytes.TrimSuffix(whole, []byte(poison))
		if !carriedOf(sent, let) && !carriedOf(sent, whole) {
			t.Fatalf("got %q, want a beginning of %q with its targets carried", whole, sent)
		}
		if len(whole) > 0 && len(sent) < 1<<10 {
			agree(t, let)
		}
	})
}

// carriedOf reports whether let is a beginning of sent, but for empty lines before requests and for the form of
// targets.
func carriedOf(sent, let []byte) bool {
	for len(let) > 0 {
		switch {
		case len(sent) == 0:
			return false
		case sent[0] == let[0]:
			sent, let = sent[1:], let[1:]
		case let[0] == '/':
			let = let[1:]
		case sent[0] == '%' && let[0] == noEscape:
			sent, let = sent[1:], let[1:]
		case sent[0] == noEscape && bytes.HasPrefix(let, []byte("%FF")):
			sent, let = sent[1:], let[3:]
		case bytes.HasPrefix(sent, []byte("\r\n")):
			sent = sent[2:]
		default:
			return false
		}
	}
	return true
}

// agree reads requests with net/http: none may begin within what the guard took for a body.
func agree(t *testing.T, let []byte) {
	in := bufio.NewReader(bytes.NewReader(let))
	for {
		q, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if len(q.Header["Content-Length"]) > 1 || strings.ContainsAny(q.Host, "\r\n ") {
			t.Fatalf("got %q, want no ambiguous request", let)
		}
		if _, err := io.Copy(io.Discard, q.Body); err != nil {
			return
		}
	}
}

// arriving is a connection on which bytes arrive in pieces.
type arriving struct {
	net.Conn
	sent  []byte
	piece int
}

func (a *arriving) Read(b []byte) (int, error) {
	if len(a.sent) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), a.piece)], a.sent)
	a.sent = a.sent[n:]
	return n, nil
}
