package quarantine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
)

// ErrNotReturnable is returned for a message whose sender can get no notice that it was not delivered: it has no
// address to return to, was made by a machine, or nobody wants one.
var ErrNotReturnable = errors.New("the sender can get no notice that the message was not delivered")

// Returner notifies the sender of a message that it was not delivered, and why. It returns once the next hop has taken
// the notice.
type Returner func(ctx context.Context, arrived time.Time, m *Message) error

// maxReturns bounds how often it is tried to return a message. Between two tries it waits longer each time.
const (
	maxReturns = 8
	returnWait = time.Hour
)

// Return has the sender of a message notified that it was not delivered, and then destroys it, as Delete does. That it
// is tried is in the ledger before the message is opened. A message that cannot be returned stays where it is: the
// error is ErrNotReturnable if that is for good. One that was tried not long ago, or often, is passed over.
func (s *Store) Return(ctx context.Context, id filter.ID, by Intent, send Returner, ids ...age.Identity) error {
	if by.Reason == "" {
		return ErrNoReason
	}
	e, err := s.Get(ctx, id)
	switch {
	case err != nil:
		return err
	case e.State != Quarantined && e.State != Failed:
		return ErrGone
	case e.Recipients == 0:
		return ErrNotDeliverable
	}
	var next int64
	if err := s.db.QueryRowContext(ctx, "SELECT next FROM entries WHERE id = ?", id.String()).Scan(&next); err != nil {
		return fmt.Errorf("return message: %w", err)
	}
	if e.Attempts >= maxReturns || s.now().UnixMilli() < next {
		return nil
	}
	c, err := s.take(ctx, id, by.Seen, toRelease)
	if err != nil {
		return err
	}
	err = c.keep(ctx, func(ctx context.Context) error { return s.sendBack(ctx, e, by, send, ids) })
	ended := context.WithoutCancel(ctx)
	switch {
	case c.isLost():
		return err
	case err == nil:
		const gone = "state = ?, answer = NULL, decided = ?, version = version + 1"
		if err := c.end(ended, gone, Destroyed, s.now().UnixMilli()); err != nil {
			return fmt.Errorf("note the return: %w", err)
		}
		return s.erase(id)
	case errors.Is(err, ErrNotReturnable):
		return errors.Join(err, c.end(ended, "attempts = ?", maxReturns))
	}
	wait := returnWait << min(max(c.attempts-1, 0), maxReturns)
	return errors.Join(err, c.end(ended, "next = ?", s.now().Add(wait).UnixMilli()))
}

// sendBack opens a message and has its sender notified.
func (s *Store) sendBack(ctx context.Context, e Entry, by Intent, send Returner, ids []age.Identity) error {
	receipt, err := s.record(ctx, ledger.QuarantineReturned, e.ID, by)
	if err != nil {
		return fmt.Errorf("write the return in the ledger: %w", err)
	}
	m, err := s.unlock(receipt, ledger.QuarantineReturned, e.ID, ids)
	if err != nil {
		return err
	}
	defer m.Close()
	if m.Envelope.From == "" {
		return ErrNotReturnable
	}
	return send(ctx, e.Time, m)
}
