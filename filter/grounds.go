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
	Eligible     bool      // took part in the draw for the random sample (C3.3b)
	Drawn        bool      // was drawn
	Orders       []OrderID // orders of the board that added purposes (C3.2c)
}

// Ordered reports whether an order of the board added purposes.
func (g Grounds) Ordered() bool { return len(g.Orders) > 0 }

// OrderID names an order of the board.
type OrderID string

// Roster knows which addresses have a confidential role, by whatever alias.
type Roster interface {
	Confidential(address string) bool
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
	r Roster, s Sampler, o Orders, id ID, at time.Time, ds rules.Directions, parties ...string,
) (Grounds, error) {
	for _, p := range parties {
		if r.Confidential(p) && !o.Excepted(at, p) {
			return Grounds{Purposes: rules.SetOf(rules.Security), Confidential: true}, nil
		}
	}
	g := Grounds{Purposes: rules.SetOf(rules.Security, rules.Conduct), Eligible: ds.Has(rules.Out)}
	for _, p := range parties {
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
