package proxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pires/go-proxyproto"
)

// Mode is how connections come to a listener.
type Mode uint8

// The modes.
const (
	Explicit Mode = iota // browsers ask the proxy
	HTTP                 // put in between, port 80
	TLS                  // put in between, port 443
)

// Listener is how connections come in.
type Listener struct {
	net.Listener
	Mode Mode
	TLS  bool // the proxy itself is asked over TLS; for Explicit

	// Original tells where a connection that was put in between was going to; nil: only
	// its name tells.
	Original func(net.Conn) (netip.AddrPort, error)

	// Proxies may, and must, open with a PROXY protocol header that tells the client's
	// address. Without any, no header is understood.
	Proxies []netip.Prefix
}

// Serve accepts connections until Shutdown, and then returns nil.
func (p *Proxy) Serve(l Listener) error {
	if l.TLS && p.world.Load().TLS == nil {
		return errors.Join(errors.New("proxy: a listener over TLS needs a certificate"), l.Close())
	}
	p.mu.Lock()
	if p.draining.Load() {
		p.mu.Unlock()
		return l.Close()
	}
	p.listeners[l.Listener] = struct{}{}
	p.mu.Unlock()
	var err error
	switch a := (&acceptor{l, p}); l.Mode {
	case Explicit:
		err = p.explicit.Serve(a)
	case HTTP:
		err = p.plain.Serve(a)
	default:
		err = p.intercept(a)
	}
	if p.draining.Load() && (errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed)) {
		return nil
	}
	return fmt.Errorf("proxy: %w", err)
}

// acceptor lets clients in.
type acceptor struct {
	Listener
	proxy *Proxy
}

func (a *acceptor) Accept() (net.Conn, error) {
	for {
		raw, err := a.Listener.Accept()
		if err != nil {
			return nil, err
		}
		w := a.proxy.world.Load()
		c := &client{Conn: raw, proxy: a.proxy, through: a.Listener, idle: w.Limits.Idle}
		if len(a.Proxies) > 0 {
			if !within(a.Proxies, addrOf(raw.RemoteAddr())) {
				a.refuse(raw, "proxy")
				continue
			}
			c.Conn = proxyproto.NewConn(raw, proxyproto.WithPolicy(proxyproto.REQUIRE), proxyproto.SetReadHeaderTimeout(w.Limits.Hello))
		}
		if reason := a.proxy.remember(c, w); reason != "" {
			a.refuse(raw, reason)
			continue
		}
		switch {
		case a.Listener.TLS:
			return newGuard(tls.Server(c, w.TLS), int(w.Limits.Header)), nil
		case a.Mode == TLS:
			return c, nil
		}
		return newGuard(c, int(w.Limits.Header)), nil
	}
}

func (a *acceptor) refuse(c net.Conn, reason string) {
	a.proxy.metrics.refused.WithLabelValues(reason).Inc()
	c.Close()
}

// client is the connection of a client, until it is closed.
type client struct {
	net.Conn
	proxy   *Proxy
	through Listener
	idle    time.Duration
	key     string // by which it is counted; empty: not yet
	closed  sync.Once
	tunnel  atomic.Pointer[tunnel] // that it became
}

// NetConn returns the connection as the kernel knows it, if nothing is in between.
func (c *client) NetConn() net.Conn { return c.Conn }

// Write does not wait for ever.
func (c *client) Write(b []byte) (int, error) {
	c.Conn.SetWriteDeadline(time.Now().Add(c.idle))
	return c.Conn.Write(b)
}

// Close implements net.Conn. The connection no longer counts.
func (c *client) Close() error {
	err := c.Conn.Close()
	c.closed.Do(func() { c.proxy.forget(c) })
	return err
}

// hurry ends a tunnel as soon as it is silent.
func (c *client) hurry() {
	if t := c.tunnel.Load(); t != nil {
		t.hurry()
	}
}

// cut ends the connection, whatever goes on. Close follows.
func (c *client) cut() { c.Conn.Close() }

// remember lets a connection in, if there is room for it; else it returns why not.
func (p *Proxy) remember(c *client, w *world) (refused string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.draining.Load():
		return "draining"
	case len(p.clients) >= w.Limits.Connections:
		return "connections"
	}
	// The address that a PROXY header tells is known only once that is read; who sends
	// headers is trusted, and not counted.
	if len(c.through.Proxies) == 0 {
		a := addrOf(c.RemoteAddr())
		if !w.client(a) {
			return "stranger"
		}
		if c.key = a.String(); p.perAddr[c.key] >= w.Limits.PerAddress {
			c.key = ""
			return "address"
		}
		p.perAddr[c.key]++
	}
	p.clients[c] = struct{}{}
	p.metrics.connections.Set(float64(len(p.clients)))
	return ""
}

func (p *Proxy) forget(c *client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.clients[c]; !ok {
		return
	}
	delete(p.clients, c)
	if c.key != "" {
		if p.perAddr[c.key]--; p.perAddr[c.key] <= 0 {
			delete(p.perAddr, c.key)
		}
	}
	p.metrics.connections.Set(float64(len(p.clients)))
	p.gone.Broadcast()
}

func within(ps []netip.Prefix, a netip.Addr) bool {
	for _, p := range ps {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func addrOf(a net.Addr) netip.Addr { return addressOf(a.String()) }

// addressOf returns the address of host:port; the zero Addr if it is none.
func addressOf(hostport string) netip.Addr {
	if ap, err := netip.ParseAddrPort(hostport); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// clientOf returns the client at the bottom of a connection.
func clientOf(c net.Conn) *client {
	for {
		switch t := c.(type) {
		case *client:
			return t
		case *guard:
			c = t.Conn
		case *tls.Conn:
			c = t.NetConn()
		case *opened:
			c = t.tunnel.client
		default:
			return nil
		}
	}
}
