package orders

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/store"
)

// today is the longest time since a day began, with an hour for a clock that is set.
const today = 25 * time.Hour

// Request asks the board for an order. It returns the order's id.
func (s *Store) Request(ctx context.Context, by ledger.Actor, people Roster, r Request) (string, error) {
	if by.Role != ledger.Board && by.Role != ledger.Privacy && by.Role != ledger.ICT {
		return "", ErrForbidden
	}
	if err := r.check(s.limits); err != nil {
		return "", fmt.Errorf("request an order: %w", err)
	}
	if r.Subject != "" && !single(people.Subject(r.Subject)) {
		return "", fmt.Errorf("request an order: %w", ErrUnknownPerson)
	}
	r.From, r.Until, r.LookBack = r.From.UTC(), r.Until.UTC(), strings.TrimSpace(r.LookBack)
	id := store.NewID()
	return id, s.locked(func(now time.Time) error {
		if err := s.right(now); err != nil {
			return fmt.Errorf("request an order: %w", err)
		}
		if !now.Before(r.Until) {
			return fmt.Errorf("request an order: %w", ErrInvalidPeriod)
		}
		if r.LookBack == "" && now.Sub(r.From) > today {
			return fmt.Errorf("request an order: %w", ErrLookBack)
		}
		o := Order{ID: id, Request: r, Requested: Step{by, now}}
		return s.write(ctx, o, ledger.OrderRequested, by, string(r.Kind))
	})
}

// write puts a step in the ledger, and then keeps the order.
func (s *Store) write(ctx context.Context, o Order, kind ledger.Kind, by ledger.Actor, step string) error {
	_, err := s.ledger.Append(ctx, kind, ledger.Data{
		Actor: by,
		Ref:   o.ID,
		Step:  step,
		Since: o.Request.From.UnixMilli(),
		Until: o.Request.Until.UnixMilli(),
		Count: len(o.Request.Investigators) - len(o.Dismissed),
	})
	if err != nil {
		return fmt.Errorf("write the step in the ledger: %w", err)
	}
	return s.orders.Put(o)
}

// change lets do change an order, and puts the step in the ledger before it counts.
func (s *Store) change(
	ctx context.Context,
	id string,
	kind ledger.Kind,
	by ledger.Actor,
	do func(o *Order, now time.Time) (step string, err error),
) error {
	return s.locked(func(now time.Time) error {
		o, err := s.orders.Get(id)
		if err != nil {
			return err
		}
		step, err := do(&o, now)
		if err != nil {
			return err
		}
		return s.write(ctx, o, kind, by, step)
	})
}

// Advise adds the advice of Legal Affairs (C3.2d), once.
func (s *Store) Advise(ctx context.Context, by ledger.Actor, id string, favourable bool, text string) error {
	if by.Role != ledger.Legal {
		return ErrForbidden
	}
	if text = strings.TrimSpace(text); text == "" || len(text) > maxText {
		return ErrNoAdvice
	}
	return s.change(ctx, id, ledger.OrderAdvised, by, func(o *Order, now time.Time) (string, error) {
		if o.State(now) != Requested {
			return "", ErrWrongState
		}
		if o.Requested.By.Name == by.Name {
			return "", ErrInvolved
		}
		o.Advice = &Advice{Step{by, now}, favourable, text}
		return map[bool]string{true: "favourable", false: "unfavourable"}[favourable], nil
	})
}

// Decide adds the decision of a member of the board. One refusal ends the order; with the
// second approval it counts.
func (s *Store) Decide(ctx context.Context, by ledger.Actor, id string, approve bool) error {
	if by.Role != ledger.Board {
		return ErrForbidden
	}
	return s.change(ctx, id, ledger.OrderDecided, by, func(o *Order, now time.Time) (string, error) {
		if o.State(now) != Advised {
			return "", ErrWrongState
		}
		if o.Requested.By.Name == by.Name || o.Advice.By.Name == by.Name ||
			slices.ContainsFunc(o.Decisions, func(d Decision) bool { return d.By.Name == by.Name }) {
			return "", ErrInvolved
		}
		o.Decisions = append(o.Decisions, Decision{Step{by, now}, approve})
		return map[bool]string{true: "approved", false: "refused"}[approve], nil
	})
}

// Withdraw ends an order before its time.
func (s *Store) Withdraw(ctx context.Context, by ledger.Actor, id string) error {
	if by.Role != ledger.Board {
		return ErrForbidden
	}
	return s.change(ctx, id, ledger.OrderWithdrawn, by, func(o *Order, now time.Time) (string, error) {
		switch o.State(now) {
		case Requested, Advised, Approved, InForce:
			o.Withdrawn = &Step{by, now}
			return "", nil
		}
		return "", ErrWrongState
	})
}

// Dismiss withdraws the designation of an investigator.
func (s *Store) Dismiss(ctx context.Context, by ledger.Actor, id, investigator string) error {
	if by.Role != ledger.Board {
		return ErrForbidden
	}
	return s.change(ctx, id, ledger.InvestigatorWithdrawn, by, func(o *Order, now time.Time) (string, error) {
		if !o.Investigator(investigator) {
			return "", ErrNotDesignated
		}
		o.Dismissed = append(o.Dismissed, investigator)
		return "", nil
	})
}

// Complete records the outcome of an order that has ended, or was withdrawn (C3.2f). By then
// findings have to be discussed with the employee, and gathered data destroyed. Complete
// destroys subject and texts.
func (s *Store) Complete(
	ctx context.Context,
	by ledger.Actor,
	id string,
	unauthorised bool,
	discussed, destroyed time.Time,
) error {
	if by.Role != ledger.Board && by.Role != ledger.Privacy {
		return ErrForbidden
	}
	return s.change(ctx, id, ledger.OrderCompleted, by, func(o *Order, now time.Time) (string, error) {
		switch state := o.State(now); {
		case state != Ended && state != Withdrawn && state != InForce && state != Refused:
			return "", ErrWrongState
		case destroyed.IsZero() || destroyed.After(now):
			return "", ErrNoDays
		case unauthorised && (discussed.IsZero() || discussed.After(now)):
			return "", ErrNoDays
		}
		o.Outcome = &Outcome{Step{by, now}, unauthorised, discussed, destroyed}
		o.Request.Subject, o.Request.Group, o.Request.Reason, o.Request.LookBack = "", "", "", ""
		if o.Advice != nil {
			o.Advice.Text = ""
		}
		return map[bool]string{true: "unauthorised-use", false: "nothing-found"}[unauthorised], nil
	})
}

// End records which orders have ended by themselves. The gateway calls it from time to
// time; that an order has ended does not wait for it.
func (s *Store) End(ctx context.Context) error {
	return s.locked(func(now time.Time) error {
		list, err := store.Readable(s.List())
		if err != nil {
			return err
		}
		for _, o := range list {
			if o.State(now) != Ended || !o.EndedAt.IsZero() {
				continue
			}
			o.EndedAt = now
			if err := s.write(ctx, o, ledger.OrderEnded, ledger.Actor{}, ""); err != nil {
				return err
			}
		}
		return nil
	})
}
