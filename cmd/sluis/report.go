package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/ledger"
	"sluis/internal/oversight/report"
	"sluis/internal/oversight/totals"
	"sluis/internal/roster"
	"sluis/rules"
)

// reportCmd is sluis report.
type reportCmd struct {
	source
	Since string `placeholder:"DATE" help:"First day; default three months ago."`
	Until string `placeholder:"DATE" help:"Day after the last; default today."`
	Stats string `placeholder:"PERIOD" help:"Totals to put in: a month (2026-11), a quarter (2026-Q4) or a year; none by default."`
	Lang  string `enum:"nl,en" default:"nl" help:"nl or en."`
	Form  string `enum:"html,pdf" default:"html" help:"html or pdf."`
	Out   string `short:"o" type:"path" placeholder:"FILE" help:"Write to this file, not to the screen."`
}

// Run makes the account of the controls (K1, K2).
func (c reportCmd) Run(ctx context.Context) error {
	facts, err := c.facts(ctx)
	if err != nil {
		return err
	}
	r, err := report.New(facts)
	if err != nil {
		return err
	}
	out := os.Stdout
	if c.Out != "" {
		if out, err = os.Create(c.Out); err != nil {
			return err
		}
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
	o, err := c.office()
	if err != nil {
		return f, err
	}
	set, err := loadRules(o.cfg)
	if err != nil {
		return f, err
	}
	until, wrong := day(c.Until, now())
	since, err := day(c.Since, until.AddDate(0, -3, 0))
	if err := errors.Join(wrong, err); err != nil {
		return f, err
	}
	if f, err = accountFacts(o.cfg, set, o.people, o.ledger, since, until, c.Lang); err != nil {
		return f, err
	}
	if c.Stats != "" {
		p, err := statsCmd{source: c.source, Period: c.Stats}.period(ctx)
		if errors.Is(err, totals.ErrNotOver) {
			return f, fmt.Errorf("totals of %s: %w", c.Stats, err)
		}
		if err != nil {
			return f, err
		}
		f.Period = &p
	}
	return f, nil
}

// accountFacts is what an account of the controls is made from, but for totals.
func accountFacts(cfg *config.Config, set *rules.Set, people *roster.Roster, l *ledger.Ledger, since, until time.Time, lang string) (f report.Facts, err error) {
	checkpoint, err := l.Checkpoint()
	if err != nil {
		return f, err
	}
	all, confidential := people.People()
	f = report.Facts{
		Organisation: cfg.Organisation.Name, CodeURL: cfg.Organisation.CodeURL, Lang: lang, Since: since, Until: until, Made: now(),
		Rules: set.Rules(), Fingerprints: [2]string{set.Fingerprint(), people.Fingerprint()}, People: all, Confidential: confidential, Groups: len(people.Groups()),
		Retention:  [2]int{inDays(cfg.Journal.Retention), inDays(cfg.Quarantine.Retention)},
		WebControl: len(cfg.Web.Listen) > 0, Inspected: cfg.Web.Inspect.Certificate != "", Entries: l.Each, Checkpoint: checkpoint,
	}
	if cfg.Policy.SampleRate != nil {
		f.Rate = rate(cfg)
	}
	return f, nil
}
