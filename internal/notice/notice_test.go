package notice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/internal/lang"
	"sluis/internal/lang/langtest"
	"sluis/internal/ledger"
	"sluis/internal/roster"
)

// everyRisk is one of each kind.
var everyRisk = []roster.Risk{
	{Kind: roster.Rebound, Of: "a@school.example", From: "a@school.example", To: "b@school.example"},
	{Kind: roster.RoleLost, Of: "vp@school.example", Role: "confidential-counsellor"},
	{Kind: roster.Outside, Of: "x@gmail.example"},
	{Kind: roster.SmallGroup, Of: "directie"},
	{Kind: roster.FewAddresses, Of: "10.1.2.3/32"},
}

// waiting is some of everything.
var waiting = Waiting{
	Messages:    3,
	OldestDays:  2,
	Undelivered: 1,
	Appeals:     4,
	Console:     "https://sluis.school.example",
}

var at = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// box keeps what is delivered, as another parser than the writer's reads it.
type box struct {
	got  []*mail.Message
	text []string
	to   []string
	fail string // an address that cannot be reached
}

func (b *box) deliver(_ context.Context, from string, to []string, size int64, content io.Reader) error {
	if to[0] == b.fail {
		return errors.New("451 later")
	}
	raw, _ := io.ReadAll(content)
	if int64(len(raw)) != size || strings.Contains(strings.ReplaceAll(string(raw), "\r\n", ""), "\n") {
		return errors.New("not what the size says, or bare line feeds")
	}
	for _, line := range strings.Split(string(raw), "\r\n") {
		if len(line) > 998 ||
			strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) { // RFC 5322 section 2.1.1
			return fmt.Errorf("a line of %d bytes, or not in ASCII", len(line))
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	encoding := m.Header.Get("Content-Transfer-Encoding")
	if err != nil || kind != "text/plain" || params["charset"] != "utf-8" || encoding != "quoted-printable" {
		return fmt.Errorf("a body in %s, %v, %s: %w", kind, params, encoding, err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	b.got, b.text, b.to = append(b.got, m), append(b.text, string(text)), append(b.to, to...)
	return err
}

func TestANoticeIsAMessageThatMailProgramsRead(t *testing.T) {
	b := &box{}
	s := Sender{From: "sluis@school.example", Name: "Stichting Ééndracht, Oost", Deliver: b.deliver}
	for _, m := range []Message{
		Checkpoint("nl", "Stichting Ééndracht", []byte("go.sum database tree\n3\nabc=\n\n— sluis-ledger xyz\n")),
		Checkpoint("en", "School", nil),
		Digest("nl", waiting),
		Digest("en", Waiting{}),
		Breach("nl", "a1", at),
		Breach("en", "a1", at),
		Released("nl", "School", "Sorry, het duurde even.\n.\nICT"),
		Released("en", "School", "x"),
		Access("nl", "School"),
		{Subject: "a\r\nBcc: x@evil.example\r\n\r\nb", Text: strings.Repeat("lang ", 400) + "\n.\nFrom here"},
		{Subject: strings.Repeat("Één bericht “over” € ", 99), Text: strings.Repeat("é", 2000) + " \n\tÉén – “twee” \n"},
		{Subject: strings.Repeat("woord ", 400), Text: strings.Repeat("=", 2000)},
	} {
		if err := s.Send(t.Context(), []string{"bestuur@school.example", "mr@school.example"}, m, at); err != nil {
			t.Fatal(err)
		}
		got := b.got[len(b.got)-1]
		subject, _ := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
		if want := strings.Join(strings.Fields(m.Subject), " "); subject != want {
			t.Errorf("subject %q, want %q", subject, want)
		}
		if bcc, auto := got.Header.Get("Bcc"), got.Header.Get("Auto-Submitted"); bcc != "" || auto != "auto-generated" {
			t.Errorf("Bcc %q and Auto-Submitted %q, want none and auto-generated", bcc, auto)
		}
		from, err := got.Header.AddressList("From")
		if err != nil || from[0].Name != s.Name || from[0].Address != s.From {
			t.Errorf("from %v, %v; want %q <%s>", from, err, s.Name, s.From)
		}
		text := strings.ReplaceAll(b.text[len(b.text)-1], "\r\n", "\n")
		if want := strings.TrimRight(m.Text, "\n") + "\n"; text != want {
			t.Errorf("text %q, want %q", text, want)
		}
		if d, err := got.Header.Date(); err != nil || !d.Equal(at) {
			t.Errorf("date %v, want %v", d, at)
		}
	}
	if len(b.to) != 24 || b.to[0] == b.to[1] {
		t.Errorf("sent to %v, want each notice to each of two", b.to)
	}
}

// TestLongNamesArriveWhole: a name of an organisation may need several encoded words.
func TestLongNamesArriveWhole(t *testing.T) {
	for _, name := range []string{
		"Sluis Stichting Ééndracht", `Sluis “School” (Oost), "Zuid" <x@evil.example>`,
		"Sluis vereniging voor christelijk voortgezet onderwijs te Ijsselmuïden en omstreken, gevestigd te ’s-Hertogenbosch",
	} {
		b := &box{}
		s := Sender{From: "sluis@school.example", Name: name, Deliver: b.deliver}
		to := []string{"bestuur@school.example"}
		if err := s.Send(t.Context(), to, Message{Subject: "x", Text: "x"}, at); err != nil {
			t.Fatal(err)
		}
		from, err := b.got[0].Header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Name != name || from[0].Address != s.From {
			t.Errorf("from %v, %v; want %q", from, err, name)
		}
	}
}

func TestAnAddressThatCannotBeReachedKeepsTheNoticeFromNoOther(t *testing.T) {
	b := &box{fail: "een@school.example"}
	s := Sender{From: "sluis@school.example", Deliver: b.deliver}
	to := []string{"een@school.example", "twee@school.example"}
	if err := s.Send(t.Context(), to, Digest("nl", Waiting{Messages: 1}), at); err == nil || len(b.got) != 1 {
		t.Errorf("%d sent, %v; want one and an error", len(b.got), err)
	}
	nameless := Sender{Deliver: b.deliver}
	if err := nameless.Send(t.Context(), to, Message{}, at); err != nil || len(b.got) != 1 {
		t.Errorf("%d sent without a sender, %v; want none", len(b.got)-1, err)
	}
}

func TestANoticeIsSentWhenItIsDue(t *testing.T) {
	s := Schedule{Path: filepath.Join(t.TempDir(), "sent.json")}
	n, fails := 0, errors.New("451 later")
	send := func(err error) func() error { return func() error { n++; return err } }
	for i, c := range []struct {
		after time.Duration
		err   error
		want  int
	}{
		{0, fails, 1},
		{time.Hour, nil, 2},
		{2 * time.Hour, nil, 2},
		{167 * time.Hour, nil, 2},
		{169 * time.Hour, nil, 3},
		{-999 * time.Hour, nil, 4},
	} {
		err := s.Due("checkpoint", 7*24*time.Hour, at.Add(c.after), send(c.err))
		if !errors.Is(err, c.err) || n != c.want {
			t.Errorf("case %d: sent %d times, want %d; %v", i, n, c.want, err)
		}
	}
	if err := s.Due("digest", time.Hour, at, send(nil)); err != nil || n != 5 {
		t.Errorf("another kind: %d, %v", n, err)
	}
	if err := os.WriteFile(s.Path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Due("digest", time.Hour, at, send(nil)); err != nil || n != 6 {
		t.Errorf("with a damaged file: %d, %v", n, err)
	}
}

// TestTheDigestLeadsToWhatWaits: counts and links, and nothing else.
func TestTheDigestLeadsToWhatWaits(t *testing.T) {
	text := Digest("en", waiting).Text
	want := "3 messages wait for review; the oldest for 2 days.\n    https://sluis.school.example/quarantine\n" +
		"1 released message could not be delivered.\n    https://sluis.school.example/quarantine?state=failed\n" +
		"4 appeals against a block are open.\n    https://sluis.school.example/appeals\n"
	if text != want {
		t.Errorf("the digest is\n%s, want\n%s", text, want)
	}
	offline := waiting
	offline.Console = ""
	if text := Digest("nl", offline).Text; strings.Contains(text, "/") {
		t.Errorf("without a console: %s", text)
	}
}

func TestTexts(t *testing.T) {
	langtest.Package(t, langtest.Families{
		"break-glass-": {"show", "release"},
		"role-name-":   langtest.Words(ledger.Roles),
		"role-change-": RoleChanges,
		"step-": {
			"order-requested", "order-advised", "order-decided", "order-refused", "order-used", "order-withdrawn",
			"order-investigator-withdrawn", "order-ended", "order-completed", "order-overdue",
			"order-destroyed",
		},
	})
}

// TestEveryNoticeIsThereInEveryLanguage, with nothing left to fill in, in lines that fit a mail program.
func TestEveryNoticeIsThereInEveryLanguage(t *testing.T) {
	for _, code := range lang.Languages() {
		for name, m := range map[string]Message{
			"checkpoint": Checkpoint(code, "School", []byte("x")),
			"digest":     Digest(code, waiting),
			"breach":     Breach(code, "a1", at),
			"released":   Released(code, "School", "x"),
			"access":     Access(code, "School"),
			"emergency":  BreakGlass(code, "School", "root", "show", "0123456789abcdef", strings.Repeat("een reden ", 30)),
			"step":       OrderStep(code, "School", "order-used", "a1", "https://sluis.school.example/orders/a1", at),
			"invitation": Invitation(code, "School", "els", "https://sluis.school.example/link/ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
			"roster":     RosterChanged(code, "School", everyRisk, false),
			"agreed":     RosterChanged(code, "School", everyRisk, true),
			"code":       Code(code, "School", "abcdefghij"),
			"role":       RoleChanged(code, Role{"School", "els", "els@school.example", "beheer", "roles", ledger.Roles[:2]}),
		} {
			if m.Subject == "" || strings.ContainsAny(m.Subject+m.Text, "⟦%") {
				t.Errorf("%s in %s: %q, %q, want a subject and a text", name, code, m.Subject, m.Text)
			}
			for line := range strings.Lines(m.Text) {
				if len([]rune(line)) > 90 {
					t.Errorf("%s in %s has a line of %d characters, want at most 90: %q", name, code, len(line), line)
				}
			}
		}
	}
}
