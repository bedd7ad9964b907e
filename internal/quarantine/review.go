package quarantine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/durable"
)

// ErrNoReason is returned where an act needs a reason and has none (C3.3e).
var ErrNoReason = errors.New("a reason is needed: say why (C3.3e)")

// Open decrypts a message, after the act and its reason are in the ledger.
func (s *Store) Open(ctx context.Context, id filter.ID, reason string, ids ...age.Identity) (*Message, error) {
	if reason == "" {
		return nil, ErrNoReason
	}
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	if err := s.witness.Record(ctx, Opened, id, reason); err != nil {
		return nil, fmt.Errorf("write the opening in the ledger: %w", err)
	}
	return openSealed(s.path(id), ids...)
}

// Delete destroys a message. Its metadata stays until the retention ends, so that the
// figures are right.
func (s *Store) Delete(ctx context.Context, id filter.ID, reason string) error {
	if reason == "" {
		return ErrNoReason
	}
	if _, err := s.Get(ctx, id); err != nil {
		return err
	}
	if err := s.witness.Record(ctx, Deleted, id, reason); err != nil {
		return fmt.Errorf("write the destruction in the ledger: %w", err)
	}
	return s.destroy(ctx, id, Destroyed)
}

// destroy removes the sealed files of a message, then says so in the index.
func (s *Store) destroy(ctx context.Context, id filter.ID, state State) error {
	if err := errors.Join(durable.Remove(s.path(id)), durable.Remove(s.releasePath(id))); err != nil {
		return fmt.Errorf("destroy message: %w", err)
	}
	_, err := s.db.ExecContext(ctx, "UPDATE entries SET state = ?, decided = ? WHERE id = ?", state, s.now().UnixMilli(), id.String())
	if err != nil {
		return fmt.Errorf("destroy message: %w", err)
	}
	return nil
}

// Expire destroys the messages that were set aside before a time, and their metadata. It
// returns how many.
func (s *Store) Expire(ctx context.Context, before time.Time) (int, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id FROM entries WHERE time < ? AND state != ?", before.UnixMilli(), Releasing)
	if err != nil {
		return 0, fmt.Errorf("expire quarantine: %w", err)
	}
	var ids []filter.ID
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			rows.Close()
			return 0, fmt.Errorf("expire quarantine: %w", err)
		}
		if id, err := filter.ParseID(text); err == nil {
			ids = append(ids, id)
		}
	}
	rows.Close()
	for n, id := range ids {
		if err := s.witness.Record(ctx, Expired, id, "retention"); err != nil {
			return n, fmt.Errorf("write the expiry in the ledger: %w", err)
		}
		if err := s.destroy(ctx, id, Destroyed); err != nil {
			return n, err
		}
		if _, err := s.db.ExecContext(ctx, "DELETE FROM entries WHERE id = ?", id.String()); err != nil {
			return n, fmt.Errorf("expire quarantine: %w", err)
		}
	}
	return len(ids), rows.Err()
}
