package sitepolicy

import (
	"fmt"
	"slices"
	"time"

	"sluis/filter/domains"
	"sluis/internal/roster"
	"sluis/rules"
)

// Options are what a Policy is made of: the settings of the organisation, and what comes
// with the gateway.
type Options struct {
	Sites
	Inspections

	Index        *domains.Index // of categories; nil: none
	Partial      bool           // a list is missing from the index: other categories than its own may be named
	Protected    []string       // sites of help that no category blocks
	NeverInspect []string       // sites that are never inspected
	Location     *time.Location // of the hours; nil: Europe/Amsterdam
}

// Sites says which sites are blocked and allowed (C2.8a to C2.8e).
type Sites struct {
	Own            []Entry     `yaml:"own"`             // the organisation's own lists
	Forbid         []Forbidden `yaml:"forbid"`          // categories that its own code forbids (C2.8e)
	Holidays       []Period    `yaml:"holidays"`        // days on which no hours hold
	SafeSearch     *SafeSearch `yaml:"safe-search"`     // none: search engines are left as they are
	Tenants        []Tenant    `yaml:"tenants"`         // cloud services restricted to the own accounts
	BlockAddresses bool        `yaml:"block-addresses"` // sites that are requested by number
	BlockECH       bool        `yaml:"block-ech"`       // connections in which another name is hidden
	BlockNameless  bool        `yaml:"block-nameless"`  // connections that give no name
}

// Inspections says which encrypted connections are inspected; none is unless it says so.
type Inspections struct {
	Managed []roster.Group `yaml:"managed"` // groups whose devices trust the gateway's authority: they get block pages
	Only    []Inspection   `yaml:"only"`
	Never   Never          `yaml:"never"`
}

// Entry is a site of the organisation's own lists. An encrypted connection that is not
// inspected has no path that is known: an entry with one does not count there.
type Entry struct {
	Host   string         `yaml:"host"`   // with all below it
	Path   string         `yaml:"path"`   // of a page, with all below it, where it can be read; none: all
	Block  Blocks         `yaml:"action"` // block or allow
	Locked bool           `yaml:"locked"` // goes before entries that are not
	Groups []roster.Group `yaml:"groups"` // none: all
	When   []Hours        `yaml:"when"`   // none: always
	Clause string         `yaml:"clause"` // of the code, as people know it, that forbids what is blocked (C2.8e)
	Reason string         `yaml:"reason"`
	Author string         `yaml:"author"`
	Until  Until          `yaml:"until"` // last day; none: for good

	said string // reason and clause, as people read them
}

// Blocks is written as block or allow.
type Blocks bool

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Blocks) UnmarshalText(text []byte) error {
	switch string(text) {
	case "block":
		*b = true
	case "allow":
		*b = false
	default:
		return fmt.Errorf("%q is not known here: use block or allow", text)
	}
	return nil
}

// Until is the moment at which something ends; it is written as the last day, 2027-06-30.
type Until struct{ time.Time }

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *Until) UnmarshalText(text []byte) error {
	var d rules.Day
	if err := d.UnmarshalText(text); err != nil {
		return err
	}
	u.Time = d.End()
	return nil
}

// Forbidden names categories that the organisation's own code of conduct forbids (C2.8e).
type Forbidden struct {
	Lists  []string       `yaml:"lists"` // categories of the index
	Groups []roster.Group `yaml:"groups"`
	When   []Hours        `yaml:"when"`
	Clause string         `yaml:"clause"` // of its own code, as people know it
}

// Inspection says what may be inspected, and why.
type Inspection struct {
	Groups        []roster.Group `yaml:"groups"` // of managed devices
	Lists         []string       `yaml:"lists"`  // categories of the index
	Hosts         []string       `yaml:"hosts"`
	Uncategorised bool           `yaml:"uncategorised"` // sites that are in no category
	Reason        string         `yaml:"reason"`
}

// Never changes the list of sites that are never inspected. The privacy officer alone takes
// sites off it.
type Never struct {
	Add            []string `yaml:"add"`
	Without        []string `yaml:"without"`
	WithoutVendors []string `yaml:"without-vendors"` // whose devices trust the authority wherever they go: see Vendors
	Officer        string   `yaml:"officer"`
	Reason         string   `yaml:"reason"`
}

// SafeSearch leads to the hosts of search engines and YouTube that give results suited to children.
type SafeSearch struct {
	Groups  []roster.Group `yaml:"groups"`
	YouTube string         `yaml:"youtube"` // strict, moderate, or none: as it is
}

// Tenant restricts a cloud service to the organisation's own accounts, where requests to it
// are inspected.
type Tenant struct {
	Hosts  []string          `yaml:"hosts"`
	Fields map[string]string `yaml:"fields"` // header fields of each request
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
