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

// GroundsFor settles what may be looked for in a message: security always, conduct
// unless a party is confidential, leaks only if the message is also drawn and
// leaves the organisation.
func GroundsFor(r Roster, s Sampler, id ID, at time.Time, ds rules.Directions, parties ...string) (Grounds, error) {
	for _, p := range parties {
		if r.Confidential(p) {
			return Grounds{Purposes: rules.SetOf(rules.Security), Confidential: true}, nil
		}
	}
	g := Grounds{Purposes: rules.SetOf(rules.Security, rules.Conduct), Eligible: ds.Has(rules.Out)}
	if !g.Eligible {
		return g, nil
	}
	drawn, err := s.Draw(id, at)
	if err != nil {
		return Grounds{}, fmt.Errorf("draw sample: %w", err)
	}
	if drawn {
		g.Drawn, g.Purposes = true, g.Purposes.With(rules.Leak)
	}
	return g, nil
}
