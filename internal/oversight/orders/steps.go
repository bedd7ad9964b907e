package orders

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
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
		o := Order{ID: id, Request: r, Requested: Step{by, now}, Salt: make([]byte, 32)}
		rand.Read(o.Salt) // never fails (crypto/rand, Go 1.24)
		err := s.bind(ctx, &o, people)
		if err == nil && r.Kind != Inspection { // it is about nobody
			err = s.bounded(ctx, &o, people)
		}
		if err != nil {
			return fmt.Errorf("request an order: %w", err)
		}
		entry := ledger.Data{Actor: by, Step: string(r.Kind)}
		if entry.Paper, err = paperOf(&o); err != nil {
			return err
		}
		return s.write(ctx, o, ledger.OrderRequested, entry)
	})
}

// bind says whose the accounts of an order are: by the roll in force, and all of them different people.
func (s *Store) bind(ctx context.Context, o *Order, people Roster) error {
	r, err := s.rolls.Current()
	if err != nil {
		return err
	}
	all := []string{}
	if o.Request.Subject != "" {
		o.Person = r.Person(people, o.Request.Subject)
		all = append(all, o.Person)
	}
	person := func(account string) (string, error) {
		address, err := s.address(ctx, account)
		if err == nil && address == "" {
			err = ErrNoPerson
		}
		if err != nil {
			return "", err
		}
		who := r.Person(people, address)
		all = append(all, who)
		return who, nil
	}
	o.Roll = r.Hash
	if o.Requester, err = person(o.Requested.By.Name); err != nil {
		return err
	}
	for _, account := range o.Request.Investigators {
		who, err := person(account)
		if err != nil {
			return err
		}
		o.Persons = append(o.Persons, who)
	}
	if slices.Sort(all); len(slices.Compact(slices.Clone(all))) < len(all) {
		return ErrSamePerson
	}
	return nil
}

// write puts a step in the ledger, with the hash of the file that there will be, and then keeps the order.
func (s *Store) write(ctx context.Context, o Order, kind ledger.Kind, d ledger.Data) error {
	file, err := fileOf(o)
	if err != nil {
		return err
	}
	d.Ref = o.ID
	d.Since, d.Until = o.Request.From.UnixMilli(), o.Request.Until.UnixMilli()
	d.Count = len(o.Request.Investigators) - len(o.Dismissed)
	d.Commit = roll.HexSum(string(file))
	if _, err := s.ledger.Append(ctx, kind, d); err != nil {
		return fmt.Errorf("write the step in the ledger: %w", err)
	}
	return s.orders.Put(o)
}

// fileOf returns an order as its file has it.
func fileOf(o Order) ([]byte, error) { return json.MarshalIndent(o, "", " ") }

// change lets do change an order that fits, and puts the step in the ledger before it counts.
func (s *Store) change(
	ctx context.Context,
	id string,
	kind ledger.Kind,
	by ledger.Actor,
	do func(o *Order, now time.Time) (step string, err error),
) error {
	return s.locked(func(now time.Time) error {
		o, err := s.verified(id)
		if err != nil && !(kind == ledger.OrderCompleted && o.unsigned()) {
			return err
		}
		step, err := do(&o, now)
		if err != nil {
			return err
		}
		return s.write(ctx, o, kind, ledger.Data{Actor: by, Step: step})
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
		return strconv.Itoa(slices.Index(o.Request.Investigators, investigator) + 1), nil
	})
}

// End records which orders have ended by themselves, and destroys the texts whose time is over. The gateway calls
// it from time to time; that an order has ended does not wait for it.
func (s *Store) End(ctx context.Context) error {
	return s.locked(func(now time.Time) error {
		list, err := store.Readable(s.List())
		if err != nil {
			return err
		}
		for _, o := range list {
			if o.expire(now) {
				gone := ledger.Data{Step: "texts-destroyed"}
				if err := s.write(ctx, o, ledger.OrderCompleted, gone); err != nil {
					return err
				}
			}
			if o.State(now) != Ended || !o.EndedAt.IsZero() {
				continue
			}
			o.EndedAt = now
			if err := s.write(ctx, o, ledger.OrderEnded, ledger.Data{}); err != nil {
				return err
			}
		}
		return nil
	})
}
