package main_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"sluis/cmd/sluis/internal/config"
	gate "sluis/cmd/sluis/internal/gateway"
	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

const sentence = "vier eenden op de sluisdeur"

// reviewer is a person with an account and an app that makes codes.
type reviewer struct {
	*gateway
	name, secret string
}

// reviewer makes an account that has accepted the statement of secrecy, as one in use has.
func (g *gateway) reviewer(name string, role ledger.Role) reviewer {
	g.t.Helper()
	r := reviewer{g, name, ""}
	store := r.accounts()
	a, _, err := store.Make(g.t.Context(), ledger.CommandLine, name, "", []ledger.Role{role})
	if err != nil {
		g.t.Fatal(err)
	}
	r.add(store, a)
	if err := store.AcceptSecrecy(g.t.Context(), a, role); err != nil {
		g.t.Fatal(err)
	}
	return r
}

// accounts opens the accounts of a gateway, which may run.
func (g *gateway) accounts() *accounts.Store {
	g.t.Helper()
	cfg, err := config.Load(g.config())
	if err != nil {
		g.t.Fatal(err)
	}
	d := gate.NewData(cfg)
	g.t.Cleanup(func() { d.Close() })
	store, err := d.Accounts()
	if err != nil {
		g.t.Fatal(err)
	}
	return store
}

// add gives an account a password and codes.
func (r *reviewer) add(store *accounts.Store, a accounts.Account) {
	r.t.Helper()
	ctx, here := r.t.Context(), accounts.Client{}
	if err := store.SetPassword(ctx, here, a.ID, "", sentence); err != nil {
		r.t.Fatal(err)
	}
	key, err := accounts.NewCodes("Sluis", r.name)
	if err != nil {
		r.t.Fatal(err)
	}
	r.secret = key.Secret()
	if err := store.KeepCodes(ctx, here, a.ID, r.secret, r.code(r.t)); err != nil {
		r.t.Fatal(err)
	}
}

func (r reviewer) code(t *testing.T) string {
	t.Helper()
	code, err := totp.GenerateCode(r.secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// waitForCode lets the time pass until the app shows another code.
func (g *gateway) waitForCode() {
	g.t.Helper()
	g.exec("UPDATE accounts SET step = 0")
}

// exec changes accounts in their database.
func (g *gateway) exec(statement string) {
	g.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(g.data(), "accounts", "accounts.db")+
		"?_pragma=busy_timeout(10000)")
	if err != nil {
		g.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		g.t.Fatal(err)
	}
}

// signIn signs the person in on the command line.
func (r reviewer) signIn() {
	r.t.Helper()
	r.waitForCode()
	in := sentence + "\n" + r.code(r.t) + "\n"
	if _, errs, code := run(r.t, in, "sign-in", r.name, "--config", r.config()); code != 0 {
		r.t.Fatalf("sign in as %s: %s", r.name, errs)
	}
}

// reviews signs the gateway's reviewer in, unless that was done since it started.
func (g *gateway) reviews() {
	g.t.Helper()
	if g.signedIn == g.cmd {
		return
	}
	if g.ict == nil {
		r := g.reviewer("els", ledger.ICT)
		g.ict = &r
	}
	g.ict.gateway = g
	g.ict.signIn()
	g.signedIn = g.cmd
}

// owner returns the user whom a file belongs to.
func owner(t *testing.T, path string) uint32 {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid
}
