package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/orders"
	"sluis/internal/testenv"
)

// acts returns what the ledger has of a message, as kind, step, account and role.
func (g *gateway) acts(id string) []string {
	g.t.Helper()
	var all []string
	for line := range strings.Lines(g.exported("ledger", "export")) {
		var e struct {
			Kind string
			Data struct{ ID, Step, Actor, Role string }
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			g.t.Fatal(err)
		}
		if e.Data.ID == id {
			all = append(all, strings.Join([]string{e.Kind, e.Data.Step, e.Data.Actor, e.Data.Role}, " "))
		}
	}
	return all
}

// TestTheShellOpensNothingWithoutAnAccount: with all rights to the machine a command opens, releases
// and destroys nothing, unless a person signed in with password and code, in the role for it, bound to
// secrecy; and then the ledger has that person (C3.3e).
func TestTheShellOpensNothingWithoutAnAccount(t *testing.T) {
	t.Parallel()
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	g.try(teacher, []string{parent}, letter(secret))
	id := g.held()[0].ID
	acts := [][]string{
		{"quarantine", "show", id, "--reason", "melding 12"},
		{"quarantine", "show", id, "--stage", "text", "--reason", "melding 12"},
		{"quarantine", "show", id, "--reason", "x", "--identity", filepath.Join(g.data(), "keys", "quarantine.key")},
		{"quarantine", "release", id, "--reason", "melding 12"},
		{"quarantine", "delete", id, "--reason", "melding 12"},
		{"quarantine", "agree", id},
		{"quarantine", "refuse", id, "--reason", "melding 12"},
	}
	refused := func(why, want string) {
		t.Helper()
		for _, args := range acts {
			out, errs, code := run(t, "", append(args, "--config", g.config())...)
			if code == 0 || out != "" || !strings.Contains(errs, want) {
				t.Errorf("%s: %v: exit code %d, said %q and %q, want %q", why, args[:2], code, out, errs, want)
			}
		}
	}
	refused("nobody signed in", "sign-in")

	board := g.reviewer("voorzitter", ledger.ICT)
	g.exec("UPDATE accounts SET given = 'board' WHERE name = 'voorzitter'")
	board.signIn()
	refused("a member of the board", "roles")

	els := g.reviewer("els", ledger.ICT)
	for why, in := range map[string]string{
		"another password": "vijf eenden op de sluisdeur\n" + els.code(t) + "\n",
		"another code":     sentence + "\n000000\n",
		"no code":          sentence + "\n",
		"nothing":          "",
	} {
		if _, errs, code := run(t, in, "sign-in", "els", "--config", g.config()); code == 0 {
			t.Errorf("signed in with %s: %s", why, errs)
		}
	}
	els.signIn()
	code := els.code(t)
	if _, _, exit := run(t, sentence+"\n"+code+"\n", "sign-in", "els", "--config", g.config()); exit == 0 {
		t.Error("signed in with a code that was used")
	}

	new := g.reviewer("nieuw", ledger.ICT)
	a, err := g.accounts().Named(t.Context(), "nieuw")
	if err != nil {
		t.Fatal(err)
	}
	new.exec("UPDATE accounts SET secrecy = 0 WHERE id = '" + a.ID + "'")
	new.signIn()
	refused("without the statement of secrecy", "secrecy")

	els.signIn()
	if _, errs, code := run(t, "", "accounts", "close", "els", "--config", g.config()); code != 0 {
		t.Fatal(errs)
	}
	refused("an account that was closed", "sign-in")

	if all := g.acts(id); len(all) != 0 {
		t.Errorf("the ledger has %q, want nothing", all)
	}
	if held := g.held(); held[0].State != "quarantined" || sink.Arrivals()["t"].Times != 0 {
		t.Errorf("the message is %s", held[0].State)
	}

	last := g.reviewer("anna", ledger.ICT)
	last.signIn()
	g.signedIn = g.cmd
	g.exported("quarantine", "show", id, "--stage", "headers", "--reveal", "1", "--reason", "melding 12")
	if got, want := strings.Join(g.acts(id), "; "), "quarantine-opened headers anna ict; "+
		"quarantine-revealed headers anna ict"; got != want {
		t.Errorf("the ledger has %q, want %q", got, want)
	}
	if _, errs, code := run(t, "", "sign-out", "--config", g.config()); code != 0 {
		t.Fatal(errs)
	}
	refused("signed out", "sign-in")
	g.stop()
	refused("the gateway does not run", "the gateway does not run")
}

