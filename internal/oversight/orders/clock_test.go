package orders

import (
	"errors"
	"testing"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/store"
)

// The clock jumps, and no time passes: orders rest as long as it is wrong, and go on when it is back.
func TestAClockThatIsWrongForAMomentEndsNoOrder(t *testing.T) {
	for name, jump := range map[string]time.Duration{
		"eight days": 8 * 24 * time.Hour, "twelve years": 12 * 365 * 24 * time.Hour, "a day": 25 * time.Hour,
	} {
		h := newHouse(t)
		r := about(juf)
		r.Content = true
		id := h.approved(r)
		h.steady = func() time.Time { return monday } // and stands still
		h.now = monday.Add(jump)
		if _, p := h.Added(h.people, h.people.Subject(juf)); jump > 7*24*time.Hour && p != 0 {
			t.Errorf("%s: while the clock is ahead it adds %v, want nothing", name, p)
		}
		h.now = monday
		if s := h.state(id); s != InForce {
			t.Errorf("%s: after the clock came back it is %s, want in force", name, s)
		}
	}
}

// A time ahead that no entry of the ledger confirms is undone, with an entry; one that the ledger
// confirms is undone by a person with a reason.
func TestATimeAheadIsUndoneWithATrace(t *testing.T) {
	h := newHouse(t)
	now := time.Now().UTC()
	h.now = now
	if err := store.NewValue[time.Time](store.Open(h.dir), "orders-clock").Put(now.AddDate(12, 0, 0)); err != nil {
		t.Fatal(err)
	}
	h.start()
	request := about(juf)
	request.From, request.Until = now, now.AddDate(0, 0, 2)
	if _, err := h.Request(t.Context(), officer, h.people, request); err != nil {
		t.Errorf("a request after the clock was once ahead: %v", err)
	}
	if n, err := h.book.Count(ledger.Query{Kinds: []ledger.Kind{ledger.ClockJumped}}); err != nil || n != 1 {
		t.Errorf("%d entries, %v, want one that says what was undone", n, err)
	}

	h.now = now.AddDate(0, 0, -3) // somebody sets it back: the ledger is later
	h.start()
	request.From, request.Until = h.now, h.now.AddDate(0, 0, 2)
	if _, err := h.Request(t.Context(), officer, h.people, request); !errors.Is(err, ErrClock) {
		t.Errorf("a request on a clock that was set back: %v, want ErrClock", err)
	}
	if err := h.AcceptClock(t.Context(), ledger.CommandLine, ""); err == nil {
		t.Error("it was accepted without a reason")
	}
	if err := h.AcceptClock(t.Context(), ledger.CommandLine, "de klok liep voor"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Request(t.Context(), officer, h.people, request); err != nil {
		t.Errorf("a request after the clock was accepted: %v", err)
	}
}
