package proxy

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/sitepolicy"
	"sluis/internal/testenv"
	"sluis/rules"
)

var hello200 = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "hello from "+r.Host+" "+r.Proto)
})

// blocking returns a policy that blocks one host as gambling.
func blocking(host string, show bool) func(sitepolicy.Request) sitepolicy.Decision {
	return func(q sitepolicy.Request) sitepolicy.Decision {
		for _, h := range q.Hosts {
			if h == host {
				return sitepolicy.Decision{
					Action:    sitepolicy.Block,
					Category:  rules.Gambling,
					BlockPage: show,
					Listed:    true,
				}
			}
		}
		return sitepolicy.Decision{}
	}
}

func inspecting(sitepolicy.Request) sitepolicy.Decision {
	return sitepolicy.Decision{Action: sitepolicy.Inspect}
}

func TestPlain(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200)
	c := r.browser()
	for range 3 {
		resp, body := r.get(c, at(s, "www.site.example", "/secret-path?q=secret"))
		if resp.StatusCode != 200 || !strings.HasPrefix(body, "hello from www.site.example:") {
			t.Fatalf("got %s, %q, want 200 and the page", resp.Status, body)
		}
		if !strings.Contains(resp.Header.Get("Via"), "1.1 sluis-") {
			t.Errorf("Via: got %q, want the gateway in it", resp.Header.Get("Via"))
		}
	}
	for _, rec := range r.journal.wait(t, 3) {
		if rec.Action != filter.Pass || rec.Reply != 200 || rec.Bytes == 0 || rec.TLS || rec.Peer.String() != "" {
			t.Errorf("record: got %+v, want a pass, 200, some bytes, no TLS and no peer", rec)
		}
	}
	if n, _ := r.proxy.door.Counts(); n != 1 {
		t.Errorf("got %d connections for three requests, want 1", n)
	}
}

func TestBlocked(t *testing.T) {
	r := newRig(t)
	s, secure := r.site(hello200), r.site(hello200, "casino-example.nl")
	r.decide = blocking("www.casino-example.nl", false)
	c := r.browser()
	resp, body := r.get(c, at(s, "www.casino-example.nl", "/"))
	if resp.StatusCode != 403 || body != "blocked www.casino-example.nl gambling" {
		t.Errorf("got %s, %q, want 403 and the block page", resp.Status, body)
	}
	if _, err := c.Get(at(secure, "www.casino-example.nl", "/")); err == nil ||
		!strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("a tunnel: got %v, want it forbidden", err)
	}
	for _, rec := range r.journal.wait(t, 2) {
		if rec.Action != filter.Reject || rec.Category != rules.Gambling || rec.Peer.String() != "casino-example.nl" {
			t.Errorf("record: got %+v, want a rejection for gambling with the domain as peer", rec)
		}
	}
	r.decide = blocking("www.casino-example.nl", true)
	resp, body = r.get(c, at(secure, "www.casino-example.nl", "/"))
	if resp.StatusCode != 403 || body != "blocked www.casino-example.nl gambling" ||
		resp.TLS.PeerCertificates[0].Issuer.CommonName != "Sluis" {
		t.Errorf("the page in a tunnel: got %s, %q from %s, want 403 and the block page from Sluis",
			resp.Status, body, resp.TLS.PeerCertificates[0].Issuer)
	}
	if resp, body = r.get(c, at(secure, "other.example", "/")); resp.StatusCode != 200 ||
		resp.TLS.PeerCertificates[0].Issuer.CommonName != "public" {
		t.Errorf("another site: got %s, %q from %s, want 200 from the site itself",
			resp.Status, body, resp.TLS.PeerCertificates[0].Issuer)
	}
}

