package console

import (
	"context"
	"errors"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/oversight/orders"
	"sluis/internal/quarantine"
	"sluis/rules"
)

// What the content that an order lets inspect leads to is for its investigators alone (C3.2d). Technical safety is
// everybody's who reviews.

// Ordered knows under which orders messages were inspected: by the ledger, where that comes before the inspection.
type Ordered struct {
	Ledger ledger.Finder
	Orders *orders.Store
}

// Hides reports whether an account may not know of a message, because an order that it is not designated in led to
// it.
func (o Ordered) Hides(by ledger.Actor, e quarantine.Entry) (bool, error) {
	if o.Orders == nil || e.Purpose == rules.Security {
		return false, nil
	}
	for used, err := range o.Ledger.Find(ledger.Query{Kinds: []ledger.Kind{ledger.OrderUsed}, ID: e.ID.String()}) {
		if err != nil {
			return true, err
		}
		order, _, err := o.Orders.Get(used.Data.Ref)
		if err != nil && !errors.Is(err, orders.ErrNotFound) {
			return true, err
		}
		if err != nil || by.Role != ledger.ICT || !order.Investigator(by.Name) {
			return true, nil
		}
	}
	return false, nil
}

// may returns quarantine.ErrNotFound for a message that an account may not know of.
func (q Quarantine) may(ctx context.Context, by ledger.Actor, id filter.ID) error {
	e, err := q.Store.Get(ctx, id)
	if err != nil {
		return err
	}
	hidden, err := q.ordered.Hides(by, e)
	if err == nil && hidden {
		err = quarantine.ErrNotFound
	}
	return err
}

// Visible returns the entries that an account may know of.
func (o Ordered) Visible(by ledger.Actor, all []quarantine.Entry) ([]quarantine.Entry, error) {
	kept := all[:0]
	for _, e := range all {
		hidden, err := o.Hides(by, e)
		if err != nil {
			return nil, err
		}
		if !hidden {
			kept = append(kept, e)
		}
	}
	return kept, nil
}
