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
	passed func(since, now time.Time) time.Duration // by the clock that is never set; nil: time.Time.Sub

	mu    sync.Mutex
	began time.Time     // by both clocks
	drift time.Duration // of the clock of the day against the other, as it was at the last measurement that counts
	at    time.Time     // when that was
	off   time.Duration // that the clock is ahead, or behind if below zero; as in the ledger
	since time.Time     // when that began
}

// mostOff is by how much a clock may be set within a day without being noticed: time synchronisation
// sets it by less, and a machine that stood still for a moment is behind by less.
const mostOff = 5 * time.Minute

// run measures, and writes a jump in the ledger; also the one back.
func (w *clockWatch) run(ctx context.Context, now time.Time, l *ledger.Ledger) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	change, drift := time.Duration(0), w.drift
	if w.began.IsZero() {
		latest, err := l.Latest()
		if err != nil {
			return err
		}
		w.began, w.at = now, now
		if behind := latest.Sub(now); behind > mostOff {
			change = -behind
		}
	} else {
		// What the clock of the day says that passed, and what passed.
		drift = now.Round(0).Sub(w.began.Round(0)) - w.ran(w.began, now)
		change = drift - w.drift
	}
	if change.Abs() < mostOff {
		if w.ran(w.at, now) > 24*time.Hour {
			w.drift, w.at = drift, now
		}
		return w.settle(now, l)
	}
	off := w.off + change
	right := now.Add(-off)
	act := ledger.Data{Step: step(off), Since: right.UnixMilli(), Until: now.UnixMilli()}
	if _, err := l.Append(ctx, ledger.ClockJumped, act); err != nil {
		return err
	}
	w.off, w.since, w.drift, w.at = off, now, drift, now
	if off.Abs() < mostOff {
		return nil
	}
	const text = "the clock is %v %s what the ledger and the time that passed say: set it right"
	return fmt.Errorf(text, off.Abs(), step(off))
}

func (w *clockWatch) ran(since, now time.Time) time.Duration {
	if w.passed != nil {
		return w.passed(since, now)
	}
	return now.Sub(since)
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
