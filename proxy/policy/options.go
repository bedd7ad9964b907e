package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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

// Entry is a site of the organisation's own lists.
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
	Groups        []roster.Group
	Lists         []string // categories of the index
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

// Hours are a part of the week.
type Hours struct {
	Days     []time.Weekday // none: all
	From, To time.Duration  // since midnight; To before From: past midnight
	Except   []Period       // such as holidays
}

// Period is from the first day to the last.
type Period struct{ First, Last time.Time }

// contains reports whether a moment is within the hours.
func (h Hours) contains(t time.Time) bool {
	for _, p := range h.Except {
		if day := t.Format(time.DateOnly); p.First.Format(time.DateOnly) <= day && day <= p.Last.Format(time.DateOnly) {
			return false
		}
	}
	at := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
	day := t.Weekday()
	switch {
	case h.From == h.To: // all day
	case h.From < h.To:
		if at < h.From || at >= h.To {
			return false
		}
	case at < h.To: // of the evening before
		day = (day + 6) % 7
	case at < h.From:
		return false
	}
	return len(h.Days) == 0 || slices.Contains(h.Days, day)
}

func during(hs []Hours, t time.Time) bool {
	return len(hs) == 0 || slices.ContainsFunc(hs, func(h Hours) bool { return h.contains(t) })
}

func holds(groups []roster.Group, g roster.Group) bool {
	return len(groups) == 0 || slices.Contains(groups, g)
}

// check tells what is wrong with the options, all together.
func (o *Options) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("web: "+format, args...)) }
	for i, e := range o.Own {
		if !isName(e.Host) {
			wrong("own entry %d: not a host name: write for instance example.com", i+1)
		}
		if e.Reason == "" || e.Author == "" {
			wrong("own entry %d: a reason and an author are needed (C3.3f)", i+1)
		}
	}
	known := o.lists()
	for i, f := range o.Forbid {
		if f.Clause == "" {
			wrong("forbid %d: the code does not forbid this: name the clause of your own code that does (C2.8e)", i+1)
		}
		for _, l := range f.Lists {
			if o.Index != nil && !o.Partial && !slices.Contains(known, l) {
				wrong("forbid %d: there is no list %q: the lists are %s", i+1, l, strings.Join(known, ", "))
			}
		}
	}
	for i, n := range o.Inspect {
		if n.Reason == "" {
			wrong("inspect %d: a reason is needed: what is it for that blocking by name cannot do?", i+1)
		}
		if len(n.Lists) == 0 && len(n.Hosts) == 0 && !n.Uncategorised {
			wrong("inspect %d: name lists, hosts, or uncategorised: everything cannot be inspected", i+1)
		}
	}
	if s := o.Shorten; len(s.Hosts) > 0 && (s.Officer == "" || s.Reason == "") {
		wrong("never-inspect: only the privacy officer shortens this list: name the officer and the reason")
	}
	for _, h := range o.Shorten.Hosts {
		if !slices.Contains(o.Never, h) {
			wrong("never-inspect: %q is not on the list", h)
		}
	}
	if o.Safe != nil && !slices.Contains([]string{"", "strict", "moderate"}, o.Safe.YouTube) {
		wrong("safe-search: youtube is strict or moderate")
	}
	return errors.Join(errs...)
}

// lists returns the categories of the index.
func (o *Options) lists() []string {
	if o.Index == nil {
		return nil
	}
	return o.Index.Categories(^domains.Set(0))
}

func isName(h string) bool {
	return h != "" && !strings.ContainsAny(h, "/: *") && h == strings.ToLower(h)
}

// forbidden are the categories of sites that the code of conduct forbids, by the names that
// public lists give them.
var forbidden = map[string]rules.Category{
	"pornography": rules.Pornography, "adult": rules.Pornography, "porn": rules.Pornography, "mixed_adult": rules.Pornography, "nsfw": rules.Pornography,
	"hate": rules.Hate, "agressif": rules.Hate, "aggressive": rules.Hate, "violence": rules.Hate, "racism": rules.Hate,
	"gambling": rules.Gambling, "casino": rules.Gambling,
	"illegal-download": rules.IllegalDownload, "warez": rules.IllegalDownload, "piracy": rules.IllegalDownload, "torrent": rules.IllegalDownload,
	"phishing": rules.Phishing, "scam": rules.Phishing, "fraud": rules.Phishing,
	"malware": rules.Malware, "cryptojacking": rules.Malware, "stalkerware": rules.Malware, "ddos": rules.Malware,
	"bypass": rules.Bypass, "doh": rules.Bypass, "vpn": rules.Bypass, "redirector": rules.Bypass, "strict_redirector": rules.Bypass,
	"strong_redirector": rules.Bypass, "residential-proxies": rules.Bypass, "proxy": rules.Bypass,
}

// Forbids returns the category of the code of conduct that a list of sites belongs to.
func Forbids(list string) (rules.Category, bool) {
	c, ok := forbidden[strings.ToLower(list)]
	return c, ok
}

// clauseOf are the clauses by which sites of a category are blocked.
var clauseOf = map[rules.Category]string{
	rules.Pornography: "C2.8a", rules.Hate: "C2.8a", rules.Gambling: "C2.8c", rules.IllegalDownload: "C2.8b",
	rules.Phishing: "C2.9a", rules.Malware: "C2.9a", rules.Bypass: "C3.3a", rules.OwnCode: "C2.8e",
}
