package accounts

import (
	"cmp"
	"errors"
	"slices"
	"testing"
	"time"

	"sluis/internal/ledger"
)

func TestWhoAProviderTellsOf(t *testing.T) {
	o := newOffice(t)
	o.hires("els@school.example")
	ctx := t.Context()
	who := Identity{
		Issuer:  "https://id.example",
		Subject: "1",
		Name:    "els@school.example",
		Address: "Els@school.example", Verified: true,
		Roles: []ledger.Role{ledger.Employee},
	}
	a, err := o.Provided(ctx, who)
	if err != nil || a.Name != "els" || a.Address != "els@school.example" || join(a.Roles()) != "employee" {
		t.Fatalf("the account is %+v, %v, want els, an employee, with the address in small letters", a, err)
	}
	who.Roles, who.Name = []ledger.Role{ledger.Employee, ledger.ICT}, "another name"
	b, err := o.Provided(ctx, who)
	if err != nil || b.ID != a.ID || b.Name != "els" || !b.May(ledger.ICT) || b.Epoch == a.Epoch {
		t.Errorf("with another group: %+v, %v", b, err)
	}
	who.Roles = []ledger.Role{ledger.Admin, ledger.ICT, ledger.Employee}
	if b, err = o.Provided(ctx, who); err != nil || b.May(ledger.ICT) || !b.May(ledger.Admin) {
		t.Errorf("an administrator by groups: %v, %v", b.Roles(), err)
	}
	who.Roles = nil
	if _, err := o.Provided(ctx, who); !errors.Is(err, ErrNoRole) {
		t.Errorf("out of all groups: %v", err)
	}
	other := Identity{
		Issuer:  "https://id.example",
		Subject: "2",
		Name:    "els@elsewhere.example",
		Roles:   []ledger.Role{ledger.Employee},
	}
	if c, err := o.Provided(ctx, other); err != nil || c.ID == a.ID || c.Name != "els-2" {
		t.Errorf("a namesake: %+v, %v", c, err)
	}
	if c, err := o.Provided(
		ctx,
		Identity{Issuer: "https://other.example", Subject: "1", Name: "els", Roles: []ledger.Role{ledger.Employee}},
	); err != nil ||
		c.ID == a.ID {
		t.Errorf("the same subject of another issuer: %+v, %v", c, err)
	}
	if _, err := o.Provided(ctx, Identity{Issuer: "https://id.example", Subject: "pupil", Name: "sem"}); !errors.Is(
		err,
		ErrNoRole,
	) {
		t.Errorf("a pupil: %v", err)
	}
	if _, err := o.SignIn(ctx, desk, "els", ""); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("with a password: %v", err)
	}
	if _, err := o.Propose(ctx, ledger.CommandLine, a.ID, Change{Kind: Disable}); err != nil {
		t.Fatal(err)
	}
	who.Roles = []ledger.Role{ledger.Employee}
	if _, err := o.Provided(ctx, who); !errors.Is(err, ErrNoRole) {
		t.Errorf("closed: %v", err)
	}
}

// teacher is a person whom a provider says to have some roles.
func teacher(name string, roles ...ledger.Role) Identity {
	return Identity{
		Issuer:   "https://id.example",
		Subject:  name,
		Name:     school(name),
		Address:  school(name),
		Verified: true,
		Roles:    roles,
	}
}

// TestRolesByAProviderEndWithoutIt: a passkey is a second factor of such an account and no entrance,
// and its roles end some days after the provider's last answer.
func TestRolesByAProviderEndWithoutIt(t *testing.T) {
	o := newOffice(t)
	o.hires("els@school.example")
	for _, lasts := range []time.Duration{0, 24 * time.Hour, 3 * 24 * time.Hour} {
		who := teacher("els", ledger.Board)
		who.Lasts = lasts
		a, err := o.Provided(t.Context(), who)
		if err != nil || !a.May(ledger.Board) {
			t.Fatalf("roles %v, %v; want board", a.Roles(), err)
		}
		begun := o.at
		o.at = begun.Add(cmp.Or(lasts, RolesLast) - time.Minute)
		if !o.get(a).May(ledger.Board) {
			t.Errorf("lasting %v: ended before, want the role until then", lasts)
		}
		o.at = o.at.Add(2 * time.Minute)
		if a = o.get(a); a.May(ledger.Board) || len(a.Roles()) != 0 {
			t.Errorf("lasting %v: roles %v without an answer of the provider, want none", lasts, a.Roles())
		}
		if _, err := o.Provided(t.Context(), who); err != nil || !o.get(a).May(ledger.Board) {
			t.Errorf("lasting %v: after another answer %v, want the role again", lasts, err)
		}
	}
	a, err := o.Named(t.Context(), "els")
	if err != nil {
		t.Fatal(err)
	}
	d := o.device(a, false)
	k, err := d.add(a)
	if err != nil {
		t.Fatal(err)
	}
	k.Counter++
	if _, err := d.show(k); !errors.Is(err, ErrByProvider) || !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("a passkey as an entrance: %v, want that the provider comes first", err)
	}
	options, ceremony, err := d.keys.Begin()
	if err != nil {
		t.Fatal(err)
	}
	k.Counter++
	if b, err := d.keys.Show(t.Context(), *ceremony, sent(d.answer(options, k))); err != nil || b.ID != a.ID {
		t.Errorf("a passkey as a second factor: %v, want it to count", err)
	}
}

