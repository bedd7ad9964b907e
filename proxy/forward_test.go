package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/internal/sitepolicy"
	"sluis/internal/testenv"
	"sluis/proxy/content"
	"sluis/rules"
)

// TestOneHopOnly: fields that are about one connection go no further, in either direction.
func TestOneHopOnly(t *testing.T) {
	r := newRig(t)
	var got http.Header
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		got = q.Header.Clone()
		h := w.Header()
		h.Set("Connection", "X-Hop")
		h.Set("X-Hop", "1")
		h.Set("Keep-Alive", "timeout=1")
		h.Set("Proxy-Authenticate", "Basic")
		h.Set("Alt-Svc", `h3=":443"`)
		h.Set("X-Kept", "1")
	}))
	req, _ := http.NewRequest("GET", at(s, "site.example", "/"), nil)
	for name, value := range map[string]string{
		"Connection": "X-Mine, keep-alive", "X-Mine": "1", "Keep-Alive": "5", "Te": "gzip", "Trailer": "X", "Proxy-Connection": "keep-alive",
		"Proxy-Authorization": "Basic eDp5", "Proxy-Foo": "1", "Upgrade": "h2c", "Http2-Settings": "x", "X-Kept": "1", "Accept-Encoding": "br",
	} {
		req.Header.Set(name, value)
	}
	resp, err := r.browser().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for _, name := range []string{
		"Connection", "X-Mine", "Keep-Alive", "Te", "Trailer", "Proxy-Connection", "Proxy-Authorization", "Upgrade",
		"Http2-Settings", "X-Forwarded-For", "Forwarded",
	} {
		if v := got[name]; v != nil {
			t.Errorf("the site gets %s: %q, want none", name, v)
		}
	}
	if got.Get("X-Kept") != "1" || got.Get("Accept-Encoding") != "br" ||
		!strings.HasPrefix(got.Get("Via"), "1.1 sluis-") ||
		got.Get("User-Agent") != "Go-http-client/1.1" {
		t.Errorf("the site gets %q, want X-Kept, Accept-Encoding, User-Agent and Via", got)
	}
	for _, name := range []string{"X-Hop", "Keep-Alive", "Proxy-Authenticate", "Alt-Svc"} {
		if v := resp.Header[name]; v != nil {
			t.Errorf("the client gets %s: %q, want none", name, v)
		}
	}
	if resp.Header.Get("X-Kept") != "1" {
		t.Errorf("the client gets %q, want X-Kept", resp.Header)
	}
}

// TestStreams: a body that a site sends bit by bit arrives bit by bit, with interim responses and trailers.
func TestStreams(t *testing.T) {
	r := newRig(t)
	next := make(chan struct{})
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Trailer", "X-Sum")
		io.WriteString(w, "one")
		w.(http.Flusher).Flush()
		<-next
		io.WriteString(w, "two")
		w.Header().Set("X-Sum", "6")
	}))
	hints := 0
	ctx := httptrace.WithClientTrace(
		t.Context(),
		&httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
			if code == http.StatusEarlyHints {
				hints++
			}
			return nil
		}},
	)
	req, _ := http.NewRequestWithContext(ctx, "GET", at(s, "site.example", "/"), nil)
	resp, err := r.browser().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b := make([]byte, 3)
	if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != "one" {
		t.Fatalf("got %q, %v, want the first piece", b, err)
	}
	close(next)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "two" || resp.Trailer.Get("X-Sum") != "6" ||
		hints != 1 {
		t.Errorf("got %q, %v, trailer %q, %d hints, want the second piece, X-Sum 6 and one hint",
			rest, err, resp.Trailer, hints)
	}
}

// TestExpectContinue: a large body is sent only once the site wants it.
func TestExpectContinue(t *testing.T) {
	r := newRig(t)
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/no" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		n, _ := io.Copy(io.Discard, q.Body)
		fmt.Fprint(w, n)
	}))
	testenv.Need(t, "curl")
	file := filepath.Join(t.TempDir(), "f")
	if err := exec.Command("truncate", "-s", "3M", file).Run(); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "curl", "-s", "-x", r.address, "-T", file,
		"-H", "Expect: 100-continue", at(s, "site.example", "/yes")).CombinedOutput()
	if err != nil || string(out) != "3145728" {
		t.Errorf("the site got %q bytes, %v, want 3145728", out, err)
	}
}

// echoSocket answers a WebSocket handshake and sends back what it gets.
var echoSocket = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
	if !strings.EqualFold(q.Header.Get("Upgrade"), "websocket") {
		w.WriteHeader(http.StatusUpgradeRequired)
		return
	}
	c, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	io.WriteString(
		c,
		"HTTP/1.1 101 Switching Protocols\r\n"+
			"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n",
	)
	io.Copy(c, rw.Reader)
})

