package roster

import (
	"net/netip"
	"slices"
)

// Other is what a group is recorded as that could point at a person.
var Other = Group{"other"}

// Recorded returns a group as records may have it (C3.2b, C3.2c): one that has fewer people than
// a minimum, or a network of fewer addresses, is Other. A group of one would be a person.
func (r *Roster) Recorded(g Group, fewest int) Group {
	if g == (Group{}) {
		return g
	}
	small := func(n network) bool { return n.group == g && addresses(n.prefix) < fewest }
	if r.sizes[g].People < fewest || slices.ContainsFunc(r.networks, small) {
		return Other
	}
	return g
}

// FewPeople returns the groups that have fewer people than a minimum, by name.
func (r *Roster) FewPeople(fewest int) (few []Group) {
	for _, g := range r.groups {
		if r.sizes[g].People < fewest {
			few = append(few, g)
		}
	}
	return few
}

// SmallNetwork is a network of few addresses, with the group that it is said to be of.
type SmallNetwork struct {
	Prefix netip.Prefix
	Group  Group
}

// SmallNetworks returns the networks that have fewer addresses than a minimum of people, smallest first: whoever
// uses one of them would be singled out by the name of a group.
func (r *Roster) SmallNetworks(fewest int) (small []SmallNetwork) {
	for _, n := range r.networks {
		if addresses(n.prefix) < fewest {
			small = append(small, SmallNetwork{n.prefix, n.group})
		}
	}
	return small
}

// addresses returns how many addresses a network has, at most a million.
func addresses(p netip.Prefix) int { return 1 << min(p.Addr().BitLen()-p.Bits(), 20) }
