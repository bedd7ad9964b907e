package journal

import (
	"time"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/rules"
)

// Kind is the gateway that wrote a record.
type Kind uint8

// The kinds of traffic.
const (
	Mail Kind = iota
	Web
)

// Record is the metadata of one message or request (C3.2e). Its fields are closed
// vocabularies, numbers, times, a registrable domain and a pseudonym: none can hold
// content, and a test walks the type to keep it so.
type Record struct {
	Time      time.Time // when it was accepted for inspection, UTC
	ID        filter.ID
	Kind      Kind
	Direction rules.Direction
	Group     roster.Group // of the organisation's own party
	Peer      Domain       // of the other party; empty where a confidential role is involved

	Action   filter.Action
	Purposes rules.Purposes // that it was inspected for
	Purpose  rules.Purpose  // that decided
	Category rules.Category
	Clause   rules.Clause
	Rule     rules.ID

	Confidential  bool // inspected for security alone (C3.2g)
	Eligible      bool // took part in the draw (C3.3b)
	Drawn         bool
	Ambiguous     bool
	Uninspectable bool
	Incomplete    bool
	TLS           bool // the client's connection was encrypted
	Ordered       bool // an order of the board added purposes (C3.2c)
	Approved      bool // it left for approved destinations alone: no part in the draw (C2.4a)

	Recipients uint16 // passed on or quarantined
	Refused    uint16 // recipients refused by the next hop
	Parts      uint16
	Repaired   uint32 // bare line feeds repaired
	Reply      uint16 // code of the final reply to the client
	Bytes      int64
	Duration   time.Duration // from the end of the body to the reply

	pseudonym Pseudonym // set by the writer alone
}

// Pseudonym stands for a person within one month (design: HMAC with a monthly key).
// The zero Pseudonym is no one's.
type Pseudonym [16]byte
