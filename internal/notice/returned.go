package notice

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

// Undelivered is a message of which the sender is notified that it was not delivered.
type Undelivered struct {
	Sender     string      // who is notified
	Recipients []Recipient // who did not get it
	Parameters []string    // of the sender in SMTP (RFC 3461)
	Arrived    time.Time
	Content    io.Reader // of which the header alone is read
}

// Recipient is a recipient of an Undelivered.
type Recipient struct {
	Address    string
	Parameters []string // in SMTP, such as NOTIFY=NEVER
}

// ErrUnwanted is returned for a message that asks for no notice, or that a machine sent: its notice could come back
// without end, or reach many who sent nothing (RFC 3834 section 2, RFC 3461 section 4.1).
var ErrUnwanted = errors.New("the message wants no notice that it was not delivered")

// maxHead bounds the header of a message that is read, in bytes.
const maxHead = 256 << 10

// returnedFields are the fields that a notice has of a message: those by which its sender knows it again.
var returnedFields = []string{"Date", "From", "To", "Cc", "Subject", "Message-Id", "In-Reply-To"}

// Returned sends the sender of a message a delivery status notification (RFC 3464), in two languages, that it was not
// delivered since nobody reviewed it in time. The notice has no sender, so that none can be made of it, and none of the
// text. Host is the gateway's name; the organisation's is in the sender.
func (s Sender) Returned(ctx context.Context, code, organisation, host string, u Undelivered, at time.Time) error {
	head, err := headOf(u.Content)
	if err != nil {
		return fmt.Errorf("return message: %w", err)
	}
	to := wanting(u.Recipients)
	if u.Sender == "" || len(to) == 0 || automatic(head) {
		return ErrUnwanted
	}
	b, err := s.composeReturn(code, organisation, host, u, to, head, at)
	if err == nil {
		err = s.Deliver(ctx, "", []string{u.Sender}, int64(len(b)), bytes.NewReader(b))
	}
	if err != nil {
		return fmt.Errorf("return message: %w", err)
	}
	return nil
}

// wanting returns the recipients of whom the sender wants to know.
func wanting(all []Recipient) (to []Recipient) {
	for _, r := range all {
		notify, set := parameter(r.Parameters, "NOTIFY")
		if !set || strings.Contains(strings.ToUpper(notify), "FAILURE") {
			to = append(to, r)
		}
	}
	return to
}

// parameter returns the value of a parameter of SMTP.
func parameter(all []string, name string) (string, bool) {
	for _, p := range all {
		if key, value, _ := strings.Cut(p, "="); strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}

// headOf reads the header of a message, as far as it can be read.
func headOf(content io.Reader) (textproto.MIMEHeader, error) {
	r := textproto.NewReader(bufio.NewReader(io.LimitReader(content, maxHead)))
	h, err := r.ReadMIMEHeader()
	var malformed textproto.ProtocolError
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &malformed) {
		return nil, err
	}
	return h, nil
}

// automatic reports whether a machine sent a message, or sent it to many.
func automatic(h textproto.MIMEHeader) bool {
	auto := strings.ToLower(strings.TrimSpace(h.Get("Auto-Submitted")))
	if auto != "" && !strings.HasPrefix(auto, "no") {
		return true
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) {
	case "bulk", "list", "junk":
		return true
	}
	return h.Get("List-Id") != "" || h.Get("List-Unsubscribe") != "" || h.Get("X-Auto-Response-Suppress") != ""
}

// composeReturn writes the notice.
func (s Sender) composeReturn(code, organisation, host string, u Undelivered, to []Recipient,
	head textproto.MIMEHeader, at time.Time) ([]byte, error) {
	from := s.From
	if from == "" {
		from = "mailer-daemon@" + host
	}
	var h mail.Header // its fields are written last to first
	h.SetContentType("multipart/report", map[string]string{"report-type": "delivery-status"})
	h.Set("MIME-Version", "1.0")
	h.Set("Auto-Submitted", "auto-replied")
	_, domain, _ := strings.Cut(from, "@")
	if err := h.GenerateMessageIDWithHostname(oneLine(domain)); err != nil {
		return nil, err
	}
	if id := oneLine(head.Get("Message-Id")); id != "" && len(id) < 500 {
		h.Set("References", id)
	}
	h.SetDate(at)
	first, second := texts.In(code), texts.In(otherLanguage(code))
	h.SetSubject(first.Text("returned-subject") + " / " + second.Text("returned-subject"))
	h.SetAddressList("To", []*mail.Address{{Address: u.Sender}})
	h.SetAddressList("From", []*mail.Address{{Name: oneLine(s.Name), Address: from}})

	var addresses strings.Builder
	for _, r := range to {
		addresses.WriteString("    " + oneLine(r.Address) + "\n")
	}
	arrived := u.Arrived.Local()
	say := first.Text("returned", first.Moment(arrived), organisation, addresses.String()) + "\n* * *\n\n" +
		second.Text("returned", second.Moment(arrived), organisation, addresses.String())

	var b bytes.Buffer
	w, err := message.CreateWriter(&b, h.Header)
	if err != nil {
		return nil, err
	}
	global := !plain(u.Sender + addresses.String())
	status, fields := "message/delivery-status", "text/rfc822-headers"
	if global {
		status, fields = "message/global-delivery-status", "message/global-headers" // RFC 6533
	}
	for _, part := range []struct{ kind, encoding, content string }{
		{"text/plain; charset=utf-8", "quoted-printable", say},
		{status, "8bit", statusOf(host, u, to, global)},
		{fields, "8bit", fieldsOf(head)},
	} {
		if err := writePart(w, part.kind, part.encoding, part.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writePart(w *message.Writer, kind, encoding, content string) error {
	var h message.Header
	h.Set("Content-Transfer-Encoding", encoding)
	h.Set("Content-Type", kind)
	p, err := w.CreatePart(h)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(p, content); err != nil {
		return err
	}
	return p.Close()
}

func otherLanguage(code string) string {
	if code == "en" {
		return "nl"
	}
	return "en"
}

// statusOf writes what a mail program reads of a notice (RFC 3464 section 2).
func statusOf(host string, u Undelivered, to []Recipient, global bool) string {
	kind := "rfc822"
	if global {
		kind = "utf-8"
	}
	var b strings.Builder
	if id, ok := parameter(u.Parameters, "ENVID"); ok {
		b.WriteString("Original-Envelope-Id: " + oneLine(id) + "\r\n")
	}
	b.WriteString("Reporting-MTA: dns; " + host + "\r\nArrival-Date: " + u.Arrived.Format(time.RFC1123Z) + "\r\n")
	for _, r := range to {
		b.WriteString("\r\n")
		if original, ok := parameter(r.Parameters, "ORCPT"); ok {
			b.WriteString("Original-Recipient: " + oneLine(original) + "\r\n")
		}
		b.WriteString("Final-Recipient: " + kind + "; " + oneLine(r.Address) + "\r\nAction: failed\r\n" +
			"Status: 5.4.7\r\n") // the time for it is over, for good (RFC 3463, X.4.7)
	}
	return b.String()
}

// fieldsOf writes the fields by which a sender knows a message again, each in one line.
func fieldsOf(h textproto.MIMEHeader) string {
	var b strings.Builder
	for _, name := range returnedFields {
		if v := ascii(oneLine(h.Get(name))); v != "" {
			b.WriteString(name + ": " + v[:min(len(v), 900)] + "\r\n")
		}
	}
	return b.String()
}

// ascii puts a mark in the place of what a field may not have without its encoding.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// plain reports whether a text is ASCII.
func plain(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}