// TestSplice: an encrypted connection stays encrypted.
func TestSplice(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200, "site.example")
	resp, body := r.get(r.browser(), at(s, "www.site.example", "/"))
	if body != "hello from www.site.example:"+portString(s)+" HTTP/2.0" ||
		resp.TLS.PeerCertificates[0].Issuer.CommonName != "public" {
		t.Fatalf("got %q from %s, want the page from the site itself", body, resp.TLS.PeerCertificates[0].Issuer)
	}
	r.stop()
	rec := r.journal.wait(t, 1)[0]
	if !rec.TLS || rec.Bytes < 1000 || rec.Peer.String() != "" || rec.Action != filter.Pass {
		t.Errorf("record: got %+v, want a pass over TLS, its bytes and no peer", rec)
	}
}

// TestStrictest: the name in the ClientHello counts as much as the requested one.
func TestStrictest(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200, "site.example")
	r.decide = blocking("casino.example", false)
	for name, tt := range map[string]struct {
		sni string
		ok  bool
	}{
		"the same":                  {"site.example", true},
		"a blocked one behind it":   {"casino.example", false},
		"a blocked one in capitals": {"CASINO.example", false},
	} {
		conn := r.tunnel(t, "site.example:"+portString(s))
		err := tls.Client(conn, &tls.Config{ServerName: tt.sni, RootCAs: r.trust}).Handshake()
		if (err == nil) != tt.ok {
			t.Errorf("%s: got %v, want it to pass: %v", name, err, tt.ok)
		}
		if !tt.ok && !strings.Contains(err.Error(), "access denied") {
			t.Errorf("%s: got %v, want the alert access denied", name, err)
		}
		conn.Close()
	}
}

// tunnel asks for one, and fails if it gets none.
func (r *rig) tunnel(t testing.TB, to string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(testenv.Patience))
	io.WriteString(c, "CONNECT "+to+" HTTP/1.1\r\nHost: "+to+"\r\n\r\n")
	b := bufio.NewReaderSize(c, 16)
	line, err := b.ReadString('\n')
	if err != nil || !strings.Contains(line, " 200 ") {
		t.Fatalf("CONNECT: got %q, %v, want 200", line, err)
	}
	if line, err = b.ReadString('\n'); err != nil || line != "\r\n" || b.Buffered() > 0 {
		t.Fatalf("CONNECT: got %q, %v, want an empty line and nothing after it", line, err)
	}
	return c.(*net.TCPConn)
}

func TestNotTLS(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Limits.Hello = 300 * time.Millisecond })
	echo := r.echo(t)
	c := r.tunnel(t, echo)
	io.WriteString(c, "SSH-2.0-x\r\n")
	if b, _ := io.ReadAll(c); len(b) > 0 {
		t.Errorf("the site answered %q, want no tunnel", b)
	}
	silent := r.tunnel(t, echo) // such as a client that waits for the server to speak
	if b, err := io.ReadAll(silent); len(b) > 0 || err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("a silent client: got %q, %v, want the end", b, err)
	}
	r.reload(func(c *Config) { c.Opaque = true })
	c = r.tunnel(t, echo)
	io.WriteString(c, "SSH-2.0-x\r\n")
	c.CloseWrite()
	if b, _ := io.ReadAll(c); string(b) != "SSH-2.0-x\r\n" {
		t.Errorf("where other protocols may pass: got %q, want the answer of the site", b)
	}
}

// echo starts a server that sends back what it gets, and ends with the client.
func (r *rig) echo(t testing.TB) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	port := ln.Addr().(*net.TCPAddr).AddrPort().Port()
	r.reload(func(c *Config) { c.Ports = append(c.Ports, port) })
	return "127.0.0.1:" + url.PathEscape(ln.Addr().String()[strings.LastIndexByte(ln.Addr().String(), ':')+1:])
}

// TestHalfClose: bytes on their way still arrive when one side has ended.
func TestHalfClose(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Opaque = true })
	c := r.tunnel(t, r.echo(t))
	want := strings.Repeat("0123456789abcdef", 1<<16)
	go func() {
		io.WriteString(c, want)
		c.CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil || string(got) != want {
		t.Errorf("%d of %d bytes came back, %v", len(got), len(want), err)
	}
	if rec := r.journal.wait(t, 1)[0]; rec.Bytes != int64(2*len(want)) {
		t.Errorf("the record counts %d bytes, %d went", rec.Bytes, 2*len(want))
	}
}

