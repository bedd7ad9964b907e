package gateway

import (
	"sluis/filter"
	"sluis/internal/console"
	"sluis/internal/sitelists"
	"sluis/internal/sitepolicy"
	"sluis/rules"
)

// consoleControl gives the console what the gateway checks with.
func (g *Gateway) consoleControl(s *console.Services) error {
	builtin, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		return err
	}
	own := func(id rules.ID) bool { _, ok := builtin.Rule(id); return !ok }
	exceptions, err := g.data.Exceptions()
	if err != nil {
		return err
	}
	s.Appeals = g.data.Appeals()
	s.Exceptions = console.Exceptions{
		Store: exceptions,
		Renew: g.askRenewal,
		Compile: func(set *rules.Set) (*filter.Engine, error) {
			return compile(g.inForce.Load().Config, set, g.reading(), presumed{})
		},
	}
	s.InForce = func() console.InForce {
		gen := g.inForce.Load()
		return console.InForce{
			Rules:    gen.Rules,
			Own:      own,
			Disabled: gen.Config.Rules.Disabled,
			Engine:   gen.Engine,
			Actions:  gen.Actions(),
			People:   gen.Roster,
			Since:    gen.Since,
		}
	}
	return nil
}

func (g *Gateway) listStates() []sitelists.State {
	if g.web == nil {
		return nil
	}
	return g.web.lists.Status()
}

// explainSite decides about a site as the proxy does.
func (g *Gateway) explainSite(r sitepolicy.Request) (sitepolicy.Explanation, error) {
	if g.web == nil {
		return sitepolicy.Explanation{}, console.ErrNoProxy
	}
	index, err := g.web.lists.Index()
	if err != nil {
		return sitepolicy.Explanation{}, err
	}
	p, err := sitePolicy(g.inForce.Load().Config, g.orders.Shortened(), index, g.web.lists.Missing())
	if err != nil {
		return sitepolicy.Explanation{}, err
	}
	return p.Explain(r), nil
}
