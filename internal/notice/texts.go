package notice

import (
	"embed"
	"strings"
	"time"

	"sluis/internal/lang"
)

//go:embed messages/*.json
var messages embed.FS

var texts = lang.Files(messages)

// Checkpoint is the notice that makes its readers witnesses of the ledger. Code is the language of it, as of all
// notices.
func Checkpoint(code, organisation string, signed []byte) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("checkpoint-subject"),
		Text:    p.Text("checkpoint", organisation, string(signed)),
	}
}

// Waiting counts what waits for a person.
type Waiting struct {
	Messages    int // in quarantine, for review
	OldestDays  int // how long the oldest of them waits
	Undelivered int // released messages that the next hop refused
	Appeals     int
	Console     string // address of its pages; empty: there are none
}

// Digest is the notice of what waits: counts, and links to the pages of the console.
func Digest(code string, w Waiting) Message {
	p := texts.In(code)
	var text strings.Builder
	for _, line := range []struct{ count, page string }{
		{p.Text("digest-waiting", w.Messages, texts.Message("days", w.OldestDays)), "/quarantine"},
		{p.Text("digest-undelivered", w.Undelivered), "/quarantine?state=failed"},
		{p.Text("digest-appeals", w.Appeals), "/appeals"},
	} {
		text.WriteString(line.count + "\n")
		if w.Console != "" {
			text.WriteString("    " + w.Console + line.page + "\n")
		}
	}
	return Message{Subject: p.Text("digest-subject"), Text: text.String()}
}

// Breach is the notice of a new breach file, with the time until which the breach has to be reported.
func Breach(code, id string, until time.Time) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("breach-subject", id),
		Text:    p.Text("breach", id, p.Moment(until.Local())),
	}
}

// Released goes to the recipients of a message that was quarantined and is delivered now, with the reviewer's note.
func Released(code, organisation, note string) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("released-subject"),
		Text:    p.Text("released", organisation, note),
	}
}

// Access notifies a person that their records were requested, so that a request of another person does not go
// unnoticed.
func Access(code, organisation string) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("access-subject"),
		Text:    p.Text("access", organisation),
	}
}
