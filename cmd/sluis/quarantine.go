package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"

	"filippo.io/age"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/sampling"
	"sluis/internal/quarantine"
	"sluis/internal/roster"
	"sluis/smtpd"
)

// quarantineCmd is sluis quarantine.
type quarantineCmd struct {
	List    quarantineListCmd    `cmd:"" help:"List what was set aside: metadata only."`
	Show    quarantineShowCmd    `cmd:"" help:"Open a message, with a reason; it leaves a trace in the ledger."`
	Release quarantineReleaseCmd `cmd:"" help:"Deliver a message after all."`
	Delete  quarantineDeleteCmd  `cmd:"" help:"Destroy a message."`
}

// openStore opens the ledger and the quarantine for a command.
func openStore(s source) (*config.Config, *quarantine.Store, *ledger.Ledger, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, nil, nil, err
	}
	l, err := ledger.Open(filepath.Join(cfg.Data, "ledger"))
	if err != nil {
		return nil, nil, nil, err
	}
	q, err := openQuarantine(cfg, l)
	return cfg, q, l, err
}

type quarantineListCmd struct {
	source
	State string `enum:",held,releasing,released,failed,destroyed" default:"" help:"Only those in this state: held, releasing, released, failed or destroyed."`
	Limit int    `default:"100" help:"At most so many, newest first."`
	JSON  bool   `help:"Print one JSON object a line."`
}

// Run lists the index.
func (c quarantineListCmd) Run(ctx context.Context) error {
	_, q, _, err := openStore(c.source)
	if err != nil {
		return err
	}
	defer q.Close()
	es, err := q.List(ctx, quarantine.Filter{State: quarantine.State(c.State), Limit: c.Limit})
	if err != nil {
		return err
	}
	if c.JSON {
		out := json.NewEncoder(os.Stdout)
		for _, e := range es {
			if err := out.Encode(e); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tTIME\tWAY\tPURPOSE\tRULE\tCLAUSE\tBYTES\tSTATE")
	for _, e := range es {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", e.ID, e.Time.Local().Format("2006-01-02 15:04"), e.Direction, e.Purpose, e.Rule, e.Clause, e.Size, e.State)
	}
	return w.Flush()
}

// one is what the commands on one message share.
type one struct {
	source
	ID       string `arg:"" help:"ID of the message, from the list."`
	Reason   string `required:"" help:"Why; it is kept in the ledger (C3.3e). Name no person in it."`
	Identity string `type:"path" placeholder:"FILE" help:"Private key to open with, if the gateway has none."`
}

// chosen is the message that a command is about, with the store that has it.
type chosen struct {
	*quarantine.Store
	id     filter.ID
	cfg    *config.Config
	ledger *ledger.Ledger
}

// open opens the store. The caller closes it.
func (o one) open() (chosen, error) {
	id, err := filter.ParseID(o.ID)
	if err != nil {
		return chosen{}, err
	}
	cfg, q, l, err := openStore(o.source)
	return chosen{q, id, cfg, l}, err
}

// by is who does it: whoever has the rights to the gateway's files.
func (o one) by() quarantine.Intent {
	return quarantine.Intent{Actor: ledger.CommandLine, Reason: o.Reason}
}

// identities returns the key to open with.
func (o one) identities(cfg *config.Config) ([]age.Identity, error) {
	path := o.Identity
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
	one
	JSON bool `help:"Print envelope and findings as JSON, without the message."`
}

// Run opens a message and prints it.
func (c quarantineShowCmd) Run(ctx context.Context) error {
	q, err := c.open()
	if err != nil {
		return err
	}
	defer q.Close()
	keys, err := c.identities(q.cfg)
	if err != nil {
		return err
	}
	m, err := q.Open(ctx, q.id, c.by(), keys...)
	if err != nil {
		return err
	}
	defer m.Close()
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(struct {
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
	one
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
		return json.NewEncoder(os.Stdout).Encode(map[string]string{"id": c.ID, "state": string(quarantine.Destroyed)})
	}
	fmt.Println("destroyed")
	return nil
}

type quarantineReleaseCmd struct {
	one
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
	if len(q.cfg.Mail.Routes) == 0 {
		return errors.New("releasing needs to know the next hop: name the gateway's configuration with --config FILE")
	}
	keys, err := c.identities(q.cfg)
	if err != nil {
		return err
	}
	relay, err := sender(q.cfg, q.Store, q.ledger)
	if err != nil {
		return err
	}
	by := c.by()
	by.Note = c.Note
	r, err := q.Release(ctx, q.id, by, deliverer{relay, q.cfg}, keys...)
	if err != nil {
		return err
	}
	if r.Untold != nil {
		fmt.Fprintln(os.Stderr, "the note was not sent:", r.Untold)
	}
	state := "released"
	switch {
	case !r.OK && r.Permanent:
		state = "failed"
	case !r.OK:
		state = "releasing"
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(map[string]string{"id": c.ID, "state": state, "reply": r.Codes})
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

// sender returns a relay that only sends: it has no ports and judges nothing.
func sender(cfg *config.Config, q *quarantine.Store, l *ledger.Ledger) (*smtpd.Relay, error) {
	g := &gateway{cfg: cfg, log: slog.New(slog.DiscardHandler), quarantine: q, ledger: l, sampler: &sampling.Sampler{}}
	c, err := g.relayConfig(cfg)
	if err != nil {
		return nil, err
	}
	c.Journal = noJournal{}
	return smtpd.New(c.Config, nil)
}

// noJournal is for a relay that takes no mail.
type noJournal struct{}

func (noJournal) Put(journal.Record, roster.Subject) {}