func TestWebSocket(t *testing.T) {
	r := newRig(t)
	plain := r.site(echoSocket)
	secure := r.site(echoSocket, "site.example")
	secure.TLS.NextProtos = []string{"http/1.1"}
	r.decide = func(q sitepolicy.Request) sitepolicy.Decision {
		if q.TLS {
			return sitepolicy.Decision{Action: sitepolicy.Inspect}
		}
		return sitepolicy.Decision{}
	}
	dial := func() net.Conn {
		c, err := net.Dial("tcp", r.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	inner := tls.Client(
		r.tunnel(t, "site.example:"+portString(secure)),
		&tls.Config{ServerName: "site.example", RootCAs: r.trust},
	)
	for name, tt := range map[string]struct {
		conn net.Conn
		head string
	}{
		"plain":     {dial(), "GET http://site.example:" + portString(plain) + "/ HTTP/1.1\r\nHost: site.example:" + portString(plain) + "\r\n"},
		"inspected": {inner, "GET / HTTP/1.1\r\nHost: site.example:" + portString(secure) + "\r\n"},
	} {
		tt.conn.SetDeadline(time.Now().Add(testenv.Patience))
		// The first frame comes along with the handshake.
		io.WriteString(
			tt.conn,
			tt.head+"Connection: Upgrade\r\nUpgrade: websocket\r\n"+
				"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\nfirst",
		)
		in := bufio.NewReader(tt.conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Errorf("%s: got %v, %v, want 101", name, resp, err)
			continue
		}
		for _, frame := range []string{"first", "GET / HTTP/1.1\nnot a request\x00", strings.Repeat("x", 100_000)} {
			if frame != "first" {
				go io.WriteString(tt.conn, frame)
			}
			b := make([]byte, len(frame))
			if _, err := io.ReadFull(in, b); err != nil || string(b) != frame {
				t.Errorf("%s: got %.20q, %v, want %.20q back", name, b, err, frame)
				break
			}
		}
		tt.conn.Close()
	}
	for _, rec := range r.journal.wait(t, 2) {
		if rec.Reply != http.StatusSwitchingProtocols || rec.Bytes < 200_000 {
			t.Errorf("record: got %+v, want 101 and the bytes of both ways", rec)
		}
	}
	r.waitUntilEmpty(t)
}

// TestEnforcementHost: where the policy says so the gateway connects to another host, under the requested name;
// spliced, inspected and plain.
func TestEnforcementHost(t *testing.T) {
	r := newRig(t)
	strict, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	s := r.site(hello200, "search.example")
	port := portString(s)
	strict.Close()
	strict, err = net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		testenv.Lack(t, "the port is taken: %v", err)
	}
	safe := &http.Server{
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { io.WriteString(w, "safe "+q.Host) }),
		TLSConfig: s.TLS,
	}
	go safe.ServeTLS(strict, "", "")
	defer safe.Close()
	for _, action := range []sitepolicy.Action{sitepolicy.Allow, sitepolicy.Inspect} {
		for connect, want := range map[string]string{
			"": "hello from search.example", "127.0.0.2": "safe search.example",
		} {
			r.decide = func(sitepolicy.Request) sitepolicy.Decision {
				return sitepolicy.Decision{Action: action, Connect: connect}
			}
			if _, body := r.get(r.browser(), at(s, "search.example", "/")); !strings.HasPrefix(body, want) {
				t.Errorf("action %d: %q, want %q", action, body, want)
			}
		}
	}
}

// TestTenantFields: fields that restrict tenants take the place of the client's own.
func TestTenantFields(t *testing.T) {
	r := newRig(t)
	var got []string
	s := r.site(
		http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { got = q.Header["Restrict-Access-To-Tenants"] }),
		"login.example",
	)
	r.decide = func(sitepolicy.Request) sitepolicy.Decision {
		return sitepolicy.Decision{
			Action: sitepolicy.Inspect,
			Header: []sitepolicy.Field{{Name: "Restrict-Access-To-Tenants", Value: "school.example"}},
		}
	}
	req, _ := http.NewRequest("GET", at(s, "login.example", "/"), nil)
	req.Header["Restrict-Access-To-Tenants"] = []string{"anywhere.example"}
	resp, err := r.browser().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if !slices.Equal(got, []string{"school.example"}) {
		t.Errorf("the site gets %q, want only the field of the policy", got)
	}
}

// wordInspector blocks bodies with a word.
type wordInspector struct{ word string }

func (l wordInspector) Request(_ context.Context, x *content.Exchange, r *http.Request) (bool, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return false, err
	}
	r.Body = io.NopCloser(strings.NewReader(string(b)))
	return l.found(x, string(b))
}

func (l wordInspector) Response(_ context.Context, x *content.Exchange, r *http.Response) (bool, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return false, err
	}
	r.Body.Close()
	r.Body = io.NopCloser(strings.NewReader(string(b)))
	return l.found(x, string(b))
}

func (l wordInspector) found(x *content.Exchange, text string) (bool, error) {
	if strings.Contains(text, "broken") {
		return false, errors.New("the engine failed")
	}
	if !strings.Contains(text, l.word) {
		return false, nil
	}
	x.Note(
		content.Found{Verdict: filter.Verdict{Action: filter.Reject, Purpose: rules.Conduct, Category: rules.Threat}},
	)
	return true, nil
}

