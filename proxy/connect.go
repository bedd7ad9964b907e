package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"sluis/internal/admit"
	"sluis/internal/sitepolicy"
	"sluis/proxy/clienthello"
	"sluis/proxy/identify"
)

// connect answers a request for a tunnel (RFC 9110, section 9.3.6).
func (p *Proxy) connect(gen *generation, sender identify.Identity, w http.ResponseWriter, r *http.Request) {
	f := p.begin(gen, sender)
	f.tls, f.exchange.Host = true, hostOf(r.Host)
	pw := newWriter(w, f)
	refuse := func(status int) {
		gen.Pages.Error(pw, r, status)
		f.end()
	}
	port := portOf(r.Host, 0)
	forTLS := slices.Contains(gen.Ports, port)
	switch status := targetStatus(f.exchange.Host, port, slices.Concat(gen.Ports, gen.Plain)); {
	case status != 0:
		f.blocked = status == http.StatusForbidden
		refuse(status)
		return
	case p.looped(r):
		refuse(http.StatusLoopDetected)
		return
	}
	allowed := false // by its name, whatever comes through the tunnel
	if forTLS {
		d := f.decide(tunnelRequest(f.exchange.Host))
		if d.Action == sitepolicy.Block && (!d.BlockPage || gen.Authority == nil) {
			gen.Pages.Block(pw, r, f.page())
			f.end()
			return
		}
		allowed = d.Action == sitepolicy.Allow
	}
	t := &tunnel{
		proxy:      p,
		generation: gen,
		sender:     sender,
		flow:       f,
		host:       f.exchange.Host,
		site:       f.exchange.Host,
		port:       port,
	}
	if allowed { // while a failure can still be reported
		if err := t.dial(r.Context()); err != nil {
			refuse(statusOf(err))
			return
		}
	}
	if !p.engine.tunnel(pw, r, t) {
		t.finish()
		return
	}
	f.status = http.StatusOK
	t.explicit = true
	go t.run() // and release what the server keeps for requests
}

// serveTLS takes connections to port 443 that were put through the proxy. Their ClientHello says where they go.
func (p *Proxy) serveTLS(l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go p.serveRedirected(c.(*client))
	}
}

func (p *Proxy) serveRedirected(c *client) {
	gen := p.generation.Load()
	address := admit.AddrOf(c.RemoteAddr())
	sender, err := gen.Identify.Identify(context.Background(), address, "")
	if err != nil || !gen.allowed(address) {
		p.metrics.refused.WithLabelValues("stranger").Inc()
		c.Close()
		return
	}
	f := p.begin(gen, sender)
	f.tls = true
	t := &tunnel{
		proxy:      p,
		generation: gen,
		sender:     sender,
		flow:       f,
		client:     c,
		conn:       c,
		port:       443,
	}
	if c.through.Original != nil {
		if to, err := c.through.Original(c.Conn); err == nil {
			t.host, t.port = to.Addr().Unmap().String(), to.Port()
		}
	}
	t.run()
}

// tunnel is a connection of a client to a site.
type tunnel struct {
	proxy      *Proxy
	generation *generation
	sender     identify.Identity
	flow       *flow

	explicit bool   // made by CONNECT, which has to be answered
	plain    bool   // the client speaks HTTP within it, without TLS
	host     string // to connect to; empty: not known
	port     uint16
	site     string             // that the client speaks to: the name in the ClientHello, if there is one
	known    sitepolicy.Request // all that the ClientHello and CONNECT say
	secured  time.Time          // when the handshake with the client was over
	served   atomic.Bool        // a request came
	left     atomic.Bool        // the client ended the connection

	client   *client
	conn     net.Conn // of the client, as it is to be read
	upstream net.Conn // to the site; nil: not yet
	dialed   string   // host of upstream

	splice
}

