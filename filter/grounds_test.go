package filter

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"sluis/rules"
)

// people is a roster of addresses with a confidential role.
type people []string

func (p people) Confidants(address string) []string {
	for _, a := range p {
		if a == address {
			return []string{a}
		}
	}
	return nil
}

// between are the parties of an envelope.
func between(addresses ...string) Parties { return Parties{Addresses: addresses} }

// draw is a sampler with one outcome.
type draw struct {
	drawn bool
	err   error
}

func (d draw) Draw(ID, time.Time) (bool, error) { return d.drawn, d.err }

// What may be looked for, by who takes part, where it goes, and the sample (C3.2a, C3.2g,
// C3.3b): the whole table.
func TestGrounds(t *testing.T) {
	const counsellor, teacher, parent = "vp@school.example", "juf@school.example", "ouder@gezin.example"
	for _, parties := range [][]string{{teacher, parent}, {counsellor, parent}, {parent, counsellor},
		{teacher, parent, counsellor}, {teacher}} {
		for _, ds := range []rules.Directions{rules.DirectionsOf(rules.In), rules.DirectionsOf(rules.Out),
			rules.DirectionsOf(rules.Internal), rules.DirectionsOf(rules.Out, rules.Internal)} {
			for _, drawn := range []bool{false, true} {
				g, err := GroundsFor(people{counsellor}, draw{drawn: drawn}, NoOrders{}, NewID(), time.Now(), ds,
					between(parties...))
				if err != nil {
					t.Fatal(err)
				}
				confidential := strings.Contains(fmt.Sprint(parties), counsellor)
				eligible := !confidential && ds.Has(rules.Out)
				want := rules.SetOf(rules.Security)
				if !confidential {
					want = want.With(rules.Conduct)
				}
				if eligible && drawn {
					want = want.With(rules.Leak)
				}
				all := Grounds{Purposes: want, Confidential: confidential, Eligible: eligible, Drawn: eligible && drawn}
				if !reflect.DeepEqual(g, all) {
					t.Errorf("%v %v drawn %v: got %+v, want %+v", parties, ds, drawn, g, all)
				}
			}
		}
	}
	if _, err := GroundsFor(people{}, draw{err: errors.New("no commitment")}, NoOrders{}, NewID(), time.Now(),
		rules.DirectionsOf(rules.Out), between(teacher)); err == nil {
		t.Error("a sample that cannot be drawn is no error")
	}
}

// What is not on the grounds is not in the scanner: there is nothing that could run (C3.3b,
// C3.2g).
func TestAScannerHoldsTheRulesOfItsPurposesOnly(t *testing.T) {
	e := engine(t)
	for _, ps := range []rules.Purposes{rules.SetOf(rules.Security), rules.SetOf(rules.Security, rules.Conduct),
		rules.SetOf(rules.Security, rules.Conduct, rules.Leak)} {
		s, err := e.scanner(grounded{purposes: ps})
		if err != nil {
			t.Fatal(err)
		}
		there := map[rules.Purpose]int{}
		for _, r := range s.rules {
			there[r.Purpose]++
		}
		for _, p := range []rules.Purpose{rules.Security, rules.Conduct, rules.Leak} {
			if (there[p] > 0) != ps.Has(p) {
				t.Errorf("scanner for %v has %d rules for %v", ps, there[p], p)
			}
		}
		if !ps.Has(rules.Leak) && len(s.detectors) > 0 {
			t.Errorf("scanner for %v has %d detectors", ps, len(s.detectors))
		}
	}
}