// TestTheShellTakesASecondReviewer: where the school wants two reviewers the command line takes two.
func TestTheShellTakesASecondReviewer(t *testing.T) {
	t.Parallel()
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr(), rest: "quarantine: {second-reviewer: true}\n"})
	for _, token := range []string{"a", "b"} {
		g.try(teacher, []string{parent}, "X-Token: "+token+"\n"+letter(secret))
	}
	held := g.held()
	b, a := held[0].ID, held[1].ID
	anna, bram := g.reviewer("anna", ledger.ICT), g.reviewer("bram", ledger.ICT)
	anna.signIn()
	g.signedIn = g.cmd
	if out := g.exported("quarantine", "release", a, "--reason", "is een test"); !strings.Contains(out, "proposed") {
		t.Errorf("released by one reviewer: %s", out)
	}
	if out := g.exported("quarantine", "delete", b, "--reason", "is een test"); !strings.Contains(out, "proposed") {
		t.Errorf("destroyed by one reviewer: %s", out)
	}
	for _, id := range []string{a, b} {
		if errs := g.refusal("quarantine", "agree", id); !strings.Contains(errs, "another reviewer") {
			t.Errorf("agreed with an own proposal: %s", errs)
		}
	}
	if n := len(sink.Arrivals()); n != 0 {
		t.Fatalf("%d messages were delivered", n)
	}
	bram.signIn()
	if out := g.exported("quarantine", "agree", a); !strings.HasPrefix(out, "released") {
		t.Errorf("%s", out)
	}
	if out := g.exported("quarantine", "refuse", b, "--reason", "hoort bij een melding"); out != "refused\n" {
		t.Errorf("%s", out)
	}
	if n := sink.Arrivals()["a"].Times; n != 1 {
		t.Errorf("delivered %d times, want once", n)
	}
	want := "quarantine-released proposed anna ict; quarantine-released second bram ict"
	if got := strings.Join(g.acts(a), "; "); got != want {
		t.Errorf("the ledger has %q, want %q", got, want)
	}
}

// TestCommandsOfRootMakeNoFilesOfRoot: what a command of root makes in the data directory of another
// user belongs to that user, so that the gateway can write it.
func TestCommandsOfRootMakeNoFilesOfRoot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr()})
	g.try(teacher, []string{parent}, letter(secret))
	g.records(1)
	g.stop()
	const nobody = 65534
	for dir := g.dir; dir != filepath.Dir(os.TempDir()) && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // on the way to the data
			t.Fatal(err)
		}
	}
	for _, file := range []string{g.config(), filepath.Join(g.dir, "roster.yaml")} {
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	chown := func() (roots []string) {
		err := filepath.WalkDir(g.data(), func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if owner(t, path) == 0 {
				roots = append(roots, strings.TrimPrefix(path, g.data()))
			}
			return os.Lchown(path, nobody, nobody)
		})
		if err != nil {
			t.Fatal(err)
		}
		return roots
	}
	chown()
	found := write(t, "found", "lijst met BSN")
	list := write(t, "leerlingen.csv", "voornaam;achternaam;geboortedatum\nKanarie;Vogelzang;3-4-2015\n")
	page := filepath.Join(t.TempDir(), "verslag.html")
	for _, args := range [][]string{
		{"accounts", "invite", "beheer", "--role", "admin"}, {"accounts", "list"}, {"ledger", "export"},
		{"orders", "list"}, {"quarantine", "list"}, {"journal", "export"}, {"journal", "tail"}, {"journal", "retention"},
		{"people", "import", "leerlingen", list}, {"sampling", "seed", "31642651436251346521"},
		{"breach", "open", "--as", "fg", "--role", "privacy", "--file", found}, {"breach", "list"},
		{"imagery", "complain", "--as", "fg", "--file", found}, {"report", "-o", page}, {"totals", "2025-11"},
	} {
		if _, errs, code := run(t, "", append(args, "--config", g.config())...); code != 0 {
			t.Errorf("%v: exit code %d: %s", args, code, errs)
		}
		if roots := chown(); len(roots) > 0 {
			t.Errorf("%v: root made %q", args, roots)
		}
	}
	run(t, "", "health", "--config", g.config()) // exits with 1: the gateway does not run
	if roots := chown(); len(roots) > 0 {
		t.Errorf("health: root made %q", roots)
	}
	if info, err := os.Stat(page); err != nil || info.Size() == 0 {
		t.Errorf("the report is not written where root wants it: %v", err)
	}
}

