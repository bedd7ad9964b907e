package roster

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// GroupKind tells what kind of people a group holds.
type GroupKind string

// The kinds. All of them fall under the code (K5); pupils are never identified (K4).
const (
	Staff      GroupKind = "staff"
	Pupils     GroupKind = "pupils"
	Board      GroupKind = "board"
	Volunteers GroupKind = "volunteers"
	Suppliers  GroupKind = "suppliers"
)

var groupKinds = []GroupKind{Staff, Pupils, Board, Volunteers, Suppliers}

// Roster is one version of who is who. It is safe for concurrent use.
type Roster struct {
	people      map[string]Subject // by canonical address; a list's address as well
	domains     map[string]bool
	groups      []Group
	networks    []network
	fingerprint string
}

type network struct {
	prefix netip.Prefix
	group  Group
}

// Load reads a roster from a YAML file, or from a CSV file if its name ends in .csv.
// The domains are the organisation's own.
func Load(path string, domains []string) (*Roster, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read roster: %w", err)
	}
	parse := parseYAML
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		parse = parseCSV
	}
	f, err := parse(filepath.Base(path), text)
	if err != nil {
		return nil, fmt.Errorf("roster %s: %w", path, err)
	}
	return f.build(text, domains)
}

// Empty returns a roster of nobody.
func Empty(domains []string) *Roster {
	r, err := (&file{}).build(nil, domains)
	if err != nil {
		panic(err) // nothing in it can be wrong
	}
	return r
}

// OwnDomain reports whether a domain is the organisation's own.
func (r *Roster) OwnDomain(domain string) bool { return r.domains[canonicalDomain(domain)] }

// Subject returns whom an address belongs to; the zero Subject if to nobody known.
func (r *Roster) Subject(address string) Subject { return r.people[canonical(address)] }

// Confidential reports whether an address leads to the holder of a confidential role
// (C3.2g).
func (r *Roster) Confidential(address string) bool { return r.Subject(address).confidential }

// Groups returns the groups, by name.
func (r *Roster) Groups() []Group { return slices.Clone(r.groups) }

// GroupOf returns the group of the network that an address is in: of the smallest one,
// if several hold it; the zero Group if none does.
func (r *Roster) GroupOf(a netip.Addr) Group {
	a = a.Unmap()
	for _, n := range r.networks { // smallest first
		if n.prefix.Contains(a) {
			return n.group
		}
	}
	return Group{}
}

// People returns how many people are on the roster, and how many of them have a
// confidential role.
func (r *Roster) People() (all, confidential int) {
	seen := map[string]bool{}
	for _, s := range r.people {
		if s.key != "" && !seen[s.key] {
			seen[s.key] = true
			all++
			if s.confidential {
				confidential++
			}
		}
	}
	return all, confidential
}

// Fingerprint tells one version of the roster from another.
func (r *Roster) Fingerprint() string { return r.fingerprint }

// file is what a roster file says.
type file struct {
	Groups []groupEntry  `yaml:"groups"`
	People []personEntry `yaml:"people"`
	Lists  []listEntry   `yaml:"lists"`
	Roles  []string      `yaml:"confidential-roles"`
}

type groupEntry struct {
	Name     string    `yaml:"name"`
	Kind     GroupKind `yaml:"kind"`
	Networks []string  `yaml:"networks"`
}

type personEntry struct {
	Address string   `yaml:"address"`
	Aliases []string `yaml:"aliases"`
	Group   string   `yaml:"group"`
	Role    string   `yaml:"role"`
}

type listEntry struct {
	Address string   `yaml:"address"`
	Members []string `yaml:"members"`
}

// The confidential roles of C3.2g that every organisation has. A roster may name more.
var confidentialRoles = []string{"participation-council", "confidential-counsellor", "company-doctor"}

// build checks what the file says as a whole and makes a Roster of it.
func (f *file) build(text []byte, domains []string) (*Roster, error) {
	r := &Roster{people: map[string]Subject{}, domains: map[string]bool{}}
	for _, d := range domains {
		r.domains[canonicalDomain(d)] = true
	}
	kinds := map[string]GroupKind{}
	for _, g := range f.Groups {
		if err := r.addGroup(g, kinds); err != nil {
			return nil, err
		}
	}
	roles := append(slices.Clone(confidentialRoles), f.Roles...)
	for i, p := range f.People {
		if err := r.addPerson(p, kinds, roles); err != nil {
			return nil, fmt.Errorf("people, entry %d: %w", i+1, err)
		}
	}
	r.addLists(f.Lists)
	slices.SortFunc(r.networks, func(a, b network) int { return b.prefix.Bits() - a.prefix.Bits() })
	sum := sha256.Sum256(fmt.Appendf(text, "\n%q", domains))
	r.fingerprint = hex.EncodeToString(sum[:8])
	return r, nil
}

func (r *Roster) addGroup(g groupEntry, kinds map[string]GroupKind) error {
	switch _, twice := kinds[g.Name]; {
	case g.Name == "":
		return fmt.Errorf("groups: a group has no name")
	case twice:
		return fmt.Errorf("group %q is there twice", g.Name)
	case !slices.Contains(groupKinds, g.Kind):
		return fmt.Errorf("group %q: kind has to be one of %v", g.Name, groupKinds)
	}
	kinds[g.Name] = g.Kind
	group, err := ParseGroup(g.Name)
	if err != nil {
		return fmt.Errorf("group %q: %w", g.Name, err)
	}
	r.groups = append(r.groups, group)
	for _, n := range g.Networks {
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return fmt.Errorf("group %q: network %q is not of the form 10.1.0.0/16", g.Name, n)
		}
		r.networks = append(r.networks, network{p.Masked(), group})
	}
	return nil
}

func (r *Roster) addPerson(p personEntry, kinds map[string]GroupKind, roles []string) error {
	key := canonical(p.Address)
	if !strings.Contains(key, "@") {
		return fmt.Errorf("address has to be a whole mail address")
	}
	s := Subject{key: key, confidential: p.Role != ""}
	if p.Group != "" {
		kind, ok := kinds[p.Group]
		if !ok {
			return fmt.Errorf("group %q is not among the groups", p.Group)
		}
		s.group = Group{p.Group}
		if kind == Pupils {
			s.key = "" // K4
		}
	}
	if p.Role != "" && !slices.Contains(roles, p.Role) {
		return fmt.Errorf("role %q is not a confidential role: use one of %s, or name it under confidential-roles", p.Role, strings.Join(roles, ", "))
	}
	for _, a := range append([]string{p.Address}, p.Aliases...) {
		a = canonical(a)
		if old, twice := r.people[a]; twice && old != s {
			return fmt.Errorf("one of the addresses is somebody else's too")
		}
		r.people[a] = s
	}
	return nil
}

// addLists makes a list confidential if any member is, through lists in lists.
func (r *Roster) addLists(lists []listEntry) {
	for changed := true; changed; { // ends: each round makes a list confidential, or is the last
		changed = false
		for _, l := range lists {
			a := canonical(l.Address)
			if r.people[a].confidential {
				continue
			}
			if slices.ContainsFunc(l.Members, r.Confidential) {
				r.people[a] = Subject{group: r.people[a].group, confidential: true}
				changed = true
			}
		}
	}
}
