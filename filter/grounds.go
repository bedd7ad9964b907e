package filter

import (
	"fmt"
	"slices"
	"time"

	"sluis/rules"
)

// Grounds says which purposes may be served on one item, and why (C3.2a). To ask for grounds
// changes nothing but the count of draws: the caller records the use of the orders before it
// inspects.
type Grounds struct {
	Purposes     rules.Purposes
	Confidential bool      // a party has a confidential role: security only (C3.2g)
	ByHeader     bool      // which the message says, and not its envelope
	Eligible     bool      // took part in the draw for the random sample (C3.3b)
	Drawn        bool      // was drawn
	Orders       []OrderID // orders of the board that added purposes (C3.2c)
}

// Ordered reports whether an order of the board added purposes.
func (g Grounds) Ordered() bool { return len(g.Orders) > 0 }

// OrderID names an order of the board.
type OrderID string

// Roster knows which addresses lead to a confidential role, by whatever alias.
type Roster interface {
	// Confidants returns the addresses of those roles, as orders know them.
	Confidants(address string) []string
}

// Parties are those that an item goes between.
type Parties struct {
	Addresses []string // of the envelope, as far as they are proven; orders are about them as well
	// Claims returns the addresses of confidential roles that the item itself names; nil: none. It is
	// asked only if the envelope leads to none.
	Claims func() []string
	// Exempted reports whether the item was exempt before, as one of several recipients was another; nil:
	// it was not. It is asked last.
	Exempted func() bool
}

// confidential reports whether a party has a confidential role that no order lifts, and whether the item
// alone says so.
func (p Parties) confidential(r Roster, o Orders, at time.Time) (is, byHeader bool) {
	holds := func(role string) bool { return !o.Excepted(at, role) }
	for _, a := range p.Addresses {
		if slices.ContainsFunc(r.Confidants(a), holds) {
			return true, false
		}
	}
	is = p.Claims != nil && slices.ContainsFunc(p.Claims(), holds) || p.Exempted != nil && p.Exempted()
	return is, is
}

// Sampler draws the random sample, blind to everything but the ID. It fails when
// the day's secret is not committed to; then nothing may be drawn.
type Sampler interface {
	Draw(id ID, at time.Time) (bool, error)
}

// Orders knows the orders of the board that are in force. To ask changes nothing.
type Orders interface {
	// Excepted reports whether confidentiality does not hold for an address (C3.2g).
	Excepted(at time.Time, address string) bool
	// Added returns the order that adds content for an address, and the purposes that it
	// adds (C3.2e); without an order there are none.
	Added(at time.Time, address string) (OrderID, rules.Purposes)
}

// NoOrders is for where there are none.
type NoOrders struct{}

// Excepted implements Orders.
func (NoOrders) Excepted(time.Time, string) bool { return false }

// Added implements Orders.
func (NoOrders) Added(time.Time, string) (OrderID, rules.Purposes) { return "", 0 }

// GroundsFor settles what may be inspected of a message: security always, conduct
// unless a party is confidential, leaks only if the message is also drawn and
// leaves the organisation. Beyond that there is only what an order of the board adds.
func GroundsFor(
	r Roster, s Sampler, o Orders, id ID, at time.Time, ds rules.Directions, parties Parties,
) (Grounds, error) {
	if is, byHeader := parties.confidential(r, o, at); is {
		return Grounds{Purposes: rules.SetOf(rules.Security), Confidential: true, ByHeader: byHeader}, nil
	}
	g := Grounds{Purposes: rules.SetOf(rules.Security, rules.Conduct), Eligible: ds.Has(rules.Out)}
	for _, p := range parties.Addresses {
		order, added := o.Added(at, p)
		if added == 0 {
			continue
		}
		g.Purposes |= added
		if !slices.Contains(g.Orders, order) {
			g.Orders = append(g.Orders, order)
		}
	}
	// Last: a draw is counted, and has to have its record.
	if g.Eligible {
		drawn, err := s.Draw(id, at)
		if err != nil {
			return Grounds{}, fmt.Errorf("draw sample: %w", err)
		}
		if drawn {
			g.Drawn, g.Purposes = true, g.Purposes.With(rules.Leak)
		}
	}
	return g, nil
}
