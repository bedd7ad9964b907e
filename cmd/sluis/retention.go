package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/console"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
)

// retention destroys what is older than the configuration lets it be (C3.3g): records,
// messages that were set aside, and the keys of months of which there are no records any
// more, after which nobody can find anybody in a backup of them either.
func (g *gateway) retention(ctx context.Context, now time.Time) error {
	cfg := g.current.Load()
	before := now.Add(-cfg.Journal.Retention)
	records, err := g.store.Prune(ctx, before)
	if err != nil {
		return err
	}
	keys, err := forget(g.keys, before)
	if err != nil {
		return err
	}
	messages, err := g.quarantine.Expire(ctx, now.Add(-cfg.Quarantine.Retention))
	if err != nil || records == 0 && messages == 0 && keys == 0 {
		return err
	}
	_, err = g.ledger.Append(ctx, ledger.RetentionRun, ledger.Data{Count: int(records) + messages + keys})
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

// tellRetention writes in the ledger how long things are kept, if that is not what it has
// already, and why where it is longer than the code's guidance says.
func tellRetention(ctx context.Context, l *ledger.Ledger, cfg *config.Config) error {
	known := map[string]int{}
	err := l.Each(func(e ledger.Entry) error {
		if e.Kind == ledger.RetentionChanged && !e.Erased {
			known[e.Data.Step] = e.Data.Count
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range []struct {
		what   string
		period time.Duration
		reason string
	}{{"journal", cfg.Journal.Retention, cfg.Journal.RetentionReason}, {"quarantine", cfg.Quarantine.Retention, cfg.Quarantine.RetentionReason}} {
		days := inDays(r.period)
		if known[r.what] == days {
			continue
		}
		if _, err := l.Append(ctx, ledger.RetentionChanged, ledger.Data{Step: r.what, Count: days, Reason: r.reason}); err != nil {
			return err
		}
	}
	return nil
}

func inDays(d time.Duration) int { return int(d / (24 * time.Hour)) }

type journalRetentionCmd struct {
	source
	JSON bool `help:"Print JSON."`
}

// Run shows what is held, since when, and until when.
func (c journalRetentionCmd) Run(ctx context.Context) error {
	all, months, err := c.look(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(struct {
			Kept []console.Kept `json:"kept"`
			Keys []string       `json:"months_with_a_key"`
		}{all, months})
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WHAT\tNUMBER\tBYTES\tHELD SINCE\tOLDEST IS DESTROYED\tKEPT FOR")
	for _, k := range all {
		since, next := "-", "-"
		if !k.Since.IsZero() {
			since, next = k.Since.Local().Format(time.DateOnly), k.Next.Local().Format(time.DateOnly)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%d days %s\n", k.What, k.Number, k.Bytes, since, next, k.Days, k.Reason)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("people can be found, under an order or at their own request, in the months %v; in others nobody can\n", months)
	return nil
}

func (c journalRetentionCmd) look(ctx context.Context) ([]console.Kept, []string, error) {
	cfg, q, _, err := openStore(c.source)
	if err != nil {
		return nil, nil, err
	}
	defer q.Close()
	db, err := openJournal(cfg)
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	keys, err := journal.OpenKeys(filepath.Join(cfg.Data, "keys"))
	if err != nil {
		return nil, nil, err
	}
	return held(ctx, cfg, db, keys, q)
}

// held tells what is held, and the months in which people can be found.
func held(ctx context.Context, cfg *config.Config, db journal.Store, keys *journal.Keys, q *quarantine.Store) ([]console.Kept, []string, error) {
	records, err := db.Held(ctx)
	if err != nil {
		return nil, nil, err
	}
	months, err := keys.Months()
	if err != nil {
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
	return []console.Kept{
		under(console.Kept{What: "metadata", Number: records.Records, Bytes: records.Bytes, Since: records.Since}, cfg.Journal.Retention, cfg.Journal.RetentionReason),
		under(console.Kept{What: "messages set aside", Number: int64(n), Bytes: size, Since: counts.Oldest}, cfg.Quarantine.Retention, cfg.Quarantine.RetentionReason),
	}, months, nil
}

func under(k console.Kept, retention time.Duration, reason string) console.Kept {
	k.Days, k.Reason = inDays(retention), reason
	if !k.Since.IsZero() {
		k.Next = k.Since.Add(time.Duration(retention))
	}
	return k
}
