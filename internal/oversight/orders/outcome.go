package orders

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"filippo.io/age"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
	"sluis/internal/store"
)

// Result is the outcome of an order, as the board or the privacy officer records it (C3.2f).
type Result struct {
	Unauthorised bool      // use was found
	Discussed    time.Time // day on which it was discussed with the employee
	Consequences time.Time // day on which the employee was told of the consequences; zero: they were not
	Destroyed    time.Time // day on which what was gathered was destroyed
	View         string    // of the employee; it is sealed
}

// Errors of an outcome.
var (
	ErrTooEarly = errors.New("nothing is discussed, told or destroyed before the order began, or later than today")
	ErrSealed   = errors.New("nothing is sealed of this order (any more)")
	ErrLongView = errors.New("the employee's view has at most 20,000 characters")
)

// discussDays is within how many working days of its end what an order found is discussed (C3.2f: at once).
const discussDays = 5

// Complete records the outcome of an order that has ended, or was withdrawn (C3.2f). By then findings have to be
// discussed with the employee, and gathered data destroyed. Subject and texts are sealed until the time for
// objections is over, for the board and the privacy officer, and then destroyed.
func (s *Store) Complete(ctx context.Context, by ledger.Actor, id string, r Result) error {
	if by.Role != ledger.Board && by.Role != ledger.Privacy {
		return ErrForbidden
	}
	return s.change(ctx, id, ledger.OrderCompleted, by, func(o *Order, now time.Time) (string, error) {
		if err := r.check(o, now); err != nil {
			return "", err
		}
		if err := s.sealTexts(ctx, o, r.View, now); err != nil {
			return "", err
		}
		o.Outcome = &Outcome{
			Step:           Step{by, now},
			Unauthorised:   r.Unauthorised,
			DiscussedOn:    r.Discussed,
			ConsequencesOn: r.Consequences,
			DestroyedOn:    r.Destroyed,
			Late:           r.Unauthorised && !r.Discussed.Before(o.discussBy()),
		}
		o.Request.Subject, o.Request.Group, o.Request.Reason, o.Request.LookBack = "", "", "", ""
		o.Salt, o.Person = nil, ""
		if o.Advice != nil {
			o.Advice.Text = ""
		}
		return map[bool]string{true: "unauthorised-use", false: "nothing-found"}[r.Unauthorised], nil
	})
}

// check returns what is wrong with an outcome.
func (r Result) check(o *Order, now time.Time) error {
	state := o.State(now)
	if state != Ended && state != Withdrawn && state != InForce && state != Refused && !o.unsigned() {
		return ErrWrongState
	}
	begun, was := o.begun()
	wrong := func(day time.Time) bool { // a day is as long as it is
		return day.After(now) || was && !day.Add(24*time.Hour).After(begun)
	}
	switch {
	case r.Destroyed.IsZero() || r.Unauthorised && r.Discussed.IsZero():
		return ErrNoDays
	case wrong(r.Destroyed):
		return ErrTooEarly
	case r.Unauthorised && (!was && !o.unsigned() || wrong(r.Discussed)):
		return ErrTooEarly
	case !r.Consequences.IsZero() && wrong(r.Consequences):
		return ErrTooEarly
	case len(r.View) > maxText:
		return ErrLongView
	}
	return nil
}

// begun returns since when an order counted; false if it never did.
func (o *Order) begun() (time.Time, bool) {
	if o.standing == nil {
		return time.Time{}, false
	}
	approvals := o.standing.Approvals()
	if len(approvals) < roll.Quorum {
		return time.Time{}, false
	}
	at := o.Request.From
	for _, a := range approvals {
		if a.At.After(at) {
			at = a.At
		}
	}
	return at, true
}

// end returns when an order ended, or will.
func (o *Order) end() time.Time {
	if o.Withdrawn != nil && o.Withdrawn.At.Before(o.Request.Until) {
		return o.Withdrawn.At
	}
	return o.Request.Until
}

