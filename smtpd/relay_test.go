package smtpd

import (
	"strings"
	"testing"
)

func TestHarmlessMailArrives(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s)
	c := st.client()
	rep := c.send("a@school.example", "b@elsewhere.example", "Subject: x\r\n\r\nhello\r\n..dot\r\n", "250")
	if rep != "250 2.0.0 sink has it\r\n" {
		t.Errorf("reply %q is not the next hop's", rep)
	}
	c.cmd("QUIT", "221")
	got := s.Messages()
	if len(got) != 1 {
		t.Fatalf("%d messages", len(got))
	}
	if b := content(t, got[0]); b != "Subject: x\r\n\r\nhello\r\n.dot\r\n" {
		t.Errorf("body %q", b)
	}
	if want := "MAIL FROM:<a@school.example>"; got[0].From != want {
		t.Errorf("the next hop got %q, want %q", got[0].From, want)
	}
	if want := "RCPT TO:<b@elsewhere.example>"; strings.Join(got[0].To, " ") != want {
		t.Errorf("the next hop got %q, want %q", got[0].To, want)
	}
	if rs := st.journal.all(); len(rs) != 1 || rs[0].Reply != 250 || rs[0].Recipients != 1 {
		t.Errorf("journal %+v", rs)
	}
	t.Logf("%s", got[0].Data)
}
