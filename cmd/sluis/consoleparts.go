package main

import (
	"context"
	"errors"
	"io"
	"time"

	"filippo.io/age"

	"sluis/filter/text"
	"sluis/internal/accounts"
	"sluis/internal/console"
	"sluis/internal/ledger"
	"sluis/internal/notice"
	"sluis/internal/oversight/breach"
	"sluis/internal/oversight/report"
	"sluis/internal/oversight/sampling"
	"sluis/internal/oversight/totals"
	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
)

// consoleServices are what the areas of the console show and work with.
func (g *gateway) consoleServices(store *accounts.Store) (s console.Services, err error) {
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
			Reader:  disclose.Reader{Limits: text.Limits{Dir: g.in("spool"), Apart: g.extractor}},
		},
		Orders: console.Orders{Store: g.orders, Keys: g.keys, Records: g.store, Longest: g.cfg.Orders.Period},
		Access: console.Access{Keys: g.keys, Records: g.store, Notify: g.tellInsight},
		Totals: console.Totals{Archive: g.archive, Facts: g.account},
		Sampling: console.Sampling{
			Audit: g.audit,
			SetSeed: func(ctx context.Context, dice string, by ledger.Actor) (string, error) {
				return g.sampler.SetSeed(ctx, dice, by, now())
			},
		},
		Retention: func(ctx context.Context) ([]console.Kept, []string, error) {
			return held(ctx, g.current.Load(), g.store, g.keys, g.quarantine)
		},
	}
	breaches, err := openBreaches(g.cfg, g.ledger)
	if err != nil {
		return s, err
	}
	s.Breaches = console.Breaches{Store: breaches, Notify: g.tellBreach}
	return s, g.consoleControl(&s)
}

// reviewing is how it is reviewed now, after a reload as the new configuration says.
func (g *gateway) reviewing() console.QuarantineSetting {
	c := g.current.Load()
	return console.QuarantineSetting{Rules: g.inForce.Load().set, Retention: c.Quarantine.Retention, Second: c.Quarantine.SecondReviewer, Notes: c.Notices.From != ""}
}

// reviewKeys are the keys that the gateway can open with; none if it has public ones only.
func (g *gateway) reviewKeys() ([]age.Identity, error) {
	path := g.cfg.Quarantine.Identity
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
func (g *gateway) archive() *totals.Archive {
	return newArchive(g.current.Load(), g.ledger, g.store, g.quarantine, g.inForce.Load().people)
}

// audit repeats every draw of a day.
func (g *gateway) audit(ctx context.Context, day string) (sampling.Report, error) {
	begin, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return sampling.Report{}, err
	}
	return auditDay(ctx, begin, g.in("sampling"), g.ledger, g.store)
}

// account is what the account of the controls is made from.
func (g *gateway) account(ctx context.Context, since, until time.Time, lang, period string) (report.Facts, error) {
	c := g.inForce.Load()
	f, err := accountFacts(g.current.Load(), c.set, c.people, g.ledger, since, until, lang)
	if err != nil || period == "" {
		return f, err
	}
	p, err := g.archive().Look(ctx, period)
	f.Period = &p
	return f, err
}

// tellInsight tells a person that their records were asked for, if the gateway can send mail.
func (g *gateway) tellInsight(ctx context.Context, address string) error {
	cfg := g.current.Load()
	return notices(cfg, g.relay).Send(ctx, []string{address}, notice.Insight(notice.Language(cfg.Notices.Language), cfg.Organisation.Name), now())
}

// tellBreach tells the privacy officer of a new breach file.
func (g *gateway) tellBreach(ctx context.Context, f breach.File) error {
	cfg := g.current.Load()
	if cfg.Notices.From == "" || len(cfg.Notices.Privacy) == 0 {
		return errors.New("the configuration names no privacy officer (notices: from, privacy)")
	}
	return notices(cfg, g.relay).Send(ctx, cfg.Notices.Privacy, notice.Breach(notice.Language(cfg.Notices.Language), f.ID, f.Deadline()), time.Now())
}

// lateDeliverer delivers as the gateway is configured at that time.
type lateDeliverer struct{ g *gateway }

// Deliver implements quarantine.Deliverer.
func (d lateDeliverer) Deliver(ctx context.Context, env quarantine.Envelope, size int64, content io.Reader) (quarantine.Reply, error) {
	return d.now().Deliver(ctx, env, size, content)
}

// Tell implements quarantine.Deliverer.
func (d lateDeliverer) Tell(ctx context.Context, env quarantine.Envelope, note string) error {
	return d.now().Tell(ctx, env, note)
}

func (d lateDeliverer) now() deliverer { return deliverer{d.g.relay, d.g.current.Load()} }
