package quarantine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/store/disk"
)

// Errors that a caller decides on.
var (
	// ErrNoReason is returned where an act needs a reason and has none (C3.3e).
	ErrNoReason = errors.New("a reason is needed: say why (C3.3e)")
	// ErrGone is returned for a message whose content is destroyed, by release or deletion.
	ErrGone           = errors.New("the message was released or deleted: its content is gone")
	ErrNotDeliverable = errors.New("an upload that was quarantined cannot be delivered: show it, or delete it")
	// ErrChanged is returned for a decision on a message that another reviewer decided on
	// meanwhile.
	ErrChanged = errors.New("another reviewer decided on this message meanwhile: read it again")
	// ErrBusy is returned for a message that is being released just now.
	ErrBusy = errors.New("the message is being released just now")
)

// Open decrypts a message, after the act and its reason are in the ledger.
func (s *Store) Open(ctx context.Context, id filter.ID, by Intent, ids ...age.Identity) (*Message, error) {
	return s.open(ctx, ledger.QuarantineOpened, id, by, ids)
}

// Reveal is Open to show one identifier that was masked before.
func (s *Store) Reveal(ctx context.Context, id filter.ID, by Intent, ids ...age.Identity) (*Message, error) {
	return s.open(ctx, ledger.QuarantineRevealed, id, by, ids)
}

