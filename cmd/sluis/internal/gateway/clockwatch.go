package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sluis/internal/health"
	"sluis/internal/ledger"
)

// clockWatch notices when the clock jumps: against the time that this process ran, and at its start
// against the latest entry of the ledger.
type clockWatch struct {
	mu    sync.Mutex
	began time.Time     // by both clocks
	off   time.Duration // that the clock is ahead, or behind if below zero; as in the ledger
	since time.Time     // when that began
}

// mostOff is by how much a clock may be set without being noticed.
const mostOff = time.Hour

// run measures, and writes a jump in the ledger; also the one back.
func (w *clockWatch) run(ctx context.Context, now time.Time, l *ledger.Ledger) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	off := w.off
	if w.began.IsZero() {
		latest, err := l.Latest()
		if err != nil {
			return err
		}
		w.began, off = now, 0
		if behind := latest.Sub(now); behind > mostOff {
			off = -behind
		}
	} else {
		// What the clock of the day says that passed, and what passed.
		off += now.Round(0).Sub(w.began.Round(0)) - now.Sub(w.began)
		w.began = now
	}
	if change := off - w.off; change.Abs() < mostOff { // it is measured again from the last jump
		return w.settle(now, l)
	}
	right := now.Add(-off)
	act := ledger.Data{Step: step(off), Since: right.UnixMilli(), Until: now.UnixMilli()}
	if _, err := l.Append(ctx, ledger.ClockJumped, act); err != nil {
		return err
	}
	w.off, w.since = off, now
	if off.Abs() < mostOff {
		return nil
	}
	const text = "the clock is %v %s what the ledger and the time that passed say: set it right"
	return fmt.Errorf(text, off.Abs(), step(off))
}

// settle takes the clock to be right again: after a day, as for a machine that slept, or if a person
// said so.
func (w *clockWatch) settle(now time.Time, l *ledger.Ledger) error {
	if w.off == 0 {
		return nil
	}
	n, err := l.Count(ledger.Query{Kinds: []ledger.Kind{ledger.ClockAccepted}, Since: w.since, Limit: 1})
	if n > 0 || now.Sub(w.since) > 24*time.Hour {
		w.off = 0
	}
	return err
}

func step(off time.Duration) string {
	switch {
	case off >= mostOff:
		return "ahead"
	case off <= -mostOff:
		return "behind"
	}
	return "back"
}

// jumped returns by how much the clock is off.
func (w *clockWatch) jumped() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.off
}

// behindLedger returns by how much the clock is behind the ledger, for a process that has not run.
func (d *Data) behindLedger() time.Duration {
	l, err := d.Ledger()
	if err != nil {
		return 0 // another check says so
	}
	latest, err := l.Latest()
	if behind := time.Until(latest); err == nil && behind > mostOff {
		return -behind
	}
	return 0
}

// clockCheck is the check of a clock that is off by a time.
func clockCheck(off func() time.Duration) health.Check { return health.SteadyClock(mostOff, off) }
