package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
	"sluis/filter/domains"
	"sluis/internal/clamd"
	"sluis/internal/oversight/appeals"
	"sluis/internal/quarantine"
	"sluis/internal/roster"
	"sluis/internal/sitelists"
	webpolicy "sluis/internal/sitepolicy"
	"sluis/proxy"
	"sluis/proxy/blockpage"
	"sluis/proxy/ca"
	"sluis/proxy/content"
	"sluis/proxy/egress"
	"sluis/proxy/identify"
	"sluis/rules"
)

// web is the proxy with what it needs of its own.
type web struct {
	proxy     *proxy.Proxy
	listeners []proxy.Listener
	lists     *sitelists.Store
	appeals   *appeals.Store
}

// openWeb opens the proxy and its ports, if the configuration has any.
func (g *gateway) openWeb(ctx context.Context, engine *filter.Engine, people *roster.Roster) (err error) {
	if len(g.cfg.Web.Listen) == 0 {
		return nil
	}
	g.web = &web{}
	if g.web.lists, err = openLists(g.cfg); err != nil {
		return err
	}
	if _, err := g.web.lists.UpdateFiles(ctx, time.Now()); err != nil { // what has to be fetched comes later: mail does not wait for it
		g.log.Error("a list of sites is not as it should be, the last good one holds", "error", err)
	}
	g.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sluis_lists_failing", Help: "Lists of sites that are not as they should be; of these the last good one holds.",
	}, g.web.failing))
	if g.web.appeals, err = appeals.Open(g.in("appeals")); err != nil {
		return err
	}
	cfg, err := g.readWebConfig(g.cfg, engine, people)
	if err != nil {
		return err
	}
	if g.web.proxy, err = proxy.New(cfg, g.metrics); err != nil {
		return err
	}
	for _, l := range g.cfg.Web.Listen {
		ln, err := listenWeb(ctx, l)
		if err != nil {
			return err
		}
		g.web.listeners = append(g.web.listeners, ln)
	}
	return nil
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
		return ln, fmt.Errorf("listen for web traffic: %w", err)
	}
	return ln, nil
}

func openLists(cfg *config.Config) (*sitelists.Store, error) {
	return sitelists.Open(filepath.Join(cfg.Data, "sites"), cfg.Web.Sites.Lists, &http.Client{Timeout: 20 * time.Minute})
}

// readWebConfig makes the proxy's configuration of the gateway's: lists, passwords and
// certificates are read anew.
func (g *gateway) readWebConfig(cfg *config.Config, engine *filter.Engine, people *roster.Roster) (proxy.Config, error) {
	index, err := g.web.lists.Index()
	if err != nil {
		return proxy.Config{}, err
	}
	c, err := g.webConfig(cfg, engine, people, index, g.web.lists.Missing())
	if err == nil && cfg.Web.Code.Version != "" {
		c.Acknowledged, err = roster.OpenAcknowledged(filepath.Join(cfg.Data, "acknowledged"), cfg.Web.Code.Version)
	}
	return c, err
}

