package gateway

import (
	"context"
	"io"
	"time"

	"filippo.io/age"

	"sluis/internal/accounts"
	"sluis/internal/console"
	"sluis/internal/ledger"
	"sluis/internal/oversight/breach"
	"sluis/internal/oversight/report"
	"sluis/internal/oversight/sampling"
	"sluis/internal/oversight/totals"
	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
)

// consoleServices are what the areas of the console show and work with.
func (g *Gateway) consoleServices(store *accounts.Store) (s console.Services, err error) {
	s = console.Services{
		Accounts: store,
		Ledger:   g.ledger,
		Imagery:  g.imagery,
		Roster:   peopleTable{g},
		Health:   console.NewHealth(g.healthChecks),
		Sites:    console.Sites{Lists: g.listStates, Explain: g.explainSite},
		Quarantine: console.Quarantine{
			Store:   g.quarantine,
			Keys:    g.reviewKeys,
			Deliver: lateDeliverer{g},
			Setting: g.reviewing,
			Reader:  disclose.Reader{Limits: g.reading()},
		},
		Orders: console.Orders{Store: g.orders, Keys: g.keys, Records: g.store, Longest: g.started.Orders.Period},
		Access: console.Access{Keys: g.keys, Records: g.store, Notify: func(ctx context.Context, to []string) error {
			return g.sender().Access(ctx, to)
		}},
		Totals: console.Totals{Archive: g.archive, Facts: g.accountability},
		Sampling: console.Sampling{
			Audit: g.audit,
			SetSeed: func(ctx context.Context, dice string, by ledger.Actor) (string, error) {
				return g.sampler.SetSeed(ctx, dice, by, time.Now())
			},
		},
		BreakGlass: func(ctx context.Context, b console.BreakGlass) error { return g.sender().BreakGlass(ctx, b) },
		Retention: func(ctx context.Context) ([]console.Kept, []string, error) {
			return g.data.kept(ctx, g.inForce.Load().Config)
		},
	}
	rolls, err := g.data.Rolls()
	if err != nil {
		return s, err
	}
	s.Roll = console.Roll{Store: rolls, Invite: func(ctx context.Context, address, name, link string) error {
		return g.sender().InviteToRoll(ctx, address, name, link)
	}}
	breaches, err := g.data.Breaches()
	if err != nil {
		return s, err
	}
	s.Breaches = console.Breaches{Store: breaches, Notify: func(ctx context.Context, f breach.File) error {
		return g.sender().Breach(ctx, f)
	}}
	return s, g.consoleControl(&s)
}

// reviewing returns how messages are reviewed by the configuration in force.
func (g *Gateway) reviewing() console.QuarantineSetting {
	c := g.inForce.Load().Config
	return console.QuarantineSetting{
		Rules:     g.inForce.Load().Rules,
		Retention: c.Quarantine.Retention,
		Second:    c.Quarantine.SecondReviewer,
		Notes:     c.Notices.From != "",
	}
}

// reviewKeys are the keys that the gateway can open with; none if it has public ones only.
func (g *Gateway) reviewKeys() ([]age.Identity, error) {
	path := g.started.Quarantine.Identity
	if path == "" {
		return nil, nil
	}
	id, err := quarantine.LoadIdentity(path)
	if err != nil {
		return nil, err
	}
	return []age.Identity{id}, nil
}

// archive returns the reports of the totals, as the configuration is now.
func (g *Gateway) archive() *totals.Archive {
	gen := g.inForce.Load()
	return g.archiveOf(gen)
}

// audit repeats every draw of a day.
func (g *Gateway) audit(ctx context.Context, day string) (sampling.Report, error) {
	begin, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return sampling.Report{}, err
	}
	return g.data.AuditDay(ctx, begin)
}

// accountability returns what the accountability report is made from.
func (g *Gateway) accountability(ctx context.Context, since, until time.Time, lang, period string) (
	report.Facts, error) {

	f, err := reportFacts(g.inForce.Load(), g.data, since, until, lang)
	if err != nil || period == "" {
		return f, err
	}
	p, err := g.archive().Existing(ctx, period)
	f.Period = &p
	return f, err
}

// lateDeliverer delivers as the gateway is configured at that time.
type lateDeliverer struct{ g *Gateway }

// Deliver implements quarantine.Deliverer.
func (d lateDeliverer) Deliver(ctx context.Context, env quarantine.Envelope, size int64,
	content io.Reader) (quarantine.Reply, error) {
	return d.g.sender().Deliver(ctx, env, size, content)
}

// Notify implements quarantine.Deliverer.
func (d lateDeliverer) Notify(ctx context.Context, env quarantine.Envelope, note string) error {
	return d.g.sender().Notify(ctx, env, note)
}
