package accounts

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
)

func TestACodeWorksOnceAndNotForLong(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	els := o.has("els", ledger.ICT)
	secret := o.codesFor(els)
	now := o.code(secret, 0)
	if err := o.Code(ctx, desk, els.ID, now[:3]+" "+now[3:]); err != nil {
		t.Fatalf("a code with a space in it: %v", err)
	}
	for name, code := range map[string]string{
		"again":        now,
		"an older one": o.code(secret, -30*time.Second),
		"too old":      o.code(secret, -90*time.Second),
		"too new":      o.code(secret, 90*time.Second),
		"none":         "",
		"letters":      "abcdef",
	} {
		if err := o.Code(ctx, Client{Addr: netip.MustParseAddr("192.0.2.11")}, els.ID, code); err == nil {
			t.Errorf("%s works", name)
		}
	}
	if err := o.Code(ctx, Client{Addr: netip.MustParseAddr("192.0.2.12")}, els.ID, o.code(secret, 30*time.Second)); err != nil {
		t.Errorf("of a clock that is ahead: %v", err)
	}
	b, err := os.ReadFile(filepath.Join(o.dir, "accounts", "accounts.db"))
	wal, _ := os.ReadFile(filepath.Join(o.dir, "accounts", "accounts.db-wal"))
	if err != nil || strings.Contains(string(b)+string(wal), secret) {
		t.Errorf("the secret is on disk as it is: %v", err)
	}
}

func TestWhoGuessesIsHeldOffAndTheLedgerToldOnce(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	els := o.has("els", ledger.ICT)
	secret := o.codesFor(els)
	for n := range guesses.Pair + 10 {
		want := ErrWrongCredentials
		if n >= guesses.Pair {
			want = ErrThrottled
		}
		if _, err := o.SignIn(ctx, desk, "els", "geraden wachtwoord"); !errors.Is(err, want) {
			t.Fatalf("guess %d: %v", n, err)
		}
	}
	if _, err := o.SignIn(ctx, desk, "els", sentence); !errors.Is(err, ErrThrottled) {
		t.Errorf("the right one: %v", err)
	}
	if _, err := o.SignIn(ctx, Client{Addr: netip.MustParseAddr("192.0.2.99")}, "els", sentence); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	for range guesses.Pair + 10 {
		o.Code(ctx, desk, els.ID, "000000")
	}
	if err := o.Code(ctx, desk, els.ID, o.code(secret, 0)); !errors.Is(err, ErrThrottled) {
		t.Errorf("the right code: %v", err)
	}
	for n := range 40 { // who is not there
		o.SignIn(ctx, desk, "niemand"+strings.Repeat("x", n), "x")
	}
	if told := o.told(ledger.SignInRefused); len(told) != 2 {
		t.Errorf("told %q", told)
	}
}

func TestSessionsEndWhenTheyHaveTo(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	anna, els := o.has("anna", ledger.Admin), o.has("els", ledger.ICT)
	for name, do := range map[string]func() error{
		"password": func() error { return o.SetPassword(ctx, desk, els.ID, sentence, sentence) },
		"roles": func() error {
			_, err := o.Propose(ctx, by(anna), els.ID, Change{Kind: SetRoles, Roles: []ledger.Role{ledger.Employee}})
			return err
		},
		"sign out": func() error { return o.SignOut(ctx, els.ID) },
		"closed": func() error {
			_, err := o.Propose(
				ctx, ledger.CommandLine, els.ID, Change{Kind: Disable},
			)
			return err
		},
	} {
		before := o.get(els).Epoch
		if err := do(); err != nil {
			t.Fatalf("%s: error %v, want none", name, err)
		}
		if o.get(els).Epoch == before {
			t.Errorf("%s: they go on", name)
		}
		o.Propose(ctx, ledger.CommandLine, els.ID, Change{Kind: Enable})
	}
}

func TestThePasswordIsChangedByWhoKnowsIt(t *testing.T) {
	o := newOffice(t)
	els := o.has("els", ledger.Employee)
	if err := o.SetPassword(t.Context(), desk, els.ID, "een ander wachtwoord", "nieuw en heel lang"); !errors.Is(
		err,
		ErrWrongCredentials,
	) {
		t.Errorf("error %v, want wrong credentials", err)
	}
	if err := o.SetPassword(t.Context(), desk, els.ID, sentence, "nieuw en heel lang"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.SignIn(t.Context(), desk, "els", "nieuw en heel lang"); err != nil {
		t.Error(err)
	}
}

func TestAClosedAccountIsClosed(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	els := o.has("els", ledger.ICT)
	secret := o.codesFor(els)
	if _, err := o.Propose(ctx, ledger.CommandLine, els.ID, Change{Kind: Disable}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.SignIn(ctx, desk, "els", sentence); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("password: %v", err)
	}
	if err := o.Code(ctx, desk, els.ID, o.code(secret, 0)); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("code: %v", err)
	}
	if err := o.Entered(ctx, o.get(els), ledger.ICT, WithPassword); !errors.Is(err, ErrForbidden) {
		t.Errorf("entered: %v", err)
	}
}

func TestTheLastSecondFactorStays(t *testing.T) {
	o := newOffice(t)
	els, jo := o.has("els", ledger.ICT), o.has("jo", ledger.Employee)
	o.codesFor(els)
	o.codesFor(jo)
	if err := o.DropCodes(t.Context(), els.ID); !errors.Is(err, ErrLastFactor) {
		t.Errorf("error %v, want that it is the last factor", err)
	}
	if err := o.DropCodes(t.Context(), jo.ID); err != nil || o.get(jo).Codes {
		t.Errorf("of an employee: %v", err)
	}
}

func TestSecrecyIsRenewedEveryYear(t *testing.T) { // C3.3e
	o := newOffice(t)
	els := o.has("els", ledger.ICT)
	if els.Secret(o.at) {
		t.Error("before it was accepted")
	}
	if err := o.AcceptSecrecy(t.Context(), els, ledger.ICT); err != nil {
		t.Fatal(err)
	}
	els = o.get(els)
	if !els.Secret(o.at) || !els.Secret(o.at.Add(364*24*time.Hour)) || els.Secret(o.at.Add(365*24*time.Hour)) {
		t.Errorf("until %v", els.SecretUntil())
	}
	els.Statement = "0"
	if els.Secret(o.at) {
		t.Error("of another statement")
	}
	if told := o.told(ledger.SecrecyAccepted); len(told) != 1 {
		t.Errorf("the ledger has %q, want one acceptance", told)
	}
}

func TestSignInsOfEmployeesAreNobodysBusiness(t *testing.T) {
	o := newOffice(t)
	els := o.has("els", ledger.ICT, ledger.Employee)
	for _, r := range []ledger.Role{ledger.ICT, ledger.Employee} {
		if err := o.Entered(t.Context(), els, r, WithPassword); err != nil {
			t.Fatal(err)
		}
	}
	if told := o.told(ledger.SignedIn); len(told) != 1 {
		t.Errorf("the ledger has %q, want one sign-in", told)
	}
}