// The strictest of what is asked is done; what could not be seen counts too.
func TestDecide(t *testing.T) {
	finding := func(p rules.Purpose, c rules.Category, score int, ds ...rules.Direction) Finding {
		return Finding{Purpose: p, Category: c, Score: score, Directions: rules.DirectionsOf(ds...)}
	}
	asked := func(p rules.Purpose, d rules.Direction) Action {
		return map[rules.Purpose]Action{rules.Security: Reject, rules.Conduct: Quarantine, rules.Leak: Tag}[p]
	}
	for name, tc := range map[string]struct {
		x       Inspection
		actions Actions
		want    Action
		purpose rules.Purpose
	}{
		"nothing":    {},
		"too little": {x: Inspection{Findings: []Finding{finding(rules.Conduct, rules.Insult, 60, rules.Out)}}},
		"two that make enough": {x: Inspection{Findings: []Finding{finding(rules.Conduct, rules.Insult, 60,
			rules.Out), finding(rules.Conduct, rules.Insult, 40, rules.Out)}}, want: Quarantine,
			purpose: rules.Conduct},
		"two of different kinds": {x: Inspection{Findings: []Finding{finding(rules.Conduct, rules.Insult, 60,
			rules.Out), finding(rules.Conduct, rules.Racism, 40, rules.Out)}}},
		"in another direction": {x: Inspection{Findings: []Finding{finding(rules.Conduct, rules.Insult, 100, rules.In)}}},
		"the strictest": {x: Inspection{Findings: []Finding{finding(rules.Leak, rules.Identity, 100,
			rules.Out), finding(rules.Security, rules.Malware, 100, rules.Out),
			finding(rules.Conduct, rules.Insult, 100, rules.Out)}}, want: Reject, purpose: rules.Security},
		"ambiguous": {x: Inspection{Ambiguous: true}, actions: Actions{Ambiguous: Quarantine},
			want: Quarantine, purpose: rules.Security},
		"ambiguous, which may pass": {x: Inspection{Ambiguous: true}, actions: Actions{Uninspectable: Reject, Incomplete: Reject}},
		"locked": {x: Inspection{Uninspectable: []string{"encrypted"}},
			actions: Actions{Uninspectable: Tag}, want: Tag, purpose: rules.Security},
		"too much to look at": {x: Inspection{Incomplete: true}, actions: Actions{Incomplete: Reject},
			want: Reject, purpose: rules.Security},
		"a doubt milder than a find": {x: Inspection{Ambiguous: true,
			Findings: []Finding{finding(rules.Conduct, rules.Insult, 100, rules.Out)}},
			actions: Actions{Ambiguous: Tag}, want: Quarantine, purpose: rules.Conduct},
	} {
		tc.actions.Found = asked
		if v := Decide(&tc.x, rules.Out, tc.actions); v.Action != tc.want || v.Purpose != tc.purpose {
			t.Errorf("%s: %v for %v, want %v for %v", name, v.Action, v.Purpose, tc.want, tc.purpose)
		}
	}
}

// Evidence shows itself to nobody who does not ask for it (never 1).
func TestExcerptsDoNotPrint(t *testing.T) {
	x := Inspection{Findings: []Finding{{Excerpts: []Excerpt{{"geheim"}}}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if out := fmt.Sprintf(verb, x); strings.Contains(out, "geheim") || strings.Contains(out, "676568") {
			t.Errorf("%s prints %s", verb, out)
		}
	}
	if x.Findings[0].Excerpts[0].Reveal() != "geheim" {
		t.Error("not even when asked")
	}
}

// orders are of one address.
type orders struct {
	address  string
	excepted bool
	added    rules.Purposes
}

func (o *orders) Excepted(_ time.Time, address string) bool {
	return o.excepted && address == o.address
}

func (o *orders) Added(_ time.Time, address string) (OrderID, rules.Purposes) {
	if address != o.address || o.added == 0 {
		return "", 0
	}
	return "order-" + OrderID(address), o.added
}

func TestWhatAnOrderAdds(t *testing.T) { // C3.2c, C3.2e, C3.2g
	const counsellor, doctor, teacher, parent = "vp@school.example", "arts@school.example", "juf@school.example",
		"ouder@gezin.example"
	all := rules.SetOf(rules.Security, rules.Conduct, rules.Leak)
	usual := rules.SetOf(rules.Security, rules.Conduct)
	security := rules.SetOf(rules.Security)
	for name, c := range map[string]struct {
		o       orders
		parties []string
		want    Grounds
	}{
		"content of one person": {orders{address: teacher, added: all}, []string{teacher, parent},
			Grounds{Purposes: all, Eligible: true, Orders: []OrderID{"order-" + teacher}}},
		"mail to that person as well": {orders{address: teacher, added: all},
			[]string{parent, teacher, teacher},
			Grounds{Purposes: all, Eligible: true, Orders: []OrderID{"order-" + teacher}}},
		"nobody else's mail": {orders{address: teacher, added: all},
			[]string{"meester@school.example", parent}, Grounds{Purposes: usual, Eligible: true}},
		"not what that person tells a counsellor": {orders{address: teacher, added: all}, []string{teacher, counsellor},
			Grounds{Purposes: security, Confidential: true}},
		"metadata only": {orders{address: teacher}, []string{teacher, parent},
			Grounds{Purposes: usual, Eligible: true}},
		"an exception": {orders{address: counsellor, excepted: true, added: all},
			[]string{counsellor, parent}, Grounds{Purposes: all, Eligible: true,
				Orders: []OrderID{"order-" + counsellor}}},
		"an exception for one of two": {orders{address: counsellor, excepted: true, added: all},
			[]string{counsellor, doctor}, Grounds{Purposes: security, Confidential: true}},
		"content of a counsellor, no exception": {orders{address: counsellor, added: all},
			[]string{counsellor, parent}, Grounds{Purposes: security, Confidential: true}},
	} {
		g, err := GroundsFor(people{counsellor, doctor}, draw{}, &c.o, NewID(), time.Now(),
			rules.DirectionsOf(rules.Out), between(c.parties...))
		if err != nil || !reflect.DeepEqual(g, c.want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, g, err, c.want)
		}
	}
}

