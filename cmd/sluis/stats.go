package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/totals"
	"sluis/internal/quarantine"
	"sluis/internal/roster"
)

// newArchive returns the reports of the totals.
func newArchive(cfg *config.Config, l *ledger.Ledger, db journal.Store, q *quarantine.Store, people *roster.Roster) *totals.Archive {
	rate := 0.0
	if cfg.Policy.SampleRate != nil {
		rate = float64(*cfg.Policy.SampleRate)
	}
	return &totals.Archive{
		Dir: filepath.Join(cfg.Data, "reports"), Source: db, Ledger: l, Rules: totals.Rules{MinPeople: max(cfg.Totals.People, 5)}, Sizes: people.Sizes(), Rate: rate,
		Review: func(ctx context.Context, since, until time.Time) (totals.Review, error) {
			return reviewed(ctx, l, q, since, until)
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
	ledger.QuarantineOpened: "opened", ledger.QuarantineReleased: "released", ledger.QuarantineKept: "kept", ledger.QuarantineConfirmed: "confirmed",
	ledger.QuarantineWrong: "wrong", ledger.QuarantineDeleted: "deleted", ledger.QuarantineExpired: "expired",
}

// reviewed counts what became of messages in a period.
func reviewed(ctx context.Context, l *ledger.Ledger, q *quarantine.Store, since, until time.Time) (totals.Review, error) {
	r := totals.Review{Outcomes: map[string]int64{}}
	err := l.Each(func(e ledger.Entry) error {
		if name, ok := outcomes[e.Kind]; ok && !e.Time.Before(since) && e.Time.Before(until) {
			r.Outcomes[name]++
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	entries, err := q.List(ctx, quarantine.Filter{Limit: 1_000_000})
	if err != nil {
		return r, err
	}
	var hours []int64
	for _, e := range entries {
		if !e.Reviewed.IsZero() && !e.Reviewed.Before(since) && e.Reviewed.Before(until) {
			hours = append(hours, int64(e.Reviewed.Sub(e.Time).Hours()))
		}
	}
	if r.Decided = int64(len(hours)); r.Decided > 0 {
		slices.Sort(hours)
		r.Hours = hours[len(hours)/2]
	}
	return r, nil
}

// freezeReports makes the report of the last month, once it is over.
func (g *gateway) freezeReports(ctx context.Context, now time.Time) error {
	people, err := loadRoster(g.current.Load())
	if err != nil {
		return err
	}
	held, err := g.store.Held(ctx)
	if err != nil || held.Records == 0 {
		return err
	}
	last := now.UTC().AddDate(0, 0, 1-now.UTC().Day()).AddDate(0, 0, -1) // a day of the month before
	if last.Before(held.Since) || now.UTC().Day() < 3 {
		return nil
	}
	_, err = newArchive(g.current.Load(), g.ledger, g.store, g.quarantine, people).Month(ctx, last.Format("2006-01"), now)
	return err
}

type statsCmd struct {
	source
	Period string `arg:"" optional:"" help:"Month (2026-11), quarter (2026-Q4) or year (2026); default the last month."`
	Form   string `enum:"table,json,csv" default:"table" help:"table, json or csv."`
	JSON   bool   `help:"The same as --form json."`
}

// Run prints the totals of a period.
func (c statsCmd) Run(ctx context.Context) error {
	if c.Period == "" {
		c.Period = now().UTC().AddDate(0, 0, -now().UTC().Day()).Format("2006-01")
	}
	p, err := c.period(ctx)
	if err != nil {
		return err
	}
	switch {
	case c.JSON || c.Form == "json":
		return json.NewEncoder(os.Stdout).Encode(p)
	case c.Form == "csv":
		return statsCSV(p)
	}
	return statsTable(p)
}

func (c statsCmd) period(ctx context.Context) (totals.Period, error) {
	o, err := c.office()
	if err != nil {
		return totals.Period{}, err
	}
	db, err := openJournal(o.cfg)
	if err != nil {
		return totals.Period{}, err
	}
	defer db.Close()
	q, err := openQuarantine(o.cfg, o.ledger)
	if err != nil {
		return totals.Period{}, err
	}
	defer q.Close()
	return newArchive(o.cfg, o.ledger, db, q, o.people).Period(ctx, c.Period, now())
}

var hiddenBecause = map[totals.Why]string{
	totals.FewPeople: "not shown: too few people", totals.Dominated: "not shown: one or two make up most of it", totals.Complement: "not shown: it would give another away",
	totals.Few: "fewer than 10", totals.Missing: "not shown: a month of it is not",
}

func statsTable(p totals.Period) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s: months %v, without %v, sample rate %.3g%%\n", p.Name, p.Months, p.Absent, 100*p.Rate)
	for _, t := range p.Tables {
		fmt.Fprintf(w, "\n%s\t\n", t.Name)
		for _, r := range t.Rows {
			fmt.Fprintf(w, "  %s", r.Name)
			for _, m := range []string{totals.Records, totals.Bytes, "hours"} {
				f, ok := r.Figures[m]
				switch {
				case !ok:
				case f.Hidden != totals.Shown:
					fmt.Fprintf(w, "\t%s %s", m, hiddenBecause[f.Hidden])
				default:
					fmt.Fprintf(w, "\t%s %d", m, f.Value)
				}
			}
			fmt.Fprintln(w)
		}
	}
	return w.Flush()
}

func statsCSV(p totals.Period) error {
	w := csv.NewWriter(os.Stdout)
	w.Write([]string{"period", "table", "row", "measure", "value", "hidden", "base"})
	for _, t := range p.Tables {
		for _, r := range t.Rows {
			for _, m := range []string{totals.Records, totals.Bytes, "hours"} {
				f, ok := r.Figures[m]
				if !ok {
					continue
				}
				value := ""
				if f.Hidden == totals.Shown {
					value = strconv.FormatInt(f.Value, 10)
				}
				w.Write([]string{p.Name, t.Name, r.Name, m, value, string(f.Hidden), strconv.FormatInt(f.Base, 10)})
			}
		}
	}
	w.Flush()
	return w.Error()
}
