package admit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func party(a string, r ...Rank) Party {
	p := Party{Addr: netip.MustParseAddr(a)}
	if len(r) > 0 {
		p.Rank = r[0]
	}
	return p
}

// takeAll has parties, made of their number, take places until one is refused.
func takeAll(p *Places, who func(i int) Party) (n int, why Refusal) {
	for why == None && n < 100_000 {
		if why = p.Try(who(n), 1); why == None {
			n++
		}
	}
	return n, why
}

func TestNoNetworkTakesThePlacesOfOthers(t *testing.T) {
	for _, c := range []struct {
		name string
		who  func(i int) Party
		want int
		why  Refusal
	}{
		{"one address", func(int) Party { return party("192.0.2.1") }, 20, Address},
		{"one IPv6 address", func(int) Party { return party("2001:db8:1::1") }, 20, Address},
		{"an IPv4 /24", func(i int) Party { return party(fmt.Sprintf("192.0.2.%d", i%256)) }, 30, Network},
		{"an IPv6 /64", func(i int) Party { return party(fmt.Sprintf("2001:db8:1::%x", i+1)) }, 30, Network},
		{"an IPv6 /48", func(i int) Party { return party(fmt.Sprintf("2001:db8:1:%x::1", i)) }, 60, Network},
		{"many networks", func(i int) Party { return party(fmt.Sprintf("10.0.%d.1", i)) }, 80, Strangers},
		{"many IPv6 networks", func(i int) Party { return party(fmt.Sprintf("2001:db8:%x::1", i)) }, 80, Strangers},
		{"a carrier's address", func(int) Party { return party("192.0.2.1", Carrier) }, 80, Strangers},
		{"an own server", func(int) Party { return party("192.0.2.1", Own) }, 100, Full},
		{"no address", func(int) Party { return Party{} }, 20, Address},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewPlaces(Shares{Total: 100, Strangers: 80, Network: 30, Address: 20})
			n, why := takeAll(p, c.who)
			if n != c.want || why != c.why {
				t.Errorf("%d places and then %q, want %d and %q", n, why, c.want, c.why)
			}
			if c.why == Full {
				return
			}
			if own, why := takeAll(p, func(int) Party { return party("198.51.100.1", Own) }); own != 100-n {
				t.Errorf("an own server gets %d places and then %q, want %d", own, why, 100-n)
			}
			for i := range n {
				p.Give(c.who(i), 1)
			}
			if len(p.taken.of) != 0 || p.taken.strangers != 0 {
				t.Errorf("%d networks are remembered and %d places taken after all were given back, want none",
					len(p.taken.of), p.taken.strangers)
			}
		})
	}
}

func TestASharedTotalLeavesAPlaceToEverybody(t *testing.T) {
	for _, total := range []int64{1, 2, 3, 8, 40, 1000} {
		s := Share(total, 0.75)
		if s.Strangers < 1 || s.Network < 1 || s.Address < 1 {
			t.Errorf("of %d places: %+v, want at least one for everybody", total, s)
		}
		if total > 1 && s.Strangers >= total {
			t.Errorf("of %d places strangers have %d, want some kept", total, s.Strangers)
		}
		if s.Address > s.Network || s.Network > s.Strangers {
			t.Errorf("of %d places: %+v, want an address within its network within the strangers", total, s)
		}
	}
}

func TestThoseWhoWaitAreServedOwnFirstAndCrowdsLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPlaces(Shares{Total: 1})
		p.Try(party("203.0.113.9"), 1)
		order := make(chan string, 10)
		wait := func(name string, who Party) {
			go func() {
				if err := p.Wait(t.Context(), who); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				order <- name
				time.Sleep(time.Second)
				p.Give(who, 1)
			}()
			synctest.Wait()
		}
		for range 3 {
			wait("crowd", party("192.0.2.1"))
		}
		indebted := party("198.51.100.9")
		indebted.Debt = 0.5
		wait("indebted", indebted)
		wait("one", party("198.51.100.1"))
		wait("own", party("10.0.0.1", Own))
		p.Give(party("203.0.113.9"), 1)
		var got []string
		for range 6 {
			got = append(got, <-order)
		}
		if want := []string{"own", "one", "indebted", "crowd", "crowd", "crowd"}; !slices.Equal(got, want) {
			t.Errorf("served: %v, want %v", got, want)
		}
		time.Sleep(2 * time.Second)
		if n := p.Taken(); n != 0 {
			t.Errorf("%d places are taken, want none", n)
		}
	})
}

func TestWaitingEndsWithTheContextAndTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPlaces(Shares{Total: 1})
		first := party("192.0.2.1")
		p.Try(first, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Wait(ctx, first); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait: %v, want %v", err, context.DeadlineExceeded)
		}
		p.Give(first, 1)
		if n := p.Taken(); n != 0 {
			t.Errorf("%d places are taken, want none", n)
		}
	})
}

func TestAPlaceIsWantedByThoseItWouldHelp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPlaces(Shares{Total: 3, Address: 1})
		stranger, other, own := party("192.0.2.1"), party("198.51.100.1"), party("10.0.0.1", Own)
		p.Try(stranger, 1)
		p.Try(other, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go p.Wait(ctx, stranger)
		synctest.Wait()
		if p.Wanted(other) || !p.Wanted(stranger) {
			t.Errorf("wanted of another %v, of the same address %v; want only the latter",
				p.Wanted(other), p.Wanted(stranger))
		}
		cancel()
		synctest.Wait()
		p.Try(own, 1)
		ctx, cancel = context.WithCancel(t.Context())
		go p.Wait(ctx, party("203.0.113.1"))
		synctest.Wait()
		if p.Wanted(own) || !p.Wanted(other) {
			t.Errorf("wanted of an own server %v, of a stranger %v; want only the latter",
				p.Wanted(own), p.Wanted(other))
		}
		cancel()
		synctest.Wait()
	})
}

func TestBudgetsArePaidOffByTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(10 * time.Second)
		who, near, far := party("192.0.2.1"), party("192.0.2.2"), party("198.51.100.1")
		want := func(name string, p Party, want float64) {
			t.Helper()
			if got := b.Debt(p); got < want-.01 || got > want+.01 {
				t.Errorf("%s: %.2f budgets are used, want %.2f", name, got, want)
			}
		}
		want("at first", who, 0)
		b.Charge(who, 30*time.Second)
		want("three minutes' worth", who, 3)
		want("its network", near, 1.5)
		want("elsewhere", far, 0)
		time.Sleep(time.Minute)
		want("a minute later", who, 2)
		want("its network, a minute later", near, 0.5)
		time.Sleep(time.Hour)
		want("an hour later", who, 0)
		for _, r := range []Rank{Own, Carrier} {
			b.Charge(party("10.0.0.1", r), time.Hour)
			want("not a stranger", party("10.0.0.1", r), 0)
			want("a stranger at the same address", party("10.0.0.1"), 0)
		}
		for i := range 40 {
			b.Charge(party(fmt.Sprintf("2001:db8:1:%x::1", i)), time.Second)
		}
		want("an IPv6 /48", party("2001:db8:1:ffff::1"), 1)
	})
}

func TestAccountsAreBounded(t *testing.T) {
	b := NewBudget(time.Second)
	for i := range accounts {
		b.Charge(party(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String()), time.Second)
	}
	if n := b.spent.Len(); n > accounts {
		t.Errorf("%d networks are remembered, want at most %d", n, accounts)
	}
}
