package smtpd

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"sluis/filter"
	"sluis/internal/testenv"
	"sluis/rules"
)

// ordered has every message rest on two orders of the board.
func ordered(c *Config, st *stage) {
	st.policy.grounds = func(filter.ID, rules.Directions, []string) (filter.Grounds, error) {
		all := rules.SetOf(rules.Security, rules.Conduct, rules.Leak)
		return filter.Grounds{Purposes: all, Orders: []filter.OrderID{"o1", "o2"}}, nil
	}
}

// offer sends a letter to recipients; the final reply has to begin as said.
func offer(c *talk, final string, to ...string) {
	c.t.Helper()
	c.cmd("MAIL FROM:<a@school.example>", "250")
	for _, r := range to {
		c.cmd("RCPT TO:<"+r+">", "250")
	}
	c.cmd("DATA", "354")
	c.write(letter + ".\r\n")
	c.want(final)
}

// The use of an order is recorded before the message is inspected, and once (C3.2d).
func TestTheUseOfAnOrderIsRecordedBeforeTheInspection(t *testing.T) {
	s := newSink(t).Start()
	var events []string
	st := play(t, s, ordered, func(c *Config, st *stage) {
		st.policy.recordUse = func(used []filter.OrderID, _ filter.ID) error {
			for _, o := range used {
				events = append(events, string(o))
			}
			return nil
		}
		st.policy.inspect = func(_ context.Context, it filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
			events = append(events, "inspection")
			return &filter.Inspection{Purposes: ps, Bytes: it.Size, Parts: 1}, nil
		}
	})
	offer(st.client(), "250", "b@elsewhere.example")
	if want := []string{"o1", "o2", "inspection"}; !slices.Equal(events, want) {
		t.Errorf("got %v, want %v", events, want)
	}
	if r := st.journal.all(); len(r) != 1 || !r[0].Ordered {
		t.Errorf("got %+v, want one record that rests on an order", r)
	}
}

// A message is not inspected under an order that the ledger cannot take.
func TestAnOrderWithoutATraceIsNotUsed(t *testing.T) {
	s := newSink(t).Start()
	inspected := false
	st := play(t, s, ordered, func(c *Config, st *stage) {
		st.policy.recordUse = func([]filter.OrderID, filter.ID) error { return errors.New("the disk is full") }
		st.policy.inspect = func(_ context.Context, it filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
			inspected = true
			return &filter.Inspection{Purposes: ps}, nil
		}
	})
	offer(st.client(), "451", "b@elsewhere.example")
	if inspected || len(s.Messages()) != 0 {
		t.Errorf("inspected %v, %d delivered; want neither", inspected, len(s.Messages()))
	}
}

// A subscriber hears once of a message that was accepted, and of no other.
func TestASubscriberHearsOfAcceptedMessages(t *testing.T) {
	s := newSink(t).Start()
	var mu sync.Mutex
	var heard []filter.ID
	st := play(t, s, func(c *Config, st *stage) {
		notify := func(_ context.Context, id filter.ID) error {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, id)
			return errors.New("the message stays accepted")
		}
		c.Subscribers = []Subscription{{Address: "Foto@school.example", Notify: notify}}
		st.policy.grounds = func(filter.ID, rules.Directions, []string) (filter.Grounds, error) {
			return filter.Grounds{Purposes: rules.SetOf(rules.Security), Confidential: true}, nil
		}
	})
	c := st.client()
	offer(c, "250", "foto@school.example", "FOTO@school.example", "b@elsewhere.example")
	offer(c, "250", "b@elsewhere.example")
	s.Misbehave(testenv.Fault{Reply: "554 5.6.0 no"}.At(testenv.OnBody))
	offer(c, "554", "foto@school.example")
	c.cmd("NOOP", "250") // what follows a reply has happened by now
	mu.Lock()
	defer mu.Unlock()
	if r := st.journal.all(); len(heard) != 1 || len(r) != 3 || heard[0] != r[0].ID {
		t.Errorf("heard of %v, want of the first of %d messages only", heard, len(r))
	}
}
