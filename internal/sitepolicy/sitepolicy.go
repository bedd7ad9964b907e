package sitepolicy

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sluis/filter/domains"
	"sluis/rules"
)

// Policy decides. It does not change and is safe for concurrent use.
type Policy struct {
	o         Options
	own       map[string][]*Entry // by host
	protected map[string]bool
	never     map[string]bool
	vendors   map[string]bool // hosts that their vendors say may not be inspected
	inspect   []inspection
	listed    []list // by bit of the index
	tenants   map[string][]Field
	location  *time.Location
	clauses   map[rules.Category]rules.Clause
	ids       map[string]rules.ID
}

// list says what is done with a category of the index.
type list struct {
	name     string
	category rules.Category // that the code forbids; NoCategory: it does not
	forbid   []*Forbidden   // by the organisation's own code
}

type inspection struct {
	*Inspection
	lists domains.Set
	hosts map[string]bool
}

// New returns a policy.
func New(o Options) (*Policy, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	p := &Policy{
		o:         o,
		own:       map[string][]*Entry{},
		protected: set(o.Protected),
		never:     set(slices.Concat(o.NeverInspect, o.Never.Add, o.Protected)),
		vendors:   o.Never.ofVendors(),
		tenants:   map[string][]Field{},
		location:  o.Location,
		clauses:   map[rules.Category]rules.Clause{},
		ids:       map[string]rules.ID{},
	}
	if p.location == nil {
		var err error
		if p.location, err = time.LoadLocation("Europe/Amsterdam"); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
	}
	for _, h := range o.Never.Without {
		delete(p.never, h)
	}
	for i := range o.Own {
		e := &p.o.Own[i]
		p.own[e.Host] = append(p.own[e.Host], e)
	}
	for i := range o.Only {
		n := inspection{Inspection: &p.o.Only[i], hosts: set(o.Only[i].Hosts)}
		for bit, name := range o.lists() {
			for _, l := range n.Lists {
				if l == name {
					n.lists |= 1 << bit
				}
			}
		}
		p.inspect = append(p.inspect, n)
	}
	for _, t := range o.Tenants {
		for _, h := range t.Hosts {
			for _, name := range slices.Sorted(maps.Keys(t.Fields)) {
				p.tenants[h] = append(p.tenants[h], Field{Name: name, Value: t.Fields[name]})
			}
		}
	}
	p.clauses[rules.OwnCode] = rules.MustClause("C2.8e")
	for _, c := range rules.SiteCategories() {
		p.clauses[c], _ = c.SiteClause()
	}
	return p, p.nameLists()
}

// nameLists settles what is done with each category of the index.
func (p *Policy) nameLists() error {
	for _, name := range p.o.lists() {
		l := list{name: name}
		l.category, _ = rules.SiteCategory(name)
		for i := range p.o.Forbid {
			for _, n := range p.o.Forbid[i].Lists {
				if n == name {
					l.forbid = append(l.forbid, &p.o.Forbid[i])
				}
			}
		}
		p.listed = append(p.listed, l)
	}
	for _, r := range []string{"own-deny", "own-code", "address", "ech", "no-name", "safe-search"} {
		if err := p.identify(r); err != nil {
			return err
		}
	}
	for c := range p.clauses {
		if err := p.identify(c.String()); err != nil {
			return err
		}
	}
	return nil
}

func (p *Policy) identify(name string) error {
	id, err := rules.ParseID("web." + name)
	p.ids[name] = id
	return err
}

