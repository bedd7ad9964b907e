package proxy

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"sluis/internal/sitepolicy"
	"sluis/proxy/clienthello"
)

// interceptedConn is the connection of a client within which the proxy stands in for the site.
type interceptedConn struct {
	net.Conn
	tunnel *tunnel
}

// intercept stands in for the site, with a certificate of the own authority: to inspect the requests to it, or to
// show why it is blocked.
func (t *tunnel) intercept(h clienthello.Hello) {
	if t.generation.Authority == nil || t.site == "" || h.Dot {
		t.refuse()
		return
	}
	watch := &alertWatch{Conn: clienthello.Replay(t.conn, h.Raw)}
	conn := tls.Server(&interceptedConn{watch, t}, &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return t.generation.Authority.For(t.site)
		},
	})
	err := conn.HandshakeContext(context.Background())
	if err != nil {
		switch {
		case t.flow.decision.Action != sitepolicy.Inspect:
		case watch.distrusts(err):
			t.proxy.spared.distrusted(t.site, t.sender.Group)
		case isEnd(err):
			t.proxy.spared.hungUp(t.site, t.sender.Group)
		}
		t.finish()
		return
	}
	watch.over = true
	t.secured = time.Now()
	t.conn.SetDeadline(time.Time{})
	header := int(t.generation.Limits.Header)
	if conn.ConnectionState().NegotiatedProtocol == "h2" {
		conn.SetReadDeadline(time.Now().Add(t.generation.Limits.HeaderTime)) // for the preface
		err = t.proxy.handover2.offer(newCarrier(&openedConn{conn, t}, header))
	} else {
		err = t.proxy.handover.offer(newGuard(&openedConn{conn, t}, header))
	}
	if err != nil {
		t.finish()
	}
}

// ended notes that the connection is over. A program that verifies the certificate only after the handshake hangs up at
// once, without a request.
func (t *tunnel) ended() {
	hasty := t.left.Load() && !t.served.Load() && time.Since(t.secured) < hastyTime
	if hasty && t.flow.decision.Action == sitepolicy.Inspect {
		t.proxy.spared.hungUp(t.site, t.sender.Group)
	}
}

// NetConn returns the connection beneath.
func (o *interceptedConn) NetConn() net.Conn { return o.Conn }

// openedConn is that connection above TLS. It notes that the client ended it.
type openedConn struct {
	*tls.Conn
	tunnel *tunnel
}

// Read implements net.Conn.
func (o *openedConn) Read(b []byte) (int, error) {
	n, err := o.Conn.Read(b)
	if err != nil && (isEnd(err) || alertOf(err) != "") {
		o.tunnel.left.Store(true)
	}
	return n, err
}

// NetConn returns the connection beneath.
func (o *openedConn) NetConn() net.Conn { return o.Conn }

// tunnelKey is the key of the tunnel that a request came through, or asks for, in its context.
type tunnelKey struct{}

// tunnelOf returns that tunnel; nil if there is none.
func tunnelOf(ctx context.Context) *tunnel {
	t, _ := ctx.Value(tunnelKey{}).(*tunnel)
	return t
}
