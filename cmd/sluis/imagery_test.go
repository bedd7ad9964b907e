package main_test

import (
	"strings"
	"testing"
)

// C3.3d: mail to the address for complaints arrives as any other, and opens a case that
// has nothing of it; a complaint that is recorded is kept sealed.
func TestComplaintsAboutImagery(t *testing.T) {
	t.Parallel()
	box := startMailbox(t)
	g := newGateway(t, settings{nextHop: box.Addr(), rest: "imagery: {address: foto@school.example}\n"})
	do := func(args ...string) string {
		t.Helper()
		out, errs, code := run(t, "", append(append([]string{"imagery"}, args...), "--config", g.config())...)
		if code != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
		return strings.TrimSpace(out)
	}
	g.try(parent, []string{"foto@school.example"}, letter("Mijn kind Jansen staat op de site"))
	g.try(counsellor, []string{"foto@school.example", teacher}, letter("Ook bij mij kwam een klacht van Jansen"))
	g.try(parent, []string{teacher}, letter(harmless))
	if cases := do("cases"); strings.Count(cases, "\n") != 1 || strings.Count(cases, "mail") != 2 {
		t.Errorf("got %s, want the complaints of the parent and of the counsellor", cases)
	}
	if got := texts(t, box, "foto@school.example"); len(got) != 2 || !strings.Contains(got[0], "Jansen") {
		t.Errorf("the mailbox has %v", got)
	}
	id := do("complain", "--as", "fg", "--page", "https://school.example/x", "--file",
		write(t, "complaint", "Kind Jansen zonder toestemming"))
	g.reviews()
	if text := do("read", id); !strings.Contains(text, "Jansen") {
		t.Errorf("%s", text)
	}
	do("step", id, "closed", "--as", "fg")
	if text := do("read", id); text != "" {
		t.Errorf("after the end it says %s", text)
	}
	if out := g.exported("ledger", "export"); strings.Contains(out, "Jansen") ||
		strings.Count(out, `"imagery-case"`) != 5 {
		t.Errorf("%d entries in the ledger", strings.Count(out, `"imagery-case"`))
	}
}
