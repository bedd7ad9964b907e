package smtpd

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluis/filter"
	"sluis/internal/admit"
	"sluis/internal/testenv"
	"sluis/rules"
)

// bench holds up the inspection of mail from some senders, and counts who is on it.
type bench struct {
	mu   sync.Mutex
	on   int // inspections now
	most int
	done chan struct{} // closed: nobody is held up any more
}

// inspect implements fakePolicy.inspect: senders at evil.example are held up.
func (b *bench) inspect(ctx context.Context, it filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
	if it.Sender == "a@evil.example" {
		b.mu.Lock()
		b.on++
		b.most = max(b.most, b.on)
		b.mu.Unlock()
		select {
		case <-b.done:
		case <-ctx.Done():
		}
		b.mu.Lock()
		b.on--
		b.mu.Unlock()
	}
	return &filter.Inspection{Purposes: ps, Bytes: it.Size, Parts: 1}, ctx.Err()
}

func (b *bench) counts() (on, most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.on, b.most
}

const short = "Subject: x\r\n\r\nx\r\n"

func TestInspectionsAreSharedAndOwnServersKeepSome(t *testing.T) {
	for _, c := range []struct {
		name    string
		address func(i int) string
		most    int // of 8 places
		others  bool
	}{
		{"one address", func(int) string { return "192.0.2.1" }, 2, true},
		{"one IPv4 /24", in("192.0.2.%d"), 3, true},
		{"one IPv6 /64", in("2001:db8:1::%x"), 3, true},
		{"one IPv6 /48", in("2001:db8:1:%x::1"), 6, false},
		{"many networks", in("2001:db8:%x::1"), 6, false},
		{"a mail filter in front", func(int) string { return "203.0.113.1" }, 6, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &bench{done: make(chan struct{})}
			st := newCrowd(t, newSink(t).Start(), func(_ *Config, st *stage) { st.policy.inspect = b.inspect })
			var all []*talk
			for i := range 24 {
				k := st.greeted(c.address(i))
				k.envelope("a@evil.example", "r@school.example")
				k.cmd("DATA", "354")
				k.write(short + ".\r\n")
				all = append(all, k)
			}
			testenv.Eventually(t, "the places are taken", func() bool { on, _ := b.counts(); return on == c.most })
			st.greeted("10.0.0.1").send("juf@school.example", "r@school.example", short, "250")
			if c.others {
				st.greeted("198.51.100.1").send("ouder@gezin.example", "r@school.example", short, "250")
			}
			close(b.done)
			for _, k := range all {
				k.want("250")
			}
			if _, most := b.counts(); most != c.most {
				t.Errorf("%d were inspected at once, want %d", most, c.most)
			}
		})
	}
}

// An inspection that takes long makes room when others wait, and its message stays with its sender.
func TestALongInspectionOfAStrangerMakesRoomForOthers(t *testing.T) {
	for _, c := range []struct {
		name    string
		own     bool
		patient bool // nobody waits
		stopped bool
	}{
		{"others wait", false, false, true},
		{"nobody waits", false, true, false},
		{"it is the school's own", true, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := Limits{Inspections: 4, Strangers: 0.75, InspectionBudget: time.Hour}
				i := newInspections(&limits, newMetrics(nil))
				stopped := 0
				var leave []func()
				for n := range 4 {
					who := admit.Party{Addr: netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::1", n))}
					if c.own || n == 3 {
						who.Rank = admit.Own
					}
					ctx, visit := admit.NewVisit(t.Context(), who)
					var end func()
					end, err := i.enter(ctx, visit, func(cause error) {
						stopped++
						if cause != errCostly {
							t.Errorf("the cause is %v, want %v", cause, errCostly)
						}
						go end()
					})
					if err != nil {
						t.Fatal(err)
					}
					leave = append(leave, end)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				start := time.Now()
				if !c.patient {
					ctx, visit := admit.NewVisit(ctx, admit.Party{Addr: netip.MustParseAddr("198.51.100.1")})
					_, err := i.enter(ctx, visit, nil)
					if got := err == nil; got != c.stopped {
						t.Errorf("another gets a place: %v, want %v", got, c.stopped)
					}
				}
				if c.stopped && time.Since(start) > fair+2*patience {
					t.Errorf("it takes %v, want at most %v", time.Since(start), fair+2*patience)
				}
				if (stopped == 1) != c.stopped {
					t.Errorf("%d were stopped, want one: %v", stopped, c.stopped)
				}
				for _, end := range leave[1:] {
					end()
				}
			})
		})
	}
}

