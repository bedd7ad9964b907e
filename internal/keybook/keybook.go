// Package keybook opens the keys of the data directory by the ids that the ledger has of them (C3.3g).
//
// It promises that a key is made only where the ledger has none of its name and nothing was sealed
// with one; that a key that is lost, or another one in its place, is an error that says so, and is
// never replaced in silence; and that Renew, which does replace it, is in the ledger with a reason.
// The id of a key shows nothing of it.
package keybook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/store/disk"
)

// Key is a file with a key.
type Key struct {
	Name  string               // in the ledger, such as quarantine.key
	Path  string               // of the file
	Opens string               // what only this key opens, for errors
	Used  func() (bool, error) // whether there is something that it opens; nil: that is not known
	Of    func([]byte) []byte  // what of the file is the key; nil: all
}

// ErrLost is the error for a key that is not there, or not the one that the ledger names.
var ErrLost = errors.New("a key is lost")

// Lost is ErrLost for one key.
type Lost struct {
	Key
	Other bool // another key is in its place
}

// Error says which key it is, what cannot be opened and what to do.
func (l *Lost) Error() string {
	what := "is lost"
	if l.Other {
		what = "is not the key that the ledger names"
	}
	return fmt.Sprintf("%s %s: %s cannot be opened without it; restore %s from a backup, or give it up with "+
		"sluis keys renew %s --reason TEXT", l.Name, what, l.Opens, l.Path, l.Name)
}

// Is reports whether a target is ErrLost.
func (l *Lost) Is(target error) bool { return target == ErrLost }

// Open returns the key: the one that is there, if the ledger names it or none, or a fresh one where
// there never was one. The error is ErrLost otherwise.
func (k Key) Open(ctx context.Context, book ledger.Book, fresh func() []byte) ([]byte, error) {
	b, known, err := k.read(book)
	if err != nil {
		return nil, err
	}
	if b == nil {
		if b, err = disk.ReadOrCreate(k.Path, fresh); err != nil {
			return nil, fmt.Errorf("make %s: %w", k.Name, err)
		}
	}
	if known {
		return b, nil
	}
	if _, err := book.Append(ctx, ledger.KeyMade, ledger.Data{Ref: k.Name, Commit: k.id(b)}); err != nil {
		return nil, fmt.Errorf("write in the ledger which key %s is: %w", k.Name, err)
	}
	return b, nil
}

// Check returns ErrLost if the key is lost. It makes none.
func (k Key) Check(book ledger.Finder) error {
	_, _, err := k.read(book)
	return err
}

// read returns the key that is there; nil if there is none, and there need be none. known is true if
// the ledger names it.
func (k Key) read(book ledger.Finder) (b []byte, known bool, err error) {
	id, err := k.Known(book)
	if err != nil {
		return nil, false, err
	}
	b, err = os.ReadFile(k.Path)
	switch {
	case err == nil && id != "" && id != k.id(b):
		return nil, false, &Lost{k, true}
	case err == nil:
		return b, id != "", nil
	case !errors.Is(err, os.ErrNotExist):
		return nil, false, fmt.Errorf("read %s: %w", k.Name, err)
	case id != "":
		return nil, false, &Lost{Key: k}
	}
	if k.Used != nil {
		used, err := k.Used()
		if err != nil {
			return nil, false, fmt.Errorf("find out whether %s is needed: %w", k.Name, err)
		}
		if used {
			return nil, false, &Lost{Key: k}
		}
	}
	return nil, false, nil
}

// Known returns the id that the ledger has of the key; empty if it has none.
func (k Key) Known(book ledger.Finder) (string, error) {
	q := ledger.Query{
		Kinds:  []ledger.Kind{ledger.KeyMade, ledger.KeyRenewed, ledger.KeyDestroyed},
		Ref:    k.Name,
		Newest: true,
		Limit:  1,
	}
	for e, err := range book.Find(q) {
		if err != nil {
			return "", fmt.Errorf("find %s in the ledger: %w", k.Name, err)
		}
		return e.Data.Commit, nil
	}
	return "", nil
}

// Renew puts a fresh key in the place of one that is lost, after that and why is in the ledger. What
// the lost one opened stays closed; a file that is in its place is kept beside it.
func (k Key) Renew(ctx context.Context, book ledger.Book, fresh []byte, by ledger.Actor, reason string) error {
	if reason == "" {
		return errors.New("renew a key: say why")
	}
	if err := k.Check(book); !errors.Is(err, ErrLost) {
		return errors.Join(err, fmt.Errorf("%s is not lost: it stays as it is", k.Name))
	}
	act := ledger.Data{Actor: by, Ref: k.Name, Commit: k.id(fresh), Reason: reason}
	if _, err := book.Append(ctx, ledger.KeyRenewed, act); err != nil {
		return fmt.Errorf("renew %s: %w", k.Name, err)
	}
	aside := k.Path + ".lost-" + time.Now().UTC().Format("20060102T150405")
	if err := os.Rename(k.Path, aside); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("renew %s: %w", k.Name, err)
	}
	if err := disk.Create(k.Path, fresh); err != nil {
		return fmt.Errorf("renew %s: %w", k.Name, err)
	}
	return nil
}

func (k Key) id(b []byte) string {
	if k.Of != nil {
		b = k.Of(b)
	}
	return ID(b)
}

// ID returns what the ledger has of a key: a hash.
func ID(key []byte) string {
	sum := sha256.Sum256(append([]byte("sluis key id 1\n"), key...))
	return hex.EncodeToString(sum[:16])
}
