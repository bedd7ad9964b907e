package filter

import (
	"io"

	"sluis/rules"
)

// Kind is how the content of an Item is to be read.
type Kind uint8

// The kinds of item.
const (
	Message  Kind = iota // an RFC 5322 message
	Document             // one file or body, recognised by its content
)

// Item is what a gateway asks to be inspected. Content must stay unchanged until
// Inspect returns, and must be the very bytes that the next hop will get.
type Item struct {
	Kind       Kind
	Directions rules.Directions // of the recipients together
	Sender     string           // envelope address; empty for the null sender
	Recipients []string
	Name       string // file name of a Document; may be empty
	// Confidential says that a party has a confidential role: rules of the organisation's own that look
	// for words do not run, whatever their purpose (C3.2g)
	Confidential bool
	Content      io.ReaderAt
	Size         int64
	Evident      bool // bytes of no known form are read as text only where they are evidently text, not in doubt
}
