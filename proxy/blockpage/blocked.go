package blockpage

import (
	"sluis/filter"
	"sluis/internal/roster"
	"sluis/rules"
)

// Blocked is what a page tells of a request that was stopped.
type Blocked struct {
	ID         filter.ID // to name in an appeal
	Host       string
	Group      roster.Group
	Category   rules.Category
	Clause     rules.Clause
	Own        string // the clause of the organisation's own code, where that forbids it
	Rule       rules.ID
	Identified bool // the record of it has a pseudonym
	Content    bool // it was what was sent or received, not where it went
	Upload     bool // it was what was sent
}
