package admit

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// Pace holds what clients ask for to a pace: of each address, and of each network (an IPv4 /24, an
// IPv6 /64 and /48) three times that. Who comes too fast waits, and is refused if that would take
// long, so that nobody takes what others ask for too. All methods may be called from any goroutine.
type Pace struct {
	every   time.Duration
	burst   int
	longest time.Duration

	mu sync.Mutex
	of *simplelru.LRU[netip.Prefix, *rate.Limiter]
}

// ErrTooFast is returned to a client that would have to wait too long.
var ErrTooFast = errors.New("too many requests of one client")

// paced is how many networks are remembered.
const paced = 1 << 14

// NewPace returns a pace of one request in a while, after so many at once; a client waits no longer
// than longest.
func NewPace(every time.Duration, burst int, longest time.Duration) *Pace {
	of, err := simplelru.NewLRU[netip.Prefix, *rate.Limiter](paced, nil)
	if err != nil {
		panic(err) // the size is not positive
	}
	return &Pace{every: every, burst: burst, longest: longest, of: of}
}

// networkPace is that of a network, in those of an address.
const networkPace = 3

// Wait waits for the client's turn. The error is ErrTooFast if that would take too long, or ctx's.
func (p *Pace) Wait(ctx context.Context, client netip.Addr) error {
	now := time.Now()
	var held []*rate.Reservation
	var delay time.Duration
	for _, l := range p.limiters(client) {
		r := l.ReserveN(now, 1)
		held, delay = append(held, r), max(delay, r.DelayFrom(now))
	}
	if delay > p.longest {
		for _, r := range held {
			r.CancelAt(now)
		}
		return ErrTooFast
	}
	if delay == 0 {
		return nil
	}
	turn := time.NewTimer(delay)
	defer turn.Stop()
	select {
	case <-turn.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// limiters returns those of a client's address and networks.
func (p *Pace) limiters(client netip.Addr) (all []*rate.Limiter) {
	levels, n := Shares{Address: 1, Network: networkPace}.levels(Party{Addr: client.Unmap()})
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range levels[:n] {
		limiter, ok := p.of.Get(l.network)
		if !ok {
			limiter = rate.NewLimiter(rate.Every(p.every/time.Duration(l.most)), p.burst*int(l.most))
			p.of.Add(l.network, limiter)
		}
		all = append(all, limiter)
	}
	return all
}
