package main

import (
	"sluis/filter"
	"sluis/internal/console"
	"sluis/internal/oversight/appeals"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/sitelists"
	webpolicy "sluis/internal/sitepolicy"
	"sluis/rules"
)

// consoleControl gives the console what the gateway checks with.
func (g *gateway) consoleControl(s *console.Services) error {
	builtin, err := rules.Load(rules.Builtin())
	if err != nil {
		return err
	}
	own := func(id rules.ID) bool { _, ok := builtin.Rule(id); return !ok }
	exceptions, err := exceptions.Open(g.cfg.Data, g.ledger)
	if err != nil {
		return err
	}
	appeals, err := appeals.Open(g.in("appeals"))
	if err != nil {
		return err
	}
	s.Appeals = appeals
	s.Exceptions = console.Exceptions{
		Store: exceptions,
		Renew: g.askRenewal,
		Compile: func(set *rules.Set) (*filter.Engine, error) {
			return compile(g.current.Load(), set, g.in("spool"), g.extractor)
		},
	}
	s.InForce = func() console.InForce {
		cfg, r := g.current.Load(), g.inForce.Load()
		return console.InForce{
			Rules:    r.set,
			Own:      own,
			Disabled: cfg.Rules.Disabled,
			Engine:   r.engine,
			Actions:  actions(cfg.Policy),
			People:   r.people,
			Since:    r.since,
		}
	}
	return nil
}

// askRenewal asks for a reload, unless one is asked for already.
func (g *gateway) askRenewal() {
	select {
	case g.renew <- struct{}{}:
	default:
	}
}

func (g *gateway) listStates() []sitelists.State {
	if g.web == nil {
		return nil
	}
	return g.web.lists.Status()
}

// explainSite decides about a site as the proxy does.
func (g *gateway) explainSite(r webpolicy.Request) (webpolicy.Explanation, error) {
	if g.web == nil {
		return webpolicy.Explanation{}, console.ErrNoProxy
	}
	index, err := g.web.lists.Index()
	if err != nil {
		return webpolicy.Explanation{}, err
	}
	p, err := sitePolicy(g.current.Load(), index, g.web.lists.Missing())
	if err != nil {
		return webpolicy.Explanation{}, err
	}
	return p.Explain(r), nil
}
