package gateway

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter/domains"
	"sluis/internal/roster"
	"sluis/internal/sitelists"
	"sluis/internal/sitepolicy"
	"sluis/proxy"
	"sluis/proxy/egress"
)

// SitePolicy returns the policy of sites with the lists in the data directory. Lists that are not there, because
// the gateway has not run yet, are fetched.
func (d *Data) SitePolicy(ctx context.Context) (*sitepolicy.Policy, error) {
	lists, err := d.Lists()
	if err != nil {
		return nil, err
	}
	index, err := lists.Index()
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, domains.ErrDamaged) {
		if _, err = lists.Update(ctx, time.Now()); err == nil {
			index, err = lists.Index()
		}
	}
	if err != nil {
		return nil, err
	}
	board, err := d.Orders()
	if err != nil {
		return nil, err
	}
	return sitePolicy(d.cfg, board.Shortened(), index, lists.Missing())
}

// ExplainSite answers a question about a request as the proxy would.
func (d *Data) ExplainSite(ctx context.Context, q proxy.Question) (proxy.Answer, error) {
	policy, err := d.SitePolicy(ctx)
	if err != nil {
		return proxy.Answer{}, err
	}
	w := &d.cfg.Web
	e := proxy.Explainer{
		Name:    w.Hostname,
		Ports:   w.Ports,
		Plain:   w.Plain,
		Inspect: w.Inspect.Certificate != "",
		Dialer:  egress.New(egress.Options{Inner: w.Inner}),
		Policy:  policy,
	}
	return e.Explain(ctx, q)
}

// GroupOf returns the group of the roster with a name; without a name that of a person unknown.
func GroupOf(cfg *config.Config, name string) (roster.Group, error) {
	if name == "" {
		return roster.Group{}, nil
	}
	g, err := roster.ParseGroup(name)
	if err != nil {
		return g, err
	}
	people, err := LoadRoster(cfg)
	if err != nil {
		return g, err
	}
	groups := people.Groups()
	if len(groups) == 0 || slices.Contains(groups, g) {
		return g, nil
	}
	var names []string
	for _, known := range groups {
		names = append(names, known.String())
	}
	return g, fmt.Errorf("there is no group %s on the roster: the groups are %s", name, strings.Join(names, ", "))
}

// sitePolicy makes the policy of sites of a configuration, with the exceptions made in the
// console; the index is partial if lists are missing from it. The list of sites that are never inspected is shortened
// as the configuration says, by the sites that orders of the board in force name.
func sitePolicy(cfg *config.Config, ordered []string, index *domains.Index, partial bool) (*sitepolicy.Policy, error) {
	help, err := sitelists.Builtin("help")
	if err != nil {
		return nil, err
	}
	never, err := sitelists.Builtin("never-inspect")
	if err != nil {
		return nil, err
	}
	o := sitepolicy.Options{
		Sites:        cfg.Web.Sites.Sites,
		Inspections:  cfg.Web.Inspect.Inspections,
		Index:        index,
		Partial:      partial,
		Protected:    help,
		NeverInspect: slices.Concat(never, help),
	}
	if len(o.Never.Without)+len(o.Never.WithoutVendors) > 0 { // what no order names has to be right as well
		if _, err := sitepolicy.New(o); err != nil {
			return nil, err
		}
	}
	o.Never.Without = onlyOrdered(o.Never.Without, ordered)
	o.Never.WithoutVendors = onlyOrdered(o.Never.WithoutVendors, ordered)
	o.Own = slices.Clone(o.Own) // the configuration keeps its own
	made, err := madeExceptions(cfg)
	if err != nil {
		return nil, err
	}
	for _, x := range made {
		if x.Host == "" || !x.Holds(time.Now()) {
			continue
		}
		// Locked, or it would not go before the lists that block the site.
		entry := sitepolicy.Entry{
			Host:   x.Host,
			Locked: true,
			Reason: x.Reason,
			Author: x.Author,
			Until:  sitepolicy.Until{Time: x.End()},
		}
		if g, err := roster.ParseGroup(x.Group); x.Group != "" && err != nil {
			continue // the group is gone, and with it who needed the site
		} else if x.Group != "" {
			entry.Groups = []roster.Group{g}
		}
		o.Own = append(o.Own, entry)
	}
	return sitepolicy.New(o)
}

// onlyOrdered returns the names that an order of the board in force has.
func onlyOrdered(names, ordered []string) (all []string) {
	for _, n := range names {
		if slices.ContainsFunc(ordered, func(o string) bool { return strings.EqualFold(o, n) }) {
			all = append(all, n)
		}
	}
	return all
}

// followOrders asks for a reload when orders that shorten the list of sites that are never inspected began or ended.
func (g *Gateway) followOrders() {
	never := g.inForce.Load().Config.Web.Inspect.Never
	if g.web == nil || len(never.Without)+len(never.WithoutVendors) == 0 {
		return
	}
	if now := g.orders.Shortened(); !slices.Equal(now, g.shortened) {
		g.shortened = now
		g.askRenewal()
	}
}