func TestContent(t *testing.T) {
	r := newRig(t)
	r.reload(func(c *Config) { c.Content = wordInspector{"dreigement"} })
	reached := ""
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		reached = string(b)
		io.WriteString(w, q.URL.Query().Get("say"))
	}), "site.example")
	r.decide = inspecting
	c := r.browser()
	for _, tt := range []struct {
		name, say, send string
		status          int
		body            string
	}{
		{"nothing wrong", "welkom", "hallo", 200, "welkom"},
		{"an upload", "welkom", "een dreigement", 403, "blocked site.example threat"},
		{"a page", "een dreigement", "hallo", 403, "blocked site.example threat"},
		{"an engine that fails on an upload", "welkom", "broken", 503, "error 503"},
		{"an engine that fails on a page", "broken", "hallo", 502, "error 502"},
	} {
		reached = ""
		resp, err := c.Post(
			at(s, "site.example", "/?say="+strings.ReplaceAll(tt.say, " ", "+")),
			"text/plain",
			strings.NewReader(tt.send),
		)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tt.status || string(b) != tt.body {
			t.Errorf("%s: got %s, %q, want %d, %q", tt.name, resp.Status, b, tt.status, tt.body)
		}
		if stopped := strings.Contains(tt.send, "dreigement") || tt.send == "broken"; stopped != (reached == "") {
			t.Errorf("%s: the site got %q, want it stopped: %v", tt.name, reached, stopped)
		}
	}
	blocked := 0
	for _, rec := range r.journal.wait(t, 5) {
		if rec.Action == filter.Reject && rec.Category == rules.Threat && rec.Purpose == rules.Conduct {
			blocked++
		}
	}
	if blocked != 2 {
		t.Errorf("got %d records of a block, want 2", blocked)
	}
}

// TestCanary: nothing of a request is in a record or a line of the log, whatever went wrong (must never 1).
func TestCanary(t *testing.T) {
	r := newRig(t)
	r.reload(func(c *Config) { c.Content = wordInspector{"dreigement"} })
	s, secure := r.site(hello200), r.site(hello200, "site.example")
	r.decide = func(q sitepolicy.Request) sitepolicy.Decision {
		if q.TLS {
			return sitepolicy.Decision{Action: sitepolicy.Inspect}
		}
		return sitepolicy.Decision{}
	}
	c := r.browser()
	n := 0
	for _, base := range []string{
		at(s, "site.example", ""), at(secure, "site.example", ""), "http://nowhere.invalid", at(s, "10.0.0.1", ""),
	} {
		for _, send := range []string{"kanarie-body", "dreigement kanarie", "broken kanarie"} {
			req, _ := http.NewRequest("POST", base+"/kanarie-path?q=kanarie-query", strings.NewReader(send))
			req.Header.Set("Cookie", "kanarie-cookie")
			req.Header.Set("X-Field", "kanarie-field")
			req.Header.Set("Proxy-Authorization", "Basic kanarie")
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			n++
		}
	}
	r.raw("GET /kanarie HTTP/1.1\r\nkanarie\r\n\r\n")
	r.raw("KANARIE kanarie\x00\r\n\r\n")
	for _, rec := range r.journal.wait(t, n) {
		if strings.Contains(strings.ToLower(fmt.Sprintf("%+v", rec)), "kanarie") {
			t.Errorf("record: got %+v, want nothing of the request in it", rec)
		}
	}
	r.stop()
	if strings.Contains(strings.ToLower(r.log.String()), "kanarie") ||
		strings.Contains(r.log.String(), "site.example") {
		t.Errorf("log: got %s, want nothing of the requests in it", r.log)
	}
	if !strings.Contains(r.log.String(), "cannot be inspected") {
		t.Errorf("log: got %q, want the failure of the engine in it", r.log)
	}
}

// confirmations remembers whether the one person has confirmed to know the code.
type confirmations struct{ marked bool }

func (k *confirmations) Asked(roster.Subject) bool { return !k.marked }
func (k *confirmations) Mark(roster.Subject) error { k.marked = true; return nil }

// TestAcknowledge: a person who was not asked yet gets the question in place of the first page; nothing else changes.
func TestAcknowledge(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200)
	r.reload(func(c *Config) { c.Acknowledged = &confirmations{} })
	c := r.browser()
	ask := func(method, path, accept string) string {
		req, _ := http.NewRequest(method, at(s, "site.example", path), nil)
		req.Header.Set("Accept", accept)
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return strings.Fields(string(b))[0]
	}
	for _, tt := range []struct{ method, path, accept, want string }{
		{"GET", "/", "image/png", "hello"},
		{"GET", "/", "text/html,*/*", "acknowledge"},
		{"GET", "/.well-known/sluis/acknowledge", "text/html", "own"},
		{"GET", "/", "text/html,*/*", "acknowledge"},
		{"POST", "/.well-known/sluis/acknowledge", "text/html", "thanks"},
		{"GET", "/", "text/html,*/*", "hello"},
	} {
		if got := ask(tt.method, tt.path, tt.accept); got != tt.want {
			t.Errorf("%s %s (%s): %s, want %s", tt.method, tt.path, tt.accept, got, tt.want)
		}
	}
}
