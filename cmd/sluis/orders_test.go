package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/orders"
	"sluis/internal/testenv"
)

// An order of the board in the running gateway: content of one person is inspected without
// a draw while it is in force, and traffic data by the designated account alone (C3.2c-e).
func TestAnOrderCountsWhileItIsInForce(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), sample: "0", rest: witnesses})
	o := g.office()
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
	o.ordered(orders.Request{Subject: teacher}) // traffic data only
	send(teacher, 2, "pass")
	id := o.ordered(orders.Request{Subject: teacher, Content: true})
	if r := send(teacher, 3, "quarantine"); r.Drawn || !r.Ordered || r.Purpose != "leak" {
		t.Errorf("%+v", r)
	}
	if r := send(counsellor, 4, ""); r.Ordered || !r.Confidential { // an hourly count
		t.Errorf("a counsellor: %+v", r)
	}
	if all, err := o.use(investigator, id); err != nil || len(all) == 0 {
		t.Errorf("the investigator got %d records, %v", len(all), err)
	}
	if _, err := o.use(ledger.Actor{Name: "collega", Role: ledger.ICT}, id); err == nil {
		t.Error("a colleague used the order")
	}
	if err := o.signs(chair, id, orders.Intent{Answer: orders.Withdraw}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.use(investigator, id); err == nil {
		t.Error("it was used after it was withdrawn")
	}
	g.try(teacher, []string{parent}, letter(secret))
	if r := g.records(5)[3]; r.Action != "pass" { // the counsellor's comes last
		t.Errorf("after the order: %+v", r)
	}
	if err := o.Complete(t.Context(), officer, id, orders.Result{
		Unauthorised: true, Discussed: time.Now(), Destroyed: time.Now(),
	}); err != nil {
		t.Fatal(err)
	}
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
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), sample: "0", rest: witnesses})
	o := g.office()
	id := o.ordered(orders.Request{Subject: counsellor, Kind: orders.Exception, Content: true})
	g.try(counsellor, []string{parent}, letter(secret))
	if r := g.records(1)[0]; r.Action != "quarantine" || !r.Ordered || r.Group != "" {
		t.Errorf("%+v", r)
	}
	if _, err := o.use(investigator, id); err == nil { // there are no records of a counsellor by name
		t.Error("the records of a counsellor were found")
	}
	if err := o.signs(chair, id, orders.Intent{Answer: orders.Withdraw}); err != nil {
		t.Fatal(err)
	}
	g.try(counsellor, []string{parent}, letter(secret))
	if r := g.records(2)[1]; r.Action != "" || !r.Confidential {
		t.Errorf("%+v", r)
	}
}

// TestTheCommandLineDecidesNothing: no command asks for, advises on, decides, uses, ends or completes
// an order, and none gives what is held about a person, in whatever name (C3.2c, C3.2d, C3.2f).
func TestTheCommandLineDecidesNothing(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr()})
	g.try(teacher, []string{parent}, letter(harmless))
	g.records(1)
	id := g.office().asked(orders.Request{Subject: teacher})
	text, today := write(t, "text", "vermoeden"), time.Now().Format(time.DateOnly)
	before := strings.Count(g.exported("ledger", "export"), "\n")
	for _, args := range [][]string{
		{"orders", "request", "--as", "a", "--role", "privacy", "--subject", teacher, "--reason-file", text,
			"--from", today, "--until", today, "--investigator", "ik"},
		{"orders", "advise", id, "--as", "b", "--role", "legal", "--favourable", "--file", text},
		{"orders", "decide", id, "--as", "c", "--role", "board", "--approve"},
		{"orders", "withdraw", id, "--as", "c", "--role", "board"},
		{"orders", "dismiss", id, "--as", "c", "--role", "board", "--investigator", investigator.Name},
		{"orders", "use", id, "--as", investigator.Name, "--role", "ict"},
		{"orders", "complete", id, "--as", "a", "--role", "privacy", "--destroyed-on", today},
		{"access", teacher, "--as", "a", "--role", "privacy", "--proof", "document"},
		{"insight", teacher, "--as", "a", "--role", "privacy", "--proof", "document", "--form", "json"},
	} {
		if errs := g.refusal(args...); !strings.Contains(errs, "unexpected argument") {
			t.Errorf("%v: said %q, want that there is no such command", args[:2], errs)
		}
	}
	for _, args := range [][]string{{"list"}, {"list", "--json"}, {"show", id}} {
		out, errs, code := run(t, "", append(append([]string{"orders"}, args...), "--config", g.config())...)
		if code != 0 || !strings.Contains(out, id) || !strings.Contains(out, "requested") ||
			strings.Contains(out, teacher) || strings.Contains(out, "vermoeden") {
			t.Errorf("orders %v: exit code %d, want how far it is and nobody's name:\n%s%s", args, code, out, errs)
		}
	}
	if after := strings.Count(g.exported("ledger", "export"), "\n"); after != before {
		t.Errorf("%d entries in the ledger, want the %d of before", after, before)
	}
}
