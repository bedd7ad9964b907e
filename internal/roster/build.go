package roster

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// confidentialRoles are those that every organisation has (C3.2g). A roster may name
// more. Each has the names that it has in Dutch.
var confidentialRoles = map[string][]string{
	"participation-council":   {"medezeggenschapsraad", "mr", "gmr"},
	"confidential-counsellor": {"vertrouwenspersoon", "vertrouwenscontactpersoon"},
	"company-doctor":          {"bedrijfsarts"},
}

// kindNames are the names of the kinds of group, in English and Dutch.
var kindNames = map[string]GroupKind{
	"staff": Staff, "pupils": Pupils, "board": Board, "volunteers": Volunteers, "suppliers": Suppliers,
	"personeel": Staff, "medewerkers": Staff, "leerlingen": Pupils, "bestuur": Board,
	"vrijwilligers": Volunteers, "leveranciers": Suppliers,
}

const (
	kindsWanted = "write staff (personeel), pupils (leerlingen), board (bestuur), volunteers (vrijwilligers) or " +
		"suppliers (leveranciers)"
	maxGroups    = 250 // more are likely to be people, classes or addresses
	maxGroupName = 40
)

// builder makes a Roster and notes what is wrong.
type builder struct {
	problems
	r      *Roster
	kinds  map[string]GroupKind // by name of group
	taken  map[netip.Prefix]bool
	roles  map[string]bool
	sizes  map[string]int  // by name of group, as the file says
	listed map[string]int  // people of it in the file
	owners map[string]cell // by canonical address: where it stands first
}

func newBuilder(domains, separate []string) *builder {
	b := &builder{
		r: &Roster{
			subjects: map[string]Subject{},
			domains:  map[string]bool{},
			separate: map[string]bool{},
			roles:    map[string]string{},
			lists:    map[string][]string{},
			sizes:    map[Group]Size{},
		},
		kinds:  map[string]GroupKind{},
		taken:  map[netip.Prefix]bool{},
		roles:  map[string]bool{},
		sizes:  map[string]int{},
		listed: map[string]int{},
		owners: map[string]cell{},
	}
	for _, d := range domains {
		b.r.domains[canonicalDomain(d)] = true
	}
	for _, d := range separate {
		b.r.separate[canonicalDomain(d)] = true
	}
	for role, dutch := range confidentialRoles {
		for _, name := range append(dutch, role) {
			b.roles[name] = true
		}
	}
	return b
}

// build checks what the file says as a whole and makes a Roster of it.
func build(name string, f *file, domains, separate []string, texts ...[]byte) (*Roster, error) {
	b := newBuilder(domains, separate)
	for _, d := range f.Domains {
		b.domain(d)
	}
	for _, g := range f.Groups {
		b.group(g)
	}
	for _, role := range f.Roles {
		if role.text == "" {
			b.add(role, "a role without a name: write for instance integrity-adviser")
		}
		b.roles[strings.ToLower(role.text)] = true
	}
	for _, p := range f.People {
		b.person(p)
	}
	b.lists(f.Lists)
	if err := b.err(name); err != nil {
		return nil, err
	}
	return b.finish(texts...), nil
}

func (b *builder) finish(texts ...[]byte) *Roster {
	r := b.r
	for _, name := range slices.Sorted(maps.Keys(b.kinds)) {
		r.groups = append(r.groups, Group{name})
		size := Size{b.kinds[name], b.listed[name]}
		if size.Kind == Pupils || size.People == 0 { // people who are listed are not made more by saying so
			size.People = max(size.People, b.sizes[name])
		}
		r.sizes[Group{name}] = size
	}
	slices.SortStableFunc(r.networks, func(a, b network) int { return cmp.Compare(b.prefix.Bits(), a.prefix.Bits()) })
	r.gather()
	domains := strings.Join(slices.Sorted(maps.Keys(r.domains)), "\n")
	if len(r.separate) > 0 {
		domains += "\n\n" + strings.Join(slices.Sorted(maps.Keys(r.separate)), "\n")
	}
	r.fingerprint = fingerprint(append(texts, []byte(domains))...)
	return r
}

func (b *builder) domain(d cell) {
	c := canonicalDomain(d.text)
	if !strings.Contains(c, ".") || strings.ContainsAny(c, "@ */") || strings.HasPrefix(c, ".") {
		b.add(d, "this is no domain: write for instance school.nl")
		return
	}
	b.r.domains[c] = true
}

func (b *builder) group(g groupEntry) {
	kind, known := kindNames[strings.ToLower(g.Kind.text)]
	if !known {
		b.add(cmp.Or(g.Kind, g.Name), "a group needs a kind: %s", kindsWanted)
		kind = Pupils // the mildest, while the other problems are gathered
	}
	if _, twice := b.kinds[g.Name.text]; twice {
		b.add(g.Name, "this group is there already: give it another name, or put the two together")
		return
	}
	if !b.declare(g.Name, kind) {
		return
	}
	if n, err := strconv.Atoi(g.Size.text); g.Size.text != "" {
		if err != nil || n < 0 || n > 1_000_000 {
			b.add(g.Size, "the size of a group is a number of people")
		}
		b.sizes[g.Name.text] = n
	}
	for _, n := range g.Networks {
		b.network(n, Group{g.Name.text})
	}
}