func TestSilentTunnel(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Opaque = true; r.cfg.Limits.Tunnel = 200 * time.Millisecond })
	c := r.tunnel(t, r.echo(t))
	for range 5 { // as long as one side speaks it stays
		io.WriteString(c, "x")
		time.Sleep(80 * time.Millisecond)
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := io.Copy(io.Discard, c); err != nil || n != 0 {
		t.Errorf("after silence: got %d bytes, %v, want the end", n, err)
	}
	r.journal.wait(t, 1)
}

func TestInspect(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200, "site.example")
	r.decide = inspecting
	for name, c := range map[string]*http.Client{
		"HTTP/2.0": r.browser(),
		"HTTP/1.1": r.browser(func(tr *http.Transport) {
			tr.ForceAttemptHTTP2 = false
			tr.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
		}),
	} {
		for range 2 {
			resp, body := r.get(c, at(s, "www.site.example", "/"))
			if resp.Proto != name || body != "hello from www.site.example:"+portString(s)+" HTTP/2.0" ||
				resp.TLS.PeerCertificates[0].Issuer.CommonName != "Sluis" {
				t.Errorf("%s: got %s, %q from %s, want the page from Sluis",
					name, resp.Proto, body, resp.TLS.PeerCertificates[0].Issuer)
			}
		}
	}
	for _, rec := range r.journal.wait(t, 4) {
		if !rec.TLS || rec.Reply != 200 {
			t.Errorf("record: got %+v, want 200 over TLS", rec)
		}
	}
}

// TestPinned: inside an inspected connection no other site can be asked for.
func TestPinned(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200, "site.example")
	r.decide = inspecting
	conn := tls.Client(
		r.tunnel(t, "site.example:"+portString(s)),
		&tls.Config{ServerName: "site.example", RootCAs: r.trust},
	)
	for _, other := range []string{"casino.example:" + portString(s), "site.example:1", "localhost:" + portString(s)} {
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+other+"\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s: got %s, want 421", other, resp.Status)
		}
		io.Copy(io.Discard, resp.Body)
	}
	c := r.browser()
	req, _ := http.NewRequest("GET", at(s, "site.example", "/"), nil)
	req.Host = "casino.example"
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Proto != "HTTP/2.0" || resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("got %s over %s, want 421 over HTTP/2.0", resp.Status, resp.Proto)
	}
}

