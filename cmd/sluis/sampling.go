package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/oversight/sampling"
)

// samplingCmd is sluis sampling.
type samplingCmd struct {
	Audit samplingAuditCmd `cmd:"" help:"Repeat every draw of a day and compare (C3.3b)."`
	Seed  samplingSeedCmd  `cmd:"" help:"Mix throws of the board's dice into the sample, from tomorrow on."`
}

type samplingSeedCmd struct {
	source
	Dice string `arg:"" help:"At least 20 throws of a die, as digits: 31642651436251346521."`
}

// Run sets the seed.
func (c samplingSeedCmd) Run(ctx context.Context) error {
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	s, err := d.Sampler()
	if err != nil {
		return err
	}
	day, err := s.SetSeed(ctx, c.Dice, ledger.CommandLine, now())
	if err == nil {
		fmt.Printf("in the ledger; counts from %s (UTC) on\n", day)
	}
	return err
}

type samplingAuditCmd struct {
	source
	Day  string `required:"" placeholder:"DATE" help:"Day (UTC), as 2026-11-23."`
	JSON bool   `help:"Print JSON."`
}

// Run audits a day. It exits with 3 if any draw deviates.
func (c samplingAuditCmd) Run(ctx context.Context) error {
	begin, err := time.Parse(time.DateOnly, c.Day)
	if err != nil {
		return fmt.Errorf("%q is no date: write for instance 2026-11-23", c.Day)
	}
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	r, err := d.AuditDay(ctx, begin)
	if err != nil {
		return err
	}
	return c.print(r)
}

func (c samplingAuditCmd) print(r sampling.Report) error {
	if c.JSON {
		if err := printJSON(r); err != nil {
			return err
		}
	} else {
		printDraws(r)
		printDeviations(r)
		printShares(r)
	}
	if !r.Fair() {
		return exit(exitFound)
	}
	return nil
}

// printDraws says what was drawn, and with which secret the draws were repeated.
func printDraws(r sampling.Report) {
	secret := "the secret that was revealed in the ledger"
	if !r.Revealed {
		secret = "the gateway's own secret, which is not revealed yet"
	}
	rates := []string{}
	for _, rate := range r.Rates {
		rates = append(rates, fmt.Sprintf("%.3g%%", 100*rate))
	}
	fmt.Printf("%s: %d of %d outgoing messages drawn at a rate of %s, checked with %s\n",
		r.Day, r.Drawn, r.Eligible, strings.Join(rates, ", then "), secret)
}

// printDeviations says what is wrong with a day, and what cannot be known yet.
func printDeviations(r sampling.Report) {
	if r.Early > 0 {
		fmt.Printf("DEVIATION: %d messages came before the day was committed to\n", r.Early)
	}
	for _, id := range r.Deviations {
		fmt.Printf("DEVIATION: message %s was not drawn as the secret says\n", id)
	}
	if r.Unnumbered > 0 {
		fmt.Printf("DEVIATION: %d messages have a record and no number in the list of draws\n", r.Unnumbered)
	}
	if r.Repeated > 0 {
		fmt.Printf("DEVIATION: %d records are of a message that has one already\n", r.Repeated)
	}
	if r.Lost > 0 {
		fmt.Printf("%d messages lost their record when the gateway was cut off, "+
			"as the ledger says since its next start\n", r.Lost)
	}
	if r.Missing > 0 {
		fmt.Printf("DEVIATION: %d messages that the ledger counts have no record in the journal\n", r.Missing)
		if r.Crashes > 0 {
			fmt.Printf("the gateway ended without stopping %d times that day: "+
				"a message that it was at then was not accepted, and has no record\n", r.Crashes)
		}
	}
	if r.Exchanged {
		fmt.Println("DEVIATION: the journal has as many records as there were draws, but not of the same messages")
	}
	switch {
	case r.Counted < 0:
		fmt.Println("the ledger has no count of this day's draws, which it gets every hour: " +
			"whether a record is missing is not known")
	case r.Uncounted > 0:
		fmt.Printf("%d records came after the last count in the ledger\n", r.Uncounted)
	}
}

// printShares says how likely the shares of groups are, and that all is as it should be.
func printShares(r sampling.Report) {
	for _, s := range r.Shares {
		remark := ""
		if s.Improbable() {
			remark = ": UNUSUAL, though this alone is no proof"
		}
		fmt.Printf("%s: %d of %d drawn; a fair draw gives %d to %d in 999 of 1,000 cases%s\n",
			s.Of, s.Drawn, s.Eligible, s.Low, s.High, remark)
	}
	if r.Seeded {
		fmt.Println("the dice of the board count for this day")
	}
	if r.Fair() {
		fmt.Println("every draw is as the secret says")
		if r.Counted >= 0 && r.Uncounted == 0 {
			fmt.Println("every draw has its record")
		}
	}
}

// drawAll is a sampler for sluis check: everything is drawn, or nothing.
type drawAll bool

// Draw implements filter.Sampler.
func (d drawAll) Draw(filter.ID, time.Time) (bool, error) { return bool(d), nil }
