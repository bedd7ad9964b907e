package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"sluis/cmd/sluis/internal/gateway"
	"sluis/filter"
	"sluis/internal/control"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/roster"
	"sluis/rules"
)

// journalCmd is sluis journal.
type journalCmd struct {
	Tail      journalTailCmd      `cmd:"" help:"Show the latest records, to the quarter of an hour; it leaves a trace."`
	Export    journalExportCmd    `cmd:"" help:"Print records as JSON, then hourly counts of confidential mail; it leaves a trace."`
	Schema    journalSchemaCmd    `cmd:"" help:"Print the tables of a ClickHouse server, for its administrator."`
	Retention journalRetentionCmd `cmd:"" help:"Show what is held, since when, and until when."`
}

// shown is a journal as the command line shows it.
type shown struct {
	journal.Store
	coarsen func(journal.Record) journal.Record
}

// quarter is how exactly the command line says when something was: with the log of a mail server an
// exact time would be a person.
const quarter = 15 * time.Minute

// fewestPeople are in a group that the command line names, where no configuration says it.
const fewestPeople = 10

// withRecords opens the journal, after that is in the ledger with who did it (C3.2b, C3.2e).
func (s source) withRecords(ctx context.Context, step string, since, until time.Time, do func(shown) error) error {
	by := control.SystemUser()
	d, err := s.data()
	if err != nil {
		return err
	}
	defer d.Close()
	people, err := gateway.LoadRoster(d.Config())
	if err != nil { // then no group is known to be large enough
		people = roster.Empty(nil)
		fmt.Fprintln(os.Stderr, "the roster cannot be read, so that no group is named")
	}
	act := ledger.Data{Actor: ledger.CommandLine, Step: step, Ref: by}
	if !since.IsZero() {
		act.Since = since.UnixMilli()
	}
	if !until.Equal(always) {
		act.Until = until.UnixMilli()
	}
	if err := d.Record(ctx, ledger.ExportMade, act); err != nil {
		return err
	}
	fewest := cmp.Or(d.Config().Totals.People, fewestPeople)
	return do(shown{d.Journal(), func(r journal.Record) journal.Record {
		r.ID, r.Duration, r.Time = filter.ID{}, 0, r.Time.Truncate(quarter)
		r.Bytes = (r.Bytes + 1023) >> 10 << 10
		r.Group = people.Recorded(r.Group, fewest) // of records from before a roster changed, too
		return r
	}})
}

// always is later than any record.
var always = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

type journalTailCmd struct {
	source
	Lines  int  `short:"n" default:"20" help:"So many of the latest."`
	Follow bool `short:"f" help:"Go on with new ones until Ctrl-C."`
	JSON   bool `help:"Print JSON, one record a line."`
}

// Run shows the latest records, and new ones as they come.
func (c journalTailCmd) Run(ctx context.Context) error {
	return c.withRecords(ctx, "journal-tail", time.Time{}, always, func(db shown) error { return c.tail(ctx, db) })
}

func (c journalTailCmd) tail(ctx context.Context, db shown) error {
	at, err := c.latest(ctx, db)
	for err == nil && c.Follow {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(500 * time.Millisecond):
			show := func(r journal.Record) error { return c.print(db.coarsen(r)) }
			at, err = db.Each(ctx, time.Time{}, always, at, show)
		}
	}
	return err
}

// latest prints the latest records, and returns the position behind them.
func (c journalTailCmd) latest(ctx context.Context, db shown) (journal.Position, error) {
	at, err := db.Last(ctx, c.Lines)
	if err != nil {
		return at, err
	}
	var last []journal.Record // a position can have more than so many behind it
	at, err = db.Each(ctx, time.Time{}, always, at, func(r journal.Record) error {
		if last = append(last, r); len(last) > c.Lines {
			last = last[1:]
		}
		return nil
	})
	for _, r := range last {
		if err == nil {
			err = c.print(db.coarsen(r))
		}
	}
	return at, err
}

func (c journalTailCmd) print(r journal.Record) error {
	if c.JSON {
		return printJSON(r)
	}
	why := "-"
	if r.Purpose != rules.NoPurpose {
		why = fmt.Sprintf("%s %s %s", r.Purpose, r.Rule, r.Clause)
	}
	seen := r.Purposes.String()
	if r.Confidential {
		seen += " (confidential role)"
	}
	_, err := fmt.Printf("%s  %-8s  %-10s  %3d  %8d bytes  inspected for: %s  why: %s\n",
		r.Time.Local().Format(minute), r.Direction, r.Action, r.Reply, r.Bytes, seen, why)
	return err
}

type journalExportCmd struct {
	source
	Since string `placeholder:"DATE" help:"From this day on, as 2026-11-23."`
	Until string `placeholder:"DATE" help:"Up to and without this day."`
	JSON  bool   `help:"Accepted for likeness: an export always is JSON."`
}

// Run prints the records of a period.
func (c journalExportCmd) Run(ctx context.Context) error {
	since, err := day(c.Since, time.Time{})
	if err != nil {
		return err
	}
	until, err := day(c.Until, always)
	if err != nil {
		return err
	}
	return c.withRecords(ctx, "journal", since, until, func(db shown) error {
		show := func(r journal.Record) error { return printJSON(db.coarsen(r)) }
		if _, err := db.Each(ctx, since, until, 0, show); err != nil {
			return err
		}
		return journal.Counts(ctx, db, since, until, func(n journal.Count) error { return printJSON(n) })
	})
}

type journalSchemaCmd struct {
	Cluster string `help:"Name of a cluster: tables are replicated and distributed."`
	Days    int    `default:"183" help:"Retention of records, in days."`
	Plain   bool   `help:"For a server from before version 22."`
}

// Run prints the schema.
func (c journalSchemaCmd) Run() error {
	_, err := fmt.Print(journal.SchemaText(journal.Dialect{Cluster: c.Cluster, Days: c.Days, Plain: c.Plain}))
	return err
}
