package orders

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
)

// Verified is what a verified ledger says of rolls and orders.
type Verified struct {
	Chain    *roll.Chain
	Orders   []*Standing // the oldest first
	Problems []error     // of rolls, of orders, of uses; none: all is in order
}

// Log is a ledger that is verified already, such as an export.
type Log interface {
	ledger.Finder
	roll.Roots
}

// errRoll is returned for a ledger that does not have the roll of the minutes.
var errRoll = errors.New("no roll with this hash was adopted in this ledger")

// VerifyAll verifies every roll and every order of a ledger: that a roll with a hash, in hexadecimal, is one of a
// chain in which each was adopted by the signatures that it needs, that each approval is signed by members of the
// roll of that time, and that each use was under an order in force.
func VerifyAll(l Log, hash string) (v Verified, err error) {
	if v.Chain, err = roll.Replay(l, l); err != nil {
		return v, err
	}
	if v.Chain.With(hash) == nil {
		v.Problems = append(v.Problems, fmt.Errorf("roll %s: %w", hash, errRoll))
	}
	for _, p := range v.Chain.Problems {
		v.Problems = append(v.Problems, fmt.Errorf("roll: %w", p))
	}
	byID := map[string]*Standing{}
	for e, err := range l.Find(ledger.Query{Kinds: Kinds}) {
		if err != nil {
			return v, err
		}
		if e.Data.Ref == "" {
			v.Problems = append(v.Problems, fmt.Errorf("entry %d: an entry of an order is erased", e.Index))
			continue
		}
		st := byID[e.Data.Ref]
		if st == nil {
			st = &Standing{ID: e.Data.Ref}
			byID[st.ID], v.Orders = st, append(v.Orders, st)
		}
		st.add(v.Chain, e, l)
	}
	for _, st := range v.Orders {
		for _, p := range st.Problems {
			v.Problems = append(v.Problems, fmt.Errorf("order %s: %w", cmp.Or(st.ID, "without an id"), p))
		}
	}
	return v, nil
}

// Approvals returns those who approved an order.
func (st *Standing) Approvals() []Signed {
	return slices.DeleteFunc(slices.Clone(st.Answers), func(s Signed) bool { return s.Answer != Approve })
}
