package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elazarl/goproxy"

	"sluis/internal/testenv"
	"sluis/proxy/content"
)

// road is a proxy with a way to put sites behind it.
type road struct {
	address string                                  // of the proxy
	site    func(h http.Handler) (authority string) // starts one
	gone    func() (authority string)               // of a site that has stopped
	tunnel  string                                  // authority of a tunnel that echoes its first bytes
	wait    time.Duration                           // for what comes unless the fault is there
}

// TestMendedAroundGoproxy shows each fault of elazarl/goproxy on goproxy alone, and that requests through the
// gateway do not have it. If a fault is gone from goproxy, the test fails and names the wrap that can go.
func TestMendedAroundGoproxy(t *testing.T) {
	for _, tt := range []struct {
		fault string
		wrap  string
		seen  func(t *testing.T, r road) bool
	}{
		{"fields of one hop reach the site", "forNextHop", requestFieldsPass},
		{"fields of one hop reach the client", "forClient", responseFieldsPass},
		{"a client without a name becomes Go's", "forNextHop", namesProgram},
		{"Accept-Encoding is dropped", "KeepAcceptEncoding in newEngine", dropsAcceptEncoding},
		{"an error is the text of Go, with the address", "failure in engine.incoming", errorNamesAddress},
		{"a replaced body loses its length", "flow.length", losesLength},
		{"a WebSocket that the site ended stays open", "writer.hijacked", socketStaysOpen},
		{"an ordinary response takes the connection over", "forClient", responseTakesOver},
		{"a response that is cut off ends as if whole", "delivery, flow.cut", cutOffLooksWhole},
		{"interim responses are dropped", "interim", dropsInterim},
		{"bytes that came with CONNECT are lost", "the replay in writer.Hijack", losesEarlyBytes},
		{"a stream waits for a full buffer", "writer.ReadFrom", streamWaits},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			if !tt.seen(t, goproxyAlone(t)) {
				t.Errorf("goproxy alone: got no such fault, want it, or this wrap can go: %s", tt.wrap)
			}
			if tt.seen(t, ownRoad(t)) {
				t.Errorf("the gateway: got the fault, want it mended by %s", tt.wrap)
			}
		})
	}
}

// goproxyAlone is goproxy with nothing around it, but that bodies are replaced and CONNECT is taken over.
func goproxyAlone(t *testing.T) road {
	t.Helper()
	alone := goproxy.NewProxyHttpServer()
	alone.Tr = &http.Transport{}
	alone.Logger = log.New(io.Discard, "", 0)
	alone.OnResponse().DoFunc(func(resp *http.Response, _ *goproxy.ProxyCtx) *http.Response {
		if resp != nil && resp.Header.Get("X-Replace") != "" {
			resp.Body = struct{ io.ReadCloser }{resp.Body}
		}
		return resp
	})
	alone.OnRequest().HandleConnectFunc(func(host string, _ *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		return &goproxy.ConnectAction{
			Action: goproxy.ConnectHijack,
			Hijack: func(_ *http.Request, c net.Conn, _ *goproxy.ProxyCtx) {
				defer c.Close()
				io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
				c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
				echoOnce(c)
			},
		}, host
	})
	proxy := httptest.NewServer(alone)
	t.Cleanup(proxy.Close)
	return road{
		address: proxy.Listener.Addr().String(),
		tunnel:  "site.example:443",
		wait:    time.Second,
		gone: func() string {
			s := httptest.NewServer(hello200)
			s.Close()
			return s.Listener.Addr().String()
		},
		site: func(h http.Handler) string {
			s := httptest.NewServer(h)
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			t.Cleanup(s.Close)
			return s.Listener.Addr().String()
		},
	}
}

// early is what a client sends together with CONNECT.
const early = "early bytes"

// echoOnce sends the first bytes of a connection back.
func echoOnce(c net.Conn) {
	b := make([]byte, len(early))
	n, _ := io.ReadFull(c, b)
	c.Write(b[:n])
}

// ownRoad is the gateway.
func ownRoad(t *testing.T) road {
	t.Helper()
	r := newRig(t, func(r *rig) { r.cfg.Opaque = true; r.cfg.Content = replacing{} })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				echoOnce(c)
			}()
		}
	}()
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	r.reload(func(c *Config) { c.Ports = append(c.Ports, port) })
	return road{
		address: r.address,
		tunnel:  join("site.example", port),
		wait:    testenv.Patience,
		gone: func() string {
			s := r.site(hello200)
			s.Close()
			return "site.example:" + portString(s)
		},
		site: func(h http.Handler) string { return "site.example:" + portString(r.site(h)) },
	}
}

