package accounts

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"sluis/internal/keybook"
	"sluis/internal/ledger"
	"sluis/internal/store"
)

func TestTheDemonstrationOpensNothingElse(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	els := o.has("els", ledger.ICT)
	if _, err := o.Demonstrate(ctx, "els", "", ledger.ICT); !errors.Is(err, ErrNameTaken) {
		t.Errorf("an account of somebody: %v", err)
	}
	o.codesFor(els)
	if code, err := o.Demonstration(ctx, o.get(els)); err != nil || code != "" {
		t.Errorf("a code of somebody: %q, %v", code, err)
	}
	link, err := o.Demonstrate(ctx, "ict", "", ledger.ICT)
	if err != nil {
		t.Fatal(err)
	}
	a, p, err := o.Redeem(ctx, link, "")
	if err != nil || p != Entry || !a.May(ledger.ICT) {
		t.Fatalf("redeemed with error %v, want an entry of the ICT service", err)
	}
	for n := range 2 {
		code, err := o.Demonstration(ctx, a)
		if err != nil || code == "" {
			t.Fatalf("code %d: %q, %v, want one", n, code, err)
		}
		if err := o.Code(ctx, desk, a.ID, code); err != nil {
			t.Errorf("code %d: error %v, want it accepted", n, err)
		}
	}
}

func TestAllIsThereAfterARestart(t *testing.T) {
	o := newOffice(t)
	els := o.has("els", ledger.ICT)
	secret := o.codesFor(els)
	o.Close()
	o.open()
	if _, err := o.SignIn(t.Context(), desk, "els", sentence); err != nil {
		t.Error(err)
	}
	if err := o.Code(t.Context(), desk, els.ID, o.code(secret, 0)); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"accounts/accounts.db", "keys/accounts.key"} {
		if info, err := os.Stat(filepath.Join(o.dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v, want 0600", name, info.Mode(), err)
		}
	}
	o.Close()
	if err := os.WriteFile(filepath.Join(o.dir, "keys", "accounts.key"), make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(store.Open(o.dir), o.key(), o.ledger); !errors.Is(err, keybook.ErrLost) {
		t.Errorf("with another key: %v, want that the key is lost", err)
	}
	if err := o.key().Renew(t.Context(), o.ledger, make([]byte, 32), ledger.CommandLine, "weg"); err != nil {
		t.Fatal(err)
	}
	o.open()
	if err := o.ForgetCodes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := o.Code(t.Context(), desk, els.ID, o.code(secret, 0)); err == nil {
		t.Error("a code of a secret that was given up was taken")
	}
}
