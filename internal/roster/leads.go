package roster

import (
	"slices"
	"strings"
)

// Bounds of the addresses that one address may lead to. An address has no more than a few tags; what
// goes beyond the bounds leads nowhere.
const (
	maxLeads = 64
	maxCuts  = 12 // of one local part at one kind of mark
)

// Confidants returns the addresses of confidential roles, as the roster has them, that mail to or from an
// address may be of (C3.2g): also where a mail server has packed the address into another one to get
// bounces back, and where the role's holder has the same name at another domain of the organisation.
// In doubt it returns one too many.
func (r *Roster) Confidants(address string) (found []string) {
	add := func(c string) {
		if !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	for _, l := range leadsOf(address) {
		a := l.address()
		if s, known := r.subjects[a]; known {
			if s.confidential {
				add(a)
			}
			continue // whoever has the name elsewhere is another person
		}
		local, domain := split(a)
		if r.sameName(domain) {
			for _, c := range r.namesakes[local] {
				add(c)
			}
		}
	}
	return found
}

// Holders returns the addresses of the people who have a confidential role that Confidants returned: of one
// person the first address, of a list those of its members who have such a role.
func (r *Roster) Holders(role string) []string {
	if key := r.subjects[role].key; key != "" {
		return []string{key}
	}
	return slices.Clone(r.holders[role])
}

// maxHolders bounds the people of one list who are told of its messages.
const maxHolders = 20

// gatherHolders notes the people with a confidential role at each list that they are in.
func (r *Roster) gatherHolders() {
	r.holders = map[string][]string{}
	for member := range r.lists {
		if s := r.subjects[member]; s.confidential && s.key != "" {
			r.hold(member, s.key)
		}
	}
}

// hold notes a person at each list that an address is in, through other lists too. Each list is visited
// once, so that lists in a circle do no harm.
func (r *Roster) hold(member, person string) {
	seen, todo := map[string]bool{member: true}, []string{member}
	for len(todo) > 0 {
		address := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, list := range r.lists[address] {
			if seen[list] {
				continue
			}
			seen[list] = true
			todo = append(todo, list)
			if known := r.holders[list]; len(known) < maxHolders && !slices.Contains(known, person) {
				r.holders[list] = append(known, person)
			}
		}
	}
}

// Within reports whether a domain is the organisation's own, or a part of one.
func (r *Roster) Within(domain string) bool { return below(r.domains, canonicalDomain(domain)) }

// sameName reports whether a name at a domain is the same person's as at the own domains.
func (r *Roster) sameName(domain string) bool {
	return below(r.domains, domain) && !below(r.separate, domain)
}

// below reports whether a domain is one of a set, or a part of one.
func below(set map[string]bool, domain string) bool {
	for domain != "" {
		if set[domain] {
			return true
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return false
}

// lead is an address on the way to those that it leads to: its local part is folded and has no quotes,
// but all its tags.
type lead struct{ local, domain string }

// address returns the canonical form.
func (l lead) address() string {
	if l.domain == "" {
		return untag(l.local)
	}
	return untag(l.local) + "@" + l.domain
}

// leadsOf returns the address and all that it may have been made of, each once.
func leadsOf(address string) []lead {
	local, domain := split(strings.TrimSpace(address))
	all := make([]lead, 1, 4)
	all[0] = lead{fold(unquote(local)), canonicalDomain(domain)}
	for i := 0; i < len(all); i++ {
		all[i].unpack(func(local, domain string) {
			l := lead{local, domain}
			if local != "" && len(all) < maxLeads && !slices.Contains(all, l) {
				all = append(all, l)
			}
		})
	}
	return all
}

// unpack yields what the address may have been made of, one step back:
//
//	prvs=TAG=NAME, btv1==TAG==NAME                      BATV
//	SRS0=HASH=TIME=HOST=NAME, SRS1=HASH=HOST==...       SRS
//	NAME+SRS=HASH=TIME=HOST=OTHER                       SRS, of Exchange
//	TAG-NAME=HOST, TAG+NAME=HOST, NAME-OTHER=HOST       VERP
//	LIST-bounces, owner-LIST                            lists
//	NAME%HOST, HOST!NAME, NAME#HOST, NAME_at_HOST       routes in a local part
//	imceasmtp-NAME+40HOST                               Exchange
func (l lead) unpack(yield func(local, domain string)) {
	if strings.ContainsAny(l.local, "=+%!#_-") {
		l.encapsulated(yield)
		l.equals(yield)
		l.pluses(yield)
		l.routes(yield)
		l.list(yield)
	}
}

// equals goes back over marks of BATV, SRS and VERP.
func (l lead) equals(yield func(local, domain string)) {
	for i, n := 0, 0; n < maxCuts; n++ {
		at := strings.IndexByte(l.local[i:], '=')
		if at < 0 {
			return
		}
		before, rest := l.local[i:i+at], l.local[i+at+1:]
		i += at + 1
		yield(strings.TrimLeft(rest, "="), l.domain)
		host, name, _ := strings.Cut(rest, "=")
		if strings.Contains(host, ".") {
			yield(name, canonicalDomain(host))
			verp(before, host, yield)
		}
		if n == 0 {
			for _, head := range cuts(before, "-") {
				yield(head[0], l.domain)
			}
		}
	}
}

// verp yields what stands before a host: a name, perhaps with a tag before it. The host may have a tag
// behind it.
func verp(before, host string, yield func(local, domain string)) {
	hosts := []string{canonicalDomain(host)}
	for _, h := range cuts(host, "-+") {
		if strings.Contains(h[0], ".") {
			hosts = append(hosts, canonicalDomain(h[0]))
		}
	}
	for _, h := range hosts[:min(len(hosts), 4)] {
		yield(before, h)
		for _, tail := range cuts(before, "-+_") {
			yield(tail[1], h)
		}
	}
}

// cuts returns a text cut in two at each of some marks.
func cuts(s, marks string) (all [][2]string) {
	for i := 0; i < len(s) && len(all) < maxCuts; i++ {
		if strings.IndexByte(marks, s[i]) >= 0 {
			all = append(all, [2]string{s[:i], s[i+1:]})
		}
	}
	return all
}

// pluses takes sub-addresses apart: either side may be who it is about.
func (l lead) pluses(yield func(local, domain string)) {
	for _, c := range cuts(l.local, "+") {
		yield(c[0], l.domain)
		yield(c[1], l.domain)
	}
}

// routes reads addresses in a local part.
func (l lead) routes(yield func(local, domain string)) {
	for _, mark := range []string{"%", "#", "_at_"} {
		if i := strings.LastIndex(l.local, mark); i > 0 {
			yield(l.local[:i], canonicalDomain(l.local[i+len(mark):]))
		}
	}
	if host, name, ok := strings.Cut(l.local, "!"); ok {
		yield(name, canonicalDomain(host))
	}
}

// listEnds are what the software of lists puts behind the name of one.
var listEnds = []string{"-bounces", "-bounce", "-return", "-owner", "-request", "-admin"}

// list returns to the name of a list from the addresses of its software.
func (l lead) list(yield func(local, domain string)) {
	if name, ok := strings.CutPrefix(l.local, "owner-"); ok {
		yield(name, l.domain)
	}
	for _, end := range listEnds {
		if name, ok := strings.CutSuffix(l.local, end); ok {
			yield(name, l.domain)
		}
		if name, _, ok := strings.Cut(l.local, end+"-"); ok { // ezmlm: a number follows
			yield(name, l.domain)
		}
	}
}

// encapsulated reads the form in which Exchange packs a foreign address: all but letters and digits is
// + and two hexadecimal digits.
func (l lead) encapsulated(yield func(local, domain string)) {
	packed, ok := strings.CutPrefix(l.local, "imceasmtp-")
	if !ok {
		return
	}
	var b strings.Builder
	for i := 0; i < len(packed); i++ {
		if packed[i] == '+' && i+2 < len(packed) {
			if hi, lo := digit(packed[i+1]), digit(packed[i+2]); hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(packed[i])
	}
	local, domain := split(fold(b.String()))
	yield(local, canonicalDomain(domain))
}

func digit(c byte) int { return strings.IndexByte("0123456789abcdef", c) }
