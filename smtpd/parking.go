package smtpd

import (
	"context"
	"slices"
	"time"

	"sluis/internal/admit"
)

// A transaction has a connection to its next hop from MAIL on, so that the client hears what the
// next hop says to each recipient, in its own words. While the relay waits for the client, and
// that includes the whole body, the connection is parked: the transaction has it back without
// another word, unless another needed it, or the client was silent too long. Then
// the next hop is given sender and recipients once more, on another connection.
//
// The other way, a connection only when the body begins, would have to answer recipients before
// the next hop has: its refusals would be bounces, to senders that are often forged.

// stay is one time that a connection is parked. The connection may be another transaction's
// after it, and be parked once more: that is another stay.
type stay struct {
	nextHop *nextHop
	timer   *time.Timer // ends it
}

// park leaves a connection to whoever needs it until unpark. It returns nil if one does already.
func (r *route) park(h *nextHop) *stay {
	if r.places.Wanted(h.who) {
		r.metrics.returned.WithLabelValues("needed").Inc()
		go r.settle(h)
		return nil
	}
	s := &stay{nextHop: h}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parked = append(r.parked, s)
	s.timer = time.AfterFunc(r.Hold, func() {
		if r.unpark(s) {
			r.metrics.returned.WithLabelValues("idle").Inc()
			r.settle(h)
		}
	})
	return s
}

// unpark takes a connection back, and reports whether it was there still.
func (r *route) unpark(s *stay) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.parked, s)
	if i < 0 {
		return false
	}
	r.parked = slices.Delete(r.parked, i, i+1)
	s.timer.Stop()
	return true
}

// enter takes a place for a party: a free one, that of a parked connection, or, after a wait,
// one that another leaves.
func (r *route) enter(ctx context.Context, who admit.Party) error {
	for r.places.Try(who, 1) != admit.None {
		h := r.longestParked(who)
		if h == nil {
			ctx, cancel := context.WithTimeout(ctx, r.Command)
			defer cancel()
			if r.places.Wait(ctx, who) != nil {
				r.metrics.limit(who, "next-hop")
				return errBusy
			}
			return nil
		}
		r.metrics.returned.WithLabelValues("needed").Inc()
		if h.reset(r.Dial) != nil {
			r.drop(h)
		} else {
			r.put(h)
		}
	}
	return nil
}

// longestParked takes the connection that was parked longest of those whose place would help a
// party; strangers' before others'.
func (r *route) longestParked(who admit.Party) *nextHop {
	r.mu.Lock()
	defer r.mu.Unlock()
	best := -1
	for i, s := range r.parked {
		rank := s.nextHop.who.Rank
		if (best < 0 || rank < r.parked[best].nextHop.who.Rank) && r.places.Helps(s.nextHop.who, who) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	s := r.parked[best]
	r.parked = slices.Delete(r.parked, best, best+1)
	s.timer.Stop()
	return s.nextHop
}
