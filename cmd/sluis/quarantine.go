package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"sluis/internal/console"
	"sluis/internal/control"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
)

// quarantineCmd is sluis quarantine. What opens, releases or destroys goes through the running gateway,
// as an account that signed in (sluis sign-in), with all that the console asks (C3.3e).
type quarantineCmd struct {
	List    quarantineListCmd    `cmd:"" help:"List the quarantine: metadata only."`
	Show    quarantineShowCmd    `cmd:"" help:"Open one stage of a message, with a reason; it leaves a trace."`
	Release quarantineReleaseCmd `cmd:"" help:"Deliver a message after all, or propose it to a second reviewer."`
	Delete  quarantineDeleteCmd  `cmd:"" help:"Destroy a message, or propose it to a second reviewer."`
	Agree   quarantineAgreeCmd   `cmd:"" help:"Carry out what another reviewer proposed."`
	Refuse  quarantineRefuseCmd  `cmd:"" help:"Take away what is proposed."`
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
	book, err := d.Ledger()
	if err != nil {
		return err
	}
	found, err := d.Orders()
	if err != nil {
		return err
	}
	if es, err = (console.Ordered{Ledger: book, Orders: found}).Visible(ledger.CommandLine, es); err != nil {
		return err
	}
	return printList(c.JSON, es, "ID|TIME|WAY|PURPOSE|RULE|CLAUSE|BYTES|STATE", func(e quarantine.Entry) []any {
		return []any{e.ID, e.Time.Local().Format(minute), e.Direction, e.Purpose, e.Rule, e.Clause, e.Size, e.State}
	})
}

// keyed is the private key that a reviewer may bring.
type keyed struct {
	Identity string `type:"path" placeholder:"FILE" help:"Private key to open with, if the gateway has none."`
}

// read returns the key; empty if there is none.
func (k keyed) read() (string, error) {
	if k.Identity == "" {
		return "", nil
	}
	b, err := os.ReadFile(k.Identity)
	return string(b), err
}

// itemCmd is what the commands on one message share.
type itemCmd struct {
	source
	keyed
	ID     string `arg:"" help:"ID of the message, from the list."`
	Reason string `required:"" help:"Why; it is kept in the ledger (C3.3e). Name no person in it."`
}

// ask has the gateway do something with the message, as the account that signed in.
func (c itemCmd) ask(ctx context.Context, what string, act control.Act) (control.Result, error) {
	act.Reason = cmp.Or(act.Reason, c.Reason)
	var err error
	if act.Identity, err = c.read(); err != nil {
		return control.Result{}, err
	}
	return c.source.ask(ctx, "/quarantine/"+c.ID+"/"+what, act)
}

// ask has the gateway do something, as the account that signed in.
func (s source) ask(ctx context.Context, path string, act control.Act) (r control.Result, err error) {
	socket, err := s.socket()
	if err != nil {
		return r, err
	}
	client, err := signedIn(socket)
	if err != nil {
		return r, err
	}
	return r, client.Do(ctx, path, act, &r)
}

type quarantineShowCmd struct {
	itemCmd
	Stage  string `enum:"findings,headers,text,html,attachment" default:"findings" help:"Which: ${enum}."`
	Part   int    `help:"Number of the attachment, as the headers have it."`
	Reveal []int  `placeholder:"N" help:"Masked identifiers to reveal, by number; each leaves a trace of its own."`
	JSON   bool   `help:"Print JSON."`
}

// Run opens a stage of a message and prints it.
func (c quarantineShowCmd) Run(ctx context.Context) error {
	act := control.Act{Stage: disclose.Stage(c.Stage), Part: c.Part, Reveal: c.Reveal}
	r, err := c.ask(ctx, "open", act)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.Sheet)
	}
	return printSheet(os.Stdout, r.Sheet)
}

type quarantineDeleteCmd struct {
	itemCmd
	JSON bool `help:"Print the outcome as JSON."`
}

// Run destroys a message.
func (c quarantineDeleteCmd) Run(ctx context.Context) error {
	r, err := c.ask(ctx, "destroy", control.Act{})
	if err != nil {
		return err
	}
	return c.print(r, c.JSON)
}

type quarantineReleaseCmd struct {
	itemCmd
	Note string `help:"A few words for the recipients, in a mail of their own (needs notices.from)."`
	JSON bool   `help:"Print the outcome as JSON."`
}

// Run delivers a message through the configured next hop. What the next hop cannot take
// now the gateway tries again.
func (c quarantineReleaseCmd) Run(ctx context.Context) error {
	r, err := c.ask(ctx, "release", control.Act{Note: c.Note})
	if err != nil {
		return err
	}
	return c.print(r, c.JSON)
}

type quarantineAgreeCmd struct {
	source
	keyed
	ID     string `arg:"" help:"ID of the message, from the list."`
	Reason string `help:"Why, if it is another reason than that of the proposal."`
	JSON   bool   `help:"Print the outcome as JSON."`
}

// Run carries out a proposal.
func (c quarantineAgreeCmd) Run(ctx context.Context) error {
	item := itemCmd{c.source, c.keyed, c.ID, c.Reason}
	r, err := item.ask(ctx, "agree", control.Act{})
	if err != nil {
		return err
	}
	return item.print(r, c.JSON)
}

type quarantineRefuseCmd struct{ itemCmd }

// Run takes a proposal away.
func (c quarantineRefuseCmd) Run(ctx context.Context) error {
	r, err := c.ask(ctx, "refuse", control.Act{})
	if err != nil {
		return err
	}
	return c.print(r, false)
}

// print prints what came of a decision.
func (c itemCmd) print(r control.Result, asJSON bool) (err error) {
	if r.Unnoted != "" {
		fmt.Fprintln(os.Stderr, "the note was not sent:", r.Unnoted)
	}
	switch {
	case asJSON:
		err = printJSON(map[string]string{"id": c.ID, "state": r.Done, "reply": r.Reply})
	case r.Done == "proposed":
		fmt.Println("proposed: another reviewer has to agree, with sluis quarantine agree or in the console")
	case r.Reply != "" || r.Done == "releasing":
		fmt.Printf("%s: the next mail server said %s %s\n", r.Done, r.Reply, r.Text)
		if r.Done == "releasing" {
			fmt.Println("the gateway tries again while it runs")
		}
	default:
		fmt.Println(r.Done)
	}
	if r.Done == "failed" {
		return errors.Join(err, exit(exitError))
	}
	return err
}
