package proxy

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// lingerTime is how long a request goes on after its client has closed its half of the connection. A client that has
// gone altogether looks the same, so that it is not for long.
const lingerTime = 30 * time.Second

// linger keeps the end of what a client sends back while a request is answered: a client may close its half of the
// connection and wait for the response (RFC 9112, section 9.6), but net/http would take it for gone.
type linger struct {
	owed    atomic.Int32 // responses
	expired atomic.Bool  // the deadline for reading has passed
	change  chan struct{}
}

// atEnd returns io.EOF once nothing is owed, or the error of a deadline that passes before.
func (l *linger) atEnd() error {
	over := time.NewTimer(lingerTime)
	defer over.Stop()
	for l.owed.Load() > 0 {
		if l.expired.Load() {
			return os.ErrDeadlineExceeded
		}
		select {
		case <-l.change:
		case <-over.C:
			return io.EOF
		}
	}
	return io.EOF
}

func (l *linger) signal() {
	select {
	case l.change <- struct{}{}:
	default:
	}
}

// answered notes that a response was made.
func (l *linger) answered() {
	l.owed.Add(-1)
	l.signal()
}

// SetReadDeadline implements net.Conn. net/http ends a read by a deadline in the past.
func (g *guard) SetReadDeadline(t time.Time) error {
	g.expired.Store(!t.IsZero() && !t.After(time.Now()))
	g.signal()
	return g.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn.
func (g *guard) SetDeadline(t time.Time) error {
	g.expired.Store(!t.IsZero() && !t.After(time.Now()))
	g.signal()
	return g.Conn.SetDeadline(t)
}

// Close implements net.Conn.
func (g *guard) Close() error {
	g.expired.Store(true)
	g.signal()
	return g.Conn.Close()
}

// guardKey is the key of the guard of a request in its context.
type guardKey struct{}

// receive returns a handler that gives requests to h as they arrived.
func (p *Proxy) receive(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if g, ok := r.Context().Value(guardKey{}).(*guard); ok {
			defer g.answered()
			if c := beneath[*tls.Conn](g); c != nil && r.TLS == nil { // as net/http has it without the guard
				state := c.ConnectionState()
				r.TLS = &state
			}
		}
		if err := arrive(r); err != nil {
			p.generation.Load().Pages.Error(w, r, http.StatusBadRequest)
			return
		}
		h(w, r)
	}
}

// withGuard adds the guard of a connection to its context.
func withGuard(ctx context.Context, g *guard) context.Context {
	if g == nil {
		return ctx
	}
	return context.WithValue(ctx, guardKey{}, g)
}