// TestAProviderMakesNobodyOfAStranger: test users in the groups of the board are not on the roster, and
// an address that the provider did not verify is confirmed by mail first.
func TestAProviderMakesNobodyOfAStranger(t *testing.T) {
	els := teacher("els", ledger.Board)
	unverified, alias, nameless := els, els, els
	unverified.Verified, alias.Address, nameless.Address = false, "e.wit@school.example", ""
	for name, who := range map[string]Identity{
		"not on the roster":                  teacher("test1", ledger.Board),
		"not on the roster, the ICT service": teacher("test2", ledger.ICT),
		"an administrator of nowhere":        teacher("test3", ledger.Admin),
		"an address without email_verified":  unverified,
		"an alias of the person":             alias,
		"no address":                         nameless,
	} {
		o := newOffice(t)
		o.hires("els@school.example;e.wit@school.example")
		a, err := o.Provided(t.Context(), who)
		if err != nil || a.Privileged() || join(a.Roles()) != "employee" || join(a.Waiting()) != join(who.Roles) {
			t.Errorf("%s: %v, waiting %v, %v; want an employee until the address is confirmed", name, a.Roles(),
				a.Waiting(), err)
		}
	}
	o := newOffice(t)
	o.hires("els@school.example;e.wit@school.example")
	a, err := o.Provided(t.Context(), alias)
	if err == nil {
		err = o.SendCode(t.Context(), desk, a.ID)
	}
	if err == nil {
		err = o.Confirm(t.Context(), desk, a.ID, o.mail.secret(school("els")))
	}
	if a = o.get(a); err != nil || !a.May(ledger.Board) {
		t.Errorf("roles %v after the code, %v; want board", a.Roles(), err)
	}
}

// TestAProviderDoesNotConfirmWhatTheRosterGaveAway: its word that an address is somebody's does not say
// whose records are found by it now.
func TestAProviderDoesNotConfirmWhatTheRosterGaveAway(t *testing.T) {
	o := newOffice(t)
	o.hires("ictman@school.example", "juf@school.example")
	who := teacher("ictman", ledger.Employee)
	if a, err := o.Provided(t.Context(), who); err != nil || !a.Current {
		t.Fatalf("confirmed: %v, %v; want it", a.Current, err)
	}
	for _, rows := range [][]string{
		{"juf@school.example;ictman@school.example"},
		{"ictman@school.example;juf@school.example"},
	} {
		o.staff = nil
		o.hires(rows...)
		if a, err := o.Provided(t.Context(), who); err != nil || a.Current {
			t.Errorf("the roster has %v: confirmed by the provider alone, %v; want a mailed code", rows, err)
		}
	}
}

// TestABoardByGroupsIsSeen: those who watch over roles get notice, and a role of which nobody hears does
// not count.
func TestABoardByGroupsIsSeen(t *testing.T) {
	o := newOffice(t)
	o.hires("els@school.example", "jo@school.example")
	if _, err := o.Provided(t.Context(), teacher("els", ledger.Board)); err != nil {
		t.Fatal(err)
	}
	if got := o.mail.notified("provider"); !slices.Contains(got, school("bestuur")) {
		t.Errorf("notice to %v, want the board among them", got)
	}
	o.mail.broken = true
	jo := teacher("jo", ledger.Board, ledger.Employee)
	if a, err := o.Provided(t.Context(), jo); err != nil || a.May(ledger.Board) {
		t.Errorf("roles %v of which nobody hears, %v; want employee", a.Roles(), err)
	}
	o.mail.broken = false
	if a, err := o.Provided(t.Context(), jo); err != nil || !a.May(ledger.Board) {
		t.Errorf("roles %v where mail goes, %v; want board", a.Roles(), err)
	}
	if a, err := o.Provided(t.Context(), teacher("jo")); !errors.Is(err, ErrNoRole) {
		t.Errorf("out of all groups: %v, %v; want no role", a.Roles(), err)
	}
}