// A role that only the message names exempts as well, and is told apart; nothing of the message is read if
// the envelope is enough (C3.2g).
func TestGroundsByTheHeader(t *testing.T) {
	const counsellor, doctor, teacher = "vp@school.example", "arts@dienst.example", "juf@school.example"
	claims := func(all ...string) func() []string { return func() []string { return all } }
	known := func() bool { return true }
	exempt := Grounds{Purposes: rules.SetOf(rules.Security), Confidential: true}
	byHeader := exempt
	byHeader.ByHeader = true
	usual := Grounds{Purposes: rules.SetOf(rules.Security, rules.Conduct)}
	exception := &orders{address: counsellor, excepted: true}
	for name, c := range map[string]struct {
		between Parties
		orders  Orders
		want    Grounds
	}{
		"by the envelope": {Parties{Addresses: []string{teacher, counsellor}, Claims: func() []string {
			t.Error("the header is read although the envelope is enough")
			return nil
		}}, NoOrders{}, exempt},
		"by the header":     {Parties{Addresses: []string{teacher}, Claims: claims(counsellor)}, NoOrders{}, byHeader},
		"exempt before":     {Parties{Addresses: []string{teacher}, Claims: claims(), Exempted: known}, NoOrders{}, byHeader},
		"an order lifts it": {Parties{Addresses: []string{teacher}, Claims: claims(counsellor)}, exception, usual},
		"of one of two":     {Parties{Addresses: []string{teacher}, Claims: claims(counsellor, doctor)}, exception, byHeader},
		"of none":           {Parties{Addresses: []string{teacher}, Claims: claims()}, NoOrders{}, usual},
	} {
		g, err := GroundsFor(people{counsellor, doctor}, draw{}, c.orders, NewID(), time.Now(),
			rules.DirectionsOf(rules.In), c.between)
		if err != nil || !reflect.DeepEqual(g, c.want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, g, err, c.want)
		}
	}
}

// TestAnIDOfAnyLength: what people type is an id or an error.
func TestAnIDOfAnyLength(t *testing.T) {
	want := NewID()
	if got, err := ParseID(want.String()); err != nil || got != want {
		t.Errorf("%v, %v", got, err)
	}
	for _, s := range []string{"", "x", want.String()[1:], want.String() + "00", strings.Repeat("a", 5000),
		strings.Repeat("g", 32)} {
		if _, err := ParseID(s); err == nil {
			t.Errorf("%.40s is an id", s)
		}
	}
}
