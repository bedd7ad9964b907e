package demo

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/emersion/go-smtp"

	"sluis/filter"
	"sluis/internal/journal"
)

// Outcome is what became of one message: what the gateway recorded of it, and
// whether the next hop has it, unaltered.
type Outcome struct {
	Mail    Mail
	Record  journal.Record
	Arrived bool
	Wrong   string // how it differs from the script; empty if it does not
}

// Player sends the day through a gateway and compares what becomes of it with the
// script.
type Player struct {
	Gateway string // address of the gateway's SMTP port
	NextHop *Maildir
	Records <-chan journal.Record // what the gateway records, one for each message
}

// patience bounds how long one message may take.
const patience = 30 * time.Second

// Play sends one message and waits for its record.
func (p *Player) Play(m Mail) (Outcome, error) {
	before := p.NextHop.Filed()
	if err := p.send(m); err != nil {
		return Outcome{}, fmt.Errorf("%s %s: %w", m.Clock, m.Story, err)
	}
	o := Outcome{Mail: m}
	select {
	case o.Record = <-p.Records:
	case <-time.After(patience):
		return o, fmt.Errorf("%s %s: the gateway recorded nothing", m.Clock, m.Story)
	}
	o.Arrived = p.NextHop.Filed() > before
	o.Wrong = p.compare(o)
	return o, nil
}

func (p *Player) send(m Mail) error {
	c, err := smtp.Dial(p.Gateway)
	if err != nil {
		return err
	}
	defer c.Close()
	c.CommandTimeout, c.SubmissionTimeout = patience, patience
	if err := c.SendMail(m.From, m.To, bytes.NewReader(m.Data)); err != nil {
		return err
	}
	return c.Quit()
}

// compare says how the outcome differs from the script, if it does.
func (p *Player) compare(o Outcome) string {
	want := o.Mail.Action
	if o.Mail.OnlyIfDrawn && !o.Record.Drawn {
		want = filter.Pass
	}
	switch {
	case o.Record.Action != want:
		return fmt.Sprintf("expected %v", want)
	case want != filter.Pass && o.Record.Purpose != o.Mail.Purpose:
		return fmt.Sprintf("expected purpose %v", o.Mail.Purpose)
	case o.Record.Confidential != o.Mail.Confidential:
		return "confidentiality not as the script says"
	case o.Arrived != (want <= filter.Tag):
		return "not where it belongs"
	case o.Arrived && !p.unaltered(o.Mail.Data):
		return "altered on its way"
	}
	return ""
}

// unaltered reports whether the next hop has a message that is data, byte for byte,
// after the Received field that the gateway prepends.
func (p *Player) unaltered(data []byte) bool {
	want := sha256.Sum256(data)
	files, err := os.ReadDir(p.NextHop.Dir())
	if err != nil {
		return false
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(p.NextHop.Dir(), f.Name()))
		if err == nil && sha256.Sum256(withoutTrace(b)) == want {
			return true
		}
	}
	return false
}

// withoutTrace returns the message without its first header field, continuation
// lines included.
func withoutTrace(msg []byte) []byte {
	for {
		_, rest, ok := bytes.Cut(msg, []byte("\r\n"))
		if !ok {
			return nil
		}
		msg = rest
		if len(rest) == 0 || (rest[0] != ' ' && rest[0] != '\t') {
			return msg
		}
	}
}
