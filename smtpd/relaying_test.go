package smtpd

import (
	"sluis/rules"
	"strings"
	"testing"
)

// What must never happen, 5: an open relay. Every way known to make a relay pass on mail
// to another domain is tried from outside.
func TestNoRelayTrickGetsThrough(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, untrusted)
	tricks := []string{
		"<victim@elsewhere.example>",
		"<victim%elsewhere.example@school.example>",
		"<victim%elsewhere.example@[127.0.0.1]>",
		"<victim%elsewhere.example>",
		"<elsewhere.example!victim@school.example>",
		"<elsewhere.example!victim>",
		"<school.example!elsewhere.example!victim>",
		"<@school.example:victim@elsewhere.example>",
		"<@school.example,@gate.school.example:victim@elsewhere.example>",
		"<@elsewhere.example:victim@school.example>",
		`<"victim@elsewhere.example"@school.example>`,
		`<"victim%elsewhere.example"@school.example>`,
		`<"elsewhere.example!victim"@school.example>`,
		`<"@elsewhere.example:victim"@school.example>`,
		`<"victim\@elsewhere.example"@school.example>`,
		`<"victim@elsewhere.example">`,
		`<victim\@elsewhere.example@school.example>`,
		"<victim@elsewhere.example@school.example>",
		"<victim@school.example@elsewhere.example>",
		"<victim@[127.0.0.1]>",
		"<victim@[203.0.113.7]>",
		"<victim@[IPv6:::1]>",
		"<victim@[IPv6:2001:db8::1]>",
		"<victim@[school.example]>",
		"<victim@127.0.0.1>",
		"<victim@>",
		"<victim>",
		"<@school.example>",
		"<>",
		"<victim@school.example.elsewhere.example>",
		"<victim@elsewhere.school.example>",
		"<victim@notschool.example>",
		"<victim@school.example.>",
		"<victim@elsewhere.example.>",
		"<victim@ELSEWHERE.example>",
		"<victim@school.example,elsewhere.example>",
		"<victim@school.example elsewhere.example>",
		"<victim@elsewhere.example> <a@school.example>",
		"<victim@school.example\x00.elsewhere.example>",
		"<victim@elsewhere.example\x00school.example>",
		"<victim@elsewhere.example\rRCPT TO:<a@school.example>>",
		"<a@school.example>\rRCPT TO:<victim@elsewhere.example>",
		"victim@elsewhere.example",
		"victim@elsewhere.example@school.example",
		`"victim@elsewhere.example"@school.example`,
		"<victim@elsewhere.example> NOTIFY=NEVER",
		"<a@school.example> ORCPT=rfc822;a RCPT=<victim@elsewhere.example>",
		"<victim+school.example@elsewhere.example>",
		"<victim=elsewhere.example@elsewhere.example>",
		"<victim@school。example>", // ideographic full stop
		"<victim@ſchool.example>",
		"<victim@xn--school-.example>",
		"<victim:elsewhere.example@school.example>",
		"<ftp:victim@elsewhere.example>",
		`<"> RCPT TO:<victim@elsewhere.example"@school.example>`,
		`<"a@b> SIZE=1"@school.example>`,
		"<victim@elsewhere.example(school.example)>",
		"<victim@school.example(elsewhere.example)>",
		"<victim@elsewhere.example#school.example>",
		"<victim@elsewhere.example/school.example>",
	}
	senders := []string{
		"<>", "<> SMTPUTF8", "<a@x.example>", "<head@school.example>", "<HEAD@School.Example>", "<a@[127.0.0.1]>",
	}
	for _, from := range senders {
		c := st.client()
		for _, to := range tricks {
			c.cmd("RSET", "250")
			c.cmd("MAIL FROM:"+from, "250")
			c.write("RCPT TO:" + to + "\r\n")
			if rep := c.want(""); !strings.HasPrefix(rep, "5") {
				t.Errorf("from %s: RCPT TO:%s gets %q", from, to, rep)
			}
			if strings.HasPrefix(to, "<a@school.example>") {
				continue
			}
			// Enough errors for the limit: a new connection now and then.
			if c.t.Failed() {
				return
			}
			c.conn.Close()
			c = st.client()
		}
	}
	for _, l := range s.Commands() {
		if strings.HasPrefix(l, "RCPT") {
			t.Errorf("the next hop was asked: %q", l)
		}
	}
}

func TestOwnDomainsAreReachableFromOutside(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, untrusted)
	c := st.client()
	c.cmd("MAIL FROM:<>", "250")
	for _, to := range []string{
		"<a@school.example>", "<a@SCHOOL.Example>", "<a@own.example>", "<postmaster>", "<POSTMASTER@school.example>",
		`<"a b"@school.example>`, "<a+b@school.example>",
	} {
		c.cmd("RCPT TO:"+to, "250")
	}
	c.cmd("DATA", "354")
	c.write("x\r\n.\r\n")
	c.want("250")
	if n := len(s.Messages()[0].To); n != 7 {
		t.Errorf("%d recipients", n)
	}
}

func TestTrustedNetworksRelayAnywhere(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s)
	c := st.client()
	for _, from := range []string{"", "a@school.example", "a@elsewhere.example"} {
		c.send(from, "b@elsewhere.example", "x\r\n", "250")
	}
}

func TestWhatComesFromOutsideIsIncoming(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, untrusted)
	st.client().send("head@school.example", "a@school.example", "x\r\n", "250")
	if d := st.journal.all()[0].Direction; d.String() != "in" {
		t.Errorf("direction %v", d)
	}
	st = play(t, s)
	st.client().send("head@school.example", "a@school.example", "x\r\n", "250")
	if d := st.journal.all()[0].Direction; d.String() != "internal" {
		t.Errorf("direction %v", d)
	}
	st.client().send("x@elsewhere.nl", "a@school.example", "x\r\n", "250")
	if r := st.journal.all()[1]; r.Direction != rules.In {
		t.Errorf("got direction %v, want in", r.Direction)
	}
}
