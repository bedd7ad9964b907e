package accounts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
)

// ChangeKind is what is changed of an account.
type ChangeKind string

// The kinds of change.
const (
	SetRoles ChangeKind = "roles"
	Recover  ChangeKind = "recover" // forget how they signed in, and let them begin anew
	Disable  ChangeKind = "disable"
	Enable   ChangeKind = "enable"
	// SetAddress gives the account to another address, which its owner has to confirm.
	SetAddress ChangeKind = "address"
)

// Change is a change of an account by an administrator.
type Change struct {
	Kind    ChangeKind
	Roles   []ledger.Role // for SetRoles: all that are given from then on
	Address string        // for SetAddress
}

// Proposal is a change that waits for another administrator.
type Proposal struct {
	ID      string
	Change  Change
	Account Account
	By      string
	Time    time.Time
}

// proposalTime is how long a proposal can be agreed to.
const proposalTime = 7 * 24 * time.Hour

// Propose changes an account, or, if that takes two administrators, waits for another one:
// then the proposal is returned.
func (s *Store) Propose(ctx context.Context, by ledger.Actor, id string, c Change) (waits *Proposal, err error) {
	if err := may(by); err != nil {
		return nil, err
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		waits, err = s.propose(ctx, tx, by, id, c)
		return err
	})
	return waits, err
}

func (s *Store) propose(ctx context.Context, tx *sql.Tx, by ledger.Actor, id string, c Change) (*Proposal, error) {
	a, err := s.get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if c.Roles, err = sorted(c.Roles); err != nil {
		return nil, err
	}
	if a.Name == by.Name && (c.Kind != SetAddress || a.Claimed != "") { // the first address is one's own
		return nil, ErrOwnAccount
	}
	if err := s.allowed(ctx, tx, a, c); err != nil {
		return nil, err
	}
	all, err := s.admins(ctx, tx)
	if err != nil {
		return nil, err
	}
	if by == ledger.CommandLine || !c.needsTwo(a) || len(all) < 2 && c.Kind != Recover {
		return nil, s.apply(ctx, tx, by, a, c, all)
	}
	p := &Proposal{newID(), c, a, by.Name, s.now()}
	if err := s.record(ctx, ledger.AccountChanged, by, id, string(c.Kind)+"-proposed"); err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM proposals WHERE account = ? AND kind = ?", id, c.Kind); err != nil {
		return nil, fmt.Errorf("propose change: %w", err)
	}
	_, err = tx.ExecContext(
		ctx,
		"INSERT INTO proposals (id, kind, account, roles, proposer, time) VALUES (?, ?, ?, ?, ?, ?)",
		p.ID,
		c.Kind,
		id,
		c.argument(),
		by.Name,
		p.Time.UnixMilli(),
	)
	if err != nil {
		return nil, fmt.Errorf("propose change: %w", err)
	}
	return p, nil
}

// needsTwo reports whether a change of an account takes two administrators.
func (c Change) needsTwo(a Account) bool {
	switch c.Kind {
	case Recover:
		return true
	case Enable, SetAddress:
		return len(privileged(together(a.Given, a.Provided))) > 0
	case Disable:
		return slices.Contains(a.Roles(), ledger.Admin)
	}
	gains := slices.ContainsFunc(
		c.Roles,
		func(r ledger.Role) bool { return r.Privileged() && !slices.Contains(a.Given, r) },
	)
	return gains || slices.Contains(a.Given, ledger.Admin) && !slices.Contains(c.Roles, ledger.Admin)
}

// apply makes a change count, once it is in the ledger.
func (s *Store) apply(ctx context.Context, tx *sql.Tx, by ledger.Actor, a Account, c Change, all []Account) error {
	ends := c.Kind == Disable || c.Kind == Recover || c.Kind == SetRoles && !slices.Contains(c.Roles, ledger.Admin)
	if ends && len(all) == 1 && all[0].ID == a.ID && by != ledger.CommandLine {
		return ErrLastAdmin
	}
	if err := s.allowed(ctx, tx, a, c); err != nil {
		return err
	}
	step, now := string(c.Kind), together(a.Given, a.Provided)
	n := Notice{By: by, Step: step, Roles: now}
	switch c.Kind {
	case SetRoles:
		step, n.Roles = strings.TrimSpace(step+" "+join(c.Roles)), together(c.Roles, a.Provided)
	case Disable:
		n.Roles = nil
	case Enable:
		now = nil
	}
	first := by == ledger.CommandLine && !mailedOnly(n.Roles, all)
	if !first && len(deciding(c.Roles)) > 0 {
		if err := s.belongs(a.Claimed); err != nil {
			return err
		}
	}
	if err := s.notify(ctx, tx, a, n, now, first); err != nil {
		return err
	}
	if err := s.record(ctx, ledger.AccountChanged, by, a.ID, step); err != nil {
		return err
	}
	switch c.Kind {
	case SetRoles:
		return set(ctx, tx, a.ID, "given = ?, epoch = epoch + 1", join(c.Roles))
	case Disable:
		if err := dropLinks(ctx, tx, a.ID); err != nil {
			return err
		}
		return set(ctx, tx, a.ID, "disabled = 1, epoch = epoch + 1")
	case Enable:
		return set(ctx, tx, a.ID, "disabled = 0")
	case Recover:
		return forget(ctx, tx, a.ID)
	case SetAddress:
		if err := dropLinks(ctx, tx, a.ID); err != nil {
			return err
		}
		// What another administrator agrees to is about the person of before.
		if _, err := tx.ExecContext(ctx, "DELETE FROM proposals WHERE account = ?", a.ID); err != nil {
			return fmt.Errorf("change account: %w", err)
		}
		return set(ctx, tx, a.ID, "address = ?, epoch = epoch + 1", lower(c.Address))
	}
	return errors.New("there is no such change")
}

