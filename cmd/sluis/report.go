package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sluis/internal/oversight/report"
	"sluis/internal/oversight/totals"
)

// reportCmd is sluis report.
type reportCmd struct {
	source
	Since  string `placeholder:"DATE" help:"First day; default three months ago."`
	Until  string `placeholder:"DATE" help:"Day after the last; default today."`
	Totals string `placeholder:"PERIOD" help:"Totals to put in: a month (2026-11), quarter (2026-Q4) or year."`
	Lang   string `enum:"${languages}" default:"nl" help:"Language of the report: ${enum}."`
	Form   string `enum:"html,pdf" default:"html" help:"html or pdf."`
	Out    string `short:"o" type:"path" placeholder:"FILE" help:"Write to this file, not to the screen."`
}

// Run writes the accountability report (K1, K2).
func (c reportCmd) Run(ctx context.Context) error {
	out := os.Stdout
	if c.Out != "" { // before the data are opened, which takes the rights of their owner
		var err error
		if out, err = os.Create(c.Out); err != nil {
			return err
		}
	}
	facts, err := c.facts(ctx)
	if err != nil {
		return err
	}
	r, err := report.New(facts)
	if err != nil {
		return err
	}
	write := r.WriteHTML
	if c.Form == "pdf" {
		write = r.WritePDF
	}
	if err := write(out); err != nil {
		return err
	}
	if c.Out != "" {
		return out.Close()
	}
	return nil
}

func (c reportCmd) facts(ctx context.Context) (f report.Facts, err error) {
	until, wrong := day(c.Until, now())
	since, err := day(c.Since, until.AddDate(0, -3, 0))
	if err := errors.Join(wrong, err); err != nil {
		return f, err
	}
	d, err := c.data()
	if err != nil {
		return f, err
	}
	defer d.Close()
	if f, err = d.ReportFacts(since, until, c.Lang); err != nil {
		return f, err
	}
	if c.Totals != "" {
		p, err := totalsCmd{source: c.source, Period: c.Totals}.period(ctx)
		if errors.Is(err, totals.ErrNotOver) {
			return f, fmt.Errorf("totals of %s: %w", c.Totals, err)
		}
		if err != nil {
			return f, err
		}
		f.Period = &p
	}
	return f, nil
}
