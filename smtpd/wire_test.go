package smtpd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
	"sluis/rules"
)

func TestEndOfDataIsExactlyCRLFDotCRLF(t *testing.T) { // S1, S2
	for _, tt := range []struct {
		name, body, reply, want string
	}{
		{"plain", "x\r\n", "250", "x\r\n"},
		{"empty", "", "250", ""},
		{"only a stuffed dot", "..\r\n", "250", ".\r\n"},
		{"stuffed dots", "..a\r\n...\r\n", "250", ".a\r\n..\r\n"},
		{"two CRs before the end", "x\r\r\n", "554", ""},
		{"CR behind a dot", "x\r\n.\rY\r\n", "554", ""},
		{"dot CR CR LF is not the end", "x\r\n.\r\r\nMAIL FROM:<a@x>\r\n", "554", ""},
		{"bare CR", "a\rb\r\n", "554", ""},
		{"CR last before the end", "a\r\n\r\r\n", "554", ""},
		{"NUL", "a\x00b\r\n", "554", ""},
		{"bare LF is repaired", "a\nb\r\nc\n\r\n", "250", "a\r\nb\r\nc\r\n\r\n"},
		{"dots behind a bare LF stay", "a\n..b\r\n", "250", "a\r\n..b\r\n"},
		{"smuggling LF.LF", "a\n.\nMAIL FROM:<evil@x>\r\n", "554", ""},
		{"smuggling LF.CRLF", "a\n.\r\nMAIL FROM:<evil@x>\r\n", "554", ""},
		{"smuggling CRLF.LF", "a\r\n.\nMAIL FROM:<evil@x>\r\n", "554", ""},
		{"smuggling CR.CR", "a\r.\rMAIL FROM:<evil@x>\r\n", "554", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSink(t).Start()
			st := play(t, s)
			c := st.client()
			c.send("a@school.example", "b@school.example", tt.body, tt.reply)
			c.cmd("NOOP", "250") // in step
			if tt.reply != "250" {
				if len(s.Messages()) != 0 {
					t.Errorf("delivered %q", s.Messages()[0].Data)
				}
				if rs := st.journal.all(); len(rs) != 1 || rs[0].Reply != 554 {
					t.Errorf("journal %+v", rs)
				}
				c.send("a@school.example", "b@school.example", "next\r\n", "250")
				return
			}
			if got := content(t, s.Messages()[0]); got != tt.want {
				t.Errorf("body %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRepairsAreCounted(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s)
	st.client().send("a@school.example", "b@school.example", "a\nb\nc\r\n", "250")
	if rs := st.journal.all(); rs[0].Repaired != 2 {
		t.Errorf("repaired %d", rs[0].Repaired)
	}
}

func TestAPipelinedSessionInOneSegment(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s)
	c := dial(t, st.addr)
	c.want("220")
	c.write("EHLO x\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@school.example>\r\nDATA\r\nhi\r\n.\r\n" +
		"MAIL FROM:<>\r\nRCPT TO:<c@school.example>\r\nBDAT 6 LAST\r\nhello\n" +
		"MAIL FROM:<>\r\nRCPT TO:<d@school.example>\r\nBDAT 3\r\na\r\nBDAT 3 LAST\r\n\nb\r" + "QUIT\r\n")
	for _, want := range strings.Fields("250- 250 250 354 250 250 250 250 250 250 250 554 221") {
		c.want(want)
	}
	c.closed()
	got := s.Messages()
	if len(got) != 2 || content(t, got[0]) != "hi\r\n" || content(t, got[1]) != "hello\r\n" {
		t.Fatalf("%d messages", len(got))
	}
}

func TestChunksAreCountedBytes(t *testing.T) { // S5, S7
	long := strings.Repeat("x", 100_000) + "\r\n"
	for _, tt := range []struct {
		name   string
		chunks []string
		want   string
	}{
		{"one long line in one segment", []string{long}, long},
		{"no final line end", []string{"abc"}, "abc\r\n"},
		{"bare LF over BDAT is repaired", []string{"a\nb\n"}, "a\r\nb\r\n"},
		{"a lone dot is content", []string{"a\r\n.\r\nMAIL FROM:<evil@x>\r\n"}, "a\r\n.\r\nMAIL FROM:<evil@x>\r\n"},
		{"a lone dot behind bare LF is content", []string{"a\n.\nb\n"}, "a\r\n.\r\nb\r\n"},
		{"dots are not unstuffed", []string{"..a\r\n..", ".\r\n"}, "..a\r\n...\r\n"},
		{"CRLF cut by a chunk", []string{"a\r", "\nb", "\r\n"}, "a\r\nb\r\n"},
		{"empty chunks", []string{"", "a\r\n", "", ""}, "a\r\n"},
		{"empty message", []string{""}, ""},
		{"command inside a chunk", []string{"NOOP\r\n", "QUIT\r\n"}, "NOOP\r\nQUIT\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSink(t).Start()
			st := play(t, s)
			c := st.client()
			c.envelope("a@school.example", "b@school.example")
			for i, ch := range tt.chunks {
				last := ""
				if i == len(tt.chunks)-1 {
					last = " LAST"
				}
				c.write(fmt.Sprintf("BDAT %d%s\r\n%s", len(ch), last, ch))
				c.want("250")
			}
			c.cmd("NOOP", "250")
			if got := content(t, s.Messages()[0]); got != tt.want {
				t.Errorf("body %.100q, want %.100q", got, tt.want)
			}
		})
	}
}

func TestChunksOutOfTurn(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, func(c *Config, _ *stage) { c.Limits.MessageSize = 100 })
	c := st.client()

	c.write("BDAT 6 LAST\r\nNOOP\r\n") // no transaction: the chunk is skipped, not run
	c.want("502")
	c.cmd("NOOP", "250")

	c.envelope("a@school.example", "b@school.example")
	c.write("BDAT 2\r\nhi")
	c.want("250")
	c.cmd("MAIL FROM:<x@x.example>", "503")
	c.cmd("DATA", "503")
	c.cmd("NOOP", "250")
	c.cmd("RSET", "250") // gives the message up
	c.cmd("DATA", "502")

	c.envelope("a@school.example", "b@school.example")
	c.write("BDAT 60\r\n" + strings.Repeat("a", 60))
	c.want("250")
	c.write("BDAT 60\r\n" + strings.Repeat("a", 60))
	c.want("552")
	c.cmd("NOOP", "250")

	c.envelope("a@school.example", "b@school.example")
	c.write("BDAT 2\r\nhi")
	c.want("250")
	c.cmd("EHLO again", "250")
	c.send("a@school.example", "b@school.example", "fine\r\n", "250")

	c.envelope("a@school.example", "b@school.example")
	c.write("BDAT 2\r\nhi")
	c.want("250")
	c.write("BDAT two LAST\r\nQUIT\r\n") // it is not known where the chunk ends
	c.want("501")
	c.closed()
	if n := len(s.Messages()); n != 1 {
		t.Errorf("%d messages delivered", n)
	}
}

func TestADroppedConnectionIsNotTheEnd(t *testing.T) { // S14
	for _, how := range []string{"DATA\r\nhalf a message\r\n", "BDAT 100 LAST\r\nhalf", "BDAT 4\r\nhalf"} {
		s := newSink(t).Start()
		st := play(t, s)
		c := st.client()
		c.envelope("a@school.example", "b@school.example")
		c.write(how)
		c.conn.Close()
		testenv.Eventually(t, "a record", func() bool { return len(st.journal.all()) == 1 })
		if len(s.Messages()) != 0 {
			t.Errorf("%q: delivered", how)
		}
		if r := st.journal.all()[0]; r.Reply/100 == 2 || r.Recipients != 0 {
			t.Errorf("%q: journal %+v", how, r)
		}
	}
}

func TestIdleTimeIsRenewedAndTotalTimeIsNot(t *testing.T) { // S4
	s := newSink(t).Start()
	st := play(t, s, func(c *Config, _ *stage) { c.Limits.Idle = 400 * time.Millisecond })
	c := st.client()
	c.envelope("a@school.example", "b@school.example")
	c.cmd("DATA", "354")
	for range 10 { // longer than the idle time in total
		c.write("line\r\n")
		time.Sleep(80 * time.Millisecond)
	}
	c.write(".\r\n")
	c.want("250")
	c.want("421") // now idle
	c.closed()

	st = play(t, s, func(c *Config, _ *stage) { c.Limits.BodyTime = 300 * time.Millisecond })
	c = st.client()
	c.envelope("a@school.example", "b@school.example")
	c.cmd("DATA", "354")
	for range 20 {
		if _, err := c.conn.Write([]byte("line\r\n")); err != nil {
			break
		}
		time.Sleep(30 * time.Millisecond)
	}
	c.want("421")
	if n := len(s.Messages()); n != 1 {
		t.Errorf("%d delivered", n)
	}
}

func TestNestedMailIsRefused(t *testing.T) { // S8
	s := newSink(t).Start()
	st := play(t, s)
	c := st.client()
	c.envelope("a@school.example", "b@school.example")
	c.cmd("MAIL FROM:<second@x.example>", "503 5.5.1")
	c.cmd("DATA", "354")
	c.write("x\r\n.\r\n")
	c.want("250")
	if m := s.Messages()[0]; m.From != "MAIL FROM:<a@school.example>" {
		t.Errorf("from %q", m.From)
	}
}

func TestPathsAndParametersAreExact(t *testing.T) { // S9, S10, C3, C6
	s := newSink(t)
	s.Start()
	st := play(t, s)
	for _, tt := range []struct{ mail, rcpt string }{
		{"MAIL FROM:<>", "RCPT TO:<postmaster>"},
		{"MAIL FROM:<> BODY=7BIT", "RCPT TO:<Postmaster>"},
		{`MAIL FROM:<"a b"@School.Example> SIZE=1234 BODY=8BITMIME`, `RCPT TO:<"a@b> SIZE=1"@school.example>`},
		{`MAIL FROM:<"q\"uote"@x.example> RET=HDRS ENVID=ab+2Bc`, `RCPT TO:<"x\\y"@school.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@school.example`},
		{"MAIL FROM:<jürgen@müller.example> SMTPUTF8", "RCPT TO:<κ@school.example> ORCPT=utf-8;x@school.example"},
		{"MAIL FROM:<A.B+c@EXAMPLE.NL>", "RCPT TO:<UPPER+lower@SCHOOL.example>"},
		{"MAIL FROM:<a..b.@phone.example>", "RCPT TO:<user@[127.0.0.9]>"},
	} {
		c := st.client()
		c.cmd(tt.mail, "250 2.1.0 sink takes the sender")
		c.cmd(tt.rcpt, "250 2.1.5 sink takes the recipient")
		c.cmd("DATA", "354")
		c.write("x\r\n.\r\n")
		c.want("250")
		all := s.Messages()
		m := all[len(all)-1]
		if m.From != tt.mail || m.To[0] != tt.rcpt {
			t.Errorf("next hop got\n%s\n%s\nwant\n%s\n%s", m.From, m.To[0], tt.mail, tt.rcpt)
		}
	}
}

func TestBadPathsAreRefused(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s)
	c := st.client()
	for _, p := range []string{
		"<a@>", "<@b>", "<a>", "a b@c", "<a@b", "<a@b@c>", "<a@b..c>", "<a@.b>", "<a@b.>", `<"a@b>`, "<a@b>x",
		"<a b@c>", "<a@b c>", "<a@[1.2.3]>", "<a@b;c>", "<a\tb@c>", "<\x01@c>",
	} {
		c.cmd("MAIL FROM:"+p, "50")
	}
	c.cmd("MAIL FROM:<jürgen@x.example>", "553 5.6.7")
	c.cmd("MAIL FROM:<a@x.example> FOO=BAR", "50")
	c.cmd("MAIL FROM:<a@x.example> BODY=BINARYMIME", "50")
	c.cmd("MAIL FROM:<a@x.example> SIZE=99999999999", "5")
	c.cmd("MAIL FROM: <a@x.example>", "250") // a stray space is common
	c.cmd("RCPT TO:<@relay.example:b@school.example>", "501")
	c.cmd("RCPT TO:b@school.example", "250")
}

