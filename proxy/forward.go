package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"time"

	"sluis/proxy/content"
	"sluis/proxy/egress"
)

// forwarder returns what sends requests on. It strips what is about one hop only, both
// ways, and passes trailers, interim responses and WebSockets on.
func (p *Proxy) forwarder() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			v := visitOf(r.In.Context())
			r.Out.Host = r.In.Host
			r.Out.Header["Via"] = append(r.In.Header["Via"], "1.1 "+p.via)
			for _, f := range v.decision.Header {
				r.Out.Header.Set(f.Name, f.Value)
			}
			if u := r.Out.Header.Get("Upgrade"); u != "" && !strings.EqualFold(u, "websocket") {
				r.Out.Header.Del("Upgrade") // such as h2c, in which nothing could be seen
				r.Out.Header.Del("Connection")
			}
			r.Out.Header.Del("Http2-Settings")
		},
		Transport:      roundTripper{},
		ModifyResponse: p.response,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			v := visitOf(r.Context())
			if errors.Is(err, content.ErrBlocked) { // before anything was sent
				v.blocked = true
				v.world.Pages.Block(w, r, v.page())
				return
			}
			v.world.Pages.Error(w, r, statusOf(err))
		},
		FlushInterval: time.Second, // of what is scanned a little goes on now and then
		BufferPool:    buffers{},
		ErrorLog:      log.New(io.Discard, "", 0), // it quotes what sites send
	}
}

// response looks into a response before it is passed on.
func (p *Proxy) response(r *http.Response) error {
	v := visitOf(r.Request.Context())
	r.Header.Add("Via", "1.1 "+p.via)
	r.Header.Del("Alt-Svc") // HTTP/3 would go around the proxy
	if v.world.Content == nil || r.StatusCode == http.StatusSwitchingProtocols {
		return nil
	}
	blocked, err := v.world.Content.Response(r.Request.Context(), &v.exchange, r)
	switch {
	case blocked:
		r.Body.Close()
		return content.ErrBlocked
	case err != nil:
		v.world.Log.Error("a response is refused: it cannot be looked into", "error", err)
		return err
	}
	return nil
}

// statusOf returns the status that tells a client why a site cannot be reached.
func statusOf(err error) int {
	var timeout net.Error
	switch {
	case errors.Is(err, egress.ErrInside):
		return http.StatusForbidden
	case errors.Is(err, egress.ErrTimeout), errors.As(err, &timeout) && timeout.Timeout():
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

// transports connect to sites: one for each host that is to be connected to in the place
// of what is asked for, so that a connection to the one is never used for the other.
type transports struct {
	cfg *Config
	mu  sync.Mutex
	by  map[string]*http.Transport // the policy has a handful of such hosts
}

func newTransports(cfg *Config) *transports {
	return &transports{cfg: cfg, by: map[string]*http.Transport{}}
}

func (t *transports) to(connect string) *http.Transport {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tr, ok := t.by[connect]; ok {
		return tr
	}
	l := t.cfg.Limits
	tr := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if connect != "" {
				_, port, _ := net.SplitHostPort(address)
				address = net.JoinHostPort(connect, port)
			}
			c, err := t.cfg.Dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &site{c, l.Idle}, nil
		},
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: t.cfg.Roots},
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: l.Response, MaxResponseHeaderBytes: int64(l.Header) * 2,
		ForceAttemptHTTP2: true, DisableCompression: true, MaxIdleConns: 512, MaxIdleConnsPerHost: 32, IdleConnTimeout: 90 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
	t.by[connect] = tr
	return tr
}

// retire lets go of connections that nobody uses; those in use end with their requests.
func (t *transports) retire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tr := range t.by {
		tr.CloseIdleConnections()
	}
}

// roundTripper sends each request through the transport of its visit.
type roundTripper struct{}

func (roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	v := visitOf(r.Context())
	resp, err := v.world.transports.to(v.decision.Connect).RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = counted{resp.Body, v}
	return resp, nil
}

// site is a connection to a site. It does not wait for ever.
type site struct {
	net.Conn
	idle time.Duration
}

func (s *site) Read(b []byte) (int, error) {
	s.SetReadDeadline(time.Now().Add(s.idle))
	return s.Conn.Read(b)
}

func (s *site) Write(b []byte) (int, error) {
	s.SetWriteDeadline(time.Now().Add(s.idle))
	return s.Conn.Write(b)
}

// counted counts what a site sends.
type counted struct {
	io.ReadCloser
	visit *visit
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.visit.bytes.Add(int64(n))
	return n, err
}

// Write is for what became a tunnel (WebSocket).
func (c counted) Write(b []byte) (int, error) {
	w, ok := c.ReadCloser.(io.Writer)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	n, err := w.Write(b)
	c.visit.bytes.Add(int64(n))
	return n, err
}

// body is what a client sends: counted, and not waited for for ever.
type body struct {
	io.ReadCloser
	visit   *visit
	control *http.ResponseController
	idle    time.Duration
}

func (b *body) Read(p []byte) (int, error) {
	b.control.SetReadDeadline(time.Now().Add(b.idle))
	n, err := b.ReadCloser.Read(p)
	b.visit.bytes.Add(int64(n))
	if err == io.EOF { // all is there; how long the response takes is another matter
		b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// hasten sets a time for the body of a request to go on, whether or not somebody reads it:
// net/http reads what is left of it after the response.
func hasten(c *http.ResponseController, r *http.Request, idle time.Duration) {
	if r.ContentLength != 0 {
		c.SetReadDeadline(time.Now().Add(idle))
	}
}

// writer remembers the status of a response.
type writer struct {
	http.ResponseWriter
	visit   *visit
	control *http.ResponseController
}

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.visit.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *writer) Write(b []byte) (int, error) {
	if w.visit.status == 0 {
		w.visit.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack implements http.Hijacker: the connection becomes a tunnel, which no longer holds
// requests.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.visit.status = http.StatusSwitchingProtocols
	return hijack(w.control)
}

func hijack(c *http.ResponseController) (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := c.Hijack()
	if g, ok := conn.(*guard); ok {
		g.open()
	}
	return conn, rw, err
}

// buffers are reused between responses.
type buffers struct{}

var bufferPool = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// Get implements httputil.BufferPool.
func (buffers) Get() []byte { return *bufferPool.Get().(*[]byte) }

// Put implements httputil.BufferPool.
func (buffers) Put(b []byte) { bufferPool.Put(&b) }
