package main_test

import (
	"strings"
	"testing"

	"sluis/internal/control"
	"sluis/internal/testenv"
)

// TestBreakGlass: in an emergency a message is opened or released without an account only if there is a
// reason and the board and the privacy officer got mail first; ledger, health and report show it.
func TestBreakGlass(t *testing.T) {
	t.Parallel()
	box := startMailbox(t)
	const token = "X-Token: glass\n"
	start := func(rest string) (*gateway, string) {
		g := newGateway(t, settings{nextHop: box.Addr(), rest: rest})
		g.try(teacher, []string{parent}, token+letter(secret))
		return g, g.held()[0].ID
	}
	const reason = "de directeur wacht op deze mail"
	for name, rest := range map[string]string{
		"no sender":          "",
		"no board":           "notices: {from: sluis@school.example, privacy: [fg@school.example], digest: none}\n",
		"no privacy officer": "notices: {from: sluis@school.example, board: [bestuur@school.example], digest: none}\n",
	} {
		g, id := start(rest)
		for _, act := range []string{"show", "release"} {
			errs := g.refusal("break-glass", act, id, "--reason", reason)
			if !strings.Contains(errs, "board and the privacy officer") {
				t.Errorf("%s: %s: said %q, want that nobody could be told", name, act, errs)
			}
		}
		if all := g.acts(id); len(all) != 0 {
			t.Errorf("%s: the ledger has %q", name, all)
		}
	}

	g, id := start(officeSettings)
	told := func(to string) (n int) {
		for _, text := range texts(t, box, to) {
			if strings.Contains(text, id) {
				n++
			}
		}
		return n
	}
	for _, why := range []string{"", "x", "is een test", "1 2 3 4"} {
		g.refusal("break-glass", "show", id, "--reason", why)
	}
	g.refusal("break-glass", "show", strings.Repeat("0", 32), "--reason", reason)
	g.refusal("break-glass", "show", "../../etc/passwd", "--reason", reason)
	box.Misbehave(on(testenv.OnBody, "451 4.3.0 Straks"))
	if errs := g.refusal("break-glass", "show", id, "--reason", reason); !strings.Contains(errs, "nothing was done") {
		t.Errorf("the mail was not taken: said %q", errs)
	}
	box.Misbehave(nil)
	if all := g.acts(id); len(all) != 0 || told("bestuur@school.example") != 0 {
		t.Fatalf("the ledger has %q, and mail was sent", all)
	}

	if out := g.health(); !strings.Contains(out, "nothing was opened or released without an account") {
		t.Errorf("health says\n%s", out)
	}
	out := g.exported("break-glass", "show", id, "--stage", "headers", "--reason", reason)
	if !strings.Contains(out, "Subject") || strings.Contains(out, parent) {
		t.Errorf("want the header, masked:\n%s", out)
	}
	for _, to := range []string{"bestuur@school.example", "fg@school.example"} {
		if n := told(to); n != 1 {
			t.Errorf("%s got %d mails, want one", to, n)
		}
	}
	g.exported("break-glass", "release", id, "--reason", reason)
	if n := box.Arrivals()["glass"].Times; n != 1 {
		t.Errorf("delivered %d times, want once", n)
	}
	user := control.SystemUser()
	want := "break-glass show command line ; quarantine-opened headers command line ; " +
		"break-glass release command line ; quarantine-released break-glass command line "
	if got := strings.Join(g.acts(id), "; "); got != want {
		t.Errorf("the ledger has %q, want %q", got, want)
	}
	if export := g.exported("ledger", "export"); !strings.Contains(export, `"ref":"`+user+`"`) {
		t.Errorf("the ledger does not name the user %s of the system", user)
	}
	if out := g.health(); !strings.Contains(out, "2 messages were opened or released without an account") {
		t.Errorf("health says\n%s", out)
	}
	if page := g.exported("report"); strings.Count(page, "noodopening zonder account") != 3 {
		t.Errorf("the report names it %d times, want twice by day and once by role",
			strings.Count(page, "noodopening zonder account"))
	}
}
