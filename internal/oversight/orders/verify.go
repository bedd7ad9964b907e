package orders

import (
	"errors"
	"fmt"
	"slices"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
	"sluis/internal/store"
)

// verdict is what came of verifying an order, for as long as neither its file nor the ledger changes.
type verdict struct {
	file     string // hash
	entries  int64  // of the ledger
	standing *Standing
	err      error
}

// verify returns what the ledger has of an order. The error says why it is none: there is no board's roll, or the
// file, the signatures and the ledger do not fit together.
func (s *Store) verify(o *Order) (*Standing, error) {
	text, err := s.files.Get(collection, o.ID)
	if err != nil {
		return nil, fmt.Errorf("read an order: %w", err)
	}
	n, err := s.ledger.Entries()
	if err != nil {
		return nil, err
	}
	file := roll.HexSum(string(text))
	s.mu.Lock()
	known, ok := s.verdicts[o.ID]
	s.mu.Unlock()
	if ok && known.file == file && known.entries == n {
		return known.standing, known.err
	}
	known = verdict{file: file, entries: n}
	known.standing, known.err = s.verifyAnew(o, file)
	s.mu.Lock()
	s.verdicts[o.ID] = known
	s.mu.Unlock()
	return known.standing, known.err
}

func (s *Store) verifyAnew(o *Order, file string) (*Standing, error) {
	rolls, err := s.rolls.Chain()
	if err != nil {
		return nil, err
	}
	st, err := replay(rolls, o.ID, s.ledger, s.ledger)
	if err != nil {
		return nil, err
	}
	if err := st.fits(o, file); err != nil {
		return nil, err
	}
	if _, err := s.rolls.Read(rolls); err != nil {
		return nil, err
	}
	if len(st.Problems) > 0 {
		return nil, fmt.Errorf("%w: %w", ErrForged, st.Problems[0])
	}
	return st, nil
}

// verified returns an order that fits.
func (s *Store) verified(id string) (Order, error) {
	o, err := s.orders.Get(id)
	if err != nil {
		return o, err
	}
	if o.standing, o.void = s.verify(&o); o.void != nil {
		return o, fmt.Errorf("%w: %w", ErrNotInForce, o.void)
	}
	return o, nil
}

// unsigned reports whether an order is of before the roll, and not completed: all that can be done with it is to
// destroy it.
func (o *Order) unsigned() bool { return o.Outcome == nil && errors.Is(o.void, ErrUnsigned) }

// Fault is an order that does not fit.
type Fault struct {
	ID  string
	Err error
}

// Faults returns the orders whose files or signatures do not fit, or whose file is missing, by id. Orders of before
// the roll are among them until they are completed.
func (s *Store) Faults() ([]Fault, error) {
	list, err := store.Readable(s.orders.List())
	if err != nil {
		return nil, err
	}
	var all []Fault
	there := map[string]bool{}
	for i := range list {
		o := &list[i]
		there[o.ID] = true
		_, err := s.verify(o)
		if err != nil && !(o.Outcome != nil && (errors.Is(err, ErrUnsigned) || errors.Is(err, roll.ErrNone))) {
			all = append(all, Fault{o.ID, err})
		}
	}
	for e, err := range s.ledger.Find(ledger.Query{Kinds: []ledger.Kind{ledger.OrderRequested}}) {
		if err != nil {
			return nil, err
		}
		if _, err := s.files.Get(collection, e.Data.Ref); e.Data.Paper != "" && errors.Is(err, store.ErrNotFound) {
			all = append(all, Fault{e.Data.Ref, fmt.Errorf("%w: it is gone", ErrForged)})
		}
	}
	slices.SortFunc(all, func(a, b Fault) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return all, nil
}
