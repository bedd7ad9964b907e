// Package witness has the signed state of the ledger sent to its witnesses each day, and knows who of
// them has it.
//
// It promises that a checkpoint that the next mail server did not take counts as not sent, and is
// tried again; and that whoever asks hears whether enough witnesses outside the organisation have a
// recent one, which the orders of the board need. It does not promise that a mail arrives: what is
// returned later is not read.
package witness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluis/internal/store"
)

// Fewest is how many different addresses outside the organisation have to have a recent checkpoint.
const Fewest = 2

const (
	daily  = 23 * time.Hour // between two checkpoints; less than a day, so that the hour of it stays
	recent = 48 * time.Hour // a checkpoint that is older counts as missing
)

// ErrTooFew says that too few witnesses outside the organisation have a recent checkpoint.
var ErrTooFew = fmt.Errorf("fewer than %d witnesses outside the organisation have a checkpoint of the ledger of "+
	"the last two days", Fewest)

// Witnesses are whom the ledger's state is sent to.
type Witnesses struct {
	addresses []string // each once
	own       []string // domains of the organisation
	file      *store.Value[state]
}

// state is what was sent.
type state struct {
	Made       time.Time            `json:"made"`       // of the newest checkpoint
	Checkpoint string               `json:"checkpoint"` // signed
	Sent       map[string]time.Time `json:"sent"`       // by address: when the next mail server took one
	Has        map[string]time.Time `json:"has"`        // of when the checkpoint is that it has
}

// Open returns the witnesses at some addresses, for an organisation with domains of its own. It reads
// nothing.
func Open(s store.Store, addresses, own []string) *Witnesses {
	w := &Witnesses{own: own, file: store.NewValue[state](s, "witnesses")}
	for _, a := range addresses {
		if !slices.ContainsFunc(w.addresses, func(b string) bool { return strings.EqualFold(a, b) }) {
			w.addresses = append(w.addresses, a)
		}
	}
	return w
}

// outside reports whether an address is not the organisation's own: whoever runs its mail can take a
// message out of a mailbox.
func (w *Witnesses) outside(address string) bool {
	_, domain, _ := strings.Cut(strings.ToLower(address), "@")
	return !slices.ContainsFunc(w.own, func(own string) bool {
		own = strings.ToLower(own)
		return domain == own || strings.HasSuffix(domain, "."+own)
	})
}

// Number returns how many addresses there are.
func (w *Witnesses) Number() int { return len(w.addresses) }

// Outside returns how many of the addresses are not the organisation's own.
func (w *Witnesses) Outside() (n int) {
	for _, a := range w.addresses {
		if w.outside(a) {
			n++
		}
	}
	return n
}

// Send sends a checkpoint to each witness who got none for a day. A new one is signed once a day; who could
// not be reached gets that one at the next call. It returns the first error, after all were tried.
func (w *Witnesses) Send(ctx context.Context, now time.Time, sign func(witnesses int) ([]byte, error),
	deliver func(ctx context.Context, address string, signed []byte) error) error {
	now = now.UTC().Truncate(time.Second)
	st, err := w.file.Get()
	if err != nil && !errors.Is(err, store.ErrDamaged) { // a checkpoint too many does no harm
		return err
	}
	due := func(last time.Time) bool { return now.Sub(last) >= daily || last.After(now) }
	if len(w.addresses) == 0 {
		return nil
	}
	if due(st.Made) {
		signed, err := sign(len(w.addresses))
		if err != nil {
			return err
		}
		st.Made, st.Checkpoint = now, string(signed)
	}
	var first error
	sent, has := map[string]time.Time{}, map[string]time.Time{}
	for _, a := range w.addresses {
		sent[a], has[a] = st.Sent[a], st.Has[a]
		if !due(sent[a]) {
			continue
		}
		if err := deliver(ctx, a, []byte(st.Checkpoint)); err != nil {
			first = errors.Join(first, err)
			continue
		}
		sent[a], has[a] = now, st.Made
	}
	st.Sent, st.Has = sent, has
	return errors.Join(first, w.file.Put(st))
}

// Standing is how it stands with the witnesses.
type Standing struct {
	Outside int // addresses outside the organisation
	Having  int // of these that have a recent checkpoint
	Inside  int // addresses of the organisation itself
	Missing int // of all addresses, those without a recent checkpoint
}

// Standing returns how it stands.
func (w *Witnesses) Standing(now time.Time) (s Standing, err error) {
	st, err := w.file.Get()
	if err != nil {
		return s, err
	}
	for _, a := range w.addresses {
		at := st.Has[a]
		has := !at.IsZero() && now.Sub(at) < recent && at.Sub(now) < recent
		switch outside := w.outside(a); {
		case outside && has:
			s.Outside, s.Having = s.Outside+1, s.Having+1
		case outside:
			s.Outside++
		default:
			s.Inside++
		}
		if !has {
			s.Missing++
		}
	}
	return s, nil
}

// Enough returns ErrTooFew unless enough witnesses outside the organisation have a recent checkpoint.
func (w *Witnesses) Enough(now time.Time) error {
	s, err := w.Standing(now)
	if err == nil && s.Having < Fewest {
		err = ErrTooFew
	}
	return err
}

// BeginAnew forgets what was sent of a ledger that another one has come in the place of.
func (w *Witnesses) BeginAnew() error { return w.file.Put(state{}) }

// Newest returns the newest checkpoint that a witness was sent; empty if none was. What cannot be read is
// as if there was none.
func (w *Witnesses) Newest() []byte {
	st, err := w.file.Get()
	if err != nil {
		return nil
	}
	for _, at := range st.Has {
		if at.Equal(st.Made) {
			return []byte(st.Checkpoint)
		}
	}
	return nil
}
