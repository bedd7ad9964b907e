package accounts

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
)

func TestNobodyCanSignInBeforeTheyBegin(t *testing.T) {
	o := newOffice(t)
	if empty, err := o.Empty(t.Context()); err != nil || !empty {
		t.Fatalf("empty: %v, %v, want true", empty, err)
	}
	a, waits, err := o.Make(t.Context(), ledger.CommandLine, "els", "Els@School.example", []ledger.Role{ledger.ICT})
	if err != nil || waits != nil || a.Claimed != "els@school.example" || a.Address != "" || !a.May(ledger.ICT) {
		t.Fatalf("made %+v, %v, %v, want an account of the ICT service at once", a, waits, err)
	}
	for _, pass := range []string{"", "els", "admin", sentence} {
		if _, err := o.SignIn(t.Context(), desk, "els", pass); !errors.Is(err, ErrWrongCredentials) {
			t.Errorf("password %q: error %v, want wrong credentials", pass, err)
		}
	}
	o.begins(a)
	if got, err := o.SignIn(t.Context(), desk, " ELS ", sentence); err != nil || got.ID != a.ID {
		t.Errorf("sign-in with another spelling of the name: %v", err)
	}
}

func TestALinkWorksOnceForADay(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	a, _, err := o.Make(ctx, ledger.CommandLine, "els", "", []ledger.Role{ledger.Employee})
	if err != nil {
		t.Fatal(err)
	}
	first, _ := o.TerminalLink(ctx, a.ID)
	second, err := o.TerminalLink(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.Link(ctx, first); !errors.Is(err, ErrLinkInvalid) {
		t.Errorf("a link that another one replaced: %v", err)
	}
	if _, _, err := o.Redeem(ctx, second, "kort"); !errors.Is(err, ErrWeakPassword) {
		t.Errorf("a weak password: %v", err)
	}
	for range 2 { // looking uses nothing up
		if got, p, err := o.Link(ctx, second); err != nil || p != Begin || got.ID != a.ID {
			t.Fatal(err)
		}
	}
	o.at = o.at.Add(25 * time.Hour)
	if _, _, err := o.Redeem(ctx, second, sentence); !errors.Is(err, ErrLinkInvalid) {
		t.Errorf("a day later: %v", err)
	}
	o.at = o.at.Add(-25 * time.Hour)
	if _, _, err := o.Redeem(ctx, second, sentence); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.Redeem(ctx, second, sentence+"!"); !errors.Is(err, ErrLinkInvalid) {
		t.Errorf("a second time: %v", err)
	}
	if _, _, err := o.Link(ctx, ""); !errors.Is(err, ErrLinkInvalid) {
		t.Errorf("no secret: %v", err)
	}
}

func TestPasswordsThatAreEasilyGuessedAreRefused(t *testing.T) {
	for pass, want := range map[string]bool{
		sentence: true, "correct horse battery": true, "ñandú-ñandú-2": true,
		"": false, "kort": false, "elfletters1": false, "aaaaaaaaaaaaaaaa": false, "abababababababab": false,
		"mijn naam is els de wit": false, strings.Repeat("langer dan lang ", 20): false, "\xff\xfe\xfd abcdefghijkl": false,
	} {
		if good("els", pass) != want {
			t.Errorf("%.20q: %v", pass, !want)
		}
	}
}

func TestRolesThatDoNotGoTogether(t *testing.T) {
	o := newOffice(t)
	for _, r := range []ledger.Role{ledger.ICT, ledger.Board, ledger.Legal, ledger.Privacy} {
		if _, _, err := o.Make(t.Context(), ledger.CommandLine, "x1", "", []ledger.Role{ledger.Admin, r}); !errors.Is(
			err,
			ErrRolesConflict,
		) {
			t.Errorf("admin with %s: error %v, want a conflict of roles", r, err)
		}
		if got := together([]ledger.Role{ledger.Admin}, []ledger.Role{r, ledger.Employee}); join(
			got,
		) != "admin employee" {
			t.Errorf("groups give an administrator %q", got)
		}
	}
	if _, _, err := o.Make(t.Context(), ledger.CommandLine, "x1", "", []ledger.Role{"root"}); err == nil {
		t.Error("a role that is not there")
	}
	if a := o.has("els", ledger.Admin, ledger.Employee); !a.May(ledger.Admin) || !a.May(ledger.Employee) ||
		a.May(ledger.ICT) {
		t.Errorf("roles %v, want admin and employee", a.Roles())
	}
}

func TestNames(t *testing.T) {
	o := newOffice(t)
	o.has("els", ledger.Employee)
	for name, want := range map[string]error{
		"els": ErrNameTaken, "": ErrInvalidName, "a": ErrInvalidName, "Els": ErrInvalidName,
		"els@school": ErrInvalidName, "../els": ErrInvalidName, "els\n": ErrInvalidName, "1els": ErrInvalidName,
		strings.Repeat("a", 41): ErrInvalidName, "command line": ErrInvalidName} {
		if _, _, err := o.Make(t.Context(), ledger.CommandLine, name, "", nil); !errors.Is(err, want) {
			t.Errorf("name %q: error %v, want another", name, err)
		}
	}
	for told, want := range map[string]string{
		"E.deWit@school.example": "e.dewit",
		"Zoë de Wit":             "zo.de.wit",
		"":                       "person",
		"123":                    "person",
		"../../x":                "person",
		"-rf":                    "rf",
		strings.Repeat("ab", 50): strings.Repeat("ab", 17),
	} {
		if got := nameFrom(told); got != want || !validName.MatchString(got) {
			t.Errorf("claim %q: name %q, want another", told, got)
		}
	}
}

func TestWhatWouldLetOneAdministratorIntoContentTakesTwo(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	anna := o.has("anna", ledger.Admin)
	o.hires("els@school.example")
	_, waits, err := o.Make(ctx, by(anna), "els", "els@school.example", []ledger.Role{ledger.ICT})
	if err != nil || waits != nil {
		t.Fatalf("where there is one administrator: %v, %v", waits, err)
	}
	bram := o.has("bram", ledger.Admin)
	piet, waits, err := o.Make(ctx, by(anna), "piet", "piet@school.example", []ledger.Role{ledger.ICT, ledger.Employee})
	if err != nil || waits == nil || piet.May(ledger.ICT) || !piet.May(ledger.Employee) {
		t.Fatalf("roles %v, proposal %v, %v, want employee alone, and a proposal", piet.Roles(), waits, err)
	}
	if _, err := o.Agree(ctx, by(anna), waits.ID); !errors.Is(err, ErrNeedsAnother) {
		t.Errorf("agreed with oneself: %v", err)
	}
	for _, r := range []ledger.Role{ledger.ICT, ledger.Board, ledger.Legal, ledger.Privacy, ledger.Employee} {
		if _, err := o.Agree(ctx, ledger.Actor{Name: "els", Role: r}, waits.ID); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s agreed: %v", r, err)
		}
	}
	if _, err := o.Agree(ctx, by(bram), waits.ID); err != nil {
		t.Fatal(err)
	}
	if !o.get(piet).May(ledger.ICT) {
		t.Error("two agreed, and nothing changed")
	}
	if _, err := o.Agree(ctx, by(bram), waits.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("agreed twice: %v", err)
	}
	for name, c := range map[string]Change{
		"other content":    {Kind: SetRoles, Roles: []ledger.Role{ledger.Board}},
		"an administrator": {Kind: SetRoles, Roles: []ledger.Role{ledger.Admin}},
		"recovery":         {Kind: Recover},
	} {
		if w, err := o.Propose(ctx, by(anna), piet.ID, c); err != nil || w == nil {
			t.Errorf("%s: at once: %v", name, err)
		}
	}
	if w, err := o.Propose(ctx, by(anna), bram.ID, Change{Kind: Disable}); err != nil || w == nil {
		t.Errorf("the other administrator is closed by one: %v", err)
	}
	if w, err := o.Propose(
		ctx, by(anna), piet.ID, Change{Kind: SetRoles, Roles: []ledger.Role{ledger.Employee}},
	); err != nil ||
		w != nil ||
		o.get(piet).May(ledger.ICT) {
		t.Errorf("fewer roles wait: %v, %v", w, err)
	}
	if w, err := o.Propose(ctx, by(anna), piet.ID, Change{Kind: Disable}); err != nil || w != nil ||
		!o.get(piet).Disabled {
		t.Errorf("closing waits: %v, %v", w, err)
	}
}