func (s *Store) open(
	ctx context.Context,
	act ledger.Kind,
	id filter.ID,
	by Intent,
	ids []age.Identity,
) (*Message, error) {
	if by.Reason == "" {
		return nil, ErrNoReason
	}
	e, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if e.State == Released || e.State == Destroyed {
		return nil, ErrGone
	}
	receipt, err := s.record(ctx, act, id, by)
	if err != nil {
		return nil, fmt.Errorf("write the opening in the ledger: %w", err)
	}
	m, err := s.unlock(receipt, act, id, ids)
	if err != nil {
		return nil, err
	}
	m.Answer, err = s.answer(ctx, id, ids)
	if err == nil && (e.Confidential || m.confidential) {
		step := by.Step
		if act != ledger.QuarantineOpened {
			step = ""
		}
		err = s.confine(m, step)
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// acts are what the ledger says of a review.
var acts = map[Review]ledger.Kind{
	Kept:      ledger.QuarantineKept,
	Confirmed: ledger.QuarantineConfirmed,
	Wrong:     ledger.QuarantineWrong,
}

// Judge records a review of a verdict, also of a message that is gone. The error is ErrChanged
// if another reviewer decided meanwhile, ErrBusy if it is being released.
func (s *Store) Judge(ctx context.Context, id filter.ID, r Review, by Intent) error {
	act, ok := acts[r]
	if !ok {
		return fmt.Errorf("judge message: no review %q", r)
	}
	if by.Reason == "" {
		return ErrNoReason
	}
	return s.decide(ctx, toJudge, act, id, by, "review = ?", r)
}

// reviewedNow sets when a person first decided anything; its argument is the time.
const reviewedNow = "reviewed = iif(reviewed = 0, ?, reviewed), version = version + 1"

// decide changes an entry that no other process has claimed, once the act is in the ledger.
func (s *Store) decide(
	ctx context.Context,
	to taking,
	act ledger.Kind,
	id filter.ID,
	by Intent,
	set string,
	args ...any,
) error {
	c, err := s.take(ctx, id, by.Seen, to)
	if err != nil {
		return err
	}
	if _, err := s.record(ctx, act, id, by); err != nil {
		return errors.Join(
			fmt.Errorf("write the decision in the ledger: %w", err),
			c.end(context.WithoutCancel(ctx), "attempts = attempts"),
		)
	}
	now := s.now().UnixMilli()
	args = append(args, now)
	if err := c.end(ctx, set+", "+reviewedNow, args...); err != nil {
		return fmt.Errorf("note the decision: %w", err)
	}
	return nil
}

// Delete destroys a message. Its metadata stays until the retention ends, so that the
// figures are right. It can be repeated if it failed half-way.
func (s *Store) Delete(ctx context.Context, id filter.ID, by Intent) error {
	if by.Reason == "" {
		return ErrNoReason
	}
	e, err := s.Get(ctx, id)
	switch {
	case err != nil:
		return err
	case e.State == Released:
		return ErrGone
	case e.State == Destroyed:
		return s.erase(id)
	}
	if err := s.reserved(ctx, e, by); err != nil {
		return err
	}
	const set = "state = ?, answer = NULL, decided = ?"
	now := s.now().UnixMilli()
	if err := s.decide(ctx, toDestroy, ledger.QuarantineDeleted, id, by, set, Destroyed, now); err != nil {
		return err
	}
	return s.erase(id)
}

// erase removes the sealed files of messages. The index is changed before: what a crash
// in between leaves is removed by Reconcile.
func (s *Store) erase(ids ...filter.ID) error {
	for _, id := range ids {
		for _, path := range []string{s.path(id), s.releasePath(id)} {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("destroy message: %w", err)
			}
		}
	}
	err := errors.Join(disk.SyncDir(filepath.Join(s.dir, "sealed")), disk.SyncDir(filepath.Join(s.dir, "release")))
	if err != nil {
		return fmt.Errorf("destroy message: %w", err)
	}
	return nil
}

// batch bounds how many messages expire, or are tried for release, in one go.
const batch = 500

// Expire destroys the messages that were quarantined before a time, and their metadata. It
// returns how many. A message that is being released is left until that has ended.
func (s *Store) Expire(ctx context.Context, before time.Time) (int, error) {
	return s.ExpireReviewed(ctx, before, before)
}

// ExpireReviewed is Expire for messages that a person reviewed; others are destroyed if they were
// quarantined before an earlier time.
func (s *Store) ExpireReviewed(ctx context.Context, before, others time.Time) (int, error) {
	for total := 0; ; {
		n, err := s.expire(ctx, before, others)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

func (s *Store) expire(ctx context.Context, before, others time.Time) (int, error) {
	const due = "time < CASE WHEN state = ? AND reviewed = 0 THEN ? ELSE ? END AND state != ? AND lease < ?"
	now := s.now().UnixMilli()
	rows, err := s.db.QueryContext(
		ctx,
		"SELECT id, state, reviewed FROM entries WHERE "+due+" LIMIT ?",
		Quarantined,
		others.UnixMilli(),
		before.UnixMilli(),
		Releasing,
		now,
		batch,
	)
	if err != nil {
		return 0, fmt.Errorf("expire quarantine: %w", err)
	}
	defer rows.Close()
	states, why := map[filter.ID]row{}, map[filter.ID]string{}
	for rows.Next() {
		var text string
		var r row
		var reviewed int64
		if err := rows.Scan(&text, &r.state, &reviewed); err != nil {
			return 0, fmt.Errorf("expire quarantine: %w", err)
		}
		id, err := filter.ParseID(text)
		if err != nil {
			return 0, fmt.Errorf("expire quarantine: %w", err)
		}
		states[id], why[id] = r, "retention"
		if reviewed == 0 && r.state == Quarantined {
			why[id] = "retention, not reviewed"
		}
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("expire quarantine: %w", err)
	}
	var gone []filter.ID
	for id, r := range states {
		if r.kept() { // of the others the content is gone already
			if _, err := s.record(ctx, ledger.QuarantineExpired, id, Intent{Reason: why[id]}); err != nil {
				return len(gone), errors.Join(fmt.Errorf("write the expiry in the ledger: %w", err), s.erase(gone...))
			}
		}
		res, err := s.db.ExecContext(
			ctx,
			"DELETE FROM entries WHERE id = ? AND "+due,
			id.String(),
			Quarantined,
			others.UnixMilli(),
			before.UnixMilli(),
			Releasing,
			now,
		)
		if err != nil {
			return len(gone), errors.Join(fmt.Errorf("expire quarantine: %w", err), s.erase(gone...))
		}
		if n, err := res.RowsAffected(); err == nil && n == 1 {
			gone = append(gone, id)
		}
	}
	return len(gone), s.erase(gone...)
}