// TestWhatAnOrderFindsIsForItsInvestigators: a message that is quarantined because an order lets its content be
// inspected is in no other reviewer's list, opens for nobody else, and is destroyed with the order (C3.2c, C3.2d).
func TestWhatAnOrderFindsIsForItsInvestigators(t *testing.T) {
	t.Parallel()
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr(), sample: "0", rest: witnesses})
	o := g.office()
	order := o.ordered(orders.Request{Subject: teacher, Content: true})
	g.try(teacher, []string{parent}, letter(secret))
	g.try(parent, []string{head}, executable) // quarantined for everybody's safety
	id := ""
	for line := range strings.Lines(g.exported("ledger", "export")) {
		var e struct {
			Kind string
			Data struct{ ID string }
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Kind == "order-used" && e.Data.ID != "" {
			id = e.Data.ID
		}
	}
	if id == "" {
		t.Fatal("no message was inspected under the order")
	}
	if held := g.held(); len(held) != 1 || held[0].Purpose != "security" {
		t.Errorf("the list has %+v, want what is for everybody's safety alone", held)
	}
	g.reviews() // as another reviewer
	for _, args := range [][]string{
		{"show", id, "--reason", "nieuwsgierig"}, {"release", id, "--reason", "nieuwsgierig"},
		{"delete", id, "--reason", "nieuwsgierig"}, {"agree", id}, {"refuse", id, "--reason", "nieuwsgierig"},
	} {
		if errs := g.refusal(append([]string{"quarantine"}, args...)...); !strings.Contains(errs, "no such message") {
			t.Errorf("%v by another reviewer: said %q, want that there is none", args[0], errs)
		}
	}
	designated := reviewer{gateway: g, name: investigator.Name}
	store := g.accounts()
	a, err := store.Named(t.Context(), investigator.Name)
	if err != nil {
		t.Fatal(err)
	}
	designated.add(store, a)
	if err := store.AcceptSecrecy(t.Context(), a, ledger.ICT); err != nil {
		t.Fatal(err)
	}
	designated.signIn()
	if out := g.exported("quarantine", "show", id, "--stage", "text", "--reason", "onderzoek"); !strings.Contains(out,
		"Zomer!Regen84kast") {
		t.Errorf("the investigator sees\n%s", out)
	}
	sealed := filepath.Join(g.data(), "quarantine", "sealed", id+".age")
	if _, err := os.Stat(sealed); err != nil {
		t.Fatal(err)
	}
	result := orders.Result{Unauthorised: true, Discussed: time.Now(), Destroyed: time.Now()}
	if err := o.Complete(t.Context(), officer, order, result); err != nil {
		t.Fatal(err)
	}
	g.stop()
	g.start()
	g.eventually("destroy what was found", func() bool {
		_, err := os.Stat(sealed)
		return os.IsNotExist(err)
	})
	if held := g.held(); len(held) != 1 || held[0].State != "quarantined" {
		t.Errorf("the list has %+v, want what is for everybody's safety", held)
	}
}
