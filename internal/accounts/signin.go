package accounts

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"sluis/internal/ledger"
	"sluis/internal/password"
)

// Errors of signing in. They do not show which accounts there are.
var (
	ErrWrongCredentials = errors.New("name, password or code is wrong")
	ErrThrottled        = errors.New("too many wrong guesses: wait a quarter of an hour")
	ErrWeakPassword     = errors.New(
		"a password has 12 to 200 characters, of which at least 6 different ones, and not the name in it",
	)
)

// The ways to sign in, for the ledger.
const (
	WithPassword = "password"
	WithPasskey  = "passkey"
	WithProvider = "provider"
	WithLink     = "link"
)

// SignIn checks a name and a password. That is not enough for an account that is Strong: it
// has a second factor to show as well.
func (s *Store) SignIn(ctx context.Context, client Client, name, pass string) (Account, error) {
	if len(name) > 100 || len(pass) > 1000 {
		return Account{}, ErrWrongCredentials
	}
	name = strings.ToLower(strings.TrimSpace(name))
	guess := s.turn(client, "", name)
	allowed, last := guess.try()
	if !allowed {
		return Account{}, ErrThrottled
	}
	a, err := s.Named(ctx, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Account{}, err
	}
	var hash string
	if err == nil && !a.Disabled {
		if err := s.db.QueryRowContext(ctx, "SELECT hash FROM accounts WHERE id = ?", a.ID).Scan(&hash); err != nil {
			return Account{}, err
		}
	}
	same, err := s.compare.Same(ctx, hash, pass)
	switch {
	case err != nil:
		return Account{}, err
	case !same:
		return Account{}, s.refused(ctx, a, last)
	}
	guess.right()
	return a, nil
}

// refused records once that there were as many wrong guesses about a privileged account as
// are allowed, so that a guesser does not fill the ledger.
func (s *Store) refused(ctx context.Context, a Account, last bool) error {
	if last && a.Privileged() {
		if err := s.record(ctx, ledger.SignInRefused, ledger.Actor{Name: a.Name}, a.ID, "throttled"); err != nil {
			return err
		}
	}
	return ErrWrongCredentials
}

// Entered records that an account acts in a role from now on, after proof of a kind. Employees
// are not recorded.
func (s *Store) Entered(ctx context.Context, a Account, r ledger.Role, with string) error {
	if !a.May(r) {
		return ErrForbidden
	}
	if !r.Privileged() {
		return nil
	}
	return s.record(ctx, ledger.SignedIn, ledger.Actor{Name: a.Name, Role: r}, a.ID, with)
}

// SetPassword changes one's own password, which ends all sessions. The old one, if there is
// one, has to be right.
func (s *Store) SetPassword(ctx context.Context, client Client, id, old, pass string) error {
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	if a.Password {
		if _, err := s.SignIn(ctx, client, a.Name, old); err != nil {
			return err
		}
	}
	return s.keepPassword(ctx, s.db, a, pass)
}

func (s *Store) keepPassword(ctx context.Context, q querier, a Account, pass string) error {
	if !good(a.Name, pass) {
		return ErrWeakPassword
	}
	hash, err := password.Hash(pass)
	if err != nil {
		return err
	}
	if err := s.record(ctx, ledger.AccountChanged, ledger.Actor{Name: a.Name}, a.ID, "password"); err != nil {
		return err
	}
	return set(ctx, q, a.ID, "hash = ?, epoch = epoch + 1", hash)
}

// good reports whether a password is long, and not of one character or the name.
func good(name, pass string) bool {
	if n := utf8.RuneCountInString(pass); n < 12 || n > 200 || len(pass) > 800 || !utf8.ValidString(pass) {
		return false
	}
	letters := []rune(strings.ToLower(pass))
	slices.Sort(letters)
	return len(slices.Compact(letters)) >= 6 && !strings.Contains(strings.ToLower(pass), name)
}

// equal compares in the same time, wherever the first difference is.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
