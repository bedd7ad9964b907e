package blockpage

import (
	"sluis/filter"
	"sluis/internal/roster"
)

// Reason is why a request was stopped.
type Reason struct {
	filter.Verdict
	Own     string // the clause of the organisation's own code, where that forbids it
	Content bool   // it was what was sent or received, not where it went
	Upload  bool   // it was what was sent
}

// Blocked is what a page shows of a request that was stopped.
type Blocked struct {
	Reason
	ID         filter.ID // to name in an appeal
	Host       string
	Group      roster.Group
	Identified bool // the record of it has a pseudonym
}
