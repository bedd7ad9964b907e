package smtpd

import (
	"time"

	"sluis/filter"
	"sluis/rules"
)

// Entry is what the quarantine has to know of a message to show and to release it.
type Entry struct {
	ID           filter.ID
	Time         time.Time
	Direction    rules.Direction // of the recipients it is quarantined for
	Verdict      filter.Verdict
	Confidential bool
	Roles        []string // addresses of the confidential roles in it, as the roster has them
	Envelope     Envelope
	Size         int64 // of the message as received, without the Received line
}

// Envelope is all that a next hop gets before the message itself. Paths are as the client
// wrote them, without angle brackets; parameters too.
type Envelope struct {
	From       string      `json:"from"` // empty for the null sender
	Parameters []string    `json:"parameters,omitempty"`
	To         []Recipient `json:"to"`
}

// Recipient is one recipient of an Envelope.
type Recipient struct {
	Path       string          `json:"path"`
	Parameters []string        `json:"parameters,omitempty"`
	Direction  rules.Direction `json:"direction"`
}
