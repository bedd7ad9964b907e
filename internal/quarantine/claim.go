package quarantine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"sluis/filter"
)

// claim is the right of one goroutine, in one process, to release a message. It lasts as
// long as it is renewed, so that a process that died holds nothing up.
type claim struct {
	store *Store
	id    filter.ID

	mu    sync.Mutex
	until int64 // in the index; it distinguishes our claim from another's
	lost  bool  // another has taken over

	state     State
	decided   time.Time
	attempts  int // this one included
	size      int64
	delivered string // numbers of the recipients who have the message, each with a comma
	reply     string
}

// claim takes the message to release it.
func (s *Store) claim(ctx context.Context, id filter.ID) (*claim, error) {
	return s.take(ctx, id, 0, toRelease)
}

// taking is what a message is claimed for.
type taking int

const (
	toRelease taking = iota // which is an attempt
	toDestroy
	toJudge // also what is gone
)

// take takes the message. The error is ErrBusy if another has it, ErrChanged if it is not in
// the version that was seen (0: any), and ErrGone if there is nothing to decide any more.
func (s *Store) take(ctx context.Context, id filter.ID, seen int, to taking) (*claim, error) {
	now := s.now()
	c := &claim{store: s, id: id, until: now.Add(s.lease).UnixMilli()}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("claim message: %w", err)
	}
	defer tx.Rollback()
	var held, decided int64
	var version int
	const query = "SELECT lease, state, decided, attempts, size, delivered, reply, version FROM entries WHERE id = ?"
	err = tx.QueryRowContext(ctx, query, id.String()).
		Scan(&held, &c.state, &decided, &c.attempts, &c.size, &c.delivered, &c.reply, &version)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("claim message: %w", err)
	case to != toJudge && (c.state == Released || c.state == Destroyed):
		return nil, ErrGone
	case seen != 0 && seen != version:
		return nil, ErrChanged
	case held >= now.UnixMilli():
		return nil, ErrBusy
	}
	c.decided = time.UnixMilli(decided)
	if to == toRelease {
		c.attempts++
	}
	const taken = "UPDATE entries SET lease = ?, attempts = ? WHERE id = ?"
	if _, err := tx.ExecContext(ctx, taken, c.until, c.attempts, id.String()); err != nil {
		return nil, fmt.Errorf("claim message: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return nil, fmt.Errorf("claim message: %w", err)
	}
	return c, nil
}

// errLost ends a delivery that another process has taken over.
var errLost = errors.New("the release took too long to renew its claim, another process has it")

// keep does something while it renews the claim. If that fails the context ends.
func (c *claim) keep(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		tick := time.NewTicker(c.store.lease / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := c.renew(ctx); err != nil {
				cancel(err)
			}
		}
	})
	err := do(ctx)
	if cause := context.Cause(ctx); errors.Is(cause, errLost) {
		err = cause
	}
	cancel(nil)
	renewing.Wait()
	return err
}

// renew makes the claim last longer. A fault of the index ends it only when its time is
// over.
func (c *claim) renew(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.store.now()
	until := now.Add(c.store.lease).UnixMilli()
	err := c.update(ctx, "lease = ?", until)
	switch {
	case err == nil:
		c.until = until
		return nil
	case now.UnixMilli() > c.until:
		c.lost = true
		return errLost
	case c.lost:
		return err
	}
	return nil
}

// mark changes the entry, if the claim is still ours.
func (c *claim) mark(ctx context.Context, set string, args ...any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.update(ctx, set, args...)
}

// end changes the entry and gives up the claim.
func (c *claim) end(ctx context.Context, set string, args ...any) error {
	return c.mark(ctx, "lease = 0, "+set, args...)
}

// isLost reports whether another process has taken over.
func (c *claim) isLost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

func (c *claim) update(ctx context.Context, set string, args ...any) error {
	res, err := c.store.db.ExecContext(
		ctx,
		"UPDATE entries SET "+set+" WHERE id = ? AND lease = ?",
		append(args, c.id.String(), c.until)...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		c.lost = true
		return errors.Join(errLost, err)
	}
	return nil
}
