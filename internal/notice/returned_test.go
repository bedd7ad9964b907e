package notice

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
)

const held = "From: Juf <juf@school.example>\r\nTo: ouder@gezin.example\r\nSubject: Rapport\r\n =?utf-8?q?_mei?=\r\n" +
	"Message-ID: <1@school.example>\r\nX-Geheim: niet terug\r\n\r\nDe tekst gaat niet terug.\r\n"

func undelivered(content string) Undelivered {
	return Undelivered{
		Sender:     "juf@school.example",
		Parameters: []string{"SIZE=12", "ENVID=QQ314"},
		Recipients: []Recipient{
			{Address: "ouder@gezin.example", Parameters: []string{"ORCPT=rfc822;Ouder@gezin.example"}},
			{Address: "stil@gezin.example", Parameters: []string{"NOTIFY=NEVER"}},
		},
		Arrived: at,
		Content: strings.NewReader(content),
	}
}

// returned sends a notice, and returns the envelope's sender and the parts, by their types.
func returned(t *testing.T, code string, u Undelivered) (from string, parts map[string]string, whole string) {
	t.Helper()
	parts = map[string]string{}
	from = "nothing was sent"
	s := Sender{From: "sluis@school.example", Name: "Sluis", Deliver: func(_ context.Context, sender string, to []string,
		size int64, content io.Reader) error {
		b, err := io.ReadAll(content)
		if err != nil || int64(len(b)) != size || len(to) != 1 || to[0] != u.Sender {
			t.Errorf("%d bytes of %d to %v, %v", len(b), size, to, err)
		}
		from, whole = sender, string(b)
		return nil
	}}
	if err := s.Returned(t.Context(), code, "De School", "sluis.school.example", u, at); err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(strings.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || params["report-type"] != "delivery-status" ||
		m.Header.Get("Auto-Submitted") != "auto-replied" {
		t.Errorf("header %v, %v", m.Header, err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return from, parts, whole
		}
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(p) // decodes quoted-printable
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		parts[kind] = string(b)
	}
}

// A notice says in two languages, and to a mail program, that a message was not delivered. It has none of its text, and
// no sender that it could come back to (RFC 3464).
func TestASenderIsNotified(t *testing.T) {
	for _, code := range []string{"nl", "en"} {
		from, parts, whole := returned(t, code, undelivered(held))
		if from != "" {
			t.Errorf("sent from %q, want the null sender", from)
		}
		for kind, wants := range map[string][]string{
			"text/plain": {"daarom niet afgeleverd", "not delivered, and is no longer", "De School", "ouder@gezin.example"},
			"message/delivery-status": {"Reporting-MTA: dns; sluis.school.example\r\n", "Original-Envelope-Id: QQ314\r\n",
				"Original-Recipient: rfc822;Ouder@gezin.example\r\n", "Final-Recipient: rfc822; ouder@gezin.example\r\n",
				"Action: failed\r\nStatus: 5.4.7\r\n"},
			"text/rfc822-headers": {"Message-Id: <1@school.example>\r\n", "Subject: Rapport =?utf-8?q?_mei?=\r\n"},
		} {
			flat := strings.Join(strings.Fields(parts[kind]), " ")
			for _, want := range wants {
				if !strings.Contains(parts[kind], want) && !strings.Contains(flat, want) {
					t.Errorf("%s: %s is %q, without %q", code, kind, parts[kind], want)
				}
			}
		}
		for _, not := range []string{"De tekst", "niet terug", "stil@gezin"} {
			if strings.Contains(whole, not) {
				t.Errorf("%s: %q is in the notice", code, not)
			}
		}
	}
}

// No notice goes to where it could come back from, or where nobody wants it.
func TestNoNoticeOfWhatMachinesSend(t *testing.T) {
	s := Sender{From: "sluis@school.example", Deliver: func(context.Context, string, []string, int64, io.Reader) error {
		t.Error("a notice is sent")
		return nil
	}}
	for name, u := range map[string]Undelivered{
		"no sender":      {Recipients: undelivered("").Recipients, Content: strings.NewReader(held)},
		"nobody wants":   {Sender: "a@b.example", Recipients: undelivered("").Recipients[1:], Content: strings.NewReader(held)},
		"a notice":       undelivered("Auto-Submitted: auto-replied\r\n" + held),
		"a list":         undelivered("List-Id: <a.b.example>\r\n" + held),
		"a newsletter":   undelivered("List-Unsubscribe: <mailto:a@b.example>\r\n" + held),
		"to many":        undelivered("Precedence: Bulk\r\n" + held),
		"of Exchange":    undelivered("X-Auto-Response-Suppress: All\r\n" + held),
		"bare line ends": undelivered("Auto-Submitted: auto-generated\nFrom: a\n\ntekst"),
	} {
		err := s.Returned(t.Context(), "nl", "De School", "sluis.school.example", u, at)
		if !errors.Is(err, ErrUnwanted) {
			t.Errorf("%s: %v, want ErrUnwanted", name, err)
		}
	}
}

// What stands in the header of a message gets into no field of the notice.
func TestNoFieldIsSmuggledIntoANotice(t *testing.T) {
	u := undelivered("Subject: a\r\n b\r\nMessage-ID: <x>\rBcc: c@d.example\r\nKapot\r\n\r\nDe tekst.")
	u.Recipients[0].Address = "a@b.example\r\nBcc: c@d.example"
	u.Parameters = []string{"ENVID=a\r\nBcc: c@d.example"}
	_, parts, whole := returned(t, "nl", u)
	for line := range bytes.Lines([]byte(whole)) {
		if bytes.HasPrefix(line, []byte("Bcc")) {
			t.Errorf("a field is smuggled: %q", parts)
		}
	}
}
