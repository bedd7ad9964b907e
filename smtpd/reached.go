package smtpd

import (
	"sync"
	"time"

	"sluis/internal/admit"
)

// Reached is how often a limit had clients come back later, in the last hour or two.
type Reached struct {
	Strangers int64 // who were over their share, as a rule
	Known     int64 // own servers, and carriers: for them there is too little of something
}

// reached counts by the hour.
type reached struct {
	mu        sync.Mutex
	hour      time.Time // in which it counts
	now, last Reached
}

// count counts one more for a party.
func (r *reached) count(who admit.Party) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn()
	if who.Rank == admit.Stranger {
		r.now.Strangers++
	} else {
		r.now.Known++
	}
}

// lately returns the counts of this hour and the last.
func (r *reached) lately() Reached {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn()
	return Reached{r.now.Strangers + r.last.Strangers, r.now.Known + r.last.Known}
}

// turn begins another hour if this one is over.
func (r *reached) turn() {
	now := time.Now()
	switch age := now.Sub(r.hour); {
	case age < time.Hour:
		return
	case age < 2*time.Hour:
		r.last = r.now
	default:
		r.last = Reached{}
	}
	r.hour, r.now = now, Reached{}
}

// limit notes that a limit has a party come back later.
func (m *metrics) limit(who admit.Party, reason string) {
	m.refused.WithLabelValues(reason).Inc()
	m.reached.count(who)
}

// Reached returns how often a limit had clients come back later.
func (r *Relay) Reached() Reached { return r.metrics.reached.lately() }
