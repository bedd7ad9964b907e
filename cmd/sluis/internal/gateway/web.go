package gateway

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/webcalls"
	"sluis/filter"
	"sluis/internal/oversight/appeals"
	"sluis/internal/roster"
	"sluis/internal/sitelists"
	"sluis/proxy"
	"sluis/proxy/identify"
	"sluis/rules"
)

// web is the proxy, and what the gateway does for it.
type web struct {
	lists   *sitelists.Store
	appeals *appeals.Store
	side    webSide // nil until it is started
}

// webSide is the proxy where it runs: in a process of its own, or in this one.
type webSide interface {
	// prepare makes everything of a generation; the proxy works with it after commit.
	prepare(ctx context.Context, gen *Generation) (commit func() error, err error)
	// serve begins to take requests. An error that ends the gateway goes to failed.
	serve(failed chan<- error)
	// shutdown lets requests finish. It returns ctx's error if they did not.
	shutdown(ctx context.Context) error
	close() error
}

// openWeb opens the proxy and its ports, if the configuration has any.
func (g *Gateway) openWeb(ctx context.Context, gen *Generation) (err error) {
	if len(gen.Config.Web.Listen) == 0 {
		return nil
	}
	g.web = &web{appeals: g.data.Appeals()}
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
	listeners, err := listenWeb(ctx, gen.Config.Web.Listen)
	if err != nil {
		return err
	}
	if g.observer.Together {
		g.web.side, err = g.webTogether(gen, listeners)
	} else {
		g.web.side, err = g.webApart(ctx, gen, listeners)
	}
	return err
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

// listenWeb opens the ports of the proxy, in the order of the configuration.
func listenWeb(ctx context.Context, configured []config.WebListener) ([]net.Listener, error) {
	var all []net.Listener
	for _, l := range configured {
		ln, err := listenWebPort(ctx, l)
		for end := time.Now().Add(takeOverTime); errors.Is(err, unix.EADDRINUSE) && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
			ln, err = listenWebPort(ctx, l)
		}
		if err != nil {
			closeAll(all)
			return nil, listenError("web.listen", l.Address, err)
		}
		all = append(all, ln)
	}
	return all, nil
}

// takeOverTime is how long the port of a gateway that was killed can be kept: until the kernel has
// ended the process of its proxy.
const takeOverTime = time.Second

func listenWebPort(ctx context.Context, l config.WebListener) (net.Listener, error) {
	if l.Mode == "tproxy-http" || l.Mode == "tproxy-tls" {
		return proxy.ListenTransparent(ctx, l.Address)
	}
	return net.Listen("tcp", l.Address)
}

func closeAll(all []net.Listener) {
	for _, l := range all {
		l.Close()
	}
}

// webListener says how connections come to a port.
func webListener(l config.WebListener, port net.Listener) proxy.Listener {
	ln := proxy.Listener{Listener: port, Proxies: l.ProxyProtocol, TLS: l.Mode == "proxy-tls"}
	switch l.Mode {
	case "redirect-http", "tproxy-http":
		ln.Mode = proxy.HTTP
	case "redirect-tls", "tproxy-tls":
		ln.Mode = proxy.TLS
	}
	switch l.Mode {
	case "tproxy-http", "tproxy-tls":
		ln.Original = proxy.Intercepted
	case "redirect-http", "redirect-tls":
		ln.Original = proxy.Redirected
	}
	return ln
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
	role := webcalls.Role(who.Subject.Confidential())
	return filter.GroundsFor(role, w.g.sampler, w.g.ordersAbout(w.people, who.Subject), id, at, ds, webcalls.OnePerson)
}

// RecordUse implements proxy.Grounds.
func (w webGrounds) RecordUse(ctx context.Context, used []filter.OrderID, id filter.ID) error {
	return w.g.orders.RecordUse(ctx, used, id)
}

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
