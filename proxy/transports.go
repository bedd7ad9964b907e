package proxy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
)

// transports connect to sites: one for each host that is to be connected to in the place of the requested one, so
// that a connection to the one is never used for the other.
type transports struct {
	cfg     *Config
	resumed tls.ClientSessionCache
	asking  *expirable.LRU[string, struct{}] // sites that asked for a certificate, host:port
	mu      sync.Mutex
	by      map[route]*http.Transport // the policy has a handful of such hosts
}

// route is by what a request goes to its site.
type route struct {
	connect string // in the place of the requested host; empty: that host
	once    bool   // the request may not be sent twice
	alone   bool   // nor again, as its body is not kept: it gets a connection that no other had
}

func newTransports(cfg *Config) *transports {
	return &transports{cfg: cfg, resumed: tls.NewLRUClientSessionCache(512), by: map[route]*http.Transport{},
		asking: expirable.NewLRU[string, struct{}](sparedSites, nil, sparedTime)}
}

// sendsOnce reports whether a request may not be sent again when its connection turns out to be closed (RFC 9110,
// section 9.2.2). A site closes connections that it keeps, at any moment: such a request gets a connection of its own,
// or shares one of HTTP/2, where the site says which requests it has not seen (RFC 9113, section 6.8).
func sendsOnce(r *http.Request) bool {
	if r.Body != nil && r.Body != http.NoBody {
		return true
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	return r.Header["Idempotency-Key"] == nil && r.Header["X-Idempotency-Key"] == nil
}

func (t *transports) to(by route) *http.Transport {
	if by.alone {
		return t.make(by)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if tr, ok := t.by[by]; ok {
		return tr
	}
	tr := t.make(by)
	t.by[by] = tr
	return tr
}

func (t *transports) make(by route) *http.Transport {
	l := t.cfg.Limits
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if by.connect != "" {
			_, port, _ := net.SplitHostPort(address)
			address = net.JoinHostPort(by.connect, port)
		}
		c, err := t.cfg.Dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return newSite(c, l), nil
	}
	tr := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return newHeaded(c, l), nil
		},
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return t.handshake(ctx, c, address)
		},
		ResponseHeaderTimeout:  l.Response,
		MaxResponseHeaderBytes: int64(maxHeaderOf(l)),
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
	}
	if by.once {
		tr.MaxIdleConnsPerHost = -1
		tr.IdleConnTimeout = 20 * time.Second // of HTTP/2: one that was silent for longer may be dead
	}
	if by.alone {
		tr.IdleConnTimeout = time.Second
	}
	return tr
}

// onlyHTTP1 is the key of a request in its context that cannot go over HTTP/2.
type onlyHTTP1 struct{}

// handshakeTime is for a site's part of a TLS handshake.
const handshakeTime = 10 * time.Second

// handshake makes a connection to a site one over TLS.
func (t *transports) handshake(ctx context.Context, c net.Conn, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		c.Close()
		return nil, err
	}
	cfg := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		RootCAs:            t.cfg.Roots,
		ServerName:         host,
		NextProtos:         []string{"h2", "http/1.1"},
		ClientSessionCache: t.resumed,
		VerifyConnection:   notRevoked,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			t.asking.Add(address, struct{}{})
			return &tls.Certificate{}, nil // there is none; many sites go on without
		},
	}
	if ctx.Value(onlyHTTP1{}) != nil {
		cfg.NextProtos = nil
	}
	conn := tls.Client(c, cfg)
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	if conn.ConnectionState().NegotiatedProtocol == "h2" {
		if s := beneath[*site](c); s != nil { // all of its streams together; pings find out whether the site is there
			l := t.cfg.Limits
			s.bear(max(l.Idle, l.Response, l.Tunnel))
		}
		return conn, nil
	}
	return newHeaded(conn, t.cfg.Limits), nil
}

// asks reports whether an error is that of a site which does not go on without a certificate of its visitor. TLS 1.3
// says so only after the handshake (RFC 8446, section 6.2), and IIS asks in a second one.
func (t *transports) asks(err error, address string) bool {
	alert := alertOf(err)
	if alert == "certificate required" || strings.Contains(err.Error(), "tls: no renegotiation") {
		return true
	}
	ended := isEnd(err) || strings.Contains(err.Error(), "conn could not be established") // the words of HTTP/2
	return t.asking.Contains(address) && (alert != "" || ended)                           // a reset overtakes the alert
}

// retire closes idle connections; those in use end with their requests.
func (t *transports) retire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tr := range t.by {
		tr.CloseIdleConnections()
	}
}
