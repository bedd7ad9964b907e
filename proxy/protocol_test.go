package proxy

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"sluis/internal/sitepolicy"
	"sluis/internal/testenv"
	"sluis/rules"
)

// within sends bytes through a tunnel, piece by piece, and returns the status and body of the response; nothing if the
// connection ends without one.
func (r *rig) within(authority string, pieces ...string) (status int, body string) {
	r.t.Helper()
	c := r.tunnel(r.t, authority)
	defer c.Close()
	c.SetDeadline(time.Now().Add(testenv.Patience))
	go func() {
		for _, p := range pieces {
			io.WriteString(c, p)
		}
	}()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

// TestHTTPWithinATunnel: HTTP without TLS that comes through CONNECT, as ws:// does from every browser and http:// from
// Node's agents, is judged as if it had come without.
func TestHTTPWithinATunnel(t *testing.T) {
	r := newRig(t)
	plain := r.rawSite(fine)
	other := r.rawSite(fine)
	r.reload(func(c *Config) { // a port for tunnels, at which a site without TLS is
		c.Ports = append(c.Ports, portOf("x:"+other.port, 0))
		c.Plain = c.Plain[:len(c.Plain)-1]
	})
	r.decide = func(q sitepolicy.Request) sitepolicy.Decision {
		if d := blocking("casino.example", false)(q); d.Action == sitepolicy.Block {
			return d
		}
		if strings.HasPrefix(q.Path, "/spel") {
			return sitepolicy.Decision{Action: sitepolicy.Block, Category: rules.Gambling}
		}
		return sitepolicy.Decision{}
	}
	for _, port := range []string{plain.port, other.port} {
		at := "les.example:" + port
		end := " HTTP/1.1\r\nHost: " + at + "\r\nConnection: close\r\n\r\n"
		for name, tt := range map[string]struct {
			pieces []string
			status int
		}{
			"a page":                    {[]string{"GET /a" + end}, 200},
			"a form":                    {[]string{"POST /a HTTP/1.1\r\nHost: " + at + "\r\nContent-Length: 3\r\n\r\n", "abc"}, 200},
			"piece by piece":            {strings.Split("GET /a"+end, ""), 200},
			"an empty line before":      {[]string{"\r\nGET /a" + end}, 200},
			"a method of its own":       {[]string{"M-SEARCH /a" + end}, 200},
			"HTTP/1.0":                  {[]string{"GET /a HTTP/1.0\r\nHost: " + at + "\r\n\r\n"}, 200},
			"a target in absolute form": {[]string{"GET http://" + at + "/a" + end}, 200},
			"a name in capitals":        {[]string{"GET /a HTTP/1.1\r\nHost: LES.example.:" + port + "\r\n\r\n"}, 200},
			"a blocked page":            {[]string{"GET /spel" + end}, 403},
			"another site":              {[]string{"GET /a HTTP/1.1\r\nHost: ander.example:" + port + "\r\n\r\n"}, 421},
			"a blocked site":            {[]string{"GET /a HTTP/1.1\r\nHost: casino.example:" + port + "\r\n\r\n"}, 421},
			"the gateway itself":        {[]string{"GET /a HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\n\r\n"}, 421},
			"another port":              {[]string{"GET /a HTTP/1.1\r\nHost: les.example:81\r\n\r\n"}, 421},
			"no port":                   {[]string{"GET /a HTTP/1.1\r\nHost: les.example\r\n\r\n"}, 421},
			"another absolute form":     {[]string{"GET http://ander.example/a" + end}, 421},
			"a target over TLS":         {[]string{"GET https://" + at + "/a" + end}, 421},
			"a tunnel within":           {[]string{"CONNECT " + at + end}, 400},
			"bare line feeds":           {[]string{"GET /a HTTP/1.1\nHost: " + at + "\n\n"}, 400},
			"a length and chunks": {[]string{"POST /a HTTP/1.1\r\nHost: " + at +
				"\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}, 400},
		} {
			if got, body := r.within(at, tt.pieces...); got != tt.status {
				t.Errorf("port %s, %s: got %d, %q, want %d", port, name, got, body, tt.status)
			}
		}
	}
	if got, _ := r.within("casino.example:"+plain.port,
		"GET / HTTP/1.1\r\nHost: casino.example:"+plain.port+"\r\n\r\n"); got != 403 {
		t.Errorf("a tunnel to a blocked site: got %d, want 403", got)
	}
	if got, body := r.within("sluis.school.example:80",
		"GET /setup HTTP/1.1\r\nHost: sluis.school.example\r\n\r\n"); got != 200 || body != "own site /setup" {
		t.Errorf("the gateway's own site: got %d, %q, want it", got, body)
	}
	for _, rec := range r.journal.wait(t, 10) {
		if rec.TLS {
			t.Errorf("record: got %+v, want none over TLS", rec)
		}
	}
}

// TestTLSAtAPlainPort: TLS through a tunnel to a port of sites without is judged as TLS is.
func TestTLSAtAPlainPort(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200, "site.example")
	r.reload(func(c *Config) { c.Plain, c.Ports = append(c.Plain, portOf("x:"+portString(s), 0)), []uint16{443} })
	for _, decide := range []func(sitepolicy.Request) sitepolicy.Decision{blocking("casino.example", false), inspecting} {
		r.decide = decide
		if resp, body := r.get(r.browser(), at(s, "site.example", "/")); resp.StatusCode != 200 {
			t.Errorf("got %s, %q, want the page", resp.Status, body)
		}
	}
	r.decide = blocking("casino.example", false)
	c := tls.Client(r.tunnel(t, "site.example:"+portString(s)), &tls.Config{ServerName: "casino.example", RootCAs: r.trust})
	if err := c.Handshake(); err == nil {
		t.Error("a blocked name: got a connection, want none")
	}
}

// TestOtherProtocolsInATunnel: what is neither TLS nor HTTP stays out of ports of sites without TLS, and nothing waits
// without end for a client that lets the server speak first.
func TestOtherProtocolsInATunnel(t *testing.T) {
	for _, opaque := range []bool{false, true} {
		r := newRig(t, func(r *rig) { r.cfg.Limits.Hello, r.cfg.Opaque = 300*time.Millisecond, opaque })
		_, port, _ := strings.Cut(r.echo(t), ":")
		r.reload(func(c *Config) { c.Plain, c.Ports = append(c.Plain, portOf("x:"+port, 0)), []uint16{443} })
		at := map[string]io.Reader{}
		for _, sent := range []string{
			"", "SSH-2.0-OpenSSH_9.6\r\n", "\x13BitTorrent protocol", "\x00\x01", "EHLO school.example\r\n", "GET", "GET / HTTP/2.0\r\n",
			"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /\r\n", "USER a b c\r\n", "\x16\x03\x01", "\x80\x2e\x01\x00\x02", "A" + strings.Repeat("a", 100<<10),
		} {
			c := r.tunnel(t, "site.example:"+port)
			defer c.Close()
			c.SetDeadline(time.Now().Add(testenv.Patience))
			go io.WriteString(c, sent)
			at[sent] = c
		}
		for sent, c := range at {
			if b, err := io.ReadAll(c); len(b) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%q, opaque %v: got %q, %v, want the end", sent[:min(len(sent), 20)], opaque, b, err)
			}
		}
	}
}

// TestSocketWithinATunnel: a WebSocket without TLS goes through a tunnel.
func TestSocketWithinATunnel(t *testing.T) {
	r := newRig(t)
	s := r.site(echoSocket)
	at := "les.example:" + portString(s)
	c := r.tunnel(t, at)
	c.SetDeadline(time.Now().Add(testenv.Patience))
	io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: "+at+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v, %v, want 101", resp, err)
	}
	for range 3 {
		io.WriteString(c, "molen")
		b := make([]byte, 5)
		if _, err := io.ReadFull(in, b); err != nil || string(b) != "molen" {
			t.Fatalf("got %q, %v, want what was sent", b, err)
		}
	}
}

