package roster

import (
	"maps"
	"net/netip"
	"slices"
)

// GroupKind is what kind of people a group holds.
type GroupKind string

// The kinds. All of them fall under the code (K5); pupils are never identified (K4).
const (
	Staff      GroupKind = "staff"
	Pupils     GroupKind = "pupils"
	Board      GroupKind = "board"
	Volunteers GroupKind = "volunteers"
	Suppliers  GroupKind = "suppliers"
)

// Roster is one version of who is who. It is safe for concurrent use.
type Roster struct {
	subjects     map[string]Subject  // by canonical address; of confidential lists as well
	addresses    map[string][]string // of each person who is known by name, by the first of them
	domains      map[string]bool
	separate     map[string]bool     // domains where a name is not the same person's as at the others
	holders      map[string][]string // by list: people with a confidential role who are in it
	namesakes    map[string][]string // by local part: addresses of confidential roles at own domains
	roles        map[string]string   // confidential role, by address
	lists        map[string][]string // the lists that an address is a member of
	groups       []Group
	sizes        map[Group]Size
	networks     []network // the smallest first
	people       int
	confidential int
	fingerprint  string

	// Of a roster whose risks wait for consent:
	offered *Roster // as the files have it
	known   *Bindings
	fewest  int
	risks   []Risk
}

type network struct {
	prefix netip.Prefix
	group  Group
}

// OwnDomain reports whether a domain is the organisation's own.
func (r *Roster) OwnDomain(domain string) bool { return r.domains[canonicalDomain(domain)] }

// Subject returns whom an address belongs to; the zero Subject if it is of no known person.
func (r *Roster) Subject(address string) Subject { return r.subjects[canonical(address)] }

// Confidential reports whether an address leads to the holder of a confidential role
// (C3.2g).
func (r *Roster) Confidential(address string) bool { return len(r.Confidants(address)) > 0 }

// Addresses returns all addresses of the person whom an address belongs to, the one that the
// roster has first before the others. A pupil, a list and a stranger have none (K4).
func (r *Roster) Addresses(address string) []string {
	return slices.Clone(r.addresses[r.Subject(address).key])
}

// Groups returns the groups, by name.
func (r *Roster) Groups() []Group { return slices.Clone(r.groups) }

// Size is what kind of people a group has, and how many: as the roster lists, or says of pupils and of
// groups whose people it does not list.
type Size struct {
	Kind   GroupKind
	People int
}

// Sizes returns the sizes of all groups.
func (r *Roster) Sizes() map[Group]Size { return maps.Clone(r.sizes) }

// GroupOf returns the group of the network that an address is in: of the smallest one,
// if several hold it; the zero Group if none does.
func (r *Roster) GroupOf(a netip.Addr) Group {
	a = a.Unmap().WithZone("")
	for _, n := range r.networks {
		if n.prefix.Contains(a) {
			return n.group
		}
	}
	return Group{}
}

// People returns how many people are on the roster, and how many of them have a
// confidential role.
func (r *Roster) People() (all, confidential int) { return r.people, r.confidential }

// Fingerprint differs for each version of the roster: the SHA-256 of its files and
// of the own domains, in hexadecimal.
func (r *Roster) Fingerprint() string { return r.fingerprint }
