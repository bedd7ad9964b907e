package content

import (
	"sync"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
)

// Exchange is one request with its response, as far as their inspection needs it.
type Exchange struct {
	ID      filter.ID
	Time    time.Time
	Group   roster.Group
	Host    string
	Score   bool // pages of the host are scored: it is in no category
	Grounds filter.Grounds

	mu    sync.Mutex
	found Found
}

// Found is the result of the inspection of an exchange.
type Found struct {
	Verdict       filter.Verdict // Reject: blocked
	Uninspectable bool
	Incomplete    bool
	Quarantined   bool   // a copy is in the quarantine
	Upload        bool   // it was the request that was stopped
	Own           string // clause of the organisation's own code that decided; empty: none
}

// Note adds a result: the strictest verdict stays.
func (x *Exchange) Note(f Found) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if f.Verdict.Action > x.found.Verdict.Action || x.found.Verdict == (filter.Verdict{}) {
		x.found.Verdict = f.Verdict
	}
	x.found.Uninspectable = x.found.Uninspectable || f.Uninspectable
	x.found.Incomplete = x.found.Incomplete || f.Incomplete
	x.found.Quarantined = x.found.Quarantined || f.Quarantined
	x.found.Upload = x.found.Upload || f.Upload
	if f.Own != "" {
		x.found.Own = f.Own
	}
}

// Found returns the result so far.
func (x *Exchange) Found() Found {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.found
}
