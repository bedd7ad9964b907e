package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"sluis/internal/ledger"
)

// codeTime is how long a mailed code counts.
const codeTime = 30 * time.Minute

// SendCode mails a code to the owner of an account, at the address that the roster has for the person
// first. With it they confirm that the account's address is theirs.
func (s *Store) SendCode(ctx context.Context, client Client, id string) error {
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	to := s.mailbox(a)
	switch {
	case to == "":
		return ErrUnmailable
	case s.post == nil:
		return ErrNoMail
	}
	// Another turn than that of guesses: who asks for codes cannot guess more often.
	if allowed, _ := s.turn(client, "letter to ", a.Name).try(); !allowed {
		return ErrThrottled
	}
	code := strings.ToLower(rand.Text()[:10])
	_, err = s.db.ExecContext(
		ctx,
		"INSERT OR REPLACE INTO codes (account, hash, address, until) VALUES (?, ?, ?, ?)",
		id,
		hashed(code),
		a.Claimed,
		s.now().Add(codeTime).UnixMilli(),
	)
	if err != nil {
		return fmt.Errorf("mail a code: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return unsent(s.post.Code(ctx, to, code))
}

// Confirm makes the address of an account count, with the code that was mailed to its owner.
func (s *Store) Confirm(ctx context.Context, client Client, id, code string) error {
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	guess := s.turn(client, "letter of ", a.Name)
	if allowed, _ := guess.try(); !allowed {
		return ErrThrottled
	}
	code = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(code), " ", ""))
	return s.change(ctx, func(tx *sql.Tx) error {
		var hash []byte
		row := tx.QueryRowContext(
			ctx,
			"SELECT hash FROM codes WHERE account = ? AND address = ? AND until > ?",
			id,
			a.Claimed,
			s.now().UnixMilli(),
		)
		err := row.Scan(&hash)
		switch {
		case errors.Is(err, sql.ErrNoRows) || err == nil && subtle.ConstantTimeCompare(hash, hashed(code)) != 1:
			return ErrWrongCredentials
		case err != nil:
			return fmt.Errorf("confirm address: %w", err)
		}
		guess.right()
		if _, err := tx.ExecContext(ctx, "DELETE FROM codes WHERE account = ?", id); err != nil {
			return fmt.Errorf("confirm address: %w", err)
		}
		by := ledger.Actor{Name: a.Name}
		if err := s.record(ctx, ledger.AccountChanged, by, id, "address-confirmed"); err != nil {
			return err
		}
		return s.confirm(ctx, tx, a)
	})
}
