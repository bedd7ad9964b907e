package sitepolicy

import (
	"slices"
	"time"

	"sluis/filter/domains"
	"sluis/internal/roster"
	"sluis/rules"
)

// Options are what a Policy is made of.
type Options struct {
	Index   *domains.Index // of categories; nil: none
	Partial bool           // some list is missing from the index: categories that it has not may be named
	Own     []Entry        // the organisation's own lists
	Forbid  []Forbidden    // what its own code forbids beyond the code of conduct (C2.8e)
	Inspect []Inspection

	Protected []string // sites of help that no category blocks
	Never     []string // sites that are never looked into
	Shorten   Shorten

	Managed []roster.Group // whose devices trust the gateway's authority: they get block pages
	Safe    *Safe          // nil: search engines are left as they are
	Tenants []Tenant

	BlockAddresses bool // sites that are asked for by number
	BlockECH       bool // hellos in which another name may be hidden
	BlockNameless  bool // hellos that tell no name

	Location *time.Location // of the hours; nil: Europe/Amsterdam
}

// Entry is a site of the organisation's own lists. What is within an encrypted connection
// that is not looked into has no path that is known: an entry with one does not count there.
type Entry struct {
	Host   string // with all below it
	Path   string // pages that begin so, where it can be read; empty: all
	Block  bool   // else: allow
	Locked bool   // goes before what is not
	Groups []roster.Group
	When   []Hours
	Reason string
	Author string
	Until  time.Time // zero: for good
}

// Forbidden is what the organisation's own code of conduct forbids.
type Forbidden struct {
	Lists  []string // categories of the index
	Groups []roster.Group
	When   []Hours
	Clause string // of its own code, as people know it
}

// Inspection says what may be looked into, and why.
type Inspection struct {
	Groups        []roster.Group // of managed devices
	Lists         []string       // categories of the index
	Hosts         []string
	Uncategorised bool // sites that are in no category
	Reason        string
}

// Shorten takes sites off the list of those that are never looked into. That needs the
// privacy officer.
type Shorten struct {
	Hosts   []string
	Officer string
	Reason  string
}

// Safe asks search engines and YouTube for results that suit children, where they have a
// host that does so.
type Safe struct {
	Groups  []roster.Group
	YouTube string // strict, moderate, or empty: as it is
}

// Tenant restricts a cloud service to the organisation's own accounts, where requests to it
// are inspected.
type Tenant struct {
	Hosts  []string
	Fields []Field
}

func holds(groups []roster.Group, g roster.Group) bool {
	return len(groups) == 0 || slices.Contains(groups, g)
}

// lists returns the categories of the index.
func (o *Options) lists() []string {
	if o.Index == nil {
		return nil
	}
	return o.Index.Categories(^domains.Set(0))
}

// clauseOf are the clauses by which sites of a category are blocked.
var clauseOf = map[rules.Category]string{
	rules.Pornography: "C2.8a", rules.Hate: "C2.8a", rules.Gambling: "C2.8c", rules.IllegalDownload: "C2.8b",
	rules.Phishing: "C2.9a", rules.Malware: "C2.9a", rules.Bypass: "C3.3a", rules.OwnCode: "C2.8e",
}