// webConfig makes it with an index of sites, which is partial if lists are missing from it.
func (g *gateway) webConfig(cfg *config.Config, engine *filter.Engine, people *roster.Roster, index *domains.Index, partial bool) (c proxy.Config, err error) {
	w := &cfg.Web
	c = proxy.Config{
		Name: w.Hostname, Clients: w.Clients, Ports: w.Ports, Plain: w.Plain, Opaque: w.Opaque,
		Limits: w.Limits,
		Dialer: egress.New(egress.Options{Inner: w.Inner, Resolver: g.observer.names}), Grounds: webGrounds{g, people},
		Journal: g.watched(), Log: g.log, Roots: g.observer.roots,
	}
	if w.TLS.Certificate != "" {
		cert, err := tls.LoadX509KeyPair(w.TLS.Certificate, w.TLS.Key)
		if err != nil {
			return c, fmt.Errorf("web: tls: %w", err)
		}
		c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	if w.Inspect.Certificate != "" {
		if c.Authority, err = ca.Load(w.Inspect.Certificate, w.Inspect.Key); err != nil {
			return c, fmt.Errorf("web: inspect: %w", err)
		}
	}
	if c.Identify, err = identifier(w.Identify, people); err != nil {
		return c, err
	}
	if c.Policy, err = sitePolicy(cfg, index, partial); err != nil {
		return c, err
	}
	if c.Content, err = g.webContent(cfg, engine); err != nil {
		return c, err
	}
	var reviews blockpage.Appeals
	if g.web != nil {
		reviews = g.web.appeals
	}
	c.Pages, err = webPages(cfg, c.Authority, reviews)
	return c, err
}

func identifier(c config.Identify, people *roster.Roster) (*identify.Identifier, error) {
	o := identify.Options{Roster: people, Required: c.Required}
	var err error
	if c.Passwords != "" {
		if o.Passwords, err = identify.LoadPasswords(c.Passwords); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
	}
	if k := c.Kerberos; k.Keytab != "" {
		if o.Kerberos, err = identify.LoadKerberos(k.Keytab, k.Principal, k.Realms); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
	}
	return identify.New(o)
}

// sitePolicy makes the policy of the configuration.
func sitePolicy(cfg *config.Config, index *domains.Index, partial bool) (*webpolicy.Policy, error) {
	help, err := sitelists.Builtin("help")
	if err != nil {
		return nil, err
	}
	never, err := sitelists.Builtin("never-inspect")
	if err != nil {
		return nil, err
	}
	o := webpolicy.Options{
		Sites:        cfg.Web.Sites.Sites,
		Inspections:  cfg.Web.Inspect.Inspections,
		Index:        index,
		Partial:      partial,
		Protected:    help,
		NeverInspect: slices.Concat(never, help),
	}
	o.Own = slices.Clone(o.Own)
	made, err := exceptionsOf(cfg)
	if err != nil {
		return nil, err
	}
	for _, x := range made {
		if x.Host == "" || !x.Holds(time.Now()) {
			continue
		}
		// Locked, or it would not go before the lists that block the site.
		entry := webpolicy.Entry{Host: x.Host, Locked: true, Reason: x.Reason, Author: x.Author, Until: webpolicy.Until{Time: x.End()}}
		if g, err := roster.ParseGroup(x.Group); x.Group != "" && err != nil {
			continue // the group is gone, and with it who needed the site
		} else if x.Group != "" {
			entry.Groups = []roster.Group{g}
		}
		o.Own = append(o.Own, entry)
	}
	return webpolicy.New(o)
}

// webContent makes the inspector of requests and responses.
func (g *gateway) webContent(cfg *config.Config, engine *filter.Engine) (*content.Inspector, error) {
	o := content.Options{
		Settings: cfg.Web.Content,
		Engine:   engine,
		Sealer:   uploads{g.quarantine},
		Dir:      filepath.Join(cfg.Data, "spool"),
	}
	if o.Malware {
		if cfg.Policy.Malware.Clamd == "" {
			return nil, errors.New("web: content: malware: there is no scanner: set policy.malware.clamd")
		}
		o.Scanner = clamd.New(cfg.Policy.Malware.Clamd)
	}
	return content.New(o)
}

// uploads sets uploads aside in the quarantine.
type uploads struct{ *quarantine.Store }

// SealUpload implements content.Sealer. There is no envelope: what was stopped is not
// delivered after all, it is looked at.
func (u uploads) SealUpload(ctx context.Context, x *content.Exchange, v filter.Verdict, e *filter.Inspection, body io.Reader, size int64) error {
	return u.Seal(ctx, quarantine.Entry{
		ID: x.ID, Time: x.Time, Direction: rules.Out, Purpose: v.Purpose, Category: v.Category, Clause: v.Clause, Rule: v.Rule, Size: size,
	}, quarantine.Envelope{}, e, body)
}

func webPages(cfg *config.Config, authority *ca.Authority, reviews blockpage.Appeals) (*blockpage.Pages, error) {
	w := &cfg.Web
	o := blockpage.Options{Name: w.Hostname, Proxy: w.Proxy, Organisation: cfg.Organisation.Name, CodeURL: cfg.Organisation.CodeURL, Direct: cfg.Organisation.Domains, Appeals: reviews}
	if o.Proxy == "" {
		_, port, err := net.SplitHostPort(w.Listen[0].Address)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		if n, err := strconv.Atoi(port); err != nil || n == 0 {
			port = "3128"
		}
		o.Proxy = net.JoinHostPort(w.Hostname, port)
	}
	if authority != nil {
		o.Authority = authority.Certificate()
	}
	return blockpage.New(o)
}

// webGrounds settles what may be looked for in a request (C3.2a): conduct, but of a
// confidential role nothing but safety, and leaks only in uploads that are drawn.
type webGrounds struct {
	g      *gateway
	people *roster.Roster
}

// Grounds implements proxy.Grounds.
func (w webGrounds) Grounds(id filter.ID, at time.Time, who identify.Who, upload bool) (filter.Grounds, error) {
	var ds rules.Directions
	if upload {
		ds = rules.DirectionsOf(rules.Out)
	}
	return filter.GroundsFor(confidential(who.Subject.Confidential()), w.g.sampler, w.g.ordersOf(w.people, who.Subject), id, at, ds, "")
}

// confidential is a roster of one person, whose role is known.
type confidential bool

// Confidential implements filter.Roster.
func (c confidential) Confidential(string) bool { return bool(c) }

// updateLists looks for new lists, and asks for a reload if there are any.
func (g *gateway) updateLists(ctx context.Context, now time.Time) error {
	if g.web == nil {
		return nil
	}
	changed, err := g.web.lists.Update(ctx, now)
	if changed {
		select {
		case g.renew <- struct{}{}:
		default: // asked for already
		}
	}
	return err
}
