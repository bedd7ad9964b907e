package gateway

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/totals"
	"sluis/internal/quarantine"
	"sluis/internal/roster"
)

// Archive returns the reports of the totals (C3.2b), for a roster.
func (d *Data) Archive(people *roster.Roster) (*totals.Archive, error) {
	l, err := d.Ledger()
	if err != nil {
		return nil, err
	}
	db := d.Journal()
	q, err := d.Quarantine()
	if err != nil {
		return nil, err
	}
	return d.archive(d.cfg, l, db, q, people), nil
}

// archiveOf returns the reports of the totals as a generation has them made.
func (g *Gateway) archiveOf(gen *Generation) *totals.Archive {
	return g.data.archive(gen.Config, g.ledger, g.store, g.quarantine, gen.Roster)
}

func (d *Data) archive(cfg *config.Config, l *ledger.Ledger, db journal.Store, q *quarantine.Store,
	people *roster.Roster) *totals.Archive {
	return &totals.Archive{
		Dir:    d.path("reports"),
		Source: db,
		Ledger: l,
		Rules:  totals.Rules{MinPeople: cfg.Totals.People},
		Sizes:  people.Sizes(),
		Rate:   sampleRate(cfg),
		Review: func(ctx context.Context, since, until time.Time) (totals.Review, error) {
			return reviewed(ctx, l, q, db, since, until)
		},
		Stored: func(ctx context.Context) (int64, error) {
			held, err := db.Held(ctx)
			if err != nil {
				return 0, err
			}
			_, size, err := q.Files()
			return held.Bytes + size, err
		},
	}
}

// outcomes are acts with messages, by the name that reports have.
var outcomes = map[ledger.Kind]string{
	ledger.QuarantineOpened:    "opened",
	ledger.QuarantineReleased:  "released",
	ledger.QuarantineKept:      "kept",
	ledger.QuarantineConfirmed: "confirmed",
	ledger.QuarantineWrong:     "wrong",
	ledger.QuarantineDeleted:   "deleted",
	ledger.QuarantineExpired:   "expired",
}

// reviewed counts what became of messages in a month, and whose they were. Of a message of an
// earlier month the journal cannot say so: pseudonyms change with the month.
func reviewed(ctx context.Context, l *ledger.Ledger, q *quarantine.Store, db journal.Store,
	since, until time.Time) (r totals.Review, err error) {
	r.Outcomes = map[string]totals.Shares{}
	ids, events := map[filter.ID]bool{}, map[string]map[filter.ID]int64{}
	for e, err := range l.Find(ledger.Query{Kinds: slices.Collect(maps.Keys(outcomes)), Since: since, Until: until}) {
		if err != nil {
			return r, err
		}
		name := outcomes[e.Kind]
		if events[name] == nil {
			events[name] = map[filter.ID]int64{}
			r.Outcomes[name] = totals.Shares{By: map[uint64]int64{}}
		}
		id, err := filter.ParseID(e.Data.ID)
		if err == nil {
			ids[id] = true
		}
		events[name][id]++
	}
	var blind [32]byte
	rand.Read(blind[:]) // never fails (crypto/rand, Go 1.24)
	err = journal.Persons(ctx, db, since, blind, ids, func(id filter.ID, person uint64) {
		for name := range events {
			if n := events[name][id]; n > 0 && person != 0 {
				r.Outcomes[name].By[person] += n
				delete(events[name], id)
			}
		}
	})
	if err != nil {
		return r, err
	}
	for name, left := range events {
		s := r.Outcomes[name]
		for _, n := range left {
			s.Others += n
		}
		r.Outcomes[name] = s
	}
	entries, err := q.List(ctx, quarantine.Filter{Limit: 1_000_000})
	if err != nil {
		return r, err
	}
	var taken []time.Duration
	for _, e := range entries {
		if !e.Reviewed.IsZero() && !e.Reviewed.Before(since) && e.Reviewed.Before(until) {
			taken = append(taken, e.Reviewed.Sub(e.Time))
		}
	}
	r.Decide(taken)
	return r, nil
}

// freezeReports makes the report of the last month, once it is over.
func (g *Gateway) freezeReports(ctx context.Context, now time.Time) error {
	held, err := g.store.Held(ctx)
	if err != nil || held.Records == 0 {
		return err
	}
	last := now.UTC().AddDate(0, 0, 1-now.UTC().Day()).AddDate(0, 0, -1) // a day of the month before
	if last.Before(held.Since) || now.UTC().Day() < 3 {
		return nil
	}
	_, err = g.archiveOf(g.inForce.Load()).Month(ctx, last.Format("2006-01"), now)
	return err
}