// declare makes a group known. Its name goes to the journal, so that neither an address
// nor anything long may be one.
func (b *builder) declare(name cell, kind GroupKind) bool {
	switch {
	case name.text == "":
		b.add(name, "a group needs a name, such as team")
	case len(name.text) > maxGroupName || strings.ContainsFunc(name.text, unprintable):
		b.add(name, "the name of a group is at most %d letters, digits, spaces and - _ . & / ( )", maxGroupName)
	case len(b.kinds) == maxGroups:
		b.add(name, "more than %d groups: name kinds of people and buildings, not people", maxGroups)
	default:
		b.kinds[name.text] = kind
		return true
	}
	return false
}

func (b *builder) network(n cell, g Group) {
	p, err := netip.ParsePrefix(n.text)
	if err != nil || p.Addr().Is4In6() {
		b.add(n, "this is no network: write for instance 10.1.0.0/16")
		return
	}
	if p != p.Masked() {
		b.add(n, "a network begins at its first address: write %s", p.Masked())
		return
	}
	if b.taken[p] {
		b.add(n, "this network is another group's, or stands here twice")
		return
	}
	b.taken[p] = true
	b.r.networks = append(b.r.networks, network{p, g})
}

func (b *builder) person(p personEntry) {
	key, ok := b.address(p.Address)
	if !ok {
		return
	}
	s := Subject{key: key, confidential: p.Role.text != ""}
	if s.confidential && !b.roles[strings.ToLower(p.Role.text)] {
		b.add(
			p.Role,
			"this is no confidential role: write participation-council (gmr), confidential-counsellor "+
				"(vertrouwenspersoon) or company-doctor (bedrijfsarts), name the role under confidential-roles, or "+
				"leave it empty: no other roles are needed here",
		)
	}
	if p.Group.text != "" {
		s.group = Group{p.Group.text}
		if b.kindOf(p) == Pupils {
			s.key = "" // K4
		}
	}
	b.own(p.Address, key, s)
	mine := []string{key}
	for _, alias := range p.Aliases {
		if a, ok := b.address(alias); ok && !slices.Contains(mine, a) {
			b.own(alias, a, s)
			mine = append(mine, a)
		}
	}
	if s.confidential {
		for _, a := range mine {
			b.r.roles[a] = roleName(p.Role.text)
		}
	}
	b.r.people++
	b.listed[p.Group.text]++
	if s.confidential {
		b.r.confidential++
	}
}

// kindOf returns the kind of a person's group. A table may name new groups, but has to
// say what kind they are: taken for staff, pupils would get pseudonyms (K4).
func (b *builder) kindOf(p personEntry) GroupKind {
	kind, known := b.kinds[p.Group.text]
	if !p.table {
		if !known {
			b.add(p.Group, "this group is not among the groups: add it there, with its kind")
		}
		return kind
	}
	said := kindNames[strings.ToLower(p.kind.text)]
	switch {
	case p.kind.text != "" && said == "":
		b.add(p.kind, "this is no kind of group: %s", kindsWanted)
	case known && said != "" && said != kind:
		b.add(p.kind, "the group is of another kind elsewhere: make them the same, or two groups")
	case known:
	default:
		kind = cmp.Or(said, kindNames[strings.ToLower(p.Group.text)])
		if kind == "" {
			b.add(p.Group, "the kind of this group is not given: add a column kind (soort), and %s", kindsWanted)
			kind = Pupils
		}
		b.declare(p.Group, kind)
	}
	return kind
}

// address returns the canonical form of an address.
func (b *builder) address(c cell) (string, bool) {
	a := canonical(c.text)
	local, domain := split(a)
	invalid := strings.ContainsFunc(
		a,
		func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == ',' || r == ';' },
	)
	if local == "" || domain == "" || invalid || len(a) > 320 || !strings.ContainsAny(domain, ".:") {
		b.add(c, "this is no mail address: write for instance jan@school.nl, one address in each place")
		return "", false
	}
	return a, true
}

// own gives an address to a subject. It can be given once.
func (b *builder) own(c cell, address string, s Subject) {
	if first, twice := b.owners[address]; twice {
		where := ""
		if first.file != c.file {
			where = " of the other file"
		}
		b.add(c, "this address, or one that leads to the same mailbox, stands on line %d%s already", first.line, where)
		return
	}
	b.owners[address] = c
	b.r.subjects[address] = s
}

// roleName is the one name of a confidential role.
func roleName(name string) string {
	name = strings.ToLower(name)
	for role, dutch := range confidentialRoles {
		if slices.Contains(dutch, name) {
			return role
		}
	}
	return name
}

// lists notes who is a member of which lists, which are confidential if any member is.
func (b *builder) lists(lists []listEntry) {
	for _, l := range lists {
		list, ok := b.address(l.Address)
		if !ok {
			continue
		}
		b.own(l.Address, list, Subject{})
		for _, m := range l.Members {
			if member, ok := b.address(m); ok {
				b.r.lists[member] = append(b.r.lists[member], list)
			}
		}
	}
	b.r.spread()
}
