package console

import (
	"testing"

	"sluis/internal/ledger"
)

// TestAnAccountIsInTheLedger: with its roles (C3.3g).
func TestAnAccountIsInTheLedger(t *testing.T) {
	h := newHouse(t)
	before := len(h.entries(ledger.AccountMade))
	if secret := h.local(t.Context(), "piet", "een-Lang9-wachtwoord", ledger.ICT); secret == "" {
		t.Fatal("there is no secret for codes, want one")
	}
	if n := len(h.entries(ledger.AccountMade)) - before; n != 1 {
		t.Errorf("%d entries of a new account, want 1", n)
	}
}
