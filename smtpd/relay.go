package smtpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/emersion/go-smtp"
	"github.com/pires/go-proxyproto"
	"github.com/prometheus/client_golang/prometheus"
)

// Relay is the SMTP relay. Serve it on any number of listeners.
type Relay struct {
	world    atomic.Pointer[world]
	server   *smtp.Server
	metrics  *metrics
	draining atomic.Bool
	ctx      context.Context // ends when draining has taken too long
	cancel   context.CancelFunc
	slots    chan struct{} // inspections

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	wires     map[*wire]struct{}
	perAddr   map[netip.Addr]int
	gone      *sync.Cond // a wire was forgotten
}

// New returns a relay that is ready to serve. Its metrics go to reg, which may be nil.
func New(cfg Config, reg prometheus.Registerer) (*Relay, error) {
	r := &Relay{
		metrics:   newMetrics(reg),
		listeners: map[net.Listener]struct{}{},
		wires:     map[*wire]struct{}{},
		perAddr:   map[netip.Addr]int{},
	}
	r.gone = sync.NewCond(&r.mu)
	r.ctx, r.cancel = context.WithCancel(context.Background())
	w, err := newWorld(cfg, r.metrics)
	if err != nil {
		return nil, err
	}
	r.world.Store(w)
	r.slots = make(chan struct{}, w.cfg.Limits.Inspections)
	r.server = smtp.NewServer(smtp.BackendFunc(r.session))
	r.server.Domain = w.cfg.Hostname
	r.server.MaxLineLength = 0     // the wire's business: it knows commands from bodies
	r.server.MaxMessageBytes = 0   // the session's: go-smtp's is one byte short
	r.server.EnableSMTPUTF8 = true // parsed always, offered only if the next hop can
	r.server.EnableDSN = true
	r.server.EnableREQUIRETLS = true
	r.server.ErrorLog = quietLog{w.cfg.Log}
	return r, nil
}

// Reload puts cfg in the place of the current configuration. Transactions that have
// started finish as they began, and connections keep the TLS and the limits that they
// began with. The host name and the number of inspections at once stay as New got them.
func (r *Relay) Reload(cfg Config) error {
	old := r.world.Load()
	cfg.Hostname = old.cfg.Hostname
	w, err := newWorld(cfg, r.metrics)
	if err != nil {
		return err
	}
	r.world.Swap(w).close()
	return nil
}

// Listener is how connections come in.
type Listener struct {
	net.Listener
	TLS bool // from the first byte (RFC 8314)

	// Proxies may, and must, open with a PROXY protocol header that tells the client's
	// address. Without any, no header is understood.
	Proxies []netip.Prefix
}

// Serve accepts connections until Shutdown, and then returns nil.
func (r *Relay) Serve(l Listener) error {
	r.mu.Lock()
	if r.draining.Load() {
		r.mu.Unlock()
		return l.Close()
	}
	r.listeners[l.Listener] = struct{}{}
	r.mu.Unlock()
	err := r.server.Serve(&acceptor{l, r})
	if r.draining.Load() && errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// acceptor hands go-smtp wires instead of connections.
type acceptor struct {
	Listener
	relay *Relay
}

func (a *acceptor) Accept() (net.Conn, error) {
	for {
		c, err := a.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l := a.relay.world.Load().cfg.Limits
		if len(a.Proxies) > 0 {
			if !contains(a.Proxies, addrOf(c.RemoteAddr())) {
				a.relay.metrics.refused.WithLabelValues("proxy").Inc()
				c.Close()
				continue
			}
			c = proxyproto.NewConn(c, proxyproto.WithPolicy(proxyproto.REQUIRE), proxyproto.SetReadHeaderTimeout(l.Handshake))
		}
		w := newWire(a.relay, c, a.TLS)
		// A refusal takes a goroutine for a moment; beyond all measure there is none.
		if !a.relay.remember(w, 2*l.Connections+10) {
			a.relay.metrics.refused.WithLabelValues("connections").Inc()
			c.Close()
			continue
		}
		return w, nil
	}
}

func contains(ps []netip.Prefix, a netip.Addr) bool {
	for _, p := range ps {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func (r *Relay) remember(w *wire, most int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.wires) >= most {
		return false
	}
	r.wires[w] = struct{}{}
	r.metrics.connections.Set(float64(len(r.wires)))
	return true
}

// admit lets a connection in, if there is room for it.
func (r *Relay) admit(w *wire) (Reply, bool) {
	l := w.world.cfg.Limits
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.wires) > l.Connections {
		r.metrics.refused.WithLabelValues("connections").Inc()
		return answer(421, "4.3.2 "+w.world.cfg.Hostname+" Too many connections, try again later"), false
	}
	if r.perAddr[w.addr] >= l.PerAddress && !contains(w.world.cfg.Trusted, w.addr) {
		r.metrics.refused.WithLabelValues("address").Inc()
		return answer(421, "4.7.0 "+w.world.cfg.Hostname+" Too many connections from your address"), false
	}
	r.perAddr[w.addr]++
	w.counted = true
	return Reply{}, true
}

func (r *Relay) forget(w *wire) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.wires[w]; !ok {
		return
	}
	delete(r.wires, w)
	if w.counted {
		if r.perAddr[w.addr]--; r.perAddr[w.addr] <= 0 {
			delete(r.perAddr, w.addr)
		}
	}
	r.metrics.connections.Set(float64(len(r.wires)))
	r.gone.Broadcast()
}

// Shutdown stops accepting, tells idle clients to come back later (421), and waits for
// open transactions to finish. When ctx ends first, it cuts what is left, whose messages
// stay with their senders, and returns ctx's error.
func (r *Relay) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	r.draining.Store(true)
	for l := range r.listeners {
		l.Close()
	}
	for w := range r.wires {
		w.hurry()
	}
	r.mu.Unlock()

	stop := context.AfterFunc(ctx, func() {
		r.cancel()
		r.mu.Lock()
		defer r.mu.Unlock()
		for w := range r.wires {
			w.kill()
		}
	})
	r.mu.Lock()
	for len(r.wires) > 0 {
		r.gone.Wait()
	}
	r.mu.Unlock()
	cut := !stop()
	r.cancel()
	r.world.Load().close()
	r.server.Close()
	if cut {
		return fmt.Errorf("draining: %w", ctx.Err())
	}
	return nil
}

// quietLog takes go-smtp's messages, which quote addresses and panics' values, and
// keeps what holds neither.
type quietLog struct{ log *slog.Logger }

func (q quietLog) Printf(format string, v ...any) {
	if strings.HasPrefix(format, "panic") && len(v) == 3 {
		if stack, ok := v[2].([]byte); ok {
			q.log.Error("panic in an SMTP session", "stack", string(stack))
			return
		}
	}
	q.log.Debug("SMTP connection ended with an error")
}

func (q quietLog) Println(...any) { q.log.Debug("SMTP connection ended with an error") }
