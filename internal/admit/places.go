package admit

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// Places are taken and given back by parties, each within its share. The zero Places has none
// that are refused. All methods may be called from any goroutine.
type Places struct {
	mu      sync.Mutex
	shares  Shares
	taken   tally
	waiting []*waiter // in the order in which they came
}

// waiter is a party that waits for a place.
type waiter struct {
	who    Party
	served chan struct{} // closed: it has one
}

// NewPlaces returns places that are free.
func NewPlaces(s Shares) *Places { return &Places{shares: s} }

// SetShares changes how many places there are. Those who have more keep them.
func (p *Places) SetShares(s Shares) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shares = s
	p.serve()
}

// Try takes n places for a party, or says why it may not have them.
func (p *Places) Try(who Party, n int64) Refusal {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.taken.refuses(who, n, p.shares)
	if r == None {
		p.taken.add(who, n)
	}
	return r
}

// Full says why a party may not have n places, without taking them; None if it may.
func (p *Places) Full(who Party, n int64) Refusal {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken.refuses(who, n, p.shares)
}

// Wait takes a place for a party as soon as there is one. Among those that wait the
// organisation's own come first, then those whose address has and wants the fewest, so that
// a crowd from one address holds up itself alone, and then those with the least debt. Its error
// is the context's.
func (p *Places) Wait(ctx context.Context, who Party) error {
	p.mu.Lock()
	if p.taken.refuses(who, 1, p.shares) == None {
		p.taken.add(who, 1)
		p.mu.Unlock()
		return nil
	}
	w := &waiter{who, make(chan struct{})}
	p.waiting = append(p.waiting, w)
	p.mu.Unlock()
	select {
	case <-w.served:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.waiting, w)
	if i < 0 {
		return nil // served meanwhile
	}
	p.waiting = slices.Delete(p.waiting, i, i+1)
	return ctx.Err()
}

// Give gives n places of a party back.
func (p *Places) Give(who Party, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken.add(who, -n)
	p.serve()
}

// Wanted reports whether another, of the party's rank or above, waits for a place that the party
// could give.
func (p *Places) Wanted(giver Party) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.waiting, func(w *waiter) bool { return p.helps(giver, w.who) })
}

// Helps reports whether a party could have a place if another, of no higher rank, gave one.
func (p *Places) Helps(giver, taker Party) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.helps(giver, taker)
}

func (p *Places) helps(giver, taker Party) bool {
	if taker.Rank < giver.Rank {
		return false
	}
	p.taken.add(giver, -1)
	defer p.taken.add(giver, 1)
	return p.taken.refuses(taker, 1, p.shares) == None
}

// Taken returns how many places are taken.
func (p *Places) Taken() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken.all
}

// serve gives places to those that wait.
func (p *Places) serve() {
	if len(p.waiting) == 0 {
		return
	}
	wants := tally{}
	for _, w := range p.waiting {
		wants.add(w.who, 1)
	}
	for {
		best := -1
		for i, w := range p.waiting {
			if p.taken.refuses(w.who, 1, p.shares) != None {
				continue
			}
			if best < 0 || p.before(w.who, p.waiting[best].who, &wants) {
				best = i
			}
		}
		if best < 0 {
			return
		}
		w := p.waiting[best]
		p.waiting = slices.Delete(p.waiting, best, best+1)
		p.taken.add(w.who, 1)
		wants.add(w.who, -1)
		close(w.served)
	}
}

// before reports whether a party comes before another that has waited longer.
func (p *Places) before(a, b Party, wants *tally) bool {
	crowd := func(who Party) int64 { return p.taken.address(who) + wants.address(who) }
	return cmp.Or(
		cmp.Compare(b.Rank, a.Rank),
		cmp.Compare(crowd(a), crowd(b)),
		cmp.Compare(a.Debt, b.Debt),
	) < 0
}
