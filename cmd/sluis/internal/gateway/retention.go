package gateway

import (
	"context"
	"errors"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/console"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/rules"
)

// retention destroys what is older than the configured retention (C3.3g): records, quarantined
// messages, and the keys of months without records. Without the key no person can be found in
// a backup of such a month.
func (g *Gateway) retention(ctx context.Context, now time.Time) error {
	cfg := g.inForce.Load().Config
	before := now.Add(-cfg.Journal.Retention)
	records, err := g.store.Prune(ctx, before)
	keys, failed := forget(g.keys, before)
	err = errors.Join(err, failed) // what is damaged keeps nothing else beyond its time
	kept := cfg.Quarantine.Retention
	err = errors.Join(err, g.endUnreviewed(ctx, now.Add(-kept)))
	if g.split != nil {
		err = errors.Join(err, g.split.Expire(ctx))
	}
	messages, failed := g.quarantine.ExpireReviewed(ctx, now.Add(-kept), now.Add(-2*kept))
	err = errors.Join(err, failed)
	if records == 0 && messages == 0 && keys == 0 {
		return err
	}
	_, failed = g.ledger.Append(ctx, ledger.RetentionRun, ledger.Data{Count: int(records) + messages + keys})
	return errors.Join(err, failed)
}

// endUnreviewed releases what nobody reviewed in its time, or returns it to its sender, if that is configured. What is
// held for security stays: nobody may get malware for want of a reviewer, and its sender is hardly ever who sent it.
func (g *Gateway) endUnreviewed(ctx context.Context, before time.Time) error {
	answer := g.inForce.Load().Config.Quarantine.Unreviewed
	if answer == config.Stay {
		return nil
	}
	keys, err := g.reviewKeys()
	if err != nil || len(keys) == 0 { // the gateway cannot open what it seals
		return err
	}
	due, err := g.quarantine.List(ctx, quarantine.Filter{Undecided: true, Before: before})
	if err != nil {
		return err
	}
	why := quarantine.Intent{Reason: "not reviewed in its time"}
	for _, e := range due {
		if e.Purpose == rules.Security || e.Recipients == 0 {
			continue
		}
		var failed error
		if why.Seen = e.Version; answer == config.Release {
			_, failed = g.quarantine.Release(ctx, e.ID, why, g.sender(), keys...)
		} else {
			failed = g.quarantine.Return(ctx, e.ID, why, g.sender().Return, keys...)
		}
		if failed != nil && !errors.Is(failed, quarantine.ErrNotReturnable) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// forget destroys the keys of months that ended before a time.
func forget(keys *journal.Keys, before time.Time) (n int, err error) {
	months, err := keys.Months()
	if err != nil {
		return 0, err
	}
	for _, m := range months {
		at, err := time.Parse("2006-01", m)
		if err != nil || at.AddDate(0, 1, 0).After(before) {
			continue
		}
		if err := keys.Forget(m); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// recordRetention records in the ledger how long things are kept, unless the ledger has that
// already, and the reason where it is longer than the code's guidance.
func recordRetention(ctx context.Context, l *ledger.Ledger, cfg *config.Config) error {
	known := map[string]int{}
	for e, err := range l.Find(ledger.Query{Kinds: []ledger.Kind{ledger.RetentionChanged}}) {
		if err != nil {
			return err
		}
		known[e.Data.Step] = e.Data.Count
	}
	for _, r := range []struct {
		what   string
		period time.Duration
		reason string
	}{
		{"journal", cfg.Journal.Retention, cfg.Journal.RetentionReason},
		{"quarantine", cfg.Quarantine.Retention, cfg.Quarantine.RetentionReason},
	} {
		days := days(r.period)
		if known[r.what] == days {
			continue
		}
		changed := ledger.Data{Step: r.what, Count: days, Reason: r.reason}
		if _, err := l.Append(ctx, ledger.RetentionChanged, changed); err != nil {
			return err
		}
	}
	return nil
}

// Kept returns what is held, since and until when, and the months in which people can be
// found.
func (d *Data) Kept(ctx context.Context) (kept []console.Kept, months []string, err error) {
	return d.kept(ctx, d.cfg)
}

// kept is Kept under the retention of a configuration that may be newer.
func (d *Data) kept(ctx context.Context, cfg *config.Config) (kept []console.Kept, months []string, err error) {
	db := d.Journal()
	q, err := d.Quarantine()
	if err != nil {
		return nil, nil, err
	}
	keys, err := d.Keys()
	if err != nil {
		return nil, nil, err
	}
	records, err := db.Held(ctx)
	if err != nil {
		return nil, nil, err
	}
	if months, err = keys.Months(); err != nil {
		return nil, nil, err
	}
	n, size, err := q.Files()
	if err != nil {
		return nil, nil, err
	}
	counts, err := q.Counts(ctx)
	if err != nil {
		return nil, nil, err
	}
	metadata := console.Kept{What: "metadata", Number: records.Records, Bytes: records.Bytes, Since: records.Since}
	messages := console.Kept{What: "quarantined messages", Number: int64(n), Bytes: size, Since: counts.Oldest}
	return []console.Kept{
		retained(metadata, cfg.Journal.Retention, cfg.Journal.RetentionReason),
		retained(messages, cfg.Quarantine.Retention, cfg.Quarantine.RetentionReason),
	}, months, nil
}

func retained(k console.Kept, retention time.Duration, reason string) console.Kept {
	k.Days, k.Reason = days(retention), reason
	if !k.Since.IsZero() {
		k.Next = k.Since.Add(retention)
	}
	return k
}
