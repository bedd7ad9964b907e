package gateway

import (
	"context"
	"net"

	"sluis/proxy"
)

// webTogether is a proxy in this process: for the demonstration and for tests, which see what
// it does.
type webTogether struct {
	g         *Gateway
	proxy     *proxy.Proxy
	listeners []proxy.Listener
}

func (g *Gateway) webTogether(gen *Generation, ports []net.Listener) (*webTogether, error) {
	t := &webTogether{g: g}
	for i, l := range gen.Config.Web.Listen {
		t.listeners = append(t.listeners, webListener(l, ports[i]))
	}
	cfg, err := t.config(gen)
	if err == nil {
		t.proxy, err = proxy.New(cfg, g.metrics)
	}
	return t, err
}

func (t *webTogether) config(gen *Generation) (proxy.Config, error) {
	return gen.webConfig(webServices{
		lists:    t.g.web.lists,
		grounds:  webGrounds{t.g, gen.Roster},
		sealer:   uploads{t.g.quarantine},
		journal:  t.g.watched(),
		appeals:  t.g.web.appeals,
		roots:    t.g.observer.Roots,
		resolver: t.g.observer.Resolver,
		ordered:  t.g.orders.Shortened(),
		log:      t.g.log,
	})
}

func (t *webTogether) prepare(_ context.Context, gen *Generation) (commit func() error, err error) {
	cfg, err := t.config(gen)
	if err == nil {
		err = cfg.Check()
	}
	return func() error { return t.proxy.Reload(cfg) }, err
}

func (t *webTogether) serve(failed chan<- error) { serveAll(t.proxy, t.listeners, t.g.log, failed) }

func (t *webTogether) shutdown(ctx context.Context) error { return t.proxy.Shutdown(ctx) }

func (t *webTogether) close() error {
	for _, l := range t.listeners {
		l.Close() // closed already if it was served
	}
	return nil
}
