package smtpd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluis/internal/admit"
)

const (
	maxIdle  = 50               // connections kept per route
	downTime = 30 * time.Second // before a host that failed is tried first again
	capsLife = 10 * time.Minute // before a next hop is asked again what it can do
)

var errBusy = errors.New("too many connections to next hop")

// get returns a connection that is ready for MAIL: an idle one, which may have been
// closed by the other side meanwhile, or a new one. It counts for a party until put or drop.
func (r *route) get(ctx context.Context, who admit.Party) (h *nextHop, reused bool, err error) {
	if err := r.enter(ctx, who); err != nil {
		return nil, false, err
	}
	r.mu.Lock()
	for len(r.idle) > 0 && h == nil {
		h = r.idle[len(r.idle)-1]
		r.idle = r.idle[:len(r.idle)-1]
		if !h.timer.Stop() {
			h = nil // expired just now; its timer closes it
		}
	}
	r.mu.Unlock()
	if h == nil {
		h, err = r.dial(ctx)
		if err != nil {
			r.places.Give(who, 1)
			return nil, false, err
		}
	} else {
		reused = true
	}
	h.who = who
	h.stop = context.AfterFunc(ctx, func() { h.conn.SetDeadline(time.Unix(1, 0)); h.conn.Close() })
	return h, reused, nil
}

// dial tries the hosts in their order, those that failed lately last.
func (r *route) dial(ctx context.Context) (*nextHop, error) {
	r.mu.Lock()
	now := time.Now()
	var up, down []string
	for _, a := range r.Hosts {
		if now.Before(r.downTo[a]) {
			down = append(down, a)
		} else {
			up = append(up, a)
		}
	}
	r.mu.Unlock()
	var errs []error
	for _, a := range append(up, down...) {
		h, err := r.connect(ctx, a)
		r.mu.Lock()
		if err == nil {
			delete(r.downTo, a)
			r.caps, r.seen = h.caps, time.Now()
			r.mu.Unlock()
			r.metrics.hops.WithLabelValues(r.Name, "ok").Inc()
			return h, nil
		}
		r.downTo[a] = now.Add(downTime)
		r.mu.Unlock()
		r.metrics.hops.WithLabelValues(r.Name, "failed").Inc()
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("route %s: %w", r.Name, errors.Join(errs...))
}

// put takes a connection back that is between transactions.
func (r *route) put(h *nextHop) {
	kept, who := false, h.who // once it is kept, it may be another's
	if h.stop() && r.Idle > 0 {
		r.mu.Lock()
		if !r.closed && len(r.idle) < maxIdle {
			h.timer = time.AfterFunc(r.Idle, func() { r.expire(h) })
			r.idle = append(r.idle, h)
			kept = true
		}
		r.mu.Unlock()
	}
	if !kept {
		h.quit()
	}
	r.places.Give(who, 1)
}

// settle takes a connection back in the middle of a transaction.
func (r *route) settle(h *nextHop) {
	if h.reset(r.Command) != nil {
		r.drop(h)
		return
	}
	r.put(h)
}

// drop closes a connection in whatever state it is.
func (r *route) drop(h *nextHop) {
	h.stop()
	h.conn.Close()
	r.places.Give(h.who, 1)
}

func (r *route) expire(h *nextHop) {
	r.mu.Lock()
	for i, o := range r.idle {
		if o == h {
			r.idle = append(r.idle[:i], r.idle[i+1:]...)
			break
		}
	}
	r.mu.Unlock()
	h.quit()
}

// quit says goodbye without waiting for an answer.
func (h *nextHop) quit() {
	if h.send("QUIT") == nil {
		h.bw.Flush()
	}
	h.conn.Close()
}

func (r *route) close() {
	r.mu.Lock()
	r.closed = true
	idle := r.idle
	r.idle = nil
	r.mu.Unlock()
	for _, h := range idle {
		if h.timer.Stop() {
			h.quit()
		}
	}
}

// capabilities returns what the next hop can do, asking it if that is not known lately. It asks
// for nobody in particular, and once however many want to know.
func (r *route) capabilities(ctx context.Context) (caps, bool) {
	if c, ok := r.seenLately(); ok {
		return c, true
	}
	r.asking.Lock()
	defer r.asking.Unlock()
	if c, ok := r.seenLately(); ok {
		return c, true
	}
	r.mu.Lock()
	c, seen, failed := r.caps, r.seen, r.failed
	r.mu.Unlock()
	if time.Since(failed) > downTime {
		if h, _, err := r.get(ctx, admit.Party{Rank: admit.Own}); err == nil {
			c = h.caps
			r.mu.Lock()
			r.caps, r.seen = c, time.Now()
			r.mu.Unlock()
			r.put(h)
			return c, true
		}
		r.mu.Lock()
		r.failed = time.Now()
		r.mu.Unlock()
	}
	return c, !seen.IsZero()
}

// seenLately returns what the next hop could do lately, if it was asked.
func (r *route) seenLately() (caps, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.caps, time.Since(r.seen) < capsLife
}
