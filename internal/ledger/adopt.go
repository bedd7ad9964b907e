package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"sluis/internal/store/disk"
)

// ErrBroken is the error of opening a ledger that is not as it was written, or whose key is lost.
var ErrBroken = errors.New("the ledger is broken")

// Adopted is a broken ledger that a new one names.
type Adopted struct {
	Aside string // directory within that of the ledger where it is kept
	Size  int64  // bytes of its file; 0 if that is lost
	Sum   string // hexadecimal SHA-256 of its file
}

// Adopt begins a new ledger in dir in place of one that is broken. The broken one is kept aside
// with its checkpoint; size and hash of it are in the first entry of the new one, of kind
// LedgerAdopted, with who did it and why. The key stays the same unless it is lost. A ledger that
// is in order is not adopted.
func Adopt(ctx context.Context, dir string, by Actor, reason string) (a Adopted, err error) {
	if reason == "" {
		return a, errors.New("adopt the ledger: say why")
	}
	switch l, err := Open(dir); {
	case err == nil:
		if err = l.Check(ctx); err == nil {
			return a, errors.New("adopt the ledger: it is in order, and goes on as it is")
		}
	case !errors.Is(err, ErrBroken):
		return a, err
	}
	if a.Size, a.Sum, err = sumOf(filepath.Join(dir, fileName)); err != nil {
		return a, fmt.Errorf("adopt the ledger: %w", err)
	}
	a.Aside = "broken-" + time.Now().UTC().Format("20060102T150405.000")
	return a, a.replace(ctx, dir, by, reason)
}

// replace makes the new ledger beside the broken one, and puts it in its place. A crash in between
// leaves none, which is broken too and can be adopted.
func (a Adopted) replace(ctx context.Context, dir string, by Actor, reason string) error {
	fresh, aside := filepath.Join(dir, "adopting"), filepath.Join(dir, a.Aside)
	if err := errors.Join(os.RemoveAll(fresh), disk.MakeDir(fresh), disk.MakeDir(aside)); err != nil {
		return fmt.Errorf("adopt the ledger: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, keyName))
	if k, broken := parseKey(text); err == nil && broken == nil {
		err = disk.Create(filepath.Join(fresh, fileName), nil)
		err = errors.Join(err, disk.Create(filepath.Join(fresh, keyName), k.pair()))
	} // else the new ledger has another one
	if !missing(err) {
		return fmt.Errorf("adopt the ledger: %w", err)
	}
	l, err := Open(fresh)
	if err != nil {
		return err
	}
	act := Data{Actor: by, Ref: a.Aside, Commit: a.Sum, Count: int(a.Size), Reason: reason}
	if _, err := l.Append(ctx, LedgerAdopted, act); err != nil {
		return err
	}
	for _, name := range []string{fileName, checkpointName, keyName} {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(aside, name)); !missing(err) {
			return fmt.Errorf("adopt the ledger: %w", err)
		}
	}
	for _, name := range []string{keyName, checkpointName, fileName} { // without the last there is no ledger
		if err := os.Rename(filepath.Join(fresh, name), filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("adopt the ledger: %w", err)
		}
	}
	return errors.Join(os.RemoveAll(fresh), disk.SyncDir(aside), disk.SyncDir(dir))
}

// missing reports whether there is no error but that a file is not there.
func missing(err error) bool { return err == nil || errors.Is(err, os.ErrNotExist) }

// sumOf returns the size and the hash of a file; of nothing if it is not there.
func sumOf(path string) (size int64, sum string, err error) {
	h := sha256.New()
	f, err := os.Open(path)
	if err == nil {
		defer f.Close()
		size, err = io.Copy(h, f)
	} else if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return size, hex.EncodeToString(h.Sum(nil)), err
}