func set(names []string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// Decide says what is done with a request: the strictest of the decisions on its names.
func (p *Policy) Decide(r Request) Decision { return p.decide(r, nil) }

func (p *Policy) decide(r Request, report func(Step)) Decision {
	r.Path, r.Time = domains.Path(r.Path), r.Time.In(p.location)
	var best Decision
	names := 0
	for i, h := range r.Hosts {
		if h == "" || i > 0 && h == r.Hosts[0] || i == 2 && h == r.Hosts[1] {
			continue
		}
		d := p.decideHost(normalHost(h), r, report)
		if names++; names > 1 {
			d = best.with(d)
		}
		best = d
	}
	if names == 0 {
		best = p.concealment(r, "", report)
	}
	if r.TLS {
		p.keepClosed(&best, r, report)
	}
	return best
}

// keepClosed keeps connections closed that are never inspected. The ClientHello names their site. The gateway
// connects to that site, so that no other hides behind its name.
func (p *Policy) keepClosed(d *Decision, r Request, report func(Step)) {
	site := normalHost(cmp.Or(r.Hosts[1], r.Hosts[0]))
	never := p.keptClosed(site, r)
	d.BlockPage = d.Action == Block && !never && len(p.o.Managed) > 0 && holds(p.o.Managed, r.Group)
	if d.Action != Inspect || !never {
		return
	}
	d.Action = Allow
	if !p.keptClosed(normalHost(r.Hosts[0]), r) {
		d.Connect = site
	}
	note(report, Step{Host: site, Name: "never-inspect", Result: "not inspected", Holds: true})
}

// normalHost returns the host of a request in the form of the lists.
func normalHost(h string) string {
	h = strings.ToLower(strings.TrimSuffix(h, "."))
	if a, ok := domains.Addr(h); ok {
		return a.String()
	}
	for i := range len(h) {
		if h[i] >= 0x80 {
			h, _ = domains.Name(h) // none: it is no host
			break
		}
	}
	return h
}

// isNumber reports whether a host is an address and no name.
func isNumber(h string) bool {
	if h == "" || !strings.Contains(h, ":") && (h[len(h)-1] < '0' || h[len(h)-1] > '9') {
		return false
	}
	_, err := netip.ParseAddr(h)
	return err == nil
}

func (p *Policy) decideHost(host string, r Request, report func(Step)) Decision {
	bits := p.lookup(host, r.Path)
	d := Decision{Listed: bits != 0}

	locked, allowed, blocked := p.ownEntries(host, r, report)
	switch {
	case locked != nil && bool(locked.Block) && !inDomainSet(host, p.protected):
		return p.ownDeny(LockedBlock, locked)
	case locked != nil, inDomainSet(host, p.protected):
		d.Level, d.List = LockedAllow, "own"
		if locked == nil {
			d.List = "help"
			note(report, Step{Host: host, Name: "help", Result: "allowed, whatever other lists say", Holds: true})
		}
		d.Listed = true
		return p.allow(d, host, r, bits, report)
	case blocked != nil:
		return p.ownDeny(Blocked, blocked)
	}
	if c, ok := p.category(host, bits, r, report); ok {
		c.Listed = true
		return c
	}
	if hidden := p.concealment(r, host, report); hidden.Action == Block {
		return hidden
	}
	if allowed == nil && p.unsafe(host, r) {
		note(report, Step{Host: host, Name: "safe search", Result: "blocked: nothing there enforces it", Holds: true})
		return p.bypass("safe-search")
	}
	if allowed != nil {
		d.Level, d.List, d.Listed = Allowed, "own", true
	}
	return p.allow(d, host, r, bits, report)
}

func (p *Policy) lookup(host, path string) domains.Set {
	switch {
	case p.o.Index == nil:
		return 0
	case path == "":
		return p.o.Index.Lookup(host)
	}
	return p.o.Index.LookupURL(host, path)
}

// ownEntries returns the entries of the own lists that hold: the strictest locked one, and one of each kind that is not
// locked.
func (p *Policy) ownEntries(host string, r Request, report func(Step)) (locked, allowed, blocked *Entry) {
	for h, ok := host, len(p.own) > 0; ok; h, ok = parent(h) {
		for _, e := range p.own[h] {
			why := e.exemption(r)
			if report != nil {
				report(Step{Host: h, Name: e.kind(), Result: why, Reason: e.Reason, Holds: why == ""})
			}
			switch {
			case why != "":
			case e.Locked && (locked == nil || bool(e.Block)):
				locked = e
			case e.Locked:
			case bool(e.Block) && blocked == nil:
				blocked = e
			case !bool(e.Block) && allowed == nil:
				allowed = e
			}
		}
	}
	return locked, allowed, blocked
}

// exemption says why an entry does not count for a request; empty: it does.
func (e *Entry) exemption(r Request) string {
	switch {
	case !holds(e.Groups, r.Group):
		return "not for this group"
	case bool(e.Block) && r.Confidential:
		return confidential
	case !e.Until.IsZero() && r.Time.After(e.Until.Time):
		return "has ended"
	case !hold(e.When, r.Time):
		return "not at this time"
	case e.Path != "" && r.Path == "":
		return "the page cannot be seen"
	case e.Path != "" && !e.covers(r.Path):
		return "not this page"
	}
	return ""
}

const confidential = "not for a confidential role (C3.2g)"

func (e *Entry) kind() string {
	kind := "own allow"
	if e.Block {
		kind = "own deny"
	}
	if e.Locked {
		kind += ", locked"
	}
	return kind
}

func (p *Policy) ownDeny(level Level, e *Entry) Decision {
	return Decision{
		Action:   Block,
		Level:    level,
		Category: rules.OwnCode,
		Clause:   p.clauses[rules.OwnCode],
		Own:      e.said,
		Rule:     p.ids["own-deny"],
		List:     "own",
		Listed:   true,
	}
}

// category blocks a host that is on a list. A category of the code goes before one of the own code, and danger before
// the rest.
func (p *Policy) category(host string, bits domains.Set, r Request, report func(Step)) (best Decision, blocked bool) {
	for i := range p.listed {
		if bits&(1<<i) == 0 {
			continue
		}
		l := &p.listed[i]
		d, why := p.listDecision(l, r)
		if report != nil {
			report(Step{Host: host, Name: "list " + l.name, Result: why, Holds: d.Action == Block})
		}
		if d.stricter(best) {
			best = d
		}
	}
	return best, best.Action == Block
}

// listDecision returns the decision of one list.
func (p *Policy) listDecision(l *list, r Request) (d Decision, why string) {
	c, own := l.category, ""
	for _, f := range l.forbid {
		if c == rules.NoCategory && holds(f.Groups, r.Group) && hold(f.When, r.Time) {
			c, own = rules.OwnCode, f.Clause
		}
	}
	switch {
	case c == rules.NoCategory && len(l.forbid) > 0:
		return d, "not forbidden to this group at this time"
	case c == rules.NoCategory:
		return d, "not forbidden (C2.8e)"
	case r.Confidential && !Security(c):
		return d, confidential
	}
	return Decision{
		Action:   Block,
		Level:    Blocked,
		Category: c,
		Clause:   p.clauses[c],
		Own:      own,
		Rule:     p.ids[c.String()],
		List:     l.name,
	}, "blocked"
}

// concealment blocks requests that hide their destination, where the options say so.
func (p *Policy) concealment(r Request, host string, report func(Step)) Decision {
	for _, o := range [...]struct {
		is, block bool
		name      string
	}{
		{isNumber(host), p.o.BlockAddresses, "address"},
		{r.hidesName(), p.o.BlockECH, "ech"},
		{r.NoSNI, p.o.BlockNameless, "no-name"},
	} {
		switch {
		case !o.is:
		case !o.block:
			note(report, Step{Host: host, Name: o.name, Result: "allowed"})
		default:
			note(report, Step{Host: host, Name: o.name, Result: "blocked", Holds: true})
			return p.bypass(o.name)
		}
	}
	return Decision{}
}

// bypass blocks a way around the filter, by a rule with a name.
func (p *Policy) bypass(name string) Decision {
	return Decision{
		Action:   Block,
		Level:    Blocked,
		Category: rules.Bypass,
		Clause:   p.clauses[rules.Bypass],
		Rule:     p.ids[name],
		List:     name,
	}
}

// unsafe reports whether a search engine shows everything to a group that searches safely.
func (p *Policy) unsafe(host string, r Request) bool {
	s := p.o.SafeSearch
	return s != nil && !r.Confidential && holds(s.Groups, r.Group) && s.blocks(host)
}

// allow settles how an allowed request goes on.
func (p *Policy) allow(d Decision, host string, r Request, bits domains.Set, report func(Step)) Decision {
	if s := p.o.SafeSearch; s != nil && holds(s.Groups, r.Group) {
		if d.Connect = s.host(host); d.Connect != "" {
			note(report, Step{Host: host, Name: "safe search", Result: d.Connect, Holds: true})
		} else if to := searchEngines().pages[host]; to != "" {
			note(report, Step{Host: host, Name: "safe search", Result: "shows what " + to + " answers", Holds: true})
		}
	}
	if f, ok := p.tenantOf(host); ok {
		d.Header = f
	}
	if !r.TLS || r.Confidential {
		return d
	}
	for _, n := range p.inspect {
		named := bits&n.lists != 0 || inDomainSet(host, n.hosts) || n.Uncategorised && bits == 0 && !d.Listed
		if named && holds(n.Groups, r.Group) {
			d.Action = Inspect
			note(report, Step{Host: host, Name: "inspect", Result: "inspected", Reason: n.Reason, Holds: true})
			return d
		}
	}
	return d
}

// parent returns the domain above a host.
func parent(h string) (string, bool) {
	_, up, ok := strings.Cut(h, ".")
	return up, ok
}

// inDomainSet reports whether a host or a domain above it is in a set.
func inDomainSet(host string, in map[string]bool) bool {
	for h, ok := host, len(in) > 0; ok; h, ok = parent(h) {
		if in[h] {
			return true
		}
	}
	return false
}