func TestNobodyChangesTheirOwnAccountAsAnAdministrator(t *testing.T) {
	o := newOffice(t)
	anna := o.has("anna", ledger.Admin, ledger.Employee)
	o.has("bram", ledger.Admin)
	for _, k := range []ChangeKind{SetRoles, Recover, Disable, Enable} {
		if _, err := o.Propose(
			t.Context(), by(anna), anna.ID, Change{Kind: k, Roles: []ledger.Role{ledger.Board}},
		); !errors.Is(
			err,
			ErrOwnAccount,
		) {
			t.Errorf("change of %s: error %v, want that the account is one's own", k, err)
		}
	}
	if err := o.Invite(t.Context(), by(anna), anna.ID); !errors.Is(err, ErrOwnAccount) {
		t.Errorf("error %v, want that the account is one's own", err)
	}
}

func TestRecoveryByTwo(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	anna, bram, els := o.has("anna", ledger.Admin), o.has("bram", ledger.Admin), o.has("els", ledger.ICT)
	secret := o.codesFor(els)
	epoch := o.get(els).Epoch
	if err := o.Invite(ctx, by(anna), els.ID); !errors.Is(err, ErrNeedsAnother) {
		t.Errorf("a link to an account that is used: %v", err)
	}
	w, err := o.Propose(ctx, by(anna), els.ID, Change{Kind: Recover})
	if err != nil || w == nil {
		t.Fatal(err)
	}
	if _, err := o.SignIn(ctx, desk, "els", sentence); err != nil {
		t.Errorf("a proposal alone shut out: %v", err)
	}
	if _, err := o.Agree(ctx, by(bram), w.ID); err != nil {
		t.Fatal(err)
	}
	if got := o.get(els); got.Password || got.Strong() || got.Epoch == epoch {
		t.Errorf("something is left: %+v", got)
	}
	if _, err := o.SignIn(ctx, desk, "els", sentence); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("the old password: %v", err)
	}
	if err := o.Code(ctx, desk, els.ID, o.code(secret, 0)); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("the old codes: %v", err)
	}
	if err := o.Invite(ctx, by(bram), els.ID); err != nil {
		t.Errorf("no link to begin anew: %v", err)
	}
}

