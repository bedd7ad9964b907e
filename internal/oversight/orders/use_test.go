package orders

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sluis/internal/journal"
	"sluis/rules"
)

func TestOnlyTheDesignatedLook(t *testing.T) {
	h := newHouse(t)
	h.traffic(juf, meester, vp)
	id := h.approved(about(juf))
	if n, err := h.use(other, id); !errors.Is(err, ErrNotDesignated) || n > 0 {
		t.Errorf("a colleague: %d, %v", n, err)
	}
	if err := h.Dismiss(t.Context(), chair, id, tech.Name); err != nil {
		t.Fatal(err)
	}
	if n, err := h.use(tech, id); !errors.Is(err, ErrNotDesignated) || n > 0 {
		t.Errorf("a withdrawn investigator: %d, %v", n, err)
	}
	for _, id := range []string{"", "../../etc/passwd", "0123456789abcdef", strings.Repeat("a", 16)} {
		if _, err := h.use(tech, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("order %q: error %v, want that there is none", id, err)
		}
	}
	counsellor := about(vp)
	counsellor.Kind = Exception
	if n, err := h.use(tech, h.approved(counsellor)); err == nil || n > 0 {
		t.Errorf("records of a counsellor: %d, %v", n, err)
	}
	group := about("")
	group.Group = "team"
	if n, err := h.use(tech, h.approved(group)); err != nil || n != 28 { // and not the counsellor's
		t.Errorf("records of a group: %d, %v", n, err)
	}
}

// An order that ends, or is withdrawn, while somebody is looking.
func TestAnOrderThatEndsInTheMiddleOfAUse(t *testing.T) {
	for name, end := range map[string]func(h *house, id string){
		"its time is over":              func(h *house, id string) { h.now = monday.AddDate(0, 0, 7) },
		"it is withdrawn":               func(h *house, id string) { h.Withdraw(t.Context(), chair, id) },
		"the investigator is withdrawn": func(h *house, id string) { h.Dismiss(t.Context(), chair, id, tech.Name) },
	} {
		h := newHouse(t)
		h.traffic(juf)
		id, n := h.approved(about(juf)), 0
		err := h.Use(t.Context(), tech, id, h.people, h.keys, h.db, func(journal.Record) error {
			if n++; n == 3 {
				end(h, id)
			}
			return nil
		})
		if !errors.Is(err, ErrNotInForce) || n != 3 {
			t.Errorf("%s: %d records, %v", name, n, err)
		}
	}
}

func TestTheClockDoesNotBringAnOrderBack(t *testing.T) {
	h := newHouse(t)
	id := h.approved(about(juf))
	h.now = monday.AddDate(0, 0, 8) // the time has passed
	if h.state(id) != Ended {
		t.Fatal(h.state(id))
	}
	h.now = monday
	for range 2 {
		if s := h.state(id); s != Ended {
			t.Errorf("after the clock was put back it is %s", s)
		}
		if _, err := h.use(tech, id); !errors.Is(err, ErrNotInForce) {
			t.Errorf("used: %v", err)
		}
		if o, p := h.Added(h.people, h.people.Subject(juf)); p != 0 || o != "" {
			t.Errorf("order %q added %v, want none", o, p)
		}
		h.start()
	}
}

func TestOrdersOutliveARestartAndAreSeenByOthers(t *testing.T) {
	h := newHouse(t)
	r := about(juf)
	r.Content = true
	gateway := h.open()
	gateway.clock, gateway.steady = h.clock, h.steady
	added := func() rules.Purposes {
		_, p := gateway.Added(h.people, h.people.Subject(juf))
		return p
	}
	if added() != 0 {
		t.Error("added before there was an order")
	}
	id := h.approved(r)
	if added() == 0 {
		t.Error("the gateway does not see the order that a command made")
	}
	if err := h.Withdraw(t.Context(), chair, id); err != nil {
		t.Fatal(err)
	}
	if added() != 0 {
		t.Error("the gateway does not see that it was withdrawn")
	}
	h.start()
	if h.state(id) != Withdrawn {
		t.Errorf("after a restart it is %s", h.state(id))
	}
}

