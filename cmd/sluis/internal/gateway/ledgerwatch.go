package gateway

import (
	"context"
	"sync"
	"time"
)

// ledgerWatch is the last time that the whole ledger was verified, and what came of it. Opening the
// ledger reads its end alone, so that a wrong byte keeps no mail out: this finds it.
type ledgerWatch struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// checkEvery is how often the whole ledger is verified, beginning at the start.
const checkEvery = 24 * time.Hour

// run verifies the ledger if that is due.
func (w *ledgerWatch) run(ctx context.Context, now time.Time, check func(context.Context) error) error {
	if last, _ := w.last(ctx); !last.IsZero() && now.Sub(last) < checkEvery && !now.Before(last) {
		return nil
	}
	err := check(ctx)
	if ctx.Err() != nil { // the gateway stops
		return ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at, w.err = now, err
	return err
}

// last returns when the ledger was verified; zero: not yet.
func (w *ledgerWatch) last(context.Context) (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at, w.err
}

// checkLedger verifies the whole ledger, for a process that does nothing else.
func (d *Data) checkLedger(ctx context.Context) (time.Time, error) {
	l, err := d.Ledger()
	if err != nil {
		return time.Time{}, err
	}
	return time.Now(), l.Check(ctx)
}