// TestAnotherProtocolIsKnownAtOnce: nothing waits for the end of a line that no request can have; every beginning of
// a request is waited for, so that none passes in pieces.
func TestAnotherProtocolIsKnownAtOnce(t *testing.T) {
	for _, sent := range []string{
		"K\x9a\x01\xff random", "A\x00\x00", "abc def ghi", "<stream:stream to='x'>", "{\"id\":1}", "GET  /", "GET / FTP",
		"GET / HTTP/2", "GET / HTTP/1.1 x", "GET / HTTP/1.12", "\r\r", " GET", "(", "\x16\x03",
	} {
		if beginsRequest.MatchString(sent) {
			t.Errorf("%q is waited for, want another protocol", sent)
		}
	}
	for _, line := range []string{
		"GET / HTTP/1.1\r", "M-SEARCH * HTTP/1.0\r", "get /\xff\x00\t HTTP/1.1", "P http://a.example/b?c HTTP/1.0\r",
		strings.Repeat("M", 300) + " /" + strings.Repeat("a", 5000) + " HTTP/1.1\r",
	} {
		if !requestLine.MatchString(line) {
			t.Errorf("%.40q is no request line, want one", line)
		}
		for i := range line {
			if !beginsRequest.MatchString(line[:i]) {
				t.Errorf("%q is not waited for, want the rest of the line", line[:i])
				break
			}
		}
	}
}
