package admit

import (
	"net/netip"
)

// Rank is what a client is to the organisation.
type Rank uint8

// The ranks. Places are kept for those above strangers.
const (
	Stranger Rank = iota
	Carrier       // brings strangers' mail on purpose, such as a filter in front: no limit for its address
	Own           // the organisation's own server
)

// Party is a client as it takes places.
type Party struct {
	Addr netip.Addr
	Rank Rank
	Debt float64 // Budget.Debt: among equals those with less come first
}

// Shares say how many places there are, and how many of them parties may have. Zero is no limit.
type Shares struct {
	Total     int64 // of all together
	Strangers int64 // of all but the organisation's own
	Network   int64 // of the strangers in one network: an IPv4 /24, an IPv6 /64; an IPv6 /48 has twice as many
	Address   int64 // of a stranger's address
}

// Share returns shares of a total: strangers have a part of it, half of that is the most for one of
// their networks, and a quarter for an address.
func Share(total int64, strangers float64) Shares {
	s := max(1, int64(float64(total)*strangers))
	return Shares{
		Total:     total,
		Strangers: s,
		Network:   (s + 1) / 2,
		Address:   (s + 3) / 4,
	}
}

// level is a network that a party counts for, with the most places that it may have.
type level struct {
	network netip.Prefix
	most    int64
	refusal Refusal
}

// levels returns the networks that a party counts for. Whoever has one IPv6 address has a /64
// of them, and many a customer has a /48.
func (s Shares) levels(who Party) (all [3]level, n int) {
	if who.Rank != Stranger {
		return all, 0
	}
	add := func(bits int, most int64, r Refusal) {
		p, _ := who.Addr.Prefix(bits) // the zero Prefix if the address is not known
		all[n] = level{p, most, r}
		n++
	}
	add(who.Addr.BitLen(), s.Address, Address)
	switch {
	case who.Addr.Is4():
		add(24, s.Network, Network)
	case who.Addr.Is6():
		add(64, s.Network, Network)
		add(48, 2*s.Network, Network)
	}
	return all, n
}

// tally counts the places that are taken.
type tally struct {
	all, strangers int64
	of             map[netip.Prefix]int64
}

// refuses returns why a party may not have n places more; None if it may.
func (t *tally) refuses(who Party, n int64, s Shares) Refusal {
	over := func(taken, most int64) bool { return most > 0 && taken+n > most }
	switch {
	case over(t.all, s.Total):
		return Full
	case who.Rank != Own && over(t.strangers, s.Strangers):
		return Strangers
	}
	levels, count := s.levels(who)
	for _, l := range levels[:count] {
		if over(t.of[l.network], l.most) {
			return l.refusal
		}
	}
	return None
}

// add counts n places for a party; fewer if n is negative.
func (t *tally) add(who Party, n int64) {
	t.all += n
	if who.Rank != Own {
		t.strangers += n
	}
	if t.of == nil {
		t.of = map[netip.Prefix]int64{}
	}
	levels, count := Shares{}.levels(who)
	for _, l := range levels[:count] {
		if t.of[l.network] += n; t.of[l.network] == 0 {
			delete(t.of, l.network)
		}
	}
}

// address returns how many places a party's address has.
func (t *tally) address(who Party) int64 {
	p, _ := who.Addr.Prefix(who.Addr.BitLen())
	return t.of[p]
}