// discussBy returns until when what an order found has to be discussed.
func (o *Order) discussBy() time.Time {
	day := o.end()
	for n := 0; n < discussDays; {
		day = day.AddDate(0, 0, 1)
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday {
			n++
		}
	}
	y, m, d := day.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, day.Location())
}

// Overdue reports whether an order counted once, ended, and has no outcome while it should have.
func (o *Order) Overdue(now time.Time) bool {
	begun, was := o.begun()
	state := o.State(now)
	return was && begun.Before(o.end()) && (state == Ended || state == Withdrawn) && !now.Before(o.discussBy())
}

// Overdue returns the ids of the orders whose outcome is overdue.
func (s *Store) Overdue() (ids []string, err error) {
	list, err := store.Readable(s.List())
	if err != nil {
		return nil, err
	}
	now, err := s.now()
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Overdue(now) {
			ids = append(ids, list[i].ID)
		}
	}
	return ids, nil
}

// Texts are what is sealed of an order that is completed, for objections.
type Texts struct {
	Subject  string `json:"subject,omitempty"`
	Group    string `json:"group,omitempty"`
	Reason   string `json:"reason"`
	LookBack string `json:"look_back,omitempty"`
	Advice   string `json:"advice,omitempty"`
	View     string `json:"view,omitempty"` // of the employee
}

// SealWith gives the key that texts of completed orders are sealed with. Without one they are destroyed at once.
func (s *Store) SealWith(key func(context.Context) (*age.X25519Identity, error)) { s.key = key }

// sealTexts seals the texts of an order that is completed.
func (s *Store) sealTexts(ctx context.Context, o *Order, view string, now time.Time) error {
	if s.key == nil {
		return nil
	}
	key, err := s.key(ctx)
	if err != nil {
		return fmt.Errorf("seal the texts of an order: %w", err)
	}
	t := Texts{
		Subject:  o.Request.Subject,
		Group:    o.Request.Group,
		Reason:   o.Request.Reason,
		LookBack: o.Request.LookBack,
		View:     strings.TrimSpace(view),
	}
	if o.Advice != nil {
		t.Advice = o.Advice.Text
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, key.Recipient())
	if err == nil {
		err = errors.Join(json.NewEncoder(w).Encode(t), w.Close())
	}
	if err != nil {
		return fmt.Errorf("seal the texts of an order: %w", err)
	}
	o.Sealed, o.SealedUntil = b.Bytes(), now.Add(s.limits.Objection)
	return nil
}

// OpenTexts opens what is sealed of a completed order, after that is in the ledger.
func (s *Store) OpenTexts(ctx context.Context, by ledger.Actor, id string) (t Texts, err error) {
	if by.Role != ledger.Board && by.Role != ledger.Privacy {
		return t, ErrForbidden
	}
	o, err := s.orders.Get(id)
	if err != nil {
		return t, err
	}
	now, err := s.now()
	if err != nil {
		return t, err
	}
	if len(o.Sealed) == 0 || s.key == nil || !now.Before(o.SealedUntil) {
		return t, ErrSealed
	}
	if _, err := s.ledger.Append(ctx, ledger.OrderOpened, ledger.Data{Actor: by, Ref: id}); err != nil {
		return t, fmt.Errorf("write the opening in the ledger: %w", err)
	}
	key, err := s.key(ctx)
	if err != nil {
		return t, err
	}
	r, err := age.Decrypt(bytes.NewReader(o.Sealed), key)
	if err != nil {
		return t, fmt.Errorf("open the texts of an order: %w", err)
	}
	err = json.NewDecoder(io.LimitReader(r, 1<<20)).Decode(&t)
	if err != nil {
		return t, errors.New("open the texts of an order: they are damaged")
	}
	return t, nil
}

// expire destroys what was kept of a completed order for its time, and reports whether it did.
func (o *Order) expire(now time.Time) bool {
	texts := len(o.Sealed) > 0 && !now.Before(o.SealedUntil)
	if texts {
		o.Sealed = nil
	}
	count := o.Outcome != nil && o.About != "" && now.Sub(o.Request.Until) > year
	if count {
		o.About = ""
	}
	return texts || count
}
