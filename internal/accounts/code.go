package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"sluis/internal/ledger"
)

// period is how long a code is shown (RFC 6238); one before and one after count as well,
// since clocks differ.
const period = 30

// NewCodes returns the secret for an app that makes codes. It counts once KeepCodes has seen
// a code of it.
func NewCodes(issuer, name string) (*otp.Key, error) {
	k, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: name, Period: period})
	if err != nil {
		return nil, fmt.Errorf("make secret for codes: %w", err)
	}
	return k, nil
}

// KeepCodes makes codes the second factor of an account, if one is shown.
func (s *Store) KeepCodes(ctx context.Context, client Client, id, secret, code string) error {
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	guess := s.turn(client, "code of ", a.Name)
	if allowed, _ := guess.try(); !allowed {
		return ErrThrottled
	}
	step, ok := stepOf(secret, code, s.now(), 0)
	if !ok {
		return ErrWrongCredentials
	}
	guess.right()
	if err := s.record(ctx, ledger.AccountChanged, ledger.Actor{Name: a.Name}, id, "codes"); err != nil {
		return err
	}
	return set(ctx, s.db, id, "totp = ?, step = ?", s.seal.Seal(nil, nil, []byte(secret), []byte(id)), step)
}

// ErrLastFactor is returned when the last second factor of a privileged account would go.
var ErrLastFactor = errors.New("this is the only second factor: add another one first")

// DropCodes ends codes as a second factor.
func (s *Store) DropCodes(ctx context.Context, id string) error {
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	if a.Privileged() && a.Passkeys == 0 {
		return ErrLastFactor
	}
	if err := s.record(ctx, ledger.AccountChanged, ledger.Actor{Name: a.Name}, id, "codes-dropped"); err != nil {
		return err
	}
	return set(ctx, s.db, id, "totp = NULL, step = 0")
}

// Code checks a code of an account. Each works once (RFC 6238, section 5.2).
func (s *Store) Code(ctx context.Context, client Client, id, code string) error {
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	guess := s.turn(client, "code of ", a.Name)
	allowed, last := guess.try()
	if !allowed {
		return ErrThrottled
	}
	secret, used, err := s.codes(ctx, id)
	if err != nil {
		return err
	}
	step, ok := stepOf(secret, code, s.now(), used)
	if !ok || a.Disabled {
		return s.refused(ctx, a, last)
	}
	res, err := s.db.ExecContext(ctx, "UPDATE accounts SET step = ? WHERE id = ? AND step < ?", step, id, step)
	if err != nil {
		return fmt.Errorf("check code: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 { // another request had it first
		return ErrWrongCredentials
	}
	guess.right()
	return nil
}

// ForgetCodes ends all codes, whose secrets cannot be decrypted any more. Who signed in with one
// needs a new link: a password alone must not be enough to add another factor.
func (s *Store) ForgetCodes(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx,
		"UPDATE accounts SET totp = NULL, step = 0, hash = '', epoch = epoch + 1 WHERE totp IS NOT NULL")
	if err != nil {
		return fmt.Errorf("forget codes: %w", err)
	}
	return nil
}

// codes returns the secret of an account, empty if it has none, and the last step used.
func (s *Store) codes(ctx context.Context, id string) (secret string, used int64, err error) {
	var sealed []byte
	const query = "SELECT totp, step FROM accounts WHERE id = ?"
	if err := s.db.QueryRowContext(ctx, query, id).Scan(&sealed, &used); err != nil {
		return "", 0, fmt.Errorf("check code: %w", err)
	}
	if sealed == nil {
		return "", used, nil
	}
	b, err := s.seal.Open(nil, nil, sealed, []byte(id))
	if err != nil {
		return "", 0, errors.New("check code: its secret cannot be decrypted: was keys/accounts.key replaced?")
	}
	return string(b), used, nil
}

// stepOf returns the step of a code that was not used yet.
func stepOf(secret, code string, now time.Time, used int64) (int64, bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	if secret == "" || len(code) != 6 {
		return 0, false
	}
	var found int64
	for d := int64(-1); d <= 1; d++ {
		step := now.Unix()/period + d
		want, err := totp.GenerateCode(secret, time.Unix(step*period, 0))
		if err == nil && step > used && equal(code, want) {
			found = step
		}
	}
	return found, found != 0
}

// Demonstration returns a code of an account that was made by Demonstrate, for its page to
// show; empty for every other account, and if none can be used right now.
func (s *Store) Demonstration(ctx context.Context, a Account) (string, error) {
	if !a.demonstration {
		return "", nil
	}
	secret, used, err := s.codes(ctx, a.ID)
	if err != nil || secret == "" {
		return "", err
	}
	step := max(s.now().Unix()/period, used+1)
	if step > s.now().Unix()/period+1 {
		return "", nil
	}
	return totp.GenerateCode(secret, time.Unix(step*period, 0))
}