// dial connects to the site, or to the host that enforces something in its place.
func (t *tunnel) dial(ctx context.Context) error {
	host := t.host
	if c := t.flow.decision.Connect; c != "" {
		host = c
	}
	up, err := t.generation.Dialer.DialContext(ctx, "tcp", join(host, t.port))
	if err == nil {
		t.upstream, t.dialed = up, host
	}
	return err
}

func (t *tunnel) close() {
	if t.upstream != nil {
		t.upstream.Close()
	}
	if t.conn != nil {
		t.conn.Close()
	}
}

// finish ends the flow with the tunnel.
func (t *tunnel) finish() {
	t.close()
	t.flow.end()
}

// run answers the client, reads its ClientHello and carries out the decision.
func (t *tunnel) run() {
	t.conn.SetDeadline(time.Now().Add(t.generation.Limits.Hello))
	if t.explicit {
		if _, err := t.conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
			t.finish()
			return
		}
	}
	h, err := clienthello.Read(t.conn)
	if err != nil {
		t.runOther(h.Raw, err)
		return
	}
	if !t.judge(h) {
		return
	}
	if t.flow.decision.Action != sitepolicy.Allow {
		t.intercept(h)
		return
	}
	t.pass(h.Raw)
}

// runOther carries on with a client that speaks something else than TLS: HTTP, where it knows that it speaks to a
// proxy, is served.
func (t *tunnel) runOther(raw []byte, err error) {
	if t.explicit && errors.Is(err, clienthello.ErrNotTLS) {
		var is bool
		if raw, is = readRequestLine(t.conn, raw); is {
			t.serveHTTP(raw)
			return
		}
	}
	t.passOpaque(raw)
}

// judge asks the policy with all that is known now. If it reports false the tunnel has ended.
func (t *tunnel) judge(h clienthello.Hello) bool {
	if h.Name != "" {
		t.site = h.Name
		if !t.explicit { // the name is looked up, so that no client reaches one host under the name of another
			t.host = h.Name
		}
	}
	if t.site == "" {
		t.site = t.host
	}
	if !validHost(t.site) {
		t.refuse()
		return false
	}
	t.flow.exchange.Host = t.site
	t.known = helloRequest(t.host, h)
	d := t.flow.decide(t.known)
	if d.Action == sitepolicy.Inspect && !t.generation.Insist && t.proxy.spared.has(t.site, t.sender.Group) {
		d.Action = sitepolicy.Allow
		if t.host != t.site { // so that no other site hides behind its name
			d.Connect = t.site
		}
		t.flow.decision = d
	}
	if d.Action == sitepolicy.Block && (!d.BlockPage || t.generation.Authority == nil) {
		t.refuse()
		return false
	}
	if t.upstream != nil && (d.Action != sitepolicy.Allow || d.Connect != "" && d.Connect != t.dialed) {
		t.upstream.Close()
		t.upstream = nil
	}
	return true
}

// accessDenied is a fatal alert (RFC 8446, section 6.2): browsers report that the connection was refused, and
// do not try again.
var accessDenied = []byte{21, 3, 3, 0, 2, 2, 49}

func (t *tunnel) refuse() {
	t.flow.blocked = true
	t.conn.Write(accessDenied)
	t.finish()
}

// passOpaque passes on a protocol other than TLS, if the configuration allows it.
func (t *tunnel) passOpaque(raw []byte) {
	if !t.generation.Opaque || t.upstream == nil {
		t.flow.blocked = true
		t.finish()
		return
	}
	t.flow.tls = false
	t.pass(raw)
}

// pass lets the client and the site speak to each other.
func (t *tunnel) pass(raw []byte) {
	if t.upstream == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 2*t.generation.Limits.Hello)
		defer cancel()
		if err := t.dial(ctx); err != nil {
			t.flow.status = statusOf(err)
			t.finish()
			return
		}
	}
	t.upstream.SetWriteDeadline(time.Now().Add(t.generation.Limits.Idle))
	if _, err := t.upstream.Write(raw); err != nil {
		t.finish()
		return
	}
	t.flow.bytes.Add(int64(len(raw)))
	t.copyBoth()
}
