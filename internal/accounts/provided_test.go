package accounts

import (
	"errors"
	"testing"

	"sluis/internal/ledger"
)

func TestWhoAProviderTellsOf(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	who := Identity{
		Issuer:  "https://id.example",
		Subject: "1",
		Name:    "els@school.example",
		Address: "Els@school.example",
		Roles:   []ledger.Role{ledger.Employee},
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
