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
	Entry   Purpose = "demonstration" // sign in at once: accounts of the demonstration only
	lasting         = 24 * time.Hour  // of a link
)

// ErrLinkInvalid is returned for a link that is no longer any good, or never was.
var ErrLinkInvalid = errors.New("this link has been used, is too old, or was never given: ask for another one")

// Invite returns the secret of a link to begin with. It is for accounts that have nothing to
// sign in with yet: for others Recover comes first.
func (s *Store) Invite(ctx context.Context, by ledger.Actor, id string) (secret string, err error) {
	if err := may(by); err != nil {
		return "", err
	}
	return secret, s.change(ctx, func(tx *sql.Tx) error {
		a, err := get(ctx, tx, id)
		switch {
		case err != nil:
			return err
		case a.Name == by.Name:
			return ErrOwnAccount
		case !a.fresh() || a.Disabled:
			return ErrNeedsAnother
		}
		if err := s.record(ctx, ledger.AccountChanged, by, id, "invited"); err != nil {
			return err
		}
		secret, err = s.link(ctx, tx, id, Begin)
		return err
	})
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
	if a, err = get(ctx, q, id); err == nil && a.Disabled {
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
		if p == Begin {
			if err := s.keepPassword(ctx, tx, a, pass); err != nil {
				return err
			}
		}
		if err := dropLinks(ctx, tx, a.ID); err != nil {
			return err
		}
		a, err = get(ctx, tx, a.ID)
		return err
	})
	return a, p, err
}
