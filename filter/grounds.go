package filter

import (
	"fmt"
	"time"

	"sluis/rules"
)

// Grounds says which purposes may be served on one item, and why (C3.2a).
type Grounds struct {
	Purposes     rules.Purposes
	Confidential bool // a party has a confidential role: security only (C3.2g)
	Eligible     bool // took part in the draw for the random sample (C3.3b)
	Drawn        bool // was drawn
	Ordered      bool // an order of the board added purposes (C3.2c)
}

// Roster tells which addresses have a confidential role, by whatever alias.
type Roster interface {
	Confidential(address string) bool
}

// Sampler draws the random sample, blind to everything but the ID. It fails when
// the day's secret is not committed to; then nothing may be drawn.
type Sampler interface {
	Draw(id ID, at time.Time) (bool, error)
}

// Orders tells what orders of the board that are in force add for an address.
type Orders interface {
	// Excepted reports whether confidentiality does not hold for an address (C3.2g).
	Excepted(at time.Time, address string) bool
	// Added returns the purposes that an order adds for an address (C3.2e), after its use
	// for this message is in the ledger.
	Added(id ID, at time.Time, address string) (rules.Purposes, error)
}

// NoOrders is for where there are none.
type NoOrders struct{}

// Excepted implements Orders.
func (NoOrders) Excepted(time.Time, string) bool { return false }

// Added implements Orders.
func (NoOrders) Added(ID, time.Time, string) (rules.Purposes, error) { return 0, nil }

// GroundsFor settles what may be looked for in a message: security always, conduct
// unless a party is confidential, leaks only if the message is also drawn and
// leaves the organisation. Beyond that there is only what an order of the board adds.
func GroundsFor(r Roster, s Sampler, o Orders, id ID, at time.Time, ds rules.Directions, parties ...string) (Grounds, error) {
	for _, p := range parties {
		if r.Confidential(p) && !o.Excepted(at, p) {
			return Grounds{Purposes: rules.SetOf(rules.Security), Confidential: true}, nil
		}
	}
	g := Grounds{Purposes: rules.SetOf(rules.Security, rules.Conduct), Eligible: ds.Has(rules.Out)}
	for _, p := range parties {
		added, err := o.Added(id, at, p)
		if err != nil {
			return Grounds{}, fmt.Errorf("use order: %w", err)
		}
		for _, purpose := range added.List() {
			g.Purposes, g.Ordered = g.Purposes.With(purpose), true
		}
	}
	// Last: what is drawn is counted, and has to have its record.
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
