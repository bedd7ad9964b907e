package main

import (
	"context"
	"os"

	"sluis/internal/control"
	"sluis/internal/quarantine/disclose"
)

// breakGlassCmd is sluis break-glass: for an emergency in which no reviewer can be had. The board and the
// privacy officer get mail first; ledger, report and health show it (C3.3e).
type breakGlassCmd struct {
	Show    breakGlassShowCmd    `cmd:"" help:"Open one stage of a message without an account, in an emergency."`
	Release breakGlassReleaseCmd `cmd:"" help:"Deliver a message without an account, in an emergency."`
}

// emergencyCmd is what the commands of an emergency share.
type emergencyCmd struct {
	source
	keyed
	ID     string `arg:"" help:"ID of the message, from the list."`
	Reason string `required:"" help:"What the emergency is, in at least five words: board and privacy officer read it."`
}

func (c emergencyCmd) ask(ctx context.Context, what string, act control.Act) (r control.Result, err error) {
	if act.Identity, err = c.read(); err != nil {
		return r, err
	}
	socket, err := c.socket()
	if err != nil {
		return r, err
	}
	act.Reason = c.Reason
	return r, control.NewClient(socket, "").Do(ctx, "/break-glass/"+c.ID+"/"+what, act, &r)
}

type breakGlassShowCmd struct {
	emergencyCmd
	Stage  string `enum:"findings,headers,text,html,attachment" default:"findings" help:"Which: ${enum}."`
	Part   int    `help:"Number of the attachment, as the headers have it."`
	Reveal []int  `placeholder:"N" help:"Masked identifiers to reveal, by number."`
	JSON   bool   `help:"Print JSON."`
}

// Run opens a stage of a message and prints it.
func (c breakGlassShowCmd) Run(ctx context.Context) error {
	act := control.Act{Stage: disclose.Stage(c.Stage), Part: c.Part, Reveal: c.Reveal}
	r, err := c.ask(ctx, "show", act)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.Sheet)
	}
	return printSheet(os.Stdout, r.Sheet)
}

type breakGlassReleaseCmd struct {
	emergencyCmd
	Note string `help:"A few words for the recipients, in a mail of their own."`
	JSON bool   `help:"Print the outcome as JSON."`
}

// Run delivers a message.
func (c breakGlassReleaseCmd) Run(ctx context.Context) error {
	r, err := c.ask(ctx, "release", control.Act{Note: c.Note})
	if err != nil {
		return err
	}
	return itemCmd{ID: c.ID}.print(r, c.JSON)
}
