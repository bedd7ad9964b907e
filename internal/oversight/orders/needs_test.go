package orders

import (
	"errors"
	"testing"
)

// Without witnesses of the ledger no order is advised or decided on, and none is in force: neither for records nor
// for content (C3.2c, C3.2d).
func TestWithoutItsConditionNoOrderCounts(t *testing.T) {
	h := newHouse(t)
	h.traffic(juf)
	lacking := errors.New("no witness has a checkpoint")
	var missing error
	needs := func() error { return missing }
	h.Needs(needs)
	r := about(juf)
	r.Content = true
	id := h.approved(r)
	if n, err := h.use(tech, id); err != nil || n == 0 {
		t.Fatalf("with witnesses: %d records, %v", n, err)
	}
	missing = lacking
	if n, err := h.use(tech, id); !errors.Is(err, ErrCondition) || !errors.Is(err, lacking) || n > 0 {
		t.Errorf("without witnesses: %d records, %v, want ErrCondition", n, err)
	}
	if o, p := h.Added(h.people, h.people.Subject(juf)); p != 0 {
		t.Errorf("without witnesses order %s adds content", o)
	}
	second, err := h.Request(t.Context(), officer, h.people, about(meester))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Advise(t.Context(), lawyer, second, true, "goed"); !errors.Is(err, ErrCondition) {
		t.Errorf("advised on without witnesses: %v, want ErrCondition", err)
	}
	if err := h.Withdraw(t.Context(), chair, id); err != nil {
		t.Errorf("withdrawn without witnesses: %v", err)
	}
	missing = nil
	if err := h.Advise(t.Context(), lawyer, second, true, "goed"); err != nil {
		t.Fatal(err)
	}
	missing = lacking
	if err := h.Decide(t.Context(), chair, second, true); !errors.Is(err, ErrCondition) {
		t.Errorf("decided without witnesses: %v, want ErrCondition", err)
	}
}
