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

	"sluis/internal/admit"
)

// Mode is how connections come to a listener.
type Mode uint8

// The modes.
const (
	Explicit Mode = iota // browsers ask the proxy
	HTTP                 // put in between, port 80
	TLS                  // put in between, port 443
)

// String returns the mode in a word.
func (m Mode) String() string { return [...]string{Explicit: "proxy", HTTP: "http", TLS: "tls"}[m] }

// Listener is how connections come in.
type Listener struct {
	net.Listener
	Mode Mode
	TLS  bool // the proxy itself speaks TLS; for Explicit

	// Original returns the destination of a connection that was redirected; nil: only the name in it says.
	Original func(net.Conn) (netip.AddrPort, error)

	// Proxies may, and must, open with a PROXY protocol header that gives the client's address. Without any, no
	// header is understood.
	Proxies []netip.Prefix
}

// Serve accepts connections until Shutdown, and then returns nil.
func (p *Proxy) Serve(l Listener) error {
	if l.TLS && p.generation.Load().TLS == nil {
		return errors.Join(errors.New("proxy: a listener over TLS needs a certificate"), l.Close())
	}
	if !p.door.Open(l.Listener) {
		return l.Close()
	}
	var err error
	switch a := (&acceptor{l, p}); l.Mode {
	case Explicit:
		err = p.explicit.Serve(a)
	case HTTP:
		err = p.plain.Serve(a)
	default:
		err = p.serveTLS(a)
	}
	if p.door.Draining() && (errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed)) {
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
		gen := a.proxy.generation.Load()
		raw, refusal := a.proxy.door.Identify(raw, a.Proxies, gen.Limits.Hello)
		if refusal != admit.None {
			continue
		}
		c := &client{Conn: raw, proxy: a.proxy, through: a.Listener, idle: gen.Limits.Idle}
		if !a.proxy.admit(c, gen) {
			c.Close()
			continue
		}
		switch {
		case a.Listener.TLS:
			return newGuard(tls.Server(c, gen.TLS), int(gen.Limits.Header)), nil
		case a.Mode == TLS:
			return c, nil
		}
		return newGuard(c, int(gen.Limits.Header)), nil
	}
}

// client is the connection of a client, until it is closed.
type client struct {
	net.Conn
	proxy   *Proxy
	through Listener
	idle    time.Duration
	closed  sync.Once
	tunnel  atomic.Pointer[tunnel] // that it became
}

// NetConn returns the connection as the kernel knows it, if nothing is in between.
func (c *client) NetConn() net.Conn { return c.Conn }

// Write implements net.Conn, with an end to the wait.
func (c *client) Write(b []byte) (int, error) {
	c.Conn.SetWriteDeadline(time.Now().Add(c.idle))
	return c.Conn.Write(b)
}

// Close implements net.Conn. The connection no longer counts.
func (c *client) Close() error {
	err := c.Conn.Close()
	c.closed.Do(func() { c.proxy.door.Leave(c) })
	return err
}

// Hurry implements admit.Client: a tunnel ends as soon as it is silent.
func (c *client) Hurry() {
	if t := c.tunnel.Load(); t != nil {
		t.hurry()
	}
}

// Cut implements admit.Client.
func (c *client) Cut() { c.Conn.Close() }

// admit lets a connection in, if it is a client's and there is room for it. The address that
// a PROXY header names is known only once that is read: the load balancer is trusted, and its
// connections count in all only.
func (p *Proxy) admit(c *client, g *generation) bool {
	if len(c.through.Proxies) > 0 {
		return p.door.Enter(c, g.Limits.Connections) == admit.None
	}
	a := admit.AddrOf(c.RemoteAddr())
	if !g.isClient(a) {
		p.metrics.refused.WithLabelValues("stranger").Inc()
		return false
	}
	return p.door.Enter(c, g.Limits.Connections) == admit.None &&
		p.door.Count(c, admit.Party{Addr: a}, admit.Shares{
			Total:   int64(g.Limits.Connections),
			Address: int64(g.Limits.PerAddress),
		}) == admit.None
}

// addressOf returns the address of host:port; the zero Addr if it is none.
func addressOf(hostport string) netip.Addr {
	if ap, err := netip.ParseAddrPort(hostport); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// beneath returns the first connection of a type among c and those beneath it.
func beneath[C net.Conn](c net.Conn) (found C) {
	for c != nil {
		if is, ok := c.(C); ok {
			return is
		}
		layer, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		c = layer.NetConn()
	}
	return found
}
