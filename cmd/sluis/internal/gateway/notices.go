package gateway

import (
	"context"
	"time"

	"sluis/internal/notice"
	"sluis/internal/quarantine"
)

const weekly = 7 * 24 * time.Hour

// sendNotices sends what is due: the state of the ledger to its witnesses, and the digest
// of what waits for review.
func (g *Gateway) sendNotices(ctx context.Context, now time.Time) error {
	n := g.inForce.Load().Config.Notices
	if n.From == "" {
		return nil
	}
	schedule := notice.Schedule{Path: g.data.path("notices.json")}
	if err := g.sendCheckpoint(ctx, now); err != nil { // the rest goes on: each has its own readers
		g.log.Error("chore failed, it is tried again", "chore", "checkpoint", "error", err)
	}
	if err := g.tellOfAgreements(ctx, schedule, n.Privacy, now); err != nil {
		return err
	}
	if err := g.remind(ctx, schedule, n.ICT, now); err != nil {
		return err
	}
	every, ok := map[string]time.Duration{"daily": 24 * time.Hour, "weekly": weekly}[n.Digest]
	if !ok || len(n.ICT) == 0 {
		return nil
	}
	return schedule.Due("digest", every, now, func() error { return g.sendDigest(ctx, n.ICT, now) })
}

// once is an interval that no gateway outlives.
const once = 100 * 365 * 24 * time.Hour

// tellOfAgreements tells the privacy officer once of each agreement that ended (C2.4a).
func (g *Gateway) tellOfAgreements(ctx context.Context, schedule notice.Schedule, to []string, now time.Time) error {
	cfg := g.inForce.Load().Config
	if len(to) == 0 {
		return nil
	}
	for _, a := range cfg.Approved.Ended(now) {
		last := a.Until.End().Add(-time.Hour)
		m := notice.AgreementEnded(cfg.Notices.Language, cfg.Organisation.Name, a.Name, last)
		key := "agreement " + a.Name + " " + last.Format(time.DateOnly)
		send := func() error { return g.sender().Notices().Send(ctx, to, m, now) }
		if err := schedule.Due(key, once, now, send); err != nil {
			return err
		}
	}
	return nil
}

// remindAhead is how long before the end of its retention a message that nobody reviewed is reason for
// a reminder each day.
const remindAhead = 7 * 24 * time.Hour

// remind sends the digest each day, however it is configured, while the time of a message that nobody
// reviewed is nearly over.
func (g *Gateway) remind(ctx context.Context, schedule notice.Schedule, to []string, now time.Time) error {
	if len(to) == 0 {
		return nil
	}
	ends := now.Add(remindAhead - g.inForce.Load().Config.Quarantine.Retention)
	due, err := g.quarantine.List(ctx, quarantine.Filter{Undecided: true, Before: ends, Limit: 1})
	if err != nil || len(due) == 0 {
		return err
	}
	return schedule.Due("reminder", 24*time.Hour, now, func() error { return g.sendDigest(ctx, to, now) })
}

func (g *Gateway) sendDigest(ctx context.Context, to []string, now time.Time) error {
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
	cfg := g.inForce.Load().Config
	link := ""
	if cfg.Console.On() {
		link = cfg.Console.Address
	}
	m := notice.Digest(cfg.Notices.Language, notice.Waiting{
		Messages:    counts.Of[quarantine.Quarantined],
		OldestDays:  days,
		Undelivered: counts.Of[quarantine.Failed],
		Appeals:     appeals,
		Console:     link,
	})
	return g.sender().Notices().Send(ctx, to, m, now)
}
