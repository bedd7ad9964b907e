// Package notice writes and sends the automatic mail of the gateway itself (RFC 3834): the
// signed checkpoint of the ledger for its witnesses, the digest of what waits for review, the
// notice of a data breach (C2.12a), the note with a released message.
//
// It promises that a notice is plain text in UTF-8 with counts and links, in lines that every
// mail program reads; that no value gets into another header field than its own; and that
// an address that cannot be reached keeps the notice from no other. It does not promise that
// a notice is sent once: one that fails is sent again (Schedule).
package notice

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-message/mail"
)

// Message is a notice.
type Message struct {
	Subject string
	Text    string
}

// Delivery hands a message to the next hop of its recipients.
type Delivery func(ctx context.Context, from string, to []string, size int64, content io.Reader) error

// Sender sends notices. The zero Sender sends nothing.
type Sender struct {
	From    string // address; empty: nothing is sent
	Name    string // of the organisation, in front of the address
	Deliver Delivery
}

// Send sends a notice to each of some addresses, in a message of its own. It returns the
// first error, after all were tried.
func (s Sender) Send(ctx context.Context, to []string, m Message, at time.Time) error {
	if s.From == "" {
		return nil
	}
	var first error
	for _, a := range to {
		b, err := s.compose(a, m, at)
		if err == nil {
			err = s.Deliver(ctx, s.From, []string{a}, int64(len(b)), bytes.NewReader(b))
		}
		if err != nil && first == nil {
			first = fmt.Errorf("send notice: %w", err)
		}
	}
	return first
}

// compose writes a message (RFC 5322) that is marked as made by a machine (RFC 3834).
func (s Sender) compose(to string, m Message, at time.Time) ([]byte, error) {
	var h mail.Header // its fields are written last to first
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Set("Content-Transfer-Encoding", "quoted-printable")
	h.Set("MIME-Version", "1.0")
	h.Set("Auto-Submitted", "auto-generated")
	_, domain, _ := strings.Cut(s.From, "@")
	if err := h.GenerateMessageIDWithHostname(oneLine(domain)); err != nil {
		return nil, fmt.Errorf("compose notice: %w", err)
	}
	h.SetDate(at)
	h.SetSubject(oneLine(m.Subject))
	h.SetAddressList("To", []*mail.Address{{Address: to}})
	h.SetAddressList("From", []*mail.Address{{Name: oneLine(s.Name), Address: s.From}})

	var b bytes.Buffer
	w, err := mail.CreateSingleInlineWriter(&b, h)
	if err != nil {
		return nil, fmt.Errorf("compose notice: %w", err)
	}
	if _, err := io.WriteString(w, strings.TrimRight(m.Text, "\n")+"\n"); err != nil {
		return nil, fmt.Errorf("compose notice: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compose notice: %w", err)
	}
	return b.Bytes(), nil
}

// oneLine takes line ends out of what goes into a field.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
