package console

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
)

// What reviewers do with a quarantined message, from a page and from the command line alike: there is
// one way to open, release and destroy (C3.3e).

// errNoKey is returned where the gateway cannot open what it sealed.
var errNoKey = errors.New("the gateway has no private key")

// keyring returns the keys that the gateway opens with.
type keyring func() ([]age.Identity, error)

// identities returns at least one key, or errNoKey. own are keys that the reviewer brings.
func (k keyring) identities(own ...age.Identity) ([]age.Identity, error) {
	keys, err := k()
	keys = append(slices.Clone(own), keys...)
	if err == nil && len(keys) == 0 {
		err = errNoKey
	}
	return keys, err
}

// disclosure is a stage of a message, with the identifiers that are revealed in it.
type disclosure struct {
	stage    disclose.Stage
	part     int
	revealed []int
	reveals  bool // the act is to reveal the last of them, and not to open the stage
}

// disclose opens a message and reads a stage of it, after the act is in the ledger.
func (q Quarantine) disclose(ctx context.Context, id filter.ID, by quarantine.Intent, d disclosure,
	own ...age.Identity) (*disclose.Sheet, error) {
	if err := q.may(ctx, by.Actor, id); err != nil {
		return nil, err
	}
	keys, err := keyring(q.Keys).identities(own...)
	if err != nil {
		return nil, err
	}
	by.Step = string(d.stage)
	open := q.Store.Open
	if d.reveals {
		open = q.Store.Reveal
	}
	m, err := open(ctx, id, by, keys...)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	isRevealed := func(n int) bool { return slices.Contains(d.revealed, n) }
	return q.Reader.Read(ctx, m, d.stage, d.part, isRevealed)
}

// outcome is what came of a decision.
type outcome struct {
	done  string // released, destroyed, or proposed to a second reviewer
	reply quarantine.Reply
}

// release delivers a message, or proposes it where that takes a second reviewer.
func (q Quarantine) release(ctx context.Context, id filter.ID, by quarantine.Intent, own ...age.Identity) (
	outcome, error) {
	if err := q.may(ctx, by.Actor, id); err != nil {
		return outcome{}, err
	}
	if q.Setting().Second {
		return outcome{done: "proposed"}, q.Store.Propose(ctx, ledger.QuarantineReleased, id, by)
	}
	return q.send(ctx, id, by, own)
}

func (q Quarantine) send(ctx context.Context, id filter.ID, by quarantine.Intent, own []age.Identity) (outcome, error) {
	keys, err := keyring(q.Keys).identities(own...)
	if err != nil {
		return outcome{}, err
	}
	// The reply of the next hop is in the entry; the gateway goes on trying.
	reply, err := q.Store.Release(context.WithoutCancel(ctx), id, by, q.Deliver, keys...)
	return outcome{"released", reply}, err
}

// destroy destroys a message, or proposes it where that takes a second reviewer.
func (q Quarantine) destroy(ctx context.Context, id filter.ID, by quarantine.Intent) (outcome, error) {
	if err := q.may(ctx, by.Actor, id); err != nil {
		return outcome{}, err
	}
	if q.Setting().Second {
		return outcome{done: "proposed"}, q.Store.Propose(ctx, ledger.QuarantineDeleted, id, by)
	}
	return outcome{done: "destroyed"}, q.Store.Delete(ctx, id, by)
}

// agree is the second reviewer's part: it agrees with a proposal and carries it out.
func (q Quarantine) agree(ctx context.Context, id filter.ID, by quarantine.Intent, own ...age.Identity) (
	outcome, error) {
	if err := q.may(ctx, by.Actor, id); err != nil {
		return outcome{}, err
	}
	by.Step = "second"
	proposal, err := q.Store.Agree(ctx, id, by)
	if err != nil {
		return outcome{}, err
	}
	by.Reason, by.Note = cmp.Or(by.Reason, proposal.Reason), proposal.Note
	if proposal.Act == ledger.QuarantineReleased {
		return q.send(ctx, id, by, own)
	}
	return outcome{done: "destroyed"}, q.Store.Delete(ctx, id, by)
}
