package orders

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluis/internal/ledger"
)

// slack is by how much a clock may be set without a reason.
const slack = time.Hour

// ErrClock is returned while the clock is before a time that it once showed, and nobody said that it
// is right now: orders end, and none begins.
var ErrClock = errors.New("the clock is behind a time that it once showed: it was ahead then, or is behind now")

// timed is a ledger that knows the latest time of its entries.
type timed interface {
	Latest() (time.Time, error)
}

// jumped reports whether the clock jumped ahead since the last call, against the time that passed. Such
// a time ends orders, and is not kept: they go on when the clock is back. After a day it is taken to be
// right. Callers hold the lock.
func (s *Store) jumped(now time.Time) bool {
	ran := s.steady()
	before, at := s.wall, s.ran
	if before.IsZero() {
		s.wall, s.ran = now, ran
		return false
	}
	passed := ran.Sub(at)
	if passed < 24*time.Hour && now.Round(0).Sub(before.Round(0)) > passed+slack {
		return true // the clock before the jump stays the measure
	}
	s.wall, s.ran = now, ran
	return false
}

// comeBack undoes a time ahead that no entry of the ledger confirms, with an entry. A time that is
// confirmed is undone by AcceptClock alone: whoever sets the clock back must not prolong an order.
// Callers hold the lock.
func (s *Store) comeBack(now time.Time) error {
	if seen, err := s.seen.Get(); err == nil && seen.Before(s.latest) { // AcceptClock, in another process
		s.latest = seen
		return nil
	}
	l, ok := s.ledger.(timed)
	if !ok {
		return nil
	}
	latest, err := l.Latest()
	if err != nil || latest.Sub(now) > slack || s.latest.Sub(latest) <= 24*time.Hour {
		return err
	}
	return s.setBack(context.Background(), now, ledger.ClockJumped, ledger.Data{Step: "undone"})
}

// setBack makes now the latest time that was seen, after that is in the ledger.
func (s *Store) setBack(ctx context.Context, now time.Time, kind ledger.Kind, act ledger.Data) error {
	act.Since, act.Until = s.latest.UnixMilli(), now.UnixMilli()
	if _, err := s.ledger.Append(ctx, kind, act); err != nil {
		return fmt.Errorf("set the clock of orders back: %w", err)
	}
	if err := s.seen.Put(now.Truncate(time.Second)); err != nil {
		return fmt.Errorf("set the clock of orders back: %w", err)
	}
	s.latest = now.Truncate(time.Second)
	return nil
}

// AcceptClock says that the clock is right now, although it showed a later time before: what was seen
// of that counts no more. It is in the ledger, with who said so and why.
func (s *Store) AcceptClock(ctx context.Context, by ledger.Actor, reason string) error {
	if reason == "" {
		return errors.New("accept the clock: say why")
	}
	if _, err := s.now(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock().UTC()
	return s.setBack(ctx, now, ledger.ClockAccepted, ledger.Data{Actor: by, Reason: reason})
}

// right returns ErrClock for a time that is not the clock's.
func (s *Store) right(now time.Time) error {
	if ahead := now.Sub(s.clock()); ahead > slack {
		return fmt.Errorf("%w (%s): if it is right now, say so with sluis clock accept --reason TEXT", ErrClock,
			now.Format(time.DateOnly))
	}
	return nil
}
