package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// step runs a step of orders and returns what it prints; it has to end with a code.
func (g *gateway) step(want int, args ...string) string {
	g.t.Helper()
	out, errs, code := run(g.t, "", append(append([]string{"orders"}, args...), "--config", g.config())...)
	if code != want {
		g.t.Fatalf("orders %v: exit code %d\n%s%s", args, code, out, errs)
	}
	return strings.TrimSpace(out)
}

// ordered brings an order into force, step by step.
func (g *gateway) ordered(args ...string) (id string) {
	g.t.Helper()
	text := write(g.t, "text", "vermoeden")
	period := []string{"--from", time.Now().AddDate(0, 0, -2).Format(time.DateOnly), "--until",
		time.Now().AddDate(0, 0, 3).Format(time.DateOnly)}
	id = g.step(0, append(append([]string{"request", "--as", "fg", "--role", "privacy", "--reason-file", text,
		"--investigator", "beheerder"}, period...), args...)...)
	g.step(0, "advise", id, "--as", "jurist", "--role", "legal", "--favourable", "--file", text)
	g.step(0, "decide", id, "--as", "een", "--role", "board", "--approve")
	g.step(1, "decide", id, "--as", "een", "--role", "board", "--approve")
	g.step(0, "decide", id, "--as", "twee", "--role", "board", "--approve")
	return id
}

// An order of the board in the running gateway: content of one person is inspected without
// a draw while it is in force, and traffic data by the designated account alone (C3.2c-e).
func TestAnOrderCountsWhileItIsInForce(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), sample: "0"})
	send := func(from string, n int, want string) record {
		t.Helper()
		g.try(from, []string{parent}, letter(secret))
		r := g.records(n)[n-1]
		if r.Action != want {
			t.Errorf("message %d: %s, want %s", n, r.Action, want)
		}
		return r
	}
	send(teacher, 1, "pass")
	g.ordered("--subject", teacher) // traffic data only
	send(teacher, 2, "pass")
	id := g.ordered("--subject", teacher, "--content")
	if r := send(teacher, 3, "quarantine"); r.Drawn || !r.Ordered || r.Purpose != "leak" {
		t.Errorf("%+v", r)
	}
	if r := send(counsellor, 4, "pass"); r.Ordered || !r.Confidential {
		t.Errorf("a counsellor: %+v", r)
	}
	if out := g.step(0, "use", id, "--as", "beheerder", "--role", "ict"); strings.Count(out, "\n") != 2 ||
		strings.Contains(out, "pseudonym") {
		t.Errorf("the traffic data is\n%s", out)
	}
	g.step(1, "use", id, "--as", "collega", "--role", "ict")
	g.step(0, "withdraw", id, "--as", "een", "--role", "board")
	g.step(1, "use", id, "--as", "beheerder", "--role", "ict")
	send(teacher, 5, "pass")
	g.step(0, "complete", id, "--as", "fg", "--role", "privacy", "--unauthorised", "--discussed-on",
		time.Now().Format(time.DateOnly), "--destroyed-on", time.Now().Format(time.DateOnly))
	if b, err := os.ReadFile(filepath.Join(g.data(), "orders", id+".json")); err != nil ||
		strings.Contains(string(b), "vermoeden") || strings.Contains(string(b), teacher) {
		t.Errorf("left of the order is %s, %v", b, err)
	}
	if out := g.exported("ledger", "export"); strings.Count(out, `"order-used"`) != 2 ||
		strings.Contains(out, teacher) {
		t.Errorf("%d uses in the ledger", strings.Count(out, `"order-used"`))
	}
}

// C3.2g: an exception lifts confidentiality for one person and the time of the order.
func TestAnExceptionToConfidentiality(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), sample: "0"})
	id := g.ordered("--subject", counsellor, "--kind", "exception", "--content")
	g.try(counsellor, []string{parent}, letter(secret))
	if r := g.records(1)[0]; r.Action != "quarantine" || !r.Ordered || r.Group != "" {
		t.Errorf("%+v", r)
	}
	g.step(1, "use", id, "--as", "beheerder", "--role", "ict") // there are no records of a counsellor by name
	g.step(0, "withdraw", id, "--as", "een", "--role", "board")
	g.try(counsellor, []string{parent}, letter(secret))
	if r := g.records(2)[1]; r.Action != "pass" || !r.Confidential {
		t.Errorf("%+v", r)
	}
}
