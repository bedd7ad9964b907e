package roster

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// RiskKind is in which way a change of the roster could point at a person.
type RiskKind string

// The kinds of risk.
const (
	// Rebound: an address of a person, or of a pupil, is that of another person.
	Rebound RiskKind = "rebound"
	// RoleLost: an address leads to no confidential role any more (C3.2g).
	RoleLost RiskKind = "role-lost"
	// Outside: an address is at no domain of the organisation.
	Outside RiskKind = "outside"
	// SmallGroup and FewAddresses: a group or network points at few people (C3.2b).
	SmallGroup   RiskKind = "small-group"
	FewAddresses RiskKind = "small-network"
)

// RiskKinds are all kinds of risk.
var RiskKinds = []RiskKind{Rebound, RoleLost, Outside, SmallGroup, FewAddresses}

// Risk is a change of the roster that counts once the privacy officer agrees to it. Until then the
// roster is in force without it.
type Risk struct {
	Kind RiskKind
	Of   string // the address, group or network
	From string // first address of the person whose it was; empty: nobody by name
	To   string // likewise, whose it would be
	Role string // that would be lost
}

// Key differs for each risk.
func (k Risk) Key() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(k.Kind), k.Of, k.From, k.To, k.Role}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// String says in words what the change does, by name.
func (k Risk) String() string {
	switch k.Kind {
	case Rebound:
		return k.Of + ": " + cmp.Or(k.From, "–") + " → " + k.To
	case RoleLost:
		return k.Of + ": " + k.Role
	}
	return k.Of
}

// Risks returns what of a roster takes consent, by kind and name.
func (b *Bindings) Risks(r *Roster, fewest int) (all []Risk) {
	for address, was := range b.Addresses {
		now, is := r.subjects[address]
		if was.Role != "" && !now.confidential {
			all = append(all, Risk{RoleLost, address, was.Person, now.key, was.Role})
		}
		if is && now.key != "" && was.Person != now.key && (was.Person != "" || was.Pupil) {
			all = append(all, Risk{Rebound, address, was.Person, now.key, ""})
		}
	}
	for address, now := range r.subjects {
		_, known := b.Addresses[address]
		if _, domain := split(address); !known && len(r.domains) > 0 && !r.Within(domain) {
			all = append(all, Risk{Outside, address, "", now.key, ""})
		}
	}
	for _, g := range r.FewPeople(fewest) {
		if r.sizes[g].People > 0 && !b.Small[g.name] {
			all = append(all, Risk{Kind: SmallGroup, Of: g.name})
		}
	}
	for _, n := range r.SmallNetworks(fewest) {
		if name := n.Prefix.String(); !b.Small[name] {
			all = append(all, Risk{Kind: FewAddresses, Of: name})
		}
	}
	slices.SortFunc(all, func(a, b Risk) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Of, b.Of)) })
	return all
}

// Hold returns a roster as it is in force while its risks wait for consent: addresses are those of the
// people who had them, confidential roles stay, and what is new of the others is not there yet.
func (b *Bindings) Hold(r *Roster, fewest int) *Roster {
	held := *r
	held.offered, held.known, held.fewest, held.risks = r, b, fewest, b.Risks(r, fewest)
	if len(held.risks) == 0 {
		return &held
	}
	held.subjects, held.roles = maps.Clone(r.subjects), maps.Clone(r.roles)
	for _, k := range held.risks {
		b.holdBack(&held, k)
	}
	held.spread()
	held.gather()
	return &held
}

// holdBack undoes one risk.
func (b *Bindings) holdBack(r *Roster, k Risk) {
	was, s := b.Addresses[k.Of], r.subjects[k.Of]
	switch k.Kind {
	case Rebound:
		s.key, s.group = was.Person, Group{was.Group}
		r.subjects[k.Of] = s
	case RoleLost:
		if _, is := r.subjects[k.Of]; !is {
			s = Subject{key: was.Person, group: Group{was.Group}}
		}
		s.confidential = true
		r.subjects[k.Of], r.roles[k.Of] = s, was.Role
	case Outside:
		if !s.confidential {
			delete(r.subjects, k.Of)
		}
	case SmallGroup:
		for address, s := range r.subjects {
			if before, known := b.Addresses[address]; known && s.group.name == k.Of {
				s.group = Group{before.Group}
				r.subjects[address] = s
			}
		}
	case FewAddresses:
		r.networks = slices.DeleteFunc(slices.Clone(r.networks),
			func(n network) bool { return n.prefix.String() == k.Of })
	}
}

// OutsideAddresses returns the addresses of people and lists at no domain of the organisation, by name.
func (r *Roster) OutsideAddresses() (all []string) {
	for address := range r.subjects {
		if _, domain := split(address); len(r.domains) > 0 && !r.Within(domain) {
			all = append(all, address)
		}
	}
	slices.Sort(all)
	return all
}

// Risks returns what waits for consent; none of a roster that was not held.
func (r *Roster) Risks() []Risk { return slices.Clone(r.risks) }

// Known are the bindings that the roster was compared with; nil of a roster that was not.
func (r *Roster) Known() *Bindings { return r.known }

// Offered returns the roster as its files have it, with what waits for consent.
func (r *Roster) Offered() *Roster {
	if r.offered == nil {
		return r
	}
	return r.offered
}

// Waits reports whether a change of whose an address is waits for consent, and concerns the person
// whom an address belongs to.
func (r *Roster) Waits(address string) bool {
	mine := r.Subject(address).key
	return mine != "" && slices.ContainsFunc(r.risks, func(k Risk) bool {
		return k.Kind == Rebound && (k.From == mine || k.To == mine || k.Of == canonical(address))
	})
}

// spread makes the lists confidential that a holder of a confidential role is a member of, through
// lists in lists. Each list is made so once at most, so that lists in a circle do no harm.
func (r *Roster) spread() {
	var todo []string
	for member := range r.lists {
		if r.subjects[member].confidential {
			todo = append(todo, member)
		}
	}
	for len(todo) > 0 {
		member := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, list := range r.lists[member] {
			if !r.subjects[list].confidential {
				r.subjects[list], r.roles[list] = Subject{confidential: true}, r.roles[member]
				todo = append(todo, list)
			}
		}
	}
}

// gather makes the indexes of the subjects: the addresses of each person, and the names of confidential
// roles.
func (r *Roster) gather() {
	r.addresses, r.namesakes = map[string][]string{}, map[string][]string{}
	for a, s := range r.subjects {
		if s.key != "" {
			r.addresses[s.key] = append(r.addresses[s.key], a)
		}
		if local, domain := split(a); s.confidential && r.sameName(domain) {
			r.namesakes[local] = append(r.namesakes[local], a)
		}
	}
	for key, all := range r.addresses {
		slices.SortFunc(all, func(a, b string) int {
			switch {
			case a == key:
				return -1
			case b == key:
				return 1
			}
			return cmp.Compare(a, b)
		})
	}
	for _, same := range r.namesakes {
		slices.Sort(same)
	}
	r.gatherHolders()
}