// costs has each inspection of mail from evil.example take so long.
func costs(d time.Duration, budget time.Duration) func(*Config, *stage) {
	return func(c *Config, st *stage) {
		c.Limits.InspectionBudget = budget
		st.policy.inspect = func(_ context.Context, it filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
			if it.Sender == "a@evil.example" {
				time.Sleep(d)
			}
			return &filter.Inspection{Purposes: ps, Bytes: it.Size, Parts: 1}, nil
		}
	}
}

// Who has used up its budget waits for the one place of the costly; who is far over it gets 451,
// so that the mail stays where it is. Others feel nothing.
func TestCostlySendersAreSlowedAndThenAskedToComeLater(t *testing.T) {
	for _, c := range []struct {
		name    string
		address string
		others  []string
	}{
		{"IPv4", "192.0.2.1", []string{"192.0.3.1", "10.0.0.1", "203.0.113.1"}},
		{"IPv6", "2001:db8:1::1", []string{"2001:db8:2::1", "10.0.0.1", "203.0.113.1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSink(t).Start()
			st := newCrowd(t, s, costs(20*time.Millisecond, 10*time.Millisecond))
			k := st.greeted(c.address)
			n := 0
			for who := st.party(c.address); st.relay.inspections.budget.Debt(who) < farOver; n++ {
				k.send("a@evil.example", "r@school.example", short, "250")
			}
			k.cmd("MAIL FROM:<a@evil.example>", "451 4.7.1")
			if got := len(s.Messages()); n == 0 || got != n {
				t.Errorf("%d messages arrive of %d that were accepted", got, n)
			}
			for _, a := range c.others {
				st.greeted(a).send("ouder@gezin.example", "r@school.example", short, "250")
			}
		})
	}
}

// party returns what a client at an address counts for.
func (c *crowd) party(address string) admit.Party {
	return admit.Party{Addr: netip.MustParseAddr(address)}
}

// The costly are inspected one after another, and not in the way of anybody else.
func TestCostlySendersShareOnePlace(t *testing.T) {
	b := &bench{done: make(chan struct{})}
	st := newCrowd(t, newSink(t).Start(), func(c *Config, st *stage) {
		c.Limits.InspectionBudget = time.Hour
		st.policy.inspect = b.inspect
	})
	var all []*talk
	for i := range 12 {
		a := fmt.Sprintf("2001:db8:%x::1", i)
		st.relay.inspections.budget.Charge(st.party(a), 90*time.Minute)
		k := st.greeted(a)
		k.envelope("a@evil.example", "r@school.example")
		k.cmd("DATA", "354")
		k.write(short + ".\r\n")
		all = append(all, k)
	}
	testenv.Eventually(t, "one is inspected", func() bool { on, _ := b.counts(); return on == 1 })
	for range 5 {
		st.greeted("198.51.100.1").send("ouder@gezin.example", "r@school.example", short, "250")
	}
	close(b.done)
	for _, k := range all {
		k.want("250")
	}
	if _, most := b.counts(); most != 1 {
		t.Errorf("%d costly ones were inspected at once, want 1", most)
	}
}

// What costs the own servers' mail, and that of a filter in front, is on no account.
func TestOwnMailHasNoBudget(t *testing.T) {
	for name, address := range map[string]string{"own": "10.0.0.1", "a mail filter": "203.0.113.1"} {
		t.Run(name, func(t *testing.T) {
			st := newCrowd(t, newSink(t).Start(), costs(5*time.Millisecond, time.Millisecond))
			k := st.greeted(address)
			for range 20 {
				k.send("a@evil.example", "r@school.example", short, "250")
			}
		})
	}
}

// A mail list that sends many small messages stays within its budget.
func TestManyCheapMessagesOfOneSenderAreNotDelayed(t *testing.T) {
	st := newCrowd(t, newSink(t).Start())
	k := st.greeted("192.0.2.1")
	for range 300 {
		k.send("news@b.example", "r@school.example", short, "250")
	}
	if debt := st.relay.inspections.budget.Debt(st.party("192.0.2.1")); debt >= 1 {
		t.Errorf("%.2f budgets are used, want less than one", debt)
	}
}
