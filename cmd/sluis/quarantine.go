package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
)

// quarantineCmd is sluis quarantine.
type quarantineCmd struct {
	List    quarantineListCmd    `cmd:"" help:"List the quarantine: metadata only."`
	Show    quarantineShowCmd    `cmd:"" help:"Open a message, with a reason; it leaves a trace in the ledger."`
	Release quarantineReleaseCmd `cmd:"" help:"Deliver a message after all."`
	Delete  quarantineDeleteCmd  `cmd:"" help:"Destroy a message."`
}

type quarantineListCmd struct {
	source
	State string `enum:",quarantined,releasing,released,failed,destroyed" default:"" help:"Only those in this state."`
	Limit int    `default:"100" help:"At most so many, newest first."`
	JSON  bool   `help:"Print one JSON object a line."`
}

// Run lists the index.
func (c quarantineListCmd) Run(ctx context.Context) error {
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	q, err := d.Quarantine()
	if err != nil {
		return err
	}
	es, err := q.List(ctx, quarantine.Filter{State: quarantine.State(c.State), Limit: c.Limit})
	if err != nil {
		return err
	}
	return printList(c.JSON, es, "ID|TIME|WAY|PURPOSE|RULE|CLAUSE|BYTES|STATE", func(e quarantine.Entry) []any {
		return []any{e.ID, e.Time.Local().Format(minute), e.Direction, e.Purpose, e.Rule, e.Clause, e.Size, e.State}
	})
}

// itemCmd is what the commands on one message share.
type itemCmd struct {
	source
	ID       string `arg:"" help:"ID of the message, from the list."`
	Reason   string `required:"" help:"Why; it is kept in the ledger (C3.3e). Name no person in it."`
	Identity string `type:"path" placeholder:"FILE" help:"Private key to open with, if the gateway has none."`
}

// item is the message that a command is about, with the store that has it; close it.
type item struct {
	*quarantine.Store
	data *gateway.Data
	id   filter.ID
}

// Close closes the data directory.
func (i item) Close() error { return i.data.Close() }

// open opens the store. The caller closes it.
func (c itemCmd) open() (item, error) {
	id, err := filter.ParseID(c.ID)
	if err != nil {
		return item{}, err
	}
	d, err := c.data()
	if err != nil {
		return item{}, err
	}
	q, err := d.Quarantine()
	return item{q, d, id}, err
}

// by is who does it: whoever has the rights to the gateway's files.
func (c itemCmd) by() quarantine.Intent {
	return quarantine.Intent{Actor: ledger.CommandLine, Reason: c.Reason}
}

// identities returns the key to open with.
func (c itemCmd) identities(cfg *config.Config) ([]age.Identity, error) {
	path := c.Identity
	if path == "" {
		path = cfg.Quarantine.Identity
	}
	if path == "" {
		return nil, errors.New("the gateway has no private key: name yours with --identity FILE")
	}
	id, err := quarantine.LoadIdentity(path)
	return []age.Identity{id}, err
}

type quarantineShowCmd struct {
	itemCmd
	JSON bool `help:"Print envelope and findings as JSON, without the message."`
}

// Run opens a message and prints it.
func (c quarantineShowCmd) Run(ctx context.Context) error {
	q, err := c.open()
	if err != nil {
		return err
	}
	defer q.Close()
	keys, err := c.identities(q.data.Config())
	if err != nil {
		return err
	}
	m, err := q.Open(ctx, q.id, c.by(), keys...)
	if err != nil {
		return err
	}
	defer m.Close()
	if c.JSON {
		return printJSON(struct {
			Envelope quarantine.Envelope   `json:"envelope"`
			Findings []quarantine.Evidence `json:"findings"`
		}{m.Envelope, m.Evidence})
	}
	fmt.Printf("from  <%s>\n", m.Envelope.From)
	for _, r := range m.Envelope.To {
		fmt.Printf("to    <%s> (%s)\n", r.Path, r.Direction)
	}
	for _, e := range m.Evidence {
		fmt.Printf("found %s (%s) %d×, score %d\n", e.Rule, e.Clause, e.Count, e.Score)
		for _, x := range e.Excerpts {
			fmt.Printf("      … %s …\n", x)
		}
	}
	fmt.Println()
	_, err = io.Copy(os.Stdout, m)
	return err
}

type quarantineDeleteCmd struct {
	itemCmd
	JSON bool `help:"Print the outcome as JSON."`
}

// Run destroys a message.
func (c quarantineDeleteCmd) Run(ctx context.Context) error {
	q, err := c.open()
	if err != nil {
		return err
	}
	defer q.Close()
	if err := q.Delete(ctx, q.id, c.by()); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(map[string]string{"id": c.ID, "state": string(quarantine.Destroyed)})
	}
	fmt.Println("destroyed")
	return nil
}

type quarantineReleaseCmd struct {
	itemCmd
	Note string `help:"A few words for the recipients, in a mail of their own (needs notices.from)."`
	JSON bool   `help:"Print the outcome as JSON."`
}

// Run delivers a message through the configured next hop. What the next hop cannot take
// now the gateway tries again.
func (c quarantineReleaseCmd) Run(ctx context.Context) error {
	q, err := c.open()
	if err != nil {
		return err
	}
	defer q.Close()
	keys, err := c.identities(q.data.Config())
	if err != nil {
		return err
	}
	to, err := gateway.NewSender(q.data.Config())
	if err != nil {
		return err
	}
	by := c.by()
	by.Note = c.Note
	r, err := q.Release(ctx, q.id, by, to, keys...)
	if err != nil {
		return err
	}
	if r.NoteError != nil {
		fmt.Fprintln(os.Stderr, "the note was not sent:", r.NoteError)
	}
	state := "released"
	switch {
	case !r.OK && r.Permanent:
		state = "failed"
	case !r.OK:
		state = "releasing"
	}
	if c.JSON {
		err = printJSON(map[string]string{"id": c.ID, "state": state, "reply": r.Codes})
	} else {
		fmt.Printf("%s: the next mail server said %s %s\n", state, r.Codes, r.Text)
		if state == "releasing" {
			fmt.Println("the gateway tries again while it runs")
		}
	}
	if state == "failed" {
		return errors.Join(err, exit(exitError))
	}
	return err
}