func TestOnlyWhatTheNextHopCanDoIsOffered(t *testing.T) { // S6
	s := newSink(t)
	s.Extensions = []string{"SIZE 1000"}
	s.Start()
	st := play(t, s)
	c := dial(t, st.addr)
	c.want("220")
	want := "250-gate.school.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 CHUNKING\r\n"
	if got := c.cmd("EHLO x", "250"); got != want {
		t.Errorf("EHLO offers\n%s, want\n%s", got, want)
	}
	c.cmd("MAIL FROM:<a@x.example> SMTPUTF8", "550 5.6.7")
	c.cmd("MAIL FROM:<a@x.example> BODY=8BITMIME", "554 5.6.3")
	c.cmd("MAIL FROM:<a@x.example> RET=FULL", "455")
	c.cmd("MAIL FROM:<a@x.example> BODY=7BIT SIZE=5", "250")
	c.cmd("RCPT TO:<b@school.example> NOTIFY=NEVER", "455")
	c.cmd("RCPT TO:<b@school.example>", "250")
	c.cmd("AUTH PLAIN AAAA", "502")
	c.cmd("STARTTLS", "502")

	st = play(t, newSink(t).Start())
	c = dial(t, st.addr)
	c.want("220")
	for _, k := range []string{"8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"} {
		if got := c.cmd("EHLO x", "250"); !strings.Contains(got, k+"\r\n") {
			t.Errorf("%s is not offered: %s", k, got)
		}
	}
}

