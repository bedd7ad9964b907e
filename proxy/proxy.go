package proxy

import (
	"context"
	"crypto/rand"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluis/internal/admit"
	"sluis/proxy/identify"
)

// Proxy is the HTTP proxy. Serve it on any number of listeners.
type Proxy struct {
	generation atomic.Pointer[generation]
	via        string // by which a request that comes back is recognised
	metrics    *metrics
	engine     *engine
	door       *admit.Door

	explicit, plain *http.Server
	inner, inner2   *http.Server // within tunnels: of HTTP/1.1, and of HTTP/2
	handover        *handover
	handover2       *handover
	spared          *spared
}

// generation is one version of the configuration, with its transports. A request keeps its generation to the end.
type generation struct {
	Config
	transports *transports
}

// New returns a proxy that is ready to serve. Its metrics go to reg, which may be nil.
func New(cfg Config, reg prometheus.Registerer) (*Proxy, error) {
	p := &Proxy{via: "sluis-" + rand.Text()[:10], metrics: newMetrics(reg),
		handover: newHandover(), handover2: newHandover()}
	p.spared = newSpared(p.metrics, reg)
	p.door = admit.New(p.metrics.connections, p.metrics.refused)
	if err := p.Reload(cfg); err != nil {
		return nil, err
	}
	p.engine = newEngine(p.via)
	l := p.generation.Load().Limits
	server := func(h http.HandlerFunc) *http.Server {
		return &http.Server{
			Handler:           p.receive(h),
			ReadHeaderTimeout: l.HeaderTime,
			IdleTimeout:       l.KeepAlive,
			MaxHeaderBytes:    int(l.Header),
			ErrorLog:          log.New(io.Discard, "", 0), // it quotes what clients send

			ConnState: func(c net.Conn, s http.ConnState) {
				if o := beneath[*interceptedConn](c); o != nil && s == http.StateClosed {
					o.tunnel.ended()
				}
			},
			DisableGeneralOptionsHandler: true, // OPTIONS * is the site's to answer
			ConnContext: func(ctx context.Context, c net.Conn) context.Context {
				if o := beneath[*interceptedConn](c); o != nil {
					ctx = context.WithValue(ctx, tunnelKey{}, o.tunnel)
				}
				return identify.Connection(withGuard(ctx, beneath[*guard](c)))
			},
		}
	}
	p.explicit, p.plain = server(p.serveExplicit), server(p.servePlain)
	p.inner, p.inner2 = server(p.serveInner), server(p.serveInner)
	p.inner2.Protocols = &http.Protocols{}
	p.inner2.Protocols.SetUnencryptedHTTP2(true) // TLS is beneath the carrier
	go p.inner.Serve(p.handover)
	go p.inner2.Serve(p.handover2)
	return p, nil
}

// Reload puts cfg in the place of the current configuration. Requests that have started
// finish as they began. Header limits and times stay as New got them.
func (p *Proxy) Reload(cfg Config) error {
	if err := cfg.Check(); err != nil {
		return err
	}
	cfg.defaults()
	if old := p.generation.Swap(&generation{Config: cfg, transports: newTransports(&cfg)}); old != nil {
		old.transports.retire()
	}
	return nil
}

// Shutdown stops accepting and waits for requests to finish and tunnels to fall silent.
// When ctx ends first, it cuts what is left and returns ctx's error.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.door.Drain()
	for _, s := range []*http.Server{p.explicit, p.plain, p.inner, p.inner2} {
		s.Shutdown(ctx) // returns when ctx ends
	}
	err := p.door.Wait(ctx)
	p.generation.Load().transports.retire()
	return err
}

// handover is a listener whose connections come from within the program.
type handover struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newHandover() *handover {
	return &handover{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (h *handover) offer(c net.Conn) error {
	select {
	case h.conns <- c:
		return nil
	case <-h.done:
		return net.ErrClosed
	}
}

// Accept implements net.Listener.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handover) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// Addr implements net.Listener.
func (h *handover) Addr() net.Addr { return &net.TCPAddr{} }

// hurryTime is how long a tunnel may be silent once the proxy stops.
const hurryTime = 2 * time.Second
