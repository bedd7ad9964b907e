package blockpage

import (
	"sluis/filter"
	"sluis/internal/roster"
)

// Reason is why a request was stopped.
type Reason struct {
	filter.Verdict
	Own     string // clause of the organisation's own code that forbids it; empty: none
	Content bool   // of what was sent or received, not of the site
	Upload  bool   // of what was sent
}

// Blocked is what a page shows of a request that was stopped.
type Blocked struct {
	Reason
	ID         filter.ID // to name in an appeal
	Host       string
	Group      roster.Group
	Identified bool // the record of it has a pseudonym
}