// TestVerified: a site whose certificate is not right cannot be reached, inspected or not.
func TestVerified(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200, "site.example")
	r.decide = inspecting
	r.sites = r.authority("forged")
	resp, body := r.get(r.browser(), at(s, "site.example", "/"))
	if resp.StatusCode != http.StatusBadGateway || body != "certificate unknown" {
		t.Errorf("got %s, %q, want 502", resp.Status, body)
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200)
	port := portString(s)
	get := func(url, fields string) string {
		return "GET " + url + " HTTP/1.1\r\nHost: " + hostIn(url) + "\r\n" + fields + "\r\n"
	}
	for name, tt := range map[string]struct{ sent, want string }{
		"a port that is not for TLS":   {"CONNECT site.example:22 HTTP/1.1\r\nHost: site.example:22\r\n\r\n", "403"},
		"no port":                      {"CONNECT site.example HTTP/1.1\r\nHost: site.example\r\n\r\n", "400"},
		"a port for mail":              {get("http://site.example:25/", ""), "403"},
		"another scheme":               {get("ftp://site.example/", ""), "400"},
		"https without a tunnel":       {get("https://site.example/", ""), "400"},
		"a password in the address":    {get("http://u:p@site.example:"+port+"/", ""), "400"},
		"the gateway itself":           {get("http://sluis.school.example/setup", ""), "own site /setup"},
		"no proxy request":             {"GET /proxy.pac HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "own site /proxy.pac"},
		"TRACE":                        {"TRACE http://site.example:" + port + "/ HTTP/1.1\r\nHost: site.example:" + port + "\r\n\r\n", "403"},
		"a request that went round":    {get("http://site.example:"+port+"/", "Via: 1.1 "+r.proxy.via+"\r\n"), "508"},
		"a host that is no name":       {get("http://si_te..example:"+port+"/", ""), "400"},
		"a name that is nowhere":       {get("http://nowhere.invalid/", ""), "502"},
		"a tunnel to what is nowhere":  {"CONNECT nowhere.invalid:443 HTTP/1.1\r\nHost: nowhere.invalid:443\r\n\r\n", "502"},
		"a port without a listener":    {"CONNECT site.example:443 HTTP/1.1\r\nHost: site.example:443\r\n\r\n", "502"},
		"a header without end":         {"GET http://site.example/ HTTP/1.1\r\nHost: site.example\r\nX: " + strings.Repeat("a", 80<<10) + "\r\n\r\n", "431"},
		"metadata of a cloud provider": {get("http://169.254.169.254/latest/", ""), "403"},
		"the network inside":           {get("http://10.0.0.1/", ""), "403"},
		"the network inside, IPv6":     {get("http://[fd00::1]/", ""), "403"},
		"a tunnel to the inside":       {"CONNECT 192.168.1.1:443 HTTP/1.1\r\nHost: 192.168.1.1:443\r\n\r\n", "403"},
	} {
		if got := r.raw(tt.sent); !strings.Contains(strings.ToLower(got), strings.ToLower(tt.want)) {
			t.Errorf("%s: got %q, want %s", name, got, tt.want)
		}
	}
}

// hostIn returns the authority of a URL.
func hostIn(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "x"
	}
	return u.Host
}

// TestStranger: a stranger gets no reply.
func TestStranger(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Clients = r.cfg.Clients[1:] })
	if got := r.raw("GET /proxy.pac HTTP/1.1\r\nHost: x\r\n\r\n"); got != "" {
		t.Errorf("a stranger got %q, want no reply", got)
	}
}

func TestIPv6(t *testing.T) {
	r := newRig(t)
	ln, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		testenv.Lack(t, "this machine has no IPv6: %v", err)
	}
	site := &http.Server{Handler: hello200}
	go site.Serve(ln)
	defer site.Close()
	port := ln.Addr().(*net.TCPAddr).AddrPort().Port()
	r.reload(func(c *Config) { c.Plain = append(c.Plain, port) })
	six, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = r.listen(Listener{Listener: six})
	for _, host := range []string{"[::1]", "six.example"} {
		authority := host + ":" + ln.Addr().String()[strings.LastIndexByte(ln.Addr().String(), ':')+1:]
		if resp, body := r.get(r.browser(), "http://"+authority+"/"); resp.StatusCode != 200 ||
			body != "hello from "+authority+" HTTP/1.1" {
			t.Errorf("%s: got %s, %q, want 200 and the page", host, resp.Status, body)
		}
	}
}

// TestOverTLS: browsers can speak TLS with the proxy itself.
func TestOverTLS(t *testing.T) {
	r := newRig(t)
	r.reload(func(c *Config) {
		c.TLS = &tls.Config{
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				return r.sites.For("sluis.school.example")
			},
		}
	})
	plain, secure := r.site(hello200), r.site(hello200, "site.example")
	address := r.listen(Listener{TLS: true})
	_, port, _ := net.SplitHostPort(address)
	u, _ := url.Parse("https://sluis.school.example:" + port)
	c := r.browser(func(tr *http.Transport) {
		tr.Proxy = http.ProxyURL(u)
		tr.DialContext = (&net.Dialer{Resolver: r.resolver}).DialContext
	})
	for _, s := range []string{at(plain, "site.example", "/"), at(secure, "site.example", "/")} {
		if resp, body := r.get(c, s); resp.StatusCode != 200 || !strings.HasPrefix(body, "hello from site.example") {
			t.Errorf("%s: got %s, %q, want 200 and the page", s, resp.Status, body)
		}
	}
}