func TestAbuseEndsWith421(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, func(c *Config, _ *stage) { c.Limits.Errors = 5; c.Limits.Commands = 20 })
	c := st.client()
	for range 6 {
		c.cmd("MAIL FROM:<@>", "501")
	}
	c.cmd("NOOP", "421")
	c.closed()

	c = st.client()
	for range 19 {
		c.cmd("NOOP", "250")
	}
	c.cmd("NOOP", "421")
	c.closed()

	c = st.client()
	c.write(strings.Repeat("x", 5000) + "\r\n")
	c.want("500")
	c.closed()
}

func TestControlCharactersInCommands(t *testing.T) {
	st := play(t, newSink(t).Start())
	c := st.client()
	c.cmd("MAIL FROM:<a\rb@x.example>", "500")
	c.cmd("NOOP \x00", "500")
	c.write("NOOP\n") // as typed by hand
	c.want("250")
}

func TestRecipientsOfAnotherRouteAreDeferred(t *testing.T) {
	in, out := newSink(t).Start(), newSink(t).Start()
	st := play(t, in, func(c *Config, _ *stage) {
		c.Routes = []Route{
			{Name: "in", Hosts: []string{in.Addr()}, Directions: []rules.Direction{rules.In, rules.Internal}},
			{Name: "out", Hosts: []string{out.Addr()}},
		}
	})
	c := st.client()
	c.envelope("a@school.example", "b@school.example")
	c.cmd("RCPT TO:<c@elsewhere.example>", "451 4.5.3")
	c.cmd("DATA", "354")
	c.write("x\r\n.\r\n")
	c.want("250")
	c.send("a@school.example", "c@elsewhere.example", "x\r\n", "250")
	if len(in.Messages()) != 1 || len(out.Messages()) != 1 || len(in.Messages()[0].To) != 1 {
		t.Errorf("in %d, out %d", len(in.Messages()), len(out.Messages()))
	}
}
