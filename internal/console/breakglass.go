package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"sluis/filter"
	"sluis/internal/control"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
)

// BreakGlass is a message that is opened or released in an emergency, without an account.
type BreakGlass struct {
	Who    string // user of the system, as the kernel has it
	Act    string // show or release
	ID     string // of the message
	Reason string
}

// breakGlassWords is how many words a reason has at least, where nobody else answers for it.
const breakGlassWords = 5

var (
	errFewWords = errors.New("say in at least five words what the emergency is: the board reads it")
	errUnknown  = errors.New("there is no such act")
)

// breakGlass opens or releases a message without an account, when no reviewer can be had: the board and
// the privacy officer get mail first, and without that nothing is done. It is an entry of its own in the
// ledger, beside that of the act, a line in the report, and in health for a month.
func (c *Control) breakGlass(r *http.Request, ask control.Act) (control.Result, error) {
	ctx := r.Context()
	who, err := control.Peer(ctx)
	if err != nil {
		return control.Result{}, err
	}
	b := BreakGlass{who, r.PathValue("act"), r.PathValue("id"), oneReason(ask.Reason)}
	if len(strings.Fields(b.Reason)) < breakGlassWords {
		return control.Result{}, errFewWords
	}
	do, ok := map[string]reviewing{"show": c.open, "release": c.sendAlone}[b.Act]
	if !ok {
		return control.Result{}, errUnknown
	}
	id, err := filter.ParseID(b.ID)
	if err != nil {
		return control.Result{}, quarantine.ErrNotFound
	}
	if err := c.quarantine.may(ctx, ledger.CommandLine, id); err != nil { // of an order: its investigators' alone
		return control.Result{}, err
	}
	e, err := c.quarantine.Store.Get(ctx, id)
	if err != nil {
		return control.Result{}, err
	}
	if e.State == quarantine.Released || e.State == quarantine.Destroyed {
		return control.Result{}, quarantine.ErrGone
	}
	if err := c.notify(ctx, b); err != nil {
		return control.Result{}, err
	}
	by := quarantine.Intent{Actor: ledger.CommandLine, Reason: b.Reason}
	_, err = c.ledger.Append(ctx, ledger.BreakGlass, ledger.Data{
		Actor:  by.Actor,
		ID:     b.ID,
		Ref:    b.Who,
		Step:   b.Act,
		Reason: b.Reason,
	})
	if err != nil {
		return control.Result{}, err
	}
	return do(ctx, id, by, ask)
}

// sendAlone releases a message without a second reviewer.
func (c *Control) sendAlone(ctx context.Context, id filter.ID, by quarantine.Intent, ask control.Act) (
	control.Result, error) {
	own, err := keysOf(ask)
	if err != nil {
		return control.Result{}, err
	}
	by.Note, by.Step = ask.Note, "break-glass"
	out, err := c.quarantine.send(ctx, id, by, own)
	return resultOf(out), c.explain(err)
}
