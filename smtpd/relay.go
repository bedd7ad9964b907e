package smtpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus"

	"sluis/internal/admit"
	"sluis/smtpd/wire"
)

// Relay is the SMTP relay. Serve it on any number of listeners.
type Relay struct {
	generation  atomic.Pointer[generation]
	server      *smtp.Server
	metrics     *metrics
	door        *admit.Door
	sender      Sender
	ctx         context.Context // ends when draining has taken too long
	cancel      context.CancelFunc
	inspections *inspections
	storage     *storage
	quiet       time.Duration // how long a stranger who makes room for others has brought no message
}

// New returns a relay that is ready to serve. Its metrics go to reg, which may be nil.
func New(cfg Config, reg prometheus.Registerer) (*Relay, error) {
	r := &Relay{metrics: newMetrics(reg), quiet: 30 * time.Second}
	r.door = admit.New(r.metrics.connections, r.metrics.refused)
	r.ctx, r.cancel = context.WithCancel(context.Background())
	gen, err := newGeneration(cfg, r.metrics)
	if err != nil {
		return nil, err
	}
	r.generation.Store(gen)
	r.sender.routes.Store(&gen.routes)
	r.inspections = newInspections(&gen.cfg.Limits, r.metrics)
	limits := func() *Limits { return &r.generation.Load().cfg.Limits }
	r.storage = newStorage(cfg.Reserve, limits, r.metrics)
	if reg != nil {
		spooled := prometheus.GaugeOpts(options("spooled_bytes", "Disk that bodies which come in take now."))
		reg.MustRegister(prometheus.NewGaugeFunc(spooled, func() float64 { return float64(r.storage.places.Taken()) }))
	}
	r.server = smtp.NewServer(smtp.BackendFunc(r.session))
	r.server.Domain = gen.cfg.Hostname
	r.server.MaxLineLength = 0     // package wire's business: it knows commands from bodies
	r.server.MaxMessageBytes = 0   // the session's: go-smtp's is one byte short
	r.server.EnableSMTPUTF8 = true // parsed always, offered only if the next hop can
	r.server.EnableDSN = true
	r.server.EnableREQUIRETLS = true
	r.server.ErrorLog = quietLog{gen.cfg.Log}
	return r, nil
}

// Reload puts cfg in the place of the current configuration. Transactions that have
// started finish as they began, and connections keep the TLS and the limits that they
// began with. The host name and the number of inspections at once stay as New got them.
func (r *Relay) Reload(cfg Config) error {
	old := r.generation.Load()
	cfg.Hostname = old.cfg.Hostname
	gen, err := newGeneration(cfg, r.metrics)
	if err != nil {
		return err
	}
	r.inspections.reload(&gen.cfg.Limits)
	r.sender.routes.Store(&gen.routes)
	r.generation.Swap(gen).routes.close()
	return nil
}

// Sender returns the sender that has the relay's routes, also after Reload.
func (r *Relay) Sender() *Sender { return &r.sender }

// Listener is how connections come in.
type Listener struct {
	net.Listener
	TLS bool // from the first byte (RFC 8314)

	// Proxies may, and must, open with a PROXY protocol header, which has the client's
	// address. Without any, no header is understood.
	Proxies []netip.Prefix
}

// Serve accepts connections until Shutdown, and then returns nil.
func (r *Relay) Serve(l Listener) error {
	if !r.door.Open(l.Listener) {
		return l.Close()
	}
	err := r.server.Serve(&acceptor{l, r})
	if r.door.Draining() && errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// acceptor hands go-smtp the connections of package wire.
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
		cfg := &a.relay.generation.Load().cfg
		c, refusal := a.relay.door.Identify(c, a.Proxies, cfg.Limits.Handshake)
		if refusal != admit.None {
			continue
		}
		client := wire.New(c, gateway{a.relay}, wire.Options{
			Hostname: cfg.Hostname,
			TLS:      cfg.TLS,
			Implicit: a.TLS,
			Limits:   cfg.Limits.wire(),
		})
		// A refusal takes a goroutine for a moment; beyond all measure there is none.
		most := 2*cfg.Limits.Connections + 10
		if len(a.Proxies) == 0 && admit.Contains(cfg.Trusted, admit.AddrOf(c.RemoteAddr())) {
			most += cfg.Limits.Connections
		}
		if a.relay.door.Enter(client, most) != admit.None {
			c.Close()
			continue
		}
		return client, nil
	}
}

// gateway is a Relay as its connections see it.
type gateway struct{ *Relay }

// Admit implements wire.Gateway.
func (g gateway) Admit(c *wire.Conn) (wire.Reply, bool) {
	gen := g.generation.Load()
	who := gen.party(c)
	shares := gen.cfg.Limits.connections()
	refusal := g.door.Count(c, who, shares)
	if (refusal == admit.Full || refusal == admit.Strangers) && g.door.MakeRoom(who, shares, g.quiet) {
		refusal = g.door.Count(c, who, shares)
	}
	if refusal != admit.None && refusal != admit.Draining {
		g.metrics.reached.count(who)
	}
	switch refusal {
	case admit.Full, admit.Strangers:
		return wire.NewReply(421, "4.3.2 "+gen.cfg.Hostname+" Too many connections, try again later"), false
	case admit.Network:
		return wire.NewReply(421, "4.7.0 "+gen.cfg.Hostname+" Too many connections from your network"), false
	case admit.Address:
		return wire.NewReply(421, "4.7.0 "+gen.cfg.Hostname+" Too many connections from your address"), false
	}
	return wire.Reply{}, true
}

// Refused implements wire.Gateway.
func (g gateway) Refused(reason string) { g.metrics.refused.WithLabelValues(reason).Inc() }

// Leave implements wire.Gateway.
func (g gateway) Leave(c *wire.Conn) { g.door.Leave(c) }

// Shutdown stops accepting, sends idle clients away for now (421), and waits for
// open transactions to finish. When ctx ends first, it cuts what is left, whose messages
// stay with their senders, and returns ctx's error.
func (r *Relay) Shutdown(ctx context.Context) error {
	r.door.Drain()
	defer context.AfterFunc(ctx, r.cancel)()
	err := r.door.Wait(ctx)
	r.cancel()
	r.generation.Load().routes.close()
	r.server.Close()
	if err != nil {
		return fmt.Errorf("draining: %w", err)
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
