package main_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// TestLeaksAreLookedForOutsideAgreements: mail to an approved partner takes no part in the draw, and its record
// says so; with one other recipient, after the end of the agreement, or to a domain that looks like it, it does
// (C2.4a).
func TestLeaksAreLookedForOutsideAgreements(t *testing.T) {
	t.Parallel()
	sink := testenv.StartSink(t)
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	g := newGateway(t, settings{nextHop: sink.Addr(), rest: fmt.Sprintf(`approved:
  - {name: DUO, domains: [duo.example.nl], until: %s}
  - {name: GGD, domains: [ggd.example.nl], until: %s}
`, day(30), day(-1))})
	for i, c := range []struct {
		name     string
		to       []string
		approved bool
		action   string
	}{
		{"a partner", []string{"x@duo.example.nl"}, true, "pass"},
		{"two of a partner", []string{"x@duo.example.nl", "y@post.DUO.example.nl"}, true, "pass"},
		{"a partner and a colleague", []string{"x@duo.example.nl", head}, true, "pass"},
		{"a partner and a parent", []string{"x@duo.example.nl", parent}, false, "quarantine"},
		{"a parent", []string{parent}, false, "quarantine"},
		{"a domain like it", []string{"x@nietduo.example.nl"}, false, "quarantine"},
		{"above it", []string{"x@example.nl"}, false, "quarantine"},
		{"a partner whose agreement ended", []string{"x@ggd.example.nl"}, false, "quarantine"},
		{"a colleague alone", []string{head}, false, "pass"},
	} {
		g.try(teacher, c.to, letter(secret))
		r := g.records(i + 1)[i]
		drawn := !c.approved && c.name != "a colleague alone"
		if r.Action != c.action || r.Approved != c.approved || r.Eligible != drawn {
			t.Errorf("%s: %+v, want %s and approved: %v", c.name, r, c.action, c.approved)
		}
	}
	// What is no leak is looked for there as anywhere (C3.3a).
	g.try(teacher, []string{"x@duo.example.nl"}, letter(threat))
	if rs := g.records(10); rs[9].Action != "quarantine" || !rs[9].Approved {
		t.Errorf("a threat to a partner: %+v", rs[9])
	}
	out, _, _ := run(t, "", "health", "--config", g.config(), "--lang", "en")
	if !strings.Contains(out, "ended: GGD") {
		t.Errorf("health does not name the agreement that ended:\n%s", out)
	}
	out, _, _ = run(t, "", "report", "--config", g.config())
	if !strings.Contains(out, "GGD (ggd.example.nl): afgelopen") || !strings.Contains(out, "DUO (duo.example.nl)") {
		t.Error("the report does not list the agreements")
	}
}
