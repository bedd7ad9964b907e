package roster

import (
	"maps"
	"slices"
	"time"
)

// Bindings remember whom each address belongs to and which roles are confidential, so that a new
// roster is compared with more than the last one: an address that was taken off and comes back is
// still that of the person who had it. It is a document of the data directory.
type Bindings struct {
	Begun     time.Time          `json:"begun,omitzero"`
	Addresses map[string]Binding `json:"addresses,omitempty"`
	// Small are the groups and networks that are known to point at few people.
	Small map[string]bool `json:"small,omitempty"`
	// Told are the keys of risks of which those concerned got notice.
	Told map[string]bool `json:"told,omitempty"`
}

// Binding is whom an address belongs to.
type Binding struct {
	Person string    `json:"person,omitempty"` // the first address of the person; empty: nobody by name
	Group  string    `json:"group,omitempty"`
	Role   string    `json:"role,omitempty"`  // confidential role; of a list: that of a member
	Pupil  bool      `json:"pupil,omitempty"` // K4
	Gone   time.Time `json:"gone,omitzero"`   // since when no roster has the address
}

// Begin returns the bindings of a roster, with which a data directory begins.
func Begin(r *Roster, fewest int, now time.Time) Bindings {
	b := Bindings{
		Begun:     now,
		Addresses: map[string]Binding{},
		Small:     map[string]bool{},
		Told:      map[string]bool{},
	}
	for address := range r.subjects {
		b.Addresses[address] = r.binding(address)
	}
	for _, name := range r.small(fewest) {
		b.Small[name] = true
	}
	return b
}

// binding is whom an address belongs to by this roster.
func (r *Roster) binding(address string) Binding {
	s := r.subjects[address]
	return Binding{
		Person: s.key,
		Group:  s.group.name,
		Role:   r.roles[address],
		Pupil:  r.sizes[s.group].Kind == Pupils,
	}
}

// small are the names of groups and networks of few people.
func (r *Roster) small(fewest int) (names []string) {
	for _, g := range r.FewPeople(fewest) {
		if r.sizes[g].People > 0 { // whoever comes into an empty one is alone there
			names = append(names, g.name)
		}
	}
	for _, n := range r.SmallNetworks(fewest) {
		names = append(names, n.Prefix.String())
	}
	return names
}

// Learn takes over what a roster says, but for its risks, and forgets addresses that no roster had for
// as long as records are kept.
func (b *Bindings) Learn(r *Roster, risks []Risk, fewest int, now time.Time, kept time.Duration) {
	b.fill()
	held := map[string]bool{}
	for _, k := range risks {
		held[k.Of] = true
	}
	for address := range r.subjects {
		if !held[address] {
			b.Addresses[address] = r.binding(address)
		}
	}
	for address, was := range b.Addresses {
		if _, is := r.subjects[address]; is || held[address] {
			continue
		}
		switch {
		case was.Gone.IsZero():
			was.Gone, was.Role = now, ""
			b.Addresses[address] = was
		case now.Sub(was.Gone) > kept:
			delete(b.Addresses, address)
		}
	}
	small := r.small(fewest)
	maps.DeleteFunc(b.Small, func(name string, _ bool) bool { return !slices.Contains(small, name) })
	maps.DeleteFunc(b.Told, func(key string, _ bool) bool {
		return !slices.ContainsFunc(risks, func(k Risk) bool { return k.Key() == key })
	})
}

// Agree takes over risks of a roster, which no longer are any.
func (b *Bindings) Agree(r *Roster, risks []Risk, now time.Time) {
	b.fill()
	for _, k := range risks {
		switch k.Kind {
		case SmallGroup, FewAddresses:
			b.Small[k.Of] = true
			continue
		}
		if _, is := r.subjects[k.Of]; is {
			b.Addresses[k.Of] = r.binding(k.Of)
		} else {
			was := b.Addresses[k.Of]
			was.Gone, was.Role = now, ""
			b.Addresses[k.Of] = was
		}
	}
}

func (b *Bindings) fill() {
	if b.Addresses == nil {
		b.Addresses = map[string]Binding{}
	}
	if b.Small == nil {
		b.Small = map[string]bool{}
	}
	if b.Told == nil {
		b.Told = map[string]bool{}
	}
}
