package sitepolicy

import (
	"cmp"
	"slices"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/rules"
)

// Request is what is known of the destination of a request, and of its sender.
type Request struct {
	Hosts [3]string // of CONNECT, of the ClientHello (SNI), of the Host field; the strictest decides. Empty: none
	Path  string    // path and query where they can be read, for lists of addresses; empty in a tunnel
	Group roster.Group
	Time  time.Time

	Confidential bool // the sender has a confidential role: only security counts (C3.2g)

	TLS   bool // the connection to the site is encrypted
	ECH   bool // the ClientHello has the extension that can hide another name
	NoSNI bool // the ClientHello names no site
}

// Action is what is done with a request. A larger value is stricter.
type Action uint8

// The actions.
const (
	Allow   Action = iota // pass it on; an encrypted connection stays encrypted
	Inspect               // pass it on, and inspect the encrypted connection
	Block
)

// Level is the weight of the list that decided.
type Level uint8

// The levels, from the one that gives way to all others.
const (
	NoLevel Level = iota
	Allowed
	Blocked
	LockedAllow
	LockedBlock
)

// Field is a header field.
type Field struct{ Name, Value string }

// Decision says what is done with a request, and why.
type Decision struct {
	Action   Action
	Level    Level
	Category rules.Category
	Clause   rules.Clause
	Own      string // clause of the organisation's own code that forbids it; empty: none (C2.8e)
	Rule     rules.ID
	List     string // the list, or which of the own entries: a name of the configuration

	BlockPage bool    // a tunnel that is blocked may be opened to show why
	Connect   string  // host to connect to in the place of the requested one; empty: the requested one
	Header    []Field // to be set in the request where it can be read
	Listed    bool    // the host is in some category: its pages are not scored
}

// Verdict returns the verdict of a decision to block; of any other it is zero.
func (d Decision) Verdict() filter.Verdict {
	if d.Action != Block {
		return filter.Verdict{}
	}
	v := filter.Verdict{
		Action:   filter.Reject,
		Purpose:  rules.Conduct,
		Category: d.Category,
		Clause:   d.Clause,
		Rule:     d.Rule,
	}
	if Security(d.Category) {
		v.Purpose = rules.Security
	}
	return v
}

// with adds the decision on another name of the same request: the strictest of both in each respect.
func (d Decision) with(other Decision) Decision {
	strict := d
	if other.stricter(d) {
		strict = other
	}
	strict.Listed = d.Listed && other.Listed
	strict.Connect = cmp.Or(other.Connect, d.Connect)
	strict.Header = slices.Concat(d.Header, other.Header)
	return strict
}

// stricter reports whether d goes before other.
func (d Decision) stricter(other Decision) bool {
	switch {
	case d.Action != other.Action:
		return d.Action > other.Action
	case d.Action == Block && d.Level == other.Level:
		return weight(d.Category) > weight(other.Category)
	}
	return d.Action == Block && d.Level > other.Level
}

// The clauses of dangerous sites, and of ways around the filter.
var malicious, evasive = rules.MustClause("C2.9a"), rules.MustClause("C3.3a")

// weight orders the categories of which one is named: danger first.
func weight(c rules.Category) int {
	switch clause, _ := c.SiteClause(); {
	case clause == malicious:
		return 3
	case c == rules.OwnCode:
		return 1
	}
	return 2
}

// Security reports whether sites of a category are blocked for security: that holds for confidential roles too
// (C3.2g, C3.3a).
func Security(c rules.Category) bool {
	clause, _ := c.SiteClause()
	return clause == malicious || clause == evasive
}
