package orders

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
	"sluis/internal/roster"
	"sluis/rules"
)

// Records finds records of the traffic.
type Records interface {
	journal.Personal
	Each(
		ctx context.Context, since, until time.Time, after journal.Position, use func(journal.Record) error,
	) (journal.Position, error)
}

// Roster knows people by their addresses.
type Roster interface {
	Subject(address string) roster.Subject
}

// Use shows the records of an order's subject, of its period, to an investigator whom it
// designates, after the use is in the ledger. It stops when the order ends meanwhile.
func (s *Store) Use(
	ctx context.Context,
	by ledger.Actor,
	id string,
	people Roster,
	keys *journal.Keys,
	records Records,
	use func(journal.Record) error,
) error {
	if by.Role != ledger.ICT {
		return ErrForbidden
	}
	var order Order
	var receipt ledger.Receipt
	err := s.locked(func(now time.Time) (err error) {
		o, err := s.verified(id)
		if err != nil {
			return err
		}
		if err := s.usable(ctx, &o, by, people, now); err != nil {
			return err
		}
		o.Uses++
		order = o
		file, err := fileOf(o)
		if err != nil {
			return err
		}
		use := ledger.Data{Actor: by, Ref: id, Step: stepRecords, Commit: roll.HexSum(string(file))}
		if receipt, err = s.ledger.Append(ctx, ledger.OrderUsed, use); err != nil {
			return fmt.Errorf("write the use in the ledger: %w", err)
		}
		return s.orders.Put(o)
	})
	if err != nil {
		return err
	}
	watched := func(r journal.Record) error {
		if err := s.stillInForce(id, by); err != nil {
			return err
		}
		return use(r)
	}
	r := order.Request
	r.From = order.shownSince()
	return find(ctx, r, receipt, people, keys, records, watched)
}

// What of an order is used.
const (
	stepRecords = "records" // by an investigator
	stepContent = "content" // of a message, by the gateway
)

// usable returns nil if an order is in force, and an account is that of an investigator whom it designates.
func (s *Store) usable(ctx context.Context, o *Order, by ledger.Actor, people Roster, now time.Time) error {
	if err := s.met(); err != nil {
		return err
	}
	if !s.inForce(o, now) {
		return ErrNotInForce
	}
	if !o.standing.designates(by.Name) {
		return ErrNotDesignated
	}
	r, err := s.rolls.Current()
	if err != nil {
		return err
	}
	address, err := s.address(ctx, by.Name)
	if err != nil {
		return err
	}
	if i := slices.Index(o.Request.Investigators, by.Name); r.Person(people, address) != o.Persons[i] {
		return ErrNotDesignated // the account is of another person now
	}
	return s.apart(r, o, people)
}

// inForce reports whether an order is in force, at a time that does not run backwards and at that of the clock, which
// the ledger has.
func (s *Store) inForce(o *Order, now time.Time) bool {
	return o.State(now) == InForce && o.State(s.clock()) == InForce
}

// apart returns ErrSamePerson if the subject of an order has another part in it as well, and ErrOtherPerson if its
// address is somebody else's now.
func (s *Store) apart(r *roll.Roll, o *Order, people Roster) error {
	if o.Request.Subject == "" {
		return nil
	}
	who, st := r.Person(people, o.Request.Subject), o.standing
	if who != o.Person {
		return ErrOtherPerson
	}
	is := func(m Signed) bool { return m.Person == who }
	if st.paper.involves(who) || st.Advice != nil && is(*st.Advice) || slices.ContainsFunc(st.Answers, is) {
		return ErrSamePerson
	}
	return nil
}

// find calls use for the records of an order's subject.
func find(
	ctx context.Context,
	r Request,
	receipt ledger.Receipt,
	people Roster,
	keys *journal.Keys,
	records Records,
	use func(journal.Record) error,
) error {
	if r.Group != "" {
		_, err := records.Each(ctx, r.From, r.Until, 0, func(rec journal.Record) error {
			if rec.Group.String() != r.Group {
				return nil
			}
			return use(rec)
		})
		return err
	}
	who := people.Subject(r.Subject)
	if !who.Identified() {
		return errors.New(
			"there are no records of this person by name: the roster does not have them, they have a confidential " +
				"role, or they are a pupil (C3.2g, K4)",
		)
	}
	return keys.Find(ctx, receipt, records, who, r.From, r.Until, use)
}

func (s *Store) stillInForce(id string, by ledger.Actor) error {
	o, err := s.verified(id)
	if err != nil {
		return err
	}
	now, err := s.now()
	if err == nil && (o.State(now) != InForce || !o.standing.designates(by.Name)) {
		err = ErrNotInForce
	}
	return err
}

// Excepted reports whether an order that is in force says that confidentiality does not
// hold for a person (C3.2g).
func (s *Store) Excepted(people Roster, who roster.Subject) bool {
	_, ok := s.about(people, who, func(o *Order) bool { return o.Request.Kind == Exception })
	return ok
}

// Added returns the order in force that lets content of a person's messages be inspected
// (C3.2e), and the purposes that it adds; without one there are none.
func (s *Store) Added(people Roster, who roster.Subject) (filter.OrderID, rules.Purposes) {
	o, ok := s.about(people, who, func(o *Order) bool { return o.Request.Content })
	if !ok {
		return "", 0
	}
	return filter.OrderID(o.ID), rules.SetOf(rules.Security, rules.Conduct, rules.Leak)
}

// RecordUse writes in the ledger that a message is inspected under orders. It comes before
// the inspection; if it fails there may be none.
func (s *Store) RecordUse(ctx context.Context, used []filter.OrderID, id filter.ID) error {
	for _, o := range used {
		d := ledger.Data{Ref: string(o), ID: id.String(), Step: stepContent}
		if _, err := s.ledger.Append(ctx, ledger.OrderUsed, d); err != nil {
			return fmt.Errorf("write the use of an order in the ledger: %w", err)
		}
	}
	return nil
}

// single reports whether a person can be distinguished from others: pupils cannot (K4).
func single(who roster.Subject) bool { return who.Identified() || who.Confidential() }

// about returns the first order in force about a person that fits. An order that cannot be read
// is none: then nothing is inspected without permission.
func (s *Store) about(people Roster, who roster.Subject, fits func(*Order) bool) (*Order, bool) {
	if who == (roster.Subject{}) {
		return nil, false
	}
	list, _ := s.orders.List() // what cannot be read does not count
	if len(list) == 0 || s.met() != nil {
		return nil, false
	}
	now, err := s.now()
	if err != nil {
		return nil, false
	}
	for i := range list {
		o := &list[i]
		if o.Outcome != nil || !now.Before(o.Request.Until) || !fits(o) ||
			who.Confidential() && o.Request.Kind != Exception || !s.isAbout(o, people, who) {
			continue
		}
		if s.counts(o, people, now) {
			return o, true
		}
	}
	return nil, false
}

// isAbout reports whether an order is about a person, or their group.
func (s *Store) isAbout(o *Order, people Roster, who roster.Subject) bool {
	if o.Request.Group != "" {
		return o.Request.Group == who.Group().String()
	}
	return o.Request.Subject != "" && single(who) && people.Subject(o.Request.Subject) == who
}

// counts verifies an order, at each use: it is in force, and its subject has no other part in it.
func (s *Store) counts(o *Order, people Roster, now time.Time) bool {
	if o.standing, o.void = s.verify(o); !s.inForce(o, now) {
		return false
	}
	r, err := s.rolls.Current()
	return err == nil && s.apart(r, o, people) == nil
}
