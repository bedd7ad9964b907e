package text

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// Secret is a piece of content that prints, logs and marshals as a placeholder.
type Secret string

const sealed = "[content]"

// String hides the content; Reveal gives it.
func (Secret) String() string { return sealed }

// Format hides the content from every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, sealed) }

// LogValue hides the content from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(sealed) }

// MarshalText hides the content from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(sealed), nil }

// Reveal returns the content, for a scanner.
func (s Secret) Reveal() string { return string(s) }

// Attachment is a file in a message or archive.
type Attachment struct {
	Name       Secret
	Declared   Secret   // the media type that the message gives; empty in an archive
	Kind       FileKind // by its content
	Depth      int      // 0 in the message itself, 1 in an attached archive or message …
	Packaged   bool     // a script of a package, which only the program that opens the package runs
	Executable bool     // by its content or its name
	Macros     bool     // or other active content
	Encrypted  bool
}

// Link is a link of an HTML part.
type Link struct {
	Text   Secret // what a reader sees
	Target Secret
}

// Fetch is an address from which a document fetches a part of itself when it is opened.
type Fetch struct {
	Name   Secret // of the document
	Target Secret
}

// Report says what was seen beside the text.
type Report struct {
	Parts       int
	Doubts      []Doubt      // each one time, some of each cause at most
	Incomplete  bool         // a bound was reached before everything was inspected
	Attachments []Attachment // at most MaxListed
	Links       []Link       // at most MaxLinks; of those that show no address one to each site
	Fetches     []Fetch      // some, at most
	Read        int64        // bytes read, repeated reading counted
	Inflated    int64        // bytes out of archives and documents
}

// MaxListed bounds the lists of a report. More makes it Incomplete.
const MaxListed = 2000

// MaxLinks bounds the links of a report. More makes it Incomplete.
const MaxLinks = 10_000

// maxDangerous bounds the dangerous attachments that are added to a full list.
const maxDangerous = MaxListed + 200

// Dangerous adds the dangerous attachments of another report on the same item.
func (r *Report) Dangerous(of *Report) {
	for _, a := range of.Attachments {
		if (a.Executable || a.Macros) && len(r.Attachments) < maxDangerous && !slices.Contains(r.Attachments, a) {
			r.Attachments = append(r.Attachments, a)
		}
	}
}
