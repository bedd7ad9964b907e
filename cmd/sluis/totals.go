package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"sluis/cmd/sluis/internal/gateway"
	"sluis/internal/oversight/totals"
)

// totalsCmd is sluis totals.
type totalsCmd struct {
	source
	Period string `arg:"" optional:"" help:"Month (2026-11), quarter (2026-Q4) or year (2026); default the last month."`
	Form   string `enum:"table,json,csv" default:"table" help:"table, json or csv."`
	JSON   bool   `help:"The same as --form json."`
}

// Run prints the totals of a period.
func (c totalsCmd) Run(ctx context.Context) error {
	if c.Period == "" {
		c.Period = now().UTC().AddDate(0, 0, -now().UTC().Day()).Format("2006-01")
	}
	p, err := c.period(ctx)
	if err != nil {
		return err
	}
	switch {
	case c.JSON || c.Form == "json":
		return printJSON(p)
	case c.Form == "csv":
		return p.WriteCSV(os.Stdout)
	}
	return totalsTable(p)
}

func (c totalsCmd) period(ctx context.Context) (totals.Period, error) {
	d, err := c.data()
	if err != nil {
		return totals.Period{}, err
	}
	defer d.Close()
	people, err := gateway.LoadRoster(d.Config())
	if err != nil {
		return totals.Period{}, err
	}
	archive, err := d.Archive(people)
	if err != nil {
		return totals.Period{}, err
	}
	return archive.Period(ctx, c.Period, now())
}

// hiddenBecause says why a figure is not shown.
var hiddenBecause = map[totals.Why]string{
	totals.FewPeople:  "not shown: too few people",
	totals.Dominated:  "not shown: one or two make up most of it",
	totals.Complement: "not shown: it would give another away",
	totals.Few:        "fewer than 10",
	totals.Missing:    "not shown: a month of it is not",
}

func totalsTable(p totals.Period) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s: months %v, without %v, sample rate %.3g%%\n", p.Name, p.Months, p.Absent, 100*p.Rate)
	for _, t := range p.Tables {
		fmt.Fprintf(w, "\n%s\t\n", t.Name)
		for _, r := range t.Rows {
			fmt.Fprintf(w, "  %s", r.Name)
			for _, m := range totals.Measures() {
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
