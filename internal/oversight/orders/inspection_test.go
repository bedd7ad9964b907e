package orders

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

// sites is a request that takes sites off the list of those that are never inspected.
func sites(names ...string) Request {
	return Request{
		Kind:   Inspection,
		Reason: "de bank is van een oplichter",
		From:   monday,
		Until:  monday.AddDate(0, 3, 0),
		Sites:  names,
	}
}

// TestTheNeverInspectedListIsShortenedByTheBoardAlone: sites leave it under an order in force, and stay on it before,
// after, and when its file is changed.
func TestTheNeverInspectedListIsShortenedByTheBoardAlone(t *testing.T) {
	h := newHouse(t)
	h.now = monday.Add(1)
	want := func(what, names string) {
		t.Helper()
		s := h.open()
		s.clock, s.steady = h.Store.clock, h.Store.steady
		if got := fmt.Sprint(s.Shortened()); got != names {
			t.Errorf("%s: %s leave the list, want %s", what, got, names)
		}
	}
	id := must(h.Request(t.Context(), officer, h.people, sites("bank.example", "apple")))
	want("a request", "[]")
	if err := h.Advise(t.Context(), lawyer, id, true, "goed"); err != nil {
		t.Fatal(err)
	}
	if err := h.Decide(t.Context(), chair, id, true); err != nil {
		t.Fatal(err)
	}
	want("one approval", "[]")
	if err := h.Decide(t.Context(), member, id, true); err != nil {
		t.Fatal(err)
	}
	want("two approvals", "[apple bank.example]")
	if _, p := h.Added(h.people, h.people.Subject(juf)); p != 0 {
		t.Errorf("it adds %v for a person, want nothing", p)
	}
	if p := h.problems(must(h.rolls.Current()).Hash); len(p) > 0 {
		t.Errorf("offline verification says %q, want that all is in order", p)
	}
	good := must(os.ReadFile(h.file(id)))
	o := must(h.orders.Get(id))
	o.Request.Sites = []string{"overheid.example"}
	if err := h.orders.Put(o); err != nil {
		t.Fatal(err)
	}
	want("another site in the file", "[]")
	if err := os.WriteFile(h.file(id), good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.Withdraw(t.Context(), chair, id); err != nil {
		t.Fatal(err)
	}
	want("withdrawn", "[]")
}

func TestWhatAnInspectionOrderNeeds(t *testing.T) {
	h := newHouse(t)
	for name, change := range map[string]func(*Request){
		"no site":         func(r *Request) { r.Sites = nil },
		"an empty site":   func(r *Request) { r.Sites = []string{""} },
		"a person":        func(r *Request) { r.Subject = juf },
		"a group":         func(r *Request) { r.Group = "team" },
		"content":         func(r *Request) { r.Content = true },
		"an investigator": func(r *Request) { r.Investigators = []string{tech.Name} },
	} {
		r := sites("bank.example")
		change(&r)
		if _, err := h.Request(t.Context(), officer, h.people, r); !errors.Is(err, ErrNoSites) {
			t.Errorf("%s: %v, want that it names sites alone", name, err)
		}
	}
	r := sites("bank.example")
	r.Until = r.From.AddDate(2, 0, 0)
	if _, err := h.Request(t.Context(), officer, h.people, r); !errors.Is(err, ErrTooLong) {
		t.Errorf("for two years: %v, want that it is too long", err)
	}
}