// allowed returns why a change cannot be made of the person of an account.
func (s *Store) allowed(ctx context.Context, tx *sql.Tx, a Account, c Change) error {
	switch c.Kind {
	case SetRoles:
		return s.alone(ctx, tx, a, c.Roles)
	case Enable:
		return s.alone(ctx, tx, a, together(a.Given, a.Provided))
	case SetAddress:
		if err := s.belongs(c.Address); err != nil {
			return err
		}
		a.Person = s.prove(c.Address).person
		return s.alone(ctx, tx, a, together(a.Given, a.Provided))
	}
	return nil
}

// argument is what a change says beside its kind, as a proposal holds it.
func (c Change) argument() string {
	if c.Kind == SetAddress {
		return lower(c.Address)
	}
	return join(c.Roles)
}

// forget removes all that an account can sign in with.
func forget(ctx context.Context, tx *sql.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM passkeys WHERE account = ?", id); err != nil {
		return fmt.Errorf("recover account: %w", err)
	}
	if err := dropLinks(ctx, tx, id); err != nil {
		return err
	}
	return set(ctx, tx, id, "hash = '', totp = NULL, step = 0, epoch = epoch + 1")
}

// Proposals returns what waits for another administrator, the oldest first.
func (s *Store) Proposals(ctx context.Context) ([]Proposal, error) {
	rows, err := s.db.QueryContext(
		ctx,
		"SELECT id, kind, account, roles, proposer, time FROM proposals WHERE time > ? ORDER BY time",
		s.now().Add(-proposalTime).UnixMilli(),
	)
	if err != nil {
		return nil, fmt.Errorf("list proposals: %w", err)
	}
	defer rows.Close()
	var all []Proposal
	for rows.Next() {
		p, err := scanProposal(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list proposals: %w", err)
	}
	rows.Close()
	for i := range all {
		if all[i].Account, err = s.Get(ctx, all[i].Account.ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func scanProposal(row interface{ Scan(...any) error }) (p Proposal, err error) {
	var argument string
	var at int64
	err = row.Scan(&p.ID, &p.Change.Kind, &p.Account.ID, &argument, &p.By, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Proposal{}, ErrNotFound
	}
	if err != nil {
		return Proposal{}, fmt.Errorf("read proposal: %w", err)
	}
	p.Time = time.UnixMilli(at).UTC()
	if p.Change.Kind == SetAddress {
		p.Change.Address = argument
	} else {
		p.Change.Roles = split(argument)
	}
	return p, nil
}

// Agree makes a proposal of another administrator count.
func (s *Store) Agree(ctx context.Context, by ledger.Actor, proposal string) (Proposal, error) {
	return s.answer(ctx, by, proposal, func(tx *sql.Tx, p Proposal) error {
		if p.By == by.Name {
			return ErrNeedsAnother
		}
		if p.Account.Name == by.Name {
			return ErrOwnAccount
		}
		all, err := s.admins(ctx, tx)
		if err != nil {
			return err
		}
		return s.apply(ctx, tx, by, p.Account, p.Change, all)
	})
}

// Drop takes a proposal away, one's own or another's.
func (s *Store) Drop(ctx context.Context, by ledger.Actor, proposal string) error {
	_, err := s.answer(ctx, by, proposal, func(_ *sql.Tx, p Proposal) error {
		return s.record(ctx, ledger.AccountChanged, by, p.Account.ID, string(p.Change.Kind)+"-dropped")
	})
	return err
}

func (s *Store) answer(
	ctx context.Context,
	by ledger.Actor,
	proposal string,
	do func(tx *sql.Tx, p Proposal) error,
) (p Proposal, err error) {
	if err := may(by); err != nil {
		return Proposal{}, err
	}
	return p, s.change(ctx, func(tx *sql.Tx) error {
		row := tx.QueryRowContext(
			ctx,
			"SELECT id, kind, account, roles, proposer, time FROM proposals WHERE id = ? AND time > ?",
			proposal,
			s.now().Add(-proposalTime).UnixMilli(),
		)
		if p, err = scanProposal(row); err != nil {
			return err
		}
		if p.Account, err = s.get(ctx, tx, p.Account.ID); err != nil {
			return err
		}
		if err := do(tx, p); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM proposals WHERE id = ?", proposal)
		return err
	})
}
