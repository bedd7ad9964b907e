package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/ledger"
	"sluis/internal/notice"
	"sluis/internal/quarantine"
	"sluis/rules"
	"sluis/smtpd"
)

// notices sends mail of the gateway itself, through its routes.
func notices(cfg *config.Config, relay *smtpd.Relay) notice.Sender {
	return notice.Sender{From: cfg.Notices.From, Name: strings.TrimSpace("Sluis " + cfg.Organisation.Name),
		Deliver: func(ctx context.Context, from string, to []string, size int64, content io.Reader) error {
			e := smtpd.Envelope{From: from}
			for _, a := range to {
				e.To = append(e.To, smtpd.Recipient{Path: a, Direction: toward(cfg, a)})
			}
			reply, err := relay.Deliver(ctx, e, size, content)
			if err == nil && !reply.OK() {
				err = fmt.Errorf("the next mail server said %d", reply.Code)
			}
			return err
		}}
}

// toward returns the direction of the gateway's own mail to an address.
func toward(cfg *config.Config, address string) rules.Direction {
	_, domain, _ := strings.Cut(address, "@")
	if slices.ContainsFunc(cfg.Organisation.Domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
		return rules.Internal
	}
	return rules.Out
}

const weekly = 7 * 24 * time.Hour

// sendNotices sends what is due: the state of the ledger to its witnesses, and the digest
// of what waits for review.
func (g *gateway) sendNotices(ctx context.Context, now time.Time) error {
	n := g.current.Load().Notices
	if n.From == "" {
		return nil
	}
	schedule := notice.Schedule{Path: g.in("notices.json")}
	witnesses := slices.Concat(n.Board, n.Council, n.Privacy)
	if len(witnesses) > 0 {
		if err := schedule.Due("checkpoint", weekly, now, func() error { return g.sendCheckpoint(ctx, witnesses, now) }); err != nil {
			return err
		}
	}
	every, ok := map[string]time.Duration{"daily": 24 * time.Hour, "weekly": weekly}[n.Digest]
	if !ok || len(n.ICT) == 0 {
		return nil
	}
	return schedule.Due("digest", every, now, func() error { return g.sendDigest(ctx, n.ICT, now) })
}

func (g *gateway) sendCheckpoint(ctx context.Context, to []string, now time.Time) error {
	if _, err := g.ledger.Append(ctx, ledger.CheckpointSent, ledger.Data{Count: len(to)}); err != nil {
		return err
	}
	signed, err := g.ledger.Checkpoint()
	if err != nil {
		return err
	}
	cfg := g.current.Load()
	return notices(cfg, g.relay).Send(ctx, to, notice.Checkpoint(notice.Language(cfg.Notices.Language), cfg.Organisation.Name, signed), now)
}

func (g *gateway) sendDigest(ctx context.Context, to []string, now time.Time) error {
	counts, err := g.quarantine.Counts(ctx)
	if err != nil {
		return err
	}
	appeals := 0
	if g.web != nil {
		open, err := g.web.appeals.List(false)
		if err != nil {
			return err
		}
		appeals = len(open)
	}
	days := 0
	if !counts.Oldest.IsZero() {
		days = int(now.Sub(counts.Oldest).Hours() / 24)
	}
	cfg := g.current.Load()
	link := ""
	if cfg.Console.On() {
		link = cfg.Console.Address
	}
	m := notice.Digest(notice.Language(cfg.Notices.Language), counts.Of[quarantine.Held], days, counts.Of[quarantine.Failed], appeals, link)
	return notices(cfg, g.relay).Send(ctx, to, m, now)
}
