package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"sluis/internal/ledger"
)

// Purpose is what a link is for.
type Purpose string

// The purposes.
const (
	Begin   Purpose = "begin"         // choose a password: first use, or after recovery
	Mailed  Purpose = "mailed"        // the same, by mail: who uses it confirms the address
	Entry   Purpose = "demonstration" // sign in at once: accounts of the demonstration only
	lasting         = 24 * time.Hour  // of a link
)

// Begins reports whether a link is to begin with: a password is chosen.
func (p Purpose) Begins() bool { return p == Begin || p == Mailed }

// ErrLinkInvalid is returned for a link that is no longer any good, or never was.
var ErrLinkInvalid = errors.New("this link has been used, is too old, or was never given: ask for another one")

// ErrMailedOnly is returned for an account whose link goes by mail to its owner, and is shown to
// nobody else.
var ErrMailedOnly = errors.New("a link to an account that decides goes by mail to the address on the roster")

// Invite mails a link to begin with to the owner of an account. It is for accounts that have nothing
// to sign in with yet: for others Recover comes first.
func (s *Store) Invite(ctx context.Context, by ledger.Actor, id string) error {
	if err := may(by); err != nil {
		return err
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		if err := s.invitable(ctx, tx, by, id); err != nil {
			return err
		}
		return s.sendLink(ctx, tx, id)
	})
}

// TerminalLink returns the secret of a link to begin with, for the terminal of the machine itself. A link of
// an account that decides is not returned, unless it is an administrator's and no other one can sign
// in: so an installation begins.
func (s *Store) TerminalLink(ctx context.Context, id string) (secret string, err error) {
	return secret, s.change(ctx, func(tx *sql.Tx) error {
		if err := s.invitable(ctx, tx, ledger.CommandLine, id); err != nil {
			return err
		}
		a, err := s.get(ctx, tx, id)
		if err != nil {
			return err
		}
		others, err := s.admins(ctx, tx)
		if err != nil {
			return err
		}
		if mailedOnly(together(a.Given, a.Provided), others) {
			return ErrMailedOnly
		}
		secret, err = s.link(ctx, tx, id, Begin)
		return err
	})
}

// mailedOnly reports whether a link of an account with some roles goes by mail alone, while others
// administer accounts.
func mailedOnly(roles []ledger.Role, others []Account) bool {
	decides := deciding(roles)
	return len(decides) > 0 && (decides[0] != ledger.Admin || len(others) > 0)
}

// invitable records that an account is invited, if it can be.
func (s *Store) invitable(ctx context.Context, tx *sql.Tx, by ledger.Actor, id string) error {
	a, err := s.get(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case a.Name == by.Name:
		return ErrOwnAccount
	case !a.fresh() || a.Disabled:
		return ErrNeedsAnother
	}
	return s.record(ctx, ledger.AccountChanged, by, id, "invited")
}

// sendLink mails a link to the owner of an account.
func (s *Store) sendLink(ctx context.Context, tx *sql.Tx, id string) error {
	a, err := s.get(ctx, tx, id)
	if err != nil {
		return err
	}
	secret, err := s.link(ctx, tx, id, Mailed)
	if err != nil {
		return err
	}
	return s.mail(ctx, a, secret)
}

// link makes a link in the place of those that were given before.
func (s *Store) link(ctx context.Context, tx *sql.Tx, id string, p Purpose) (string, error) {
	if err := dropLinks(ctx, tx, id); err != nil {
		return "", err
	}
	secret := rand.Text()
	_, err := tx.ExecContext(
		ctx,
		"INSERT INTO links (hash, account, purpose, until) VALUES (?, ?, ?, ?)",
		hashed(secret),
		id,
		p,
		s.now().Add(lasting).UnixMilli(),
	)
	if err != nil {
		return "", fmt.Errorf("make link: %w", err)
	}
	return secret, nil
}

func dropLinks(ctx context.Context, tx *sql.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM links WHERE account = ?", id); err != nil {
		return fmt.Errorf("end links: %w", err)
	}
	return nil
}

// hashed is the stored form of a link. Its secret has 128 random bits, so that one pass is
// enough.
func hashed(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Link returns whose a link is and what it is for, and does not use it up.
func (s *Store) Link(ctx context.Context, secret string) (Account, Purpose, error) {
	return s.linked(ctx, s.db, secret)
}

func (s *Store) linked(ctx context.Context, q querier, secret string) (a Account, p Purpose, err error) {
	var id string
	row := q.QueryRowContext(
		ctx,
		"SELECT account, purpose FROM links WHERE hash = ? AND until > ?",
		hashed(secret),
		s.now().UnixMilli(),
	)
	if err := row.Scan(&id, &p); errors.Is(err, sql.ErrNoRows) {
		return a, p, ErrLinkInvalid
	} else if err != nil {
		return a, p, fmt.Errorf("find link: %w", err)
	}
	if a, err = s.get(ctx, q, id); err == nil && a.Disabled {
		err = ErrLinkInvalid
	}
	return a, p, err
}

// Redeem uses a link up. One that is to begin with sets the password.
func (s *Store) Redeem(ctx context.Context, secret, pass string) (a Account, p Purpose, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		if a, p, err = s.linked(ctx, tx, secret); err != nil {
			return err
		}
		if p.Begins() {
			if err := s.keepPassword(ctx, tx, a, pass); err != nil {
				return err
			}
		}
		if p == Mailed {
			if err := s.confirm(ctx, tx, a); err != nil {
				return err
			}
		}
		if err := dropLinks(ctx, tx, a.ID); err != nil {
			return err
		}
		a, err = s.get(ctx, tx, a.ID)
		return err
	})
	return a, p, err
}
