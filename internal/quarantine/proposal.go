package quarantine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
)

// Where the organisation wants a second pair of eyes, one reviewer proposes and another one
// carries out.

// Proposal is a decision that waits for a second reviewer.
type Proposal struct {
	ID     filter.ID
	Act    ledger.Kind // QuarantineReleased or QuarantineDeleted
	Name   string
	Role   string
	Reason string
	Note   string // for the recipients, with a release
	Time   time.Time
}

var (
	// ErrOwnProposal is returned to a reviewer who agrees with their own proposal.
	ErrOwnProposal = errors.New("another reviewer has to agree")
	// ErrNoProposal is returned where there is nothing to agree with.
	ErrNoProposal = errors.New("nothing is proposed for this message")
)

// Propose asks for a second reviewer. It takes the place of what was proposed before.
func (s *Store) Propose(ctx context.Context, act ledger.Kind, id filter.ID, by Intent) error {
	if act != ledger.QuarantineReleased && act != ledger.QuarantineDeleted {
		return fmt.Errorf("propose: no second reviewer is needed for %s", act)
	}
	if by.Reason == "" {
		return ErrNoReason
	}
	e, err := s.Get(ctx, id)
	switch {
	case err != nil:
		return err
	case e.State == Released || e.State == Destroyed:
		return ErrGone
	}
	if err := s.reserved(ctx, e, by); err != nil {
		return err
	}
	by.Step = "proposed"
	if err := s.decide(ctx, toDestroy, act, id, by, "state = state"); err != nil {
		return err
	}
	_, err = s.db.ExecContext(
		ctx,
		"INSERT OR REPLACE INTO proposals (id, act, name, role, reason, note, time) VALUES (?, ?, ?, ?, ?, ?, ?)",
		id.String(),
		act,
		by.Name,
		by.Role,
		by.Reason,
		by.Note,
		s.now().UnixMilli(),
	)
	if err != nil {
		return fmt.Errorf("propose: %w", err)
	}
	return nil
}

// Proposed returns what waits for a second reviewer; ErrNoProposal if nothing does.
func (s *Store) Proposed(ctx context.Context, id filter.ID) (Proposal, error) {
	p := Proposal{ID: id}
	var at int64
	const query = "SELECT act, name, role, reason, note, time FROM proposals WHERE id = ?"
	err := s.db.QueryRowContext(ctx, query, id.String()).
		Scan(&p.Act, &p.Name, &p.Role, &p.Reason, &p.Note, &at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return p, ErrNoProposal
	case err != nil:
		return p, fmt.Errorf("look up proposal: %w", err)
	}
	p.Time = time.UnixMilli(at).UTC()
	return p, nil
}

// Agree returns the proposal for another reviewer to carry out, and takes it away.
func (s *Store) Agree(ctx context.Context, id filter.ID, by Intent) (Proposal, error) {
	p, err := s.Proposed(ctx, id)
	if err == nil && p.Name == by.Name {
		err = ErrOwnProposal
	}
	if err != nil {
		return p, err
	}
	return p, s.forget(ctx, id)
}

// Refuse takes a proposal away. It may be one's own.
func (s *Store) Refuse(ctx context.Context, id filter.ID, by Intent) error {
	if by.Reason == "" {
		return ErrNoReason
	}
	if _, err := s.Proposed(ctx, id); err != nil {
		return err
	}
	by.Step = "refused"
	if _, err := s.record(ctx, ledger.QuarantineKept, id, by); err != nil {
		return fmt.Errorf("write the refusal in the ledger: %w", err)
	}
	return s.forget(ctx, id)
}

// forget takes a proposal away, once.
func (s *Store) forget(ctx context.Context, id filter.ID) error {
	res, err := s.db.ExecContext(ctx, "DELETE FROM proposals WHERE id = ?", id.String())
	if err != nil {
		return fmt.Errorf("take proposal away: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(ErrNoProposal, err)
	}
	return nil
}