// replacing replaces the bodies of responses that ask for it, and finds nothing.
type replacing struct{}

func (replacing) Request(context.Context, *content.Exchange, *http.Request) (bool, error) {
	return false, nil
}

func (replacing) Response(_ context.Context, _ *content.Exchange, resp *http.Response) (bool, error) {
	if resp.Header.Get("X-Replace") != "" {
		resp.Body = struct{ io.ReadCloser }{resp.Body}
	}
	return false, nil
}

// ask sends a request without a body as it stands, and returns the response with as much of the body as came.
func (r road) ask(t *testing.T, authority, fields string) (resp *http.Response, body string, err error) {
	t.Helper()
	c := r.dial(t)
	io.WriteString(c, "GET http://"+authority+"/ HTTP/1.1\r\nHost: "+authority+"\r\n"+fields+"\r\n")
	if resp, err = http.ReadResponse(bufio.NewReader(c), nil); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), err
}

func (r road) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(testenv.Patience))
	return c
}

// sent returns the header that a site gets of a request with such fields.
func (r road) sent(t *testing.T, fields string) http.Header {
	t.Helper()
	got := make(chan http.Header, 1)
	r.ask(t, r.site(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) { got <- q.Header.Clone() })), fields)
	return <-got
}

func requestFieldsPass(t *testing.T, r road) bool {
	h := r.sent(t, "Connection: X-Mine\r\nX-Mine: 1\r\nTe: gzip\r\nKeep-Alive: 5\r\n")
	return h.Get("X-Mine") != "" || h.Get("Te") != "" || h.Get("Keep-Alive") != ""
}

func namesProgram(t *testing.T, r road) bool { return r.sent(t, "").Get("User-Agent") != "" }

func dropsAcceptEncoding(t *testing.T, r road) bool {
	return r.sent(t, "Accept-Encoding: br\r\n").Get("Accept-Encoding") != "br"
}

func responseFieldsPass(t *testing.T, r road) bool {
	resp, _, _ := r.ask(t, r.site(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "1")
		w.Header().Set("Keep-Alive", "timeout=1")
	})), "")
	return resp.Header.Get("X-Hop") != "" || resp.Header.Get("Keep-Alive") != ""
}

func errorNamesAddress(t *testing.T, r road) bool {
	resp, body, _ := r.ask(t, r.gone(), "")
	return strings.Contains(body, "127.0.0.1") || resp.StatusCode == http.StatusInternalServerError
}

func losesLength(t *testing.T, r road) bool {
	resp, _, _ := r.ask(t, r.site(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Replace", "1")
		w.Header().Set("Content-Length", "8192")
		w.Write(make([]byte, 8192))
	})), "")
	return resp.ContentLength != 8192
}

func socketStaysOpen(t *testing.T, r road) bool {
	c := r.dial(t)
	authority := r.site(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			c.Close()
		}
	}))
	io.WriteString(c, "GET http://"+authority+"/ HTTP/1.1\r\nHost: "+authority+
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	in := bufio.NewReader(c)
	if _, err := http.ReadResponse(in, nil); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(r.wait))
	_, err := in.ReadByte()
	return errors.Is(err, os.ErrDeadlineExceeded)
}

func responseTakesOver(t *testing.T, r road) bool {
	authority := r.site(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		io.WriteString(w, "page")
	}))
	c := r.dial(t)
	in := bufio.NewReader(c)
	for range 2 { // the second is answered only if the connection still holds requests
		io.WriteString(c, "GET http://"+authority+"/ HTTP/1.1\r\nHost: "+authority+"\r\n\r\n")
		c.SetReadDeadline(time.Now().Add(r.wait))
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return true
		}
		if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "page" {
			return true
		}
	}
	return false
}

func cutOffLooksWhole(t *testing.T, r road) bool {
	_, _, err := r.ask(t, r.site(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})), "")
	return err == nil
}

func dropsInterim(t *testing.T, r road) bool {
	authority := r.site(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
	}))
	hints := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
			if status == http.StatusEarlyHints && h.Get("Link") != "" {
				hints++
			}
			return nil
		},
	})
	tr := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: r.address})}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+authority+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return hints != 1
}

func losesEarlyBytes(t *testing.T, r road) bool {
	c := r.dial(t)
	io.WriteString(c, "CONNECT "+r.tunnel+" HTTP/1.1\r\nHost: "+r.tunnel+"\r\n\r\n"+early)
	in := bufio.NewReader(c)
	if _, err := http.ReadResponse(in, &http.Request{Method: http.MethodConnect}); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len(early))
	n, _ := io.ReadFull(in, b)
	return string(b[:n]) != early
}