func TestWhatAnOrderAddsToWhom(t *testing.T) { // C3.2e, C3.2g, K4
	h := newHouse(t)
	content, all := func(r Request) Request { r.Content = true; return r }, rules.SetOf(
		rules.Security,
		rules.Conduct,
		rules.Leak,
	)
	ask := func(address string) (rules.Purposes, bool) {
		who := h.people.Subject(address)
		_, p := h.Added(h.people, who)
		return p, h.Excepted(h.people, who)
	}
	plain := h.approved(about(juf))
	if p, x := ask(juf); p != 0 || x {
		t.Error("an order for traffic data adds content")
	}
	first := h.approved(content(about("groep5@school.example"))) // an alias is the same person
	second := h.approved(content(about(juf)))                    // and orders may overlap
	for _, c := range []struct {
		address string
		want    rules.Purposes
	}{{juf, all}, {"GROEP5@school.example", all}, {meester, 0}, {pupil, 0}, {vp, 0}, {"ouder@gezin.example", 0}} {
		if p, x := ask(c.address); p != c.want || x {
			t.Errorf("%s: %v, excepted %v", c.address, p, x)
		}
	}
	for i, id := range []string{first, second, plain} {
		if err := h.Withdraw(t.Context(), chair, id); err != nil {
			t.Fatal(err)
		}
		if p, _ := ask(juf); (p != 0) != (i == 0) {
			t.Errorf("with %d of the overlapping orders withdrawn: %v", i+1, p)
		}
	}
	h.approved(content(about(vp))) // targeted control is no exception to confidentiality
	if p, x := ask(vp); p != 0 || x {
		t.Errorf("a counsellor under targeted control: %v, %v", p, x)
	}
	r := content(about(vp))
	r.Kind = Exception
	h.approved(r)
	if p, x := ask(vp); p != all || !x {
		t.Errorf("a counsellor under an exception: %v, %v", p, x)
	}
	group := content(about(""))
	group.Group = "team"
	h.approved(group)
	if p, _ := ask(meester); p != all {
		t.Errorf("a group: %v", p)
	}
	if p, _ := ask(pupil); p != 0 {
		t.Errorf("a pupil under an order about staff: %v", p)
	}
}

// TestAnOrderDoesNotLookBack: records of before the second approval are shown only if the order says
// that it looks back, and why (C3.2c).
func TestAnOrderDoesNotLookBack(t *testing.T) {
	for name, c := range map[string]struct {
		from     time.Time
		lookBack string
		refused  bool
		want     int // of 10 records a day of each, from monday on at noon
	}{
		"from the day of the decision":         {from: monday.Truncate(24 * time.Hour), want: 6},
		"from an hour before the decision":     {from: monday.Add(2 * time.Hour), want: 6},
		"a week ago, without saying why":       {from: monday.AddDate(0, 0, -7), refused: true},
		"26 hours ago, without saying why":     {from: monday.Add(-26 * time.Hour), refused: true},
		"a week ago, with spaces for a reason": {from: monday.AddDate(0, 0, -7), lookBack: " \n", refused: true},
		"a week ago, with the reason":          {from: monday.AddDate(0, 0, -7), lookBack: "melding van vorige week", want: 14},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.traffic(juf)
			r := about(juf)
			r.From, r.LookBack = c.from, c.lookBack
			if _, err := h.Request(t.Context(), officer, h.people, r); c.refused != errors.Is(err, ErrLookBack) {
				t.Fatalf("got %v, want refused %t", err, c.refused)
			}
			if c.refused {
				return
			}
			id := h.approved(r)
			h.now = monday.AddDate(0, 0, 6)
			n := 0
			err := h.Use(t.Context(), tech, id, h.people, h.keys, h.db, func(journal.Record) error { n++; return nil })
			if err != nil || n != c.want {
				t.Errorf("got %d records, %v, want %d", n, err, c.want)
			}
		})
	}
}
