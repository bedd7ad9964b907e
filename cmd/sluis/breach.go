package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
	"sluis/internal/ledger"
	"sluis/internal/oversight/breach"
)

// breachCmd is sluis breach.
type breachCmd struct {
	List breachListCmd `cmd:"" help:"List the breach files, and how long there is to report each."`
	Open breachOpenCmd `cmd:"" help:"Open a breach file; the privacy officer gets a mail (C2.12a)."`
	Add  breachAddCmd  `cmd:"" help:"Add a step: noted, informed, reported, not-needed or closed."`
	Fill breachFillCmd `cmd:"" help:"Fill in the facts for the supervisory authority's form, from a JSON file."`
	Form breachFormCmd `cmd:"" help:"Print a file in the order of the supervisory authority's form."`
}

// withBreaches opens the breach files.
func (s source) withBreaches(do func(*breach.Store, *gateway.Data) error) error {
	d, err := s.data()
	if err != nil {
		return err
	}
	defer d.Close()
	b, err := d.Breaches()
	if err != nil {
		return err
	}
	return do(b, d)
}

// acting names who takes a step of a breach file, for its form. The owner of the gateway's files
// answers for the name; in the console everybody signs in.
type acting struct {
	source
	As   string `required:"" placeholder:"ACCOUNT" help:"Account that takes this step; it is in the ledger."`
	Role string `required:"" enum:"board,legal,privacy,ict" help:"In which role: board, legal, privacy or ict."`
}

func (a acting) actor() ledger.Actor {
	return ledger.Actor{Name: a.As, Role: ledger.Role(a.Role)}
}

type breachListCmd struct {
	source
	JSON bool `help:"Print JSON, one file a line."`
}

// Run lists the files.
func (c breachListCmd) Run() error {
	return c.withBreaches(func(b *breach.Store, _ *gateway.Data) error {
		list, err := b.List()
		return errors.Join(err, printList(c.JSON, list, "ID|DISCOVERED|REPORT BY|LEFT|OPEN", func(f breach.File) []any {
			duration, done := f.Left(now())
			left := duration.Round(time.Minute).String()
			if done {
				left = "done"
			}
			return []any{f.ID, f.Discovered.Local().Format(minute), f.Deadline().Local().Format(minute), left, f.Open()}
		}))
	})
}

type breachOpenCmd struct {
	acting
	Message    string `placeholder:"ID" help:"Message in quarantine that it began with."`
	File       string `required:"" type:"path" help:"File that says what was found."`
	Discovered string `placeholder:"TIME" help:"When it was discovered, as 2026-11-23T09:30; default now."`
}

// Run opens a file and notifies the privacy officer.
func (c breachOpenCmd) Run(ctx context.Context) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	return c.withBreaches(func(b *breach.Store, d *gateway.Data) (err error) {
		at := now()
		if c.Discovered != "" {
			if at, err = time.ParseInLocation("2006-01-02T15:04", c.Discovered, time.Local); err != nil {
				return fmt.Errorf("%q is no time: write for instance 2026-11-23T09:30", c.Discovered)
			}
		}
		f, err := b.Begin(ctx, c.actor(), c.Message, string(text), at)
		if err != nil {
			return err
		}
		fmt.Println(f.ID)
		return notifyOfficer(ctx, d.Config(), f)
	})
}

// notifyOfficer sends the privacy officer a mail, if the configuration names one.
func notifyOfficer(ctx context.Context, cfg *config.Config, f breach.File) error {
	if len(cfg.Mail.Routes) == 0 {
		fmt.Fprintln(os.Stderr, "no mail was sent:", gateway.ErrNoOfficer)
		return nil
	}
	s, err := gateway.NewSender(cfg)
	if err != nil {
		return err
	}
	err = s.Breach(ctx, f)
	if errors.Is(err, gateway.ErrNoOfficer) {
		fmt.Fprintln(os.Stderr, "no mail was sent:", err)
		return nil
	}
	return err
}

type breachAddCmd struct {
	acting
	ID   string `arg:"" help:"ID of the file."`
	Kind string `arg:"" enum:"noted,informed,reported,not-needed,closed" help:"Kind of step."`
	Text string `required:"" help:"What was done, or found out."`
}

// Run adds a step.
func (c breachAddCmd) Run(ctx context.Context) error {
	return c.withBreaches(func(b *breach.Store, _ *gateway.Data) error {
		return b.Add(ctx, c.actor(), c.ID, breach.Kind(c.Kind), c.Text)
	})
}

type breachFillCmd struct {
	acting
	ID   string `arg:"" help:"ID of the file."`
	File string `arg:"" type:"path" help:"JSON file with the facts; breach form --json shows the fields."`
}

// Run fills in the facts.
func (c breachFillCmd) Run(ctx context.Context) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	return c.withBreaches(func(b *breach.Store, _ *gateway.Data) error {
		var facts breach.Facts
		in := json.NewDecoder(strings.NewReader(string(text)))
		in.DisallowUnknownFields()
		if err := in.Decode(&facts); err != nil {
			return errors.New("the facts cannot be read: sluis breach form --json shows the fields of the JSON file")
		}
		return b.Fill(ctx, c.actor(), c.ID, facts)
	})
}

type breachFormCmd struct {
	source
	ID   string `arg:"" help:"ID of the file."`
	Lang string `enum:"${languages}" default:"nl" help:"Language of the form: ${enum}."`
	JSON bool   `help:"Print the whole file as JSON."`
}

// Run prints the form.
func (c breachFormCmd) Run() error {
	return c.withBreaches(func(b *breach.Store, _ *gateway.Data) error {
		f, err := b.Get(c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(f)
		}
		return f.WriteForm(os.Stdout, c.Lang)
	})
}
