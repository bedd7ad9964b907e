package accounts

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"sluis/internal/keybook"
	"sluis/internal/ledger"
	"sluis/internal/password"
	"sluis/internal/roster"
	"sluis/internal/store"
)

const schema = `
CREATE TABLE IF NOT EXISTS accounts (
	id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, address TEXT NOT NULL DEFAULT '',
	given TEXT NOT NULL DEFAULT '', provided TEXT NOT NULL DEFAULT '',
	issuer TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '',
	hash TEXT NOT NULL DEFAULT '', totp BLOB, step INTEGER NOT NULL DEFAULT 0,
	epoch INTEGER NOT NULL DEFAULT 0, made INTEGER NOT NULL, disabled INTEGER NOT NULL DEFAULT 0,
	secrecy INTEGER NOT NULL DEFAULT 0, statement TEXT NOT NULL DEFAULT '', language TEXT NOT NULL DEFAULT '',
	demonstration INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS accounts_by_subject ON accounts (issuer, subject) WHERE issuer <> '';
CREATE TABLE IF NOT EXISTS passkeys (
	id BLOB PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, label TEXT NOT NULL, credential BLOB NOT NULL,
	made INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS passkeys_by_account ON passkeys (account);
CREATE TABLE IF NOT EXISTS links (
	hash BLOB PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, purpose TEXT NOT NULL, until INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS confirmed (
	account TEXT PRIMARY KEY REFERENCES accounts, address TEXT NOT NULL, person TEXT NOT NULL,
	addresses TEXT NOT NULL, time INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS codes (
	account TEXT PRIMARY KEY REFERENCES accounts, hash BLOB NOT NULL, address TEXT NOT NULL, until INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS answers (
	account TEXT PRIMARY KEY REFERENCES accounts, until INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS proposals (
	id TEXT PRIMARY KEY, kind TEXT NOT NULL, account TEXT NOT NULL REFERENCES accounts, roles TEXT NOT NULL,
	proposer TEXT NOT NULL, time INTEGER NOT NULL
) STRICT;
`

// Store holds the accounts. Several processes may have it open. It is safe for concurrent
// use.
type Store struct {
	db       *sql.DB
	seal     cipher.AEAD
	persons  []byte // key of the digests of people
	people   func() *roster.Roster
	post     Post
	ledger   ledger.Appender
	compare  *password.Comparer
	throttle *password.Throttle
	known    *password.Throttle // of browsers that signed in before
	now      func() time.Time
}

// guesses are how often a password, a code and a link may be wrong.
var guesses = password.Guesses{Pair: 5, Client: 30, Name: 50, Within: 15 * time.Minute}

// Open opens the accounts of a store. The key that their secrets are encrypted with stands apart, so
// that it can be kept apart.
func Open(data store.Store, secret keybook.Key, l ledger.Book) (*Store, error) {
	key, err := secret.Open(context.Background(), l, func() []byte {
		k := make([]byte, 32)
		rand.Read(k)
		return k
	})
	if err != nil {
		return nil, fmt.Errorf("open accounts: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("open accounts: accounts.key is damaged: restore it from a backup: %w", err)
	}
	s := &Store{ledger: l, throttle: password.NewThrottle(guesses), now: time.Now}
	s.known = password.NewThrottle(knownGuesses)
	if s.seal, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, fmt.Errorf("open accounts: %w", err)
	}
	if s.persons, err = hkdf.Key(sha256.New, key, nil, "people of accounts", 32); err != nil {
		return nil, fmt.Errorf("open accounts: %w", err)
	}
	if s.compare, err = password.NewComparer(); err != nil {
		return nil, err
	}
	if s.db, err = data.Database("accounts", schema); err != nil {
		return nil, fmt.Errorf("open accounts: %w", err)
	}
	return s, nil
}

// Close closes the store.
func (s *Store) Close() error { return s.db.Close() }

// change runs do in a transaction. What do appends to the ledger comes before what counts.
func (s *Store) change(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	return nil
}

// tell appends an act to the ledger. Ref is the id of the account that it is about.
func (s *Store) record(ctx context.Context, kind ledger.Kind, by ledger.Actor, about, step string) error {
	_, err := s.ledger.Append(ctx, kind, ledger.Data{Actor: by, Ref: about, Step: step})
	if err != nil {
		return fmt.Errorf("accounts: write in the ledger: %w", err)
	}
	return nil
}

// Errors that a caller decides on.
var (
	ErrNotFound     = errors.New("there is no such account")
	ErrNameTaken    = errors.New("this name is taken")
	ErrInvalidName  = errors.New("a name has 2 to 40 small letters, digits, dots and hyphens, and begins with a letter")
	ErrForbidden    = errors.New("only an administrator of accounts may do this")
	ErrOwnAccount   = errors.New("an administrator cannot do this for their own account: ask another administrator")
	ErrNeedsAnother = errors.New("another administrator has to agree")
	ErrLastAdmin    = errors.New("this is the last administrator: make another one first")
)
