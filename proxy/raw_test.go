package proxy

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// rawSite is a site that keeps the header of each request as it came, and the whole of the last one.
type rawSite struct {
	port string
	seen chan string
	last atomic.Pointer[arrived]
}

// arrived is a request as it came.
type arrived struct {
	header  http.Header
	body    string
	trailer http.Header
}

// rawSite starts one, over TLS with HTTP/1.1 if it has a host. It answers each request with what answer makes of its
// header and of its number on its connection; nothing ends the connection, as does an answer that is delimited by that.
func (r *rig) rawSite(answer func(head string, n int) string, host ...string) *rawSite {
	r.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { ln.Close() })
	port := ln.Addr().(*net.TCPAddr).AddrPort().Port()
	r.reload(func(c *Config) {
		if len(host) == 0 {
			c.Plain = append(c.Plain, port)
		} else {
			c.Ports = append(c.Ports, port)
		}
	})
	s := &rawSite{port: portOfListener(ln), seen: make(chan string, 1000)}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			if len(host) > 0 {
				leaf, err := r.sites.For(host[0])
				if err != nil {
					r.t.Error(err)
				}
				c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*leaf}, NextProtos: []string{"http/1.1"}})
			}
			go s.serve(c, answer)
		}
	}()
	return s
}

func portOfListener(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func (s *rawSite) serve(c net.Conn, answer func(head string, n int) string) {
	defer c.Close()
	in := bufio.NewReader(c)
	for n := 1; ; n++ {
		head := ""
		for !strings.HasSuffix(head, "\r\n\r\n") {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			head += line
		}
		q, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(withTarget(head, "/")), in)))
		if err != nil {
			return
		}
		if q.Header.Get("Expect") != "" {
			io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return
		}
		s.last.Store(&arrived{q.Header, string(body), q.Trailer})
		s.seen <- head
		out := answer(head, n)
		if out == "" {
			return
		}
		io.WriteString(c, out)
		fields, _, _ := strings.Cut(out, "\r\n\r\n")
		if strings.HasPrefix(out, "HTTP/1.0") || strings.Contains(fields, "Connection: close") {
			return
		}
	}
}

// forget drops what was seen.
func (s *rawSite) forget() {
	for len(s.seen) > 0 {
		<-s.seen
	}
}

// withTarget returns a header with another target.
func withTarget(head, target string) string {
	line, rest, _ := strings.Cut(head, "\r\n")
	f := strings.Split(line, " ")
	return f[0] + " " + target + " HTTP/1.1\r\n" + rest
}

// targetOf returns what stands between the method and the version.
func targetOf(head string) string {
	line, _, _ := strings.Cut(head, "\r\n")
	_, rest, _ := strings.Cut(line, " ")
	return strings.TrimSuffix(rest, " HTTP/1.1")
}

func fine(string, int) string { return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }

// way is a way by which HTTP/1.1 comes to the proxy.
type way struct {
	name   string
	site   *rawSite
	dial   func() net.Conn
	before string // of the target, in the request line
	host   string // of the Host field
}

// ways returns each way to a site that answers so.
func (r *rig) ways(answer func(head string, n int) string) []way {
	r.t.Helper()
	r.decide = inspecting
	plain, secret := r.rawSite(answer), r.rawSite(answer, "site.example")
	between := r.listen(Listener{Mode: HTTP})
	dial := func(address string) func() net.Conn { return func() net.Conn { return dialed(r.t, address) } }
	host := "site.example:" + plain.port
	return []way{
		{"asked", plain, dial(r.address), "http://" + host, host},
		{"put in between", plain, dial(between), "", host},
		{"within an inspected tunnel", secret, func() net.Conn {
			c := tls.Client(r.tunnel(r.t, "site.example:"+secret.port),
				&tls.Config{ServerName: "site.example", RootCAs: r.trust, NextProtos: []string{"http/1.1"}})
			c.SetDeadline(time.Now().Add(testenv.Patience))
			return c
		}, "", "site.example:" + secret.port},
	}
}

// dialed connects to an address, for as long as tests wait.
func dialed(t testing.TB, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(testenv.Patience))
	t.Cleanup(func() { c.Close() })
	return c
}

// ask sends a request by a way, and returns the status, the header and the body of the response.
func (w way) ask(t testing.TB, sent string) (*http.Response, string) {
	t.Helper()
	c := w.dial()
	defer c.Close()
	go io.WriteString(c, sent)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%s: %q: got %v, want a response", w.name, sent[:min(len(sent), 200)], err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp, string(b)
}

// kept is a connection on which requests follow one another.
type kept struct {
	t  testing.TB
	c  net.Conn
	in *bufio.Reader
}

func (w way) keep(t testing.TB) *kept {
	t.Helper()
	c := w.dial()
	return &kept{t, c, bufio.NewReader(c)}
}

// ask sends a request and returns the status of the response.
func (k *kept) ask(sent string) int {
	k.t.Helper()
	if _, err := io.WriteString(k.c, sent); err != nil {
		k.t.Fatal(err)
	}
	resp, err := http.ReadResponse(k.in, nil)
	if err != nil {
		k.t.Fatalf("%q: got %v, want a response", sent, err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		k.t.Fatal(err)
	}
	return resp.StatusCode
}
