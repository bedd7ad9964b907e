package policy

import (
	"time"

	"sluis/internal/roster"
	"sluis/rules"
)

// Request is what is known of where a request goes, and whose it is.
type Request struct {
	Hosts [3]string // of CONNECT, of the hello (SNI), of the Host field; the strictest decides. Empty: not there
	Path  string    // path and query where they can be read, for lists of addresses; empty in a tunnel
	Group roster.Group
	Time  time.Time

	TLS   bool // the connection to the site is encrypted
	ECH   bool // another name may be hidden in the hello
	NoSNI bool // the hello tells no name
}

// Action is what is done with a request. A larger value is stricter.
type Action uint8

// The actions.
const (
	Allow   Action = iota // pass it on; what is encrypted stays so
	Inspect               // pass it on, and look into what is encrypted
	Block
)

// Level is how much weight what decided has.
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

// Decision is what is to be done with a request, and why.
type Decision struct {
	Action   Action
	Level    Level
	Category rules.Category
	Clause   rules.Clause
	Own      string // the clause of the organisation's own code, where that forbids it (C2.8e)
	Rule     rules.ID
	List     string // the list, or which of the own entries: a name of the configuration

	BlockPage bool    // a tunnel that is blocked may be opened to show why
	Connect   string  // host to connect to in the place of the asked one; empty: the asked one
	Header    []Field // to be set in the request where it can be read
	Listed    bool    // the host is in some category: its pages are not scored
}
