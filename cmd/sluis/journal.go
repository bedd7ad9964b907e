package main

import (
	"context"
	"fmt"
	"time"

	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/rules"
)

// journalCmd is sluis journal.
type journalCmd struct {
	Tail      journalTailCmd      `cmd:"" help:"Show the latest records."`
	Export    journalExportCmd    `cmd:"" help:"Print records as JSON, one a line, without pseudonyms; then the hourly counts of confidential traffic."`
	Schema    journalSchemaCmd    `cmd:"" help:"Print the tables of a ClickHouse server, for its administrator."`
	Retention journalRetentionCmd `cmd:"" help:"Show what is held, since when, and until when."`
}

// withRecords opens the journal.
func (s source) withRecords(do func(journal.Store) error) error {
	d, err := s.data()
	if err != nil {
		return err
	}
	defer d.Close()
	return do(d.Journal())
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
	return c.withRecords(func(db journal.Store) error { return c.tail(ctx, db) })
}

func (c journalTailCmd) tail(ctx context.Context, db journal.Store) error {
	at, err := c.latest(ctx, db)
	for err == nil && c.Follow {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(500 * time.Millisecond):
			at, err = db.Each(ctx, time.Time{}, always, at, c.print)
		}
	}
	return err
}

// latest prints the latest records, and returns the position behind them.
func (c journalTailCmd) latest(ctx context.Context, db journal.Store) (journal.Position, error) {
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
			err = c.print(r)
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
		r.Time.Local().Format("2006-01-02 15:04:05"), r.Direction, r.Action, r.Reply, r.Bytes, seen, why)
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
	if err := c.trace(ctx, since, until); err != nil {
		return err
	}
	return c.withRecords(func(db journal.Store) error {
		if _, err := db.Each(ctx, since, until, 0, func(r journal.Record) error { return printJSON(r) }); err != nil {
			return err
		}
		return journal.Counts(ctx, db, since, until, func(n journal.Count) error { return printJSON(n) })
	})
}

// trace records the export in the ledger, before there is one.
func (c journalExportCmd) trace(ctx context.Context, since, until time.Time) error {
	data, err := c.data()
	if err != nil {
		return err
	}
	defer data.Close()
	d := ledger.Data{Actor: ledger.CommandLine, Step: "journal"}
	if c.Since != "" {
		d.Since = since.UnixMilli()
	}
	if c.Until != "" {
		d.Until = until.UnixMilli()
	}
	return data.Record(ctx, ledger.ExportMade, d)
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
