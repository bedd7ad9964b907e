package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A ledger that is broken is not written on. Adopt begins another, which names it by size and hash,
// says who did it and why, and keeps it aside as it was found.
func TestABrokenLedgerIsAdoptedByANewOne(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"a byte in the middle": func(dir string) error { return flip(filepath.Join(dir, "ledger.jsonl"), 100) },
		"the last byte":        func(dir string) error { return flip(filepath.Join(dir, "ledger.jsonl"), -3) },
		"an empty file":        func(dir string) error { return os.Truncate(filepath.Join(dir, "ledger.jsonl"), 0) },
		"no file":              func(dir string) error { return os.Remove(filepath.Join(dir, "ledger.jsonl")) },
		"no key":               func(dir string) error { return os.Remove(filepath.Join(dir, "ledger.key")) },
		"a damaged key":        func(dir string) error { return flip(filepath.Join(dir, "ledger.key"), 20) },
		"a damaged checkpoint": func(dir string) error { return flip(filepath.Join(dir, "checkpoint"), 40) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, open(t, dir), 5)
			if _, err := Adopt(t.Context(), dir, CommandLine, "zomaar"); err == nil {
				t.Fatal("a ledger that is in order was adopted")
			}
			if err := damage(dir); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(filepath.Join(dir, "ledger.jsonl"))
			if _, err := Open(dir); err != nil && !errors.Is(err, ErrBroken) {
				t.Fatalf("Open: %v, want ErrBroken", err)
			}
			if _, err := Adopt(t.Context(), dir, CommandLine, ""); err == nil {
				t.Error("it was adopted without a reason")
			}
			a, err := Adopt(t.Context(), dir, CommandLine, "de schijf is stuk")
			if err != nil {
				t.Fatal(err)
			}
			all := entries(t, open(t, dir))
			sum := sha256.Sum256(before)
			if len(all) != 1 || all[0].Kind != LedgerAdopted || all[0].Data.Commit != hex.EncodeToString(sum[:]) ||
				all[0].Data.Count != len(before) || all[0].Data.Reason != "de schijf is stuk" {
				t.Errorf("the new ledger has %+v, want an entry that names the broken one", all)
			}
			kept, err := os.ReadFile(filepath.Join(dir, a.Aside, "ledger.jsonl"))
			if name != "no file" && (err != nil || string(kept) != string(before)) {
				t.Errorf("kept aside: %d bytes, %v, want the %d that were there", len(kept), err, len(before))
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 7 {
				t.Errorf("%v in the directory, %v", left, err)
			}
			if err := open(t, dir).Check(t.Context()); err != nil {
				t.Errorf("the new ledger: %v", err)
			}
		})
	}
}

// What a crash in the middle of Adopt leaves is no ledger that goes on as if nothing had been.
func TestAnAdoptionThatWasCutShortIsRepeated(t *testing.T) {
	dir := t.TempDir()
	write(t, open(t, dir), 3)
	if err := os.MkdirAll(filepath.Join(dir, "broken-20261128T000000.000"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "ledger.jsonl"), filepath.Join(dir, "broken-20261128T000000.000",
		"ledger.jsonl")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrBroken) {
		t.Errorf("Open: %v, want ErrBroken", err)
	}
	if _, err := Adopt(t.Context(), dir, CommandLine, "opnieuw"); err != nil {
		t.Error(err)
	}
}

// Only where there is no ledger a key is made.
func TestALostKeyIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	write(t, open(t, dir), 2)
	if err := os.Remove(filepath.Join(dir, "ledger.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "ledger.key is lost") {
		t.Errorf("got %v, want that ledger.key is lost", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "ledger.key")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a key again: %v", err)
	}
}

// flip changes a byte of a file, counted from its end if at is below zero.
func flip(path string, at int) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 4
	return os.WriteFile(path, b, 0o600)
}
