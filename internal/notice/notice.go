// Package notice makes the mail that the gateway sends of itself: the signed state of the
// ledger for its witnesses, the digest of what waits for review, the notice of a breach.
//
// It promises that a notice is plain text with counts and links, that no value gets into a
// header field that is not meant for it, and that who cannot be reached is tried again.
package notice

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
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
	id := make([]byte, 16)
	rand.Read(id) // never fails (crypto/rand, Go 1.24)
	_, domain, _ := strings.Cut(s.From, "@")
	var b bytes.Buffer
	for _, f := range [][2]string{
		{"From", (&mail.Address{Name: s.Name, Address: s.From}).String()},
		{"To", (&mail.Address{Address: to}).String()},
		{"Subject", mime.QEncoding.Encode("utf-8", oneLine(m.Subject))},
		{"Date", at.Format("Mon, 02 Jan 2006 15:04:05 -0700")},
		{"Message-ID", "<" + hex.EncodeToString(id) + "@" + oneLine(domain) + ">"},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", f[0], f[1])
	}
	b.WriteString("\r\n")
	q := quotedprintable.NewWriter(&b)
	if _, err := io.WriteString(q, strings.ReplaceAll(strings.TrimRight(m.Text, "\n"), "\n", "\r\n")+"\r\n"); err != nil {
		return nil, fmt.Errorf("compose notice: %w", err)
	}
	if err := q.Close(); err != nil {
		return nil, fmt.Errorf("compose notice: %w", err)
	}
	return b.Bytes(), nil
}

// oneLine takes line ends out of what goes into a field.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
