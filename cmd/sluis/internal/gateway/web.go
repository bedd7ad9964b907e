package gateway

import (
	"context"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
	"sluis/internal/oversight/appeals"
	"sluis/internal/roster"
	"sluis/internal/sitelists"
	"sluis/proxy"
	"sluis/proxy/identify"
	"sluis/rules"
)

// web is the proxy with its ports and what it alone needs.
type web struct {
	proxy     *proxy.Proxy
	listeners []proxy.Listener
	lists     *sitelists.Store
	appeals   *appeals.Store
}

// openWeb opens the proxy and its ports, if the configuration has any.
func (g *Gateway) openWeb(ctx context.Context, gen *Generation) (err error) {
	if len(gen.Config.Web.Listen) == 0 {
		return nil
	}
	g.web = &web{}
	if g.web.lists, err = g.data.Lists(); err != nil {
		return err
	}
	// Lists from an address come later: mail does not wait for them.
	if _, err := g.web.lists.UpdateFiles(ctx, time.Now()); err != nil {
		g.log.Error("a list of sites is not as it should be, the last good one holds", "error", err)
	}
	g.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sluis_lists_failing",
		Help: "Lists of sites that are not as they should be; of these the last good one holds.",
	}, g.web.failing))
	if g.web.appeals, err = g.data.Appeals(); err != nil {
		return err
	}
	cfg, err := g.webConfig(gen)
	if err != nil {
		return err
	}
	if g.web.proxy, err = proxy.New(cfg, g.metrics); err != nil {
		return err
	}
	for _, l := range gen.Config.Web.Listen {
		ln, err := listenWeb(ctx, l)
		if err != nil {
			return err
		}
		g.web.listeners = append(g.web.listeners, ln)
	}
	return nil
}

// webConfig makes the proxy's configuration of a generation, with the lists as they are now.
func (g *Gateway) webConfig(gen *Generation) (proxy.Config, error) {
	index, err := g.web.lists.Index()
	if err != nil {
		return proxy.Config{}, err
	}
	c, err := gen.webConfig(webServices{
		index:    index,
		partial:  g.web.lists.Missing(),
		grounds:  webGrounds{g, gen.Roster},
		sealer:   uploads{g.quarantine},
		journal:  g.watched(),
		appeals:  g.web.appeals,
		roots:    g.observer.Roots,
		resolver: g.observer.Resolver,
		log:      g.log,
	})
	if err == nil && gen.Config.Web.Code.Version != "" {
		c.Acknowledged, err = roster.OpenAcknowledged(g.data.path("acknowledged"), gen.Config.Web.Code.Version)
	}
	return c, err
}

// failing counts the lists that are not as they should be.
func (w *web) failing() float64 {
	n := 0
	for _, l := range w.lists.Status() {
		if l.Error != "" {
			n++
		}
	}
	return float64(n)
}

func listenWeb(ctx context.Context, l config.WebListener) (proxy.Listener, error) {
	ln := proxy.Listener{Proxies: l.ProxyProtocol, TLS: l.Mode == "proxy-tls"}
	var err error
	switch l.Mode {
	case "redirect-http", "tproxy-http":
		ln.Mode = proxy.HTTP
	case "redirect-tls", "tproxy-tls":
		ln.Mode = proxy.TLS
	}
	switch l.Mode {
	case "tproxy-http", "tproxy-tls":
		ln.Original = proxy.Intercepted
		ln.Listener, err = proxy.ListenTransparent(ctx, l.Address)
	case "redirect-http", "redirect-tls":
		ln.Original = proxy.Redirected
		fallthrough
	default:
		ln.Listener, err = net.Listen("tcp", l.Address)
	}
	if err != nil {
		return ln, listenError("web.listen", l.Address, err)
	}
	return ln, nil
}

// webGrounds returns the purposes for which a request may be inspected (C3.2a): conduct, security alone
// for a confidential role, and leaks only in uploads that are drawn.
type webGrounds struct {
	g      *Gateway
	people *roster.Roster
}

// Grounds implements proxy.Grounds.
func (w webGrounds) Grounds(id filter.ID, at time.Time, who identify.Identity, upload bool) (filter.Grounds, error) {
	var ds rules.Directions
	if upload {
		ds = rules.DirectionsOf(rules.Out)
	}
	role := confidential(who.Subject.Confidential())
	return filter.GroundsFor(role, w.g.sampler, w.g.ordersAbout(w.people, who.Subject), id, at, ds, "")
}

// RecordUse implements proxy.Grounds.
func (w webGrounds) RecordUse(ctx context.Context, used []filter.OrderID, id filter.ID) error {
	return w.g.orders.RecordUse(ctx, used, id)
}

// confidential is a roster of one person, whose role is known.
type confidential bool

// Confidential implements filter.Roster.
func (c confidential) Confidential(string) bool { return bool(c) }

// updateLists fetches the lists that are due, and asks for a reload if any changed.
func (g *Gateway) updateLists(ctx context.Context, now time.Time) error {
	if g.web == nil {
		return nil
	}
	changed, err := g.web.lists.Update(ctx, now)
	if changed {
		g.askRenewal()
	}
	return err
}