func TestAProposalIsDroppedAndGrowsOld(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	anna, bram, els := o.has("anna", ledger.Admin), o.has("bram", ledger.Admin), o.has("els", ledger.Employee)
	w, _ := o.Propose(ctx, by(anna), els.ID, Change{Kind: SetRoles, Roles: []ledger.Role{ledger.Board}})
	if err := o.Drop(ctx, by(bram), w.ID); err != nil {
		t.Fatal(err)
	}
	if all, err := o.Proposals(ctx); err != nil || len(all) != 0 {
		t.Errorf("proposals %v, %v, want none", all, err)
	}
	w, _ = o.Propose(ctx, by(anna), els.ID, Change{Kind: SetRoles, Roles: []ledger.Role{ledger.Board}})
	o.at = o.at.Add(8 * 24 * time.Hour)
	if _, err := o.Agree(ctx, by(bram), w.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("a week later: %v", err)
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	o := newOffice(t)
	anna := o.has("anna", ledger.Admin)
	bram := o.has("bram", ledger.Admin)
	w, err := o.Propose(t.Context(), by(anna), bram.ID, Change{Kind: Disable})
	if err != nil || w == nil {
		t.Fatal(err)
	}
	if _, err := o.Propose(t.Context(), ledger.CommandLine, anna.ID, Change{Kind: Disable}); err != nil {
		t.Fatal(err)
	}
	cleo := ledger.Actor{Name: "cleo", Role: ledger.Admin} // whose account is gone meanwhile
	if _, err := o.Agree(t.Context(), cleo, w.ID); !errors.Is(err, ErrLastAdmin) {
		t.Errorf("error %v, want that it is the last administrator", err)
	}
}

// broken is a ledger that nothing can be written in.
type broken struct{}

func (broken) Append(context.Context, ledger.Kind, ledger.Data) (ledger.Receipt, error) {
	return ledger.Receipt{}, errors.New("disk full")
}

func TestWhatTheLedgerCannotHoldDoesNotHappen(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	anna, els := o.has("anna", ledger.Admin), o.has("els", ledger.ICT, ledger.Employee)
	before := o.get(els)
	o.Store.ledger = broken{}
	for name, do := range map[string]func() error{
		"make": func() error {
			_, _, err := o.Make(ctx, by(anna), "nieuw", "piet@school.example", []ledger.Role{ledger.ICT})
			return err
		},
		"roles": func() error {
			_, err := o.Propose(ctx, by(anna), els.ID, Change{Kind: SetRoles, Roles: []ledger.Role{ledger.Employee}})
			return err
		},
		"close": func() error { _, err := o.Propose(ctx, by(anna), els.ID, Change{Kind: Disable}); return err },
		"recover": func() error {
			_, err := o.Propose(
				ctx, ledger.CommandLine, els.ID, Change{Kind: Recover},
			)
			return err
		},
		"password": func() error { return o.SetPassword(ctx, desk, els.ID, sentence, "nieuw en heel lang") },
		"secrecy":  func() error { return o.AcceptSecrecy(ctx, els, ledger.ICT) },
		"enter":    func() error { return o.Entered(ctx, els, ledger.ICT, WithPassword) },
		"provider": func() error {
			_, err := o.Provided(
				ctx, Identity{Issuer: "i", Subject: "s", Name: "x", Roles: []ledger.Role{ledger.Employee}},
			)
			return err
		},
	} {
		if err := do(); err == nil {
			t.Errorf("%s: done", name)
		}
	}
	if after := o.get(els); after.Epoch != before.Epoch || after.Disabled || !after.Password ||
		!after.May(ledger.ICT) ||
		!after.Secrecy.IsZero() {
		t.Errorf("changed: %+v", after)
	}
	if all, _ := o.List(ctx); len(all) != 2 {
		t.Errorf("%d accounts", len(all))
	}
}