func streamWaits(t *testing.T, r road) bool {
	next := make(chan struct{})
	defer close(next)
	authority := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		select {
		case <-next:
		case <-q.Context().Done():
		}
	}))
	c := r.dial(t)
	c.SetReadDeadline(time.Now().Add(r.wait))
	io.WriteString(c, "GET http://"+authority+"/ HTTP/1.1\r\nHost: "+authority+"\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return errors.Is(err, os.ErrDeadlineExceeded)
	}
	_, err = io.ReadFull(resp.Body, make([]byte, len("first")))
	return err != nil
}

// TestInterceptionOfGoproxy shows why goproxy's own interception is not used: the inner Host field chooses the site,
// a client that says nothing is waited for, and the key of its authority is public. The gateway has its own
// (TestPinned, TestSlowClients).
func TestInterceptionOfGoproxy(t *testing.T) {
	r := newRig(t)
	if goproxy.GoproxyCa.Certificate != nil || goproxy.GoproxyCa.PrivateKey != nil {
		t.Error("once a gateway was made: goproxy's authority is there, want it empty")
	}
	if _, err := tls.X509KeyPair(goproxy.CA_CERT, goproxy.CA_KEY); err != nil {
		t.Errorf("the key of goproxy's authority: got %v, want it public, or forgetPublicAuthority can go", err)
	}
	site := httptest.NewTLSServer(hello200)
	defer site.Close()
	alone := goproxy.NewProxyHttpServer()
	alone.Logger = log.New(io.Discard, "", 0)
	alone.Tr = &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", site.Listener.Addr().String())
		},
	}
	intercept := &goproxy.ConnectAction{
		Action: goproxy.ConnectMitm,
		TLSConfig: func(string, *goproxy.ProxyCtx) (*tls.Config, error) {
			leaf, err := r.sites.For("site.example")
			return &tls.Config{Certificates: []tls.Certificate{*leaf}}, err
		},
	}
	alone.OnRequest().HandleConnectFunc(func(host string, _ *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		return intercept, host
	})
	proxy := httptest.NewServer(alone)
	defer proxy.Close()
	tunnel := func() (net.Conn, *bufio.Reader) {
		c := road{address: proxy.Listener.Addr().String()}.dial(t)
		io.WriteString(c, "CONNECT site.example:443 HTTP/1.1\r\nHost: site.example:443\r\n\r\n")
		in := bufio.NewReader(c)
		if _, err := http.ReadResponse(in, &http.Request{Method: http.MethodConnect}); err != nil {
			t.Fatal(err)
		}
		return c, in
	}
	c, _ := tunnel()
	inner := tls.Client(c, &tls.Config{ServerName: "site.example", RootCAs: r.trust})
	io.WriteString(inner, "GET / HTTP/1.1\r\nHost: casino.example\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(inner), nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(resp.Body); !strings.HasPrefix(string(b), "hello from casino.example") {
		t.Errorf("another inner Host: got %s %q, want that site", resp.Status, b)
	}
	silent, in := tunnel()
	silent.SetReadDeadline(time.Now().Add(time.Second))
	if _, err := in.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a client that sends no hello: got %v, want the connection still open", err)
	}
}

// TestGoproxyHasOneOwner: only engine.go speaks to goproxy, and neither its interception nor its authority is used.
func TestGoproxyHasOneOwner(t *testing.T) {
	never := map[string]bool{
		"MitmConnect": true, "OkConnect": true, "HTTPMitmConnect": true, "RejectConnect": true, "AlwaysMitm": true,
		"ConnectMitm": true, "ConnectHTTPMitm": true, "ConnectAccept": true, "TLSConfigFromCA": true,
		"CA_CERT": true, "CA_KEY": true, "GoproxyCa": true,
	}
	const owner, library = "proxy/engine.go", `"github.com/elazarl/goproxy"`
	emptied := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			if i.Path.Value == library && name != owner {
				t.Errorf("%s: imports goproxy, want that only in %s", name, owner)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok || !never[s.Sel.Name] {
				return true
			}
			if s.Sel.Name == "GoproxyCa" && name == owner && emptied == 0 {
				emptied++
				return true
			}
			t.Errorf("%s: names %s, want it nowhere", name, s.Sel.Name)
			return true
		})
		return nil
	})
	if err != nil || emptied != 1 {
		t.Errorf("got %v, and GoproxyCa emptied %d times, want once, in %s", err, emptied, owner)
	}
}
