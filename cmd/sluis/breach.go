package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/ledger"
	"sluis/internal/notice"
	"sluis/internal/oversight/breach"
)

func openBreaches(cfg *config.Config, l *ledger.Ledger) (*breach.Store, error) {
	return breach.Open(filepath.Join(cfg.Data, "breaches"), l)
}

// breachCmd is sluis breach.
type breachCmd struct {
	List breachListCmd `cmd:"" help:"List the breach files, and how long there is to report each."`
	Open breachOpenCmd `cmd:"" help:"Open a breach file; the privacy officer is told by mail (C2.12a)."`
	Add  breachAddCmd  `cmd:"" help:"Add a step: noted, informed, reported, not-needed or closed."`
	Fill breachFillCmd `cmd:"" help:"Fill in the facts for the supervisory authority's form, from a JSON file."`
	Form breachFormCmd `cmd:"" help:"Print a file in the order of the supervisory authority's form."`
}

// breaches opens the files.
func (s source) breaches() (office, *breach.Store, error) {
	o, err := s.office()
	if err != nil {
		return o, nil, err
	}
	b, err := openBreaches(o.cfg, o.ledger)
	return o, b, err
}

type breachListCmd struct {
	source
	JSON bool `help:"Print JSON, one file a line."`
}

// Run lists the files.
func (c breachListCmd) Run() error {
	_, b, err := c.breaches()
	if err != nil {
		return err
	}
	list, err := b.List()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	if !c.JSON {
		fmt.Fprintln(w, "ID\tDISCOVERED\tREPORT BY\tLEFT\tOPEN")
	}
	for _, f := range list {
		if c.JSON {
			err = json.NewEncoder(os.Stdout).Encode(f)
		} else {
			left, done := f.Left(now())
			said := left.Round(time.Minute).String()
			if done {
				said = "done"
			}
			_, err = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%v\n", f.ID, f.Discovered.Local().Format("2006-01-02 15:04"), f.Deadline().Local().Format("2006-01-02 15:04"), said, f.Open())
		}
		if err != nil {
			return err
		}
	}
	return w.Flush()
}

type breachOpenCmd struct {
	acting
	Message    string `placeholder:"ID" help:"Message in quarantine that it began with."`
	File       string `required:"" type:"path" help:"File that says what was found."`
	Discovered string `placeholder:"TIME" help:"When it was discovered, as 2026-11-23T09:30; default now."`
}

// Run opens a file and tells the privacy officer.
func (c breachOpenCmd) Run(ctx context.Context) error {
	o, b, err := c.breaches()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
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
	return c.tell(ctx, o, f)
}

// tell sends the notice, if the configuration says to whom.
func (c breachOpenCmd) tell(ctx context.Context, o office, f breach.File) error {
	if o.cfg.Notices.From == "" || len(o.cfg.Notices.Privacy) == 0 {
		fmt.Fprintln(os.Stderr, "nobody was told by mail: the configuration names no privacy officer (notices: from, privacy)")
		return nil
	}
	_, q, _, err := openStore(c.source)
	if err != nil {
		return err
	}
	defer q.Close()
	relay, err := sender(o.cfg, q, o.ledger)
	if err != nil {
		return err
	}
	return notices(o.cfg, relay).Send(ctx, o.cfg.Notices.Privacy, notice.Breach(notice.Language(o.cfg.Notices.Language), f.ID, f.Deadline()), now())
}

type breachAddCmd struct {
	acting
	ID   string `arg:"" help:"ID of the file."`
	Kind string `arg:"" enum:"noted,informed,reported,not-needed,closed" help:"Kind of step."`
	Text string `required:"" help:"What was done, or found out."`
}

// Run adds a step.
func (c breachAddCmd) Run(ctx context.Context) error {
	_, b, err := c.breaches()
	if err != nil {
		return err
	}
	return b.Add(ctx, c.actor(), c.ID, breach.Kind(c.Kind), c.Text)
}

type breachFillCmd struct {
	acting
	ID   string `arg:"" help:"ID of the file."`
	File string `arg:"" type:"path" help:"JSON with happened, from, until, nature, people, number, data, special, effects, measures, informing, crossborder."`
}

// Run fills in the facts.
func (c breachFillCmd) Run(ctx context.Context) error {
	_, b, err := c.breaches()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	var facts breach.Facts
	in := json.NewDecoder(strings.NewReader(string(text)))
	in.DisallowUnknownFields()
	if err := in.Decode(&facts); err != nil {
		return errors.New("the facts cannot be read: see sluis breach fill --help for the fields of the JSON file")
	}
	return b.Fill(ctx, c.actor(), c.ID, facts)
}

type breachFormCmd struct {
	source
	ID   string `arg:"" help:"ID of the file."`
	Lang string `enum:"nl,en" default:"nl" help:"Language."`
	JSON bool   `help:"Print the whole file as JSON."`
}

// Run prints the form.
func (c breachFormCmd) Run() error {
	_, b, err := c.breaches()
	if err != nil {
		return err
	}
	f, err := b.Get(c.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(f)
	}
	return f.WriteForm(os.Stdout, c.Lang)
}
