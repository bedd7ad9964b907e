package sitepolicy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"sluis/filter/domains"
	"sluis/internal/roster"
	"sluis/rules"
)

// checker gathers the faults of options, so that all are reported together.
type checker struct {
	*Options
	errs []error
}

func (c *checker) wrong(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("web: "+format, args...))
}

// check returns the faults of the options, and brings names into the form of requests: a name that never matches
// would be worse than none.
func (o *Options) check() error {
	c := &checker{Options: o}
	o.Protected = c.hosts("help", o.Protected)
	o.NeverInspect = c.hosts("never-inspect", o.NeverInspect)
	o.Never.Add = c.hosts("never-inspect: add", o.Never.Add)
	o.Never.Without = c.hosts("never-inspect: without", o.Never.Without)
	c.own()
	c.forbid()
	c.inspect()
	c.shorten()
	c.tenants()
	if o.SafeSearch != nil && !slices.Contains([]string{"", "strict", "moderate"}, o.SafeSearch.YouTube) {
		c.wrong("safe-search: youtube is strict or moderate")
	}
	return errors.Join(c.errs...)
}

// hosts returns host names as requests have them.
func (c *checker) hosts(where string, names []string) []string {
	out := make([]string, 0, len(names))
	for i, n := range names {
		h, ok := hostName(n)
		if !ok {
			c.wrong("%s, name %d: not a host name: write for instance example.com", where, i+1)
		}
		out = append(out, h)
	}
	return out
}

// hostName returns a host name or address as requests have it.
func hostName(s string) (string, bool) {
	if a, ok := domains.Addr(s); ok {
		return a.String(), true
	}
	return domains.Name(s)
}

// listNames returns the names of lists as the index has them.
func (c *checker) listNames(where string, names []string) []string {
	known := c.Options.lists()
	out := make([]string, 0, len(names))
	for _, n := range names {
		l := rules.SiteList(n)
		if c.Index != nil && !c.Partial && !slices.Contains(known, l) {
			c.wrong("%s: there is no list %q: the lists are %s", where, n, strings.Join(known, ", "))
		}
		out = append(out, l)
	}
	return out
}

// hours returns hours that do not hold on a holiday.
func (c *checker) hours(where string, hs []Hours) []Hours {
	out := slices.Clone(hs)
	for i := range out {
		out[i].Except = slices.Concat(out[i].Except, c.Holidays)
		if !out[i].valid() {
			c.wrong("%s: hours are from 00:00 to 24:00, and a holiday ends after it begins", where)
		}
	}
	return out
}

func (c *checker) own() {
	c.Own = slices.Clone(c.Own)
	for i := range c.Own {
		e, where := &c.Own[i], fmt.Sprintf("own entry %d", i+1)
		e.Host = c.hosts(where, []string{e.Host})[0]
		if e.Path != "" {
			if !strings.HasPrefix(e.Path, "/") {
				c.wrong("%s: a path begins with a slash", where)
			}
			e.Path = domains.Path(e.Path)
		}
		if e.Block {
			c.block(where, e)
		}
		if e.Reason == "" || e.Author == "" {
			c.wrong("%s: a reason and an author are needed (C3.3f)", where)
		}
		e.When = c.hours(where, e.When)
	}
}

// block checks an entry that blocks.
func (c *checker) block(where string, e *Entry) {
	e.said = fmt.Sprintf("%s (%s)", e.Reason, e.Clause)
	if e.Clause == "" {
		c.wrong("%s: what the code does not forbid is not blocked: name the clause that forbids this, of the code of "+
			"conduct or your own, or leave the entry out (C2.8e)", where)
	}
	for _, h := range c.Protected {
		if inDomainSet(e.Host, map[string]bool{h: true}) || inDomainSet(h, map[string]bool{e.Host: true}) {
			c.wrong("%s: %s is a place where people find help, and nobody is kept from it: leave the entry out, or "+
				"name a site below %s that is none", where, h, e.Host)
			return
		}
	}
}

func (c *checker) forbid() {
	c.Forbid = slices.Clone(c.Forbid)
	for i := range c.Forbid {
		f, where := &c.Forbid[i], fmt.Sprintf("forbid %d", i+1)
		if f.Clause == "" {
			c.wrong("%s: the code does not forbid this: name the clause of your own code that does (C2.8e)", where)
		}
		f.Lists = c.listNames(where, f.Lists)
		f.When = c.hours(where, f.When)
	}
}

func (c *checker) inspect() {
	c.Only = slices.Clone(c.Only)
	for i := range c.Only {
		n, where := &c.Only[i], fmt.Sprintf("inspect %d", i+1)
		if n.Reason == "" {
			c.wrong("%s: a reason is needed: why is blocking by name not enough?", where)
		}
		if len(n.Lists) == 0 && len(n.Hosts) == 0 && !n.Uncategorised {
			c.wrong("%s: name lists, hosts, or uncategorised: everything cannot be inspected", where)
		}
		unmanaged := func(g roster.Group) bool { return !slices.Contains(c.Managed, g) }
		if len(n.Groups) == 0 || slices.ContainsFunc(n.Groups, unmanaged) {
			c.wrong("%s: name groups with managed devices: others do not trust the gateway's authority", where)
		}
		n.Lists, n.Hosts = c.listNames(where, n.Lists), c.hosts(where, n.Hosts)
	}
}

func (c *checker) shorten() {
	s := &c.Never
	if len(s.Without) > 0 && (s.Officer == "" || s.Reason == "") {
		c.wrong("never-inspect: only the privacy officer shortens this list: name the officer and the reason")
	}
	for _, v := range s.WithoutVendors {
		if !slices.Contains(Vendors(), v) {
			c.wrong("never-inspect: there is no list of vendor %q: there are %s", v, strings.Join(Vendors(), ", "))
		}
	}
	listed := set(slices.Concat(c.NeverInspect, s.Add, c.Protected))
	vendors := (&Never{}).ofVendors()
	for _, h := range s.Without {
		if !listed[h] && !vendors[h] {
			c.wrong("never-inspect: %q is not on the list", h)
		}
	}
}

func (c *checker) tenants() {
	c.Tenants = slices.Clone(c.Tenants)
	for i := range c.Tenants {
		t, where := &c.Tenants[i], fmt.Sprintf("tenants %d", i+1)
		t.Hosts = c.hosts(where, t.Hosts)
		for name, value := range t.Fields {
			if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
				c.wrong("%s: a header field has a name without spaces and a value of one line", where)
			}
		}
		for _, h := range t.Hosts {
			if !c.Partial && !c.inspects(h) {
				c.wrong("%s: %s is not inspected, so that no field can be set in its requests: "+
					"name it under inspect", where, h)
			}
		}
	}
}

// inspects reports whether a host is inspected for any group.
func (c *checker) inspects(host string) bool {
	if inDomainSet(host, set(slices.Concat(c.NeverInspect, c.Never.Add))) && !slices.Contains(c.Never.Without, host) {
		return false
	}
	var in []string
	if c.Index != nil {
		in = c.Index.Categories(c.Index.Lookup(host))
	}
	return slices.ContainsFunc(c.Only, func(n Inspection) bool {
		return inDomainSet(host, set(n.Hosts)) || n.Uncategorised && len(in) == 0 ||
			slices.ContainsFunc(n.Lists, func(l string) bool { return slices.Contains(in, l) })
	})
}
