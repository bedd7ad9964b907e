package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"time"

	"sluis/proxy/egress"
)

var (
	// errSwitched is returned when a site switches to a protocol that the client did not ask for.
	errSwitched = errors.New("the site switched protocols unasked")
	// errStatus is returned for a status that is none (RFC 9110, section 15).
	errStatus = errors.New("the status of the response is below 100")
)

// roundTrip sends a request to its site, through the transport of its flow.
func (f *flow) roundTrip(out *http.Request) (*http.Response, error) {
	i := &interim{to: f.reply}
	trace := httptrace.WithClientTrace(out.Context(), &httptrace.ClientTrace{Got1xxResponse: i.pass})
	resp, err := f.generation.transports.to(f.decision.Connect).RoundTrip(out.WithContext(trace))
	i.end()
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusSwitchingProtocols && !(socketUpgrade(out.Header) && socketUpgrade(resp.Header)) {
		resp.Body.Close()
		return nil, errSwitched
	}
	if resp.StatusCode < 100 {
		resp.Body.Close()
		return nil, errStatus
	}
	resp.Body = &countedBody{resp.Body, f}
	return resp, nil
}

// interim passes interim responses (RFC 9110, section 15.2) on, until the final one is there.
type interim struct {
	mu   sync.Mutex
	to   http.ResponseWriter
	over bool
}

func (i *interim) pass(status int, fields textproto.MIMEHeader) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.over {
		return nil
	}
	h := i.to.Header()
	for name, values := range fields {
		h[name] = append(h[name], values...)
	}
	strip(h)
	h.Del("Alt-Svc")
	i.to.WriteHeader(status)
	clear(h)
	return nil
}

func (i *interim) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over = true
}

// statusOf returns the status that says why a site cannot be reached.
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

// transports connect to sites: one for each host that is to be connected to in the place of the requested one, so
// that a connection to the one is never used for the other.
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
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: t.cfg.Roots},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  l.Response,
		MaxResponseHeaderBytes: int64(l.Header) * 2,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
	}
	t.by[connect] = tr
	return tr
}

// retire closes idle connections; those in use end with their requests.
func (t *transports) retire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tr := range t.by {
		tr.CloseIdleConnections()
	}
}

// site is a connection to a site, with a time for each read and write.
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
