package main_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// The next hop's replies reach the client as they are, and so do swaks' own mistakes get
// theirs. What came in whole is in the journal with the reply; nothing is quarantined.
func TestRepliesOfTheNextHop(t *testing.T) {
	testenv.Need(t, "swaks")
	for name, tc := range map[string]struct {
		mail  string
		hop   func(testenv.Step) testenv.Fault
		args  []string
		reply string
		code  int // in the journal, if the message itself came in
	}{
		"relaying is denied to strangers": {args: []string{"--to", parent, "--local-interface", "127.0.0.2"}, reply: "550 5.7.1 Relaying denied"},
		"too large, as declared": {args: []string{"--to", teacher, "--body", strings.Repeat("x", 80<<10),
			"--protocol", "ESMTP"}, mail: "  limits: {message-size: 64KB}", reply: "552 5.3.4", code: 552},
		"too many recipients": {args: []string{"--to", teacher + "," + head},
			mail: "  limits: {recipients: 1}", reply: "452 4.5.3", code: 250},
		"the next hop does not know them": {args: []string{"--to", teacher},
			hop: on(testenv.OnRcpt, "550 5.1.1 Onbekende ontvanger"), reply: "550 5.1.1 Onbekende ontvanger"},
		"the next hop greylists": {args: []string{"--to", teacher},
			hop: on(testenv.OnRcpt, "450 4.2.1 Later graag"), reply: "450 4.2.1 Later graag"},
		"the next hop dislikes the sender": {args: []string{"--to", teacher}, hop: on(testenv.OnMail, "553 5.1.8 Dit domein niet"),
			reply: "553 5.1.8 Dit domein niet"},
		"the next hop refuses the message": {args: []string{"--to", teacher},
			hop: on(testenv.OnBody, "554 5.6.0 Dat lezen wij niet"), reply: "554 5.6.0 Dat lezen wij niet", code: 554},
		"the next hop cannot now": {args: []string{"--to", teacher},
			hop: on(testenv.OnBody, "452 4.3.1 Schijf vol"), reply: "452 4.3.1 Schijf vol", code: 452},
		"the next hop has no time for DATA": {args: []string{"--to", teacher},
			hop: on(testenv.OnData, "451 4.3.2 Even niet"), reply: "451 4.3.2 Even niet", code: 451},
		"the next hop goes away in the body": {args: []string{"--to", teacher},
			hop: testenv.Fault{Drop: true}.At(testenv.OnBody), reply: "451 4.4.2", code: 451},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := testenv.StartSink(t)
			sink.Misbehave(tc.hop)
			g := newGateway(t, settings{nextHop: sink.Addr(), mail: tc.mail})
			out := swaks(t, g, append([]string{"--from", parent}, tc.args...)...)
			if !strings.Contains(out, tc.reply) {
				t.Errorf("swaks saw\n%s\nwant %q", out, tc.reply)
			}
			if n := len(sink.Arrivals()); n > 0 && tc.code != 250 {
				t.Error("a message arrived")
			}
			if held := g.held(); len(held) > 0 {
				t.Errorf("in quarantine: %+v", held)
			}
			n := 0
			if tc.code > 0 {
				n = 1
			}
			for _, r := range g.records(n) {
				if r.Reply != tc.code || r.Action != "pass" {
					t.Errorf("record %+v", r)
				}
			}
		})
	}
}

// on makes a next hop that gives a reply at a stage.
func on(stage testenv.Stage, reply string) func(testenv.Step) testenv.Fault {
	return testenv.Fault{Reply: reply}.At(stage)
}

// Every reply that is the gateway's own. None of them lets anything through: what was
// refused is neither at the next hop nor in quarantine.
func TestRepliesOfItsOwn(t *testing.T) {
	large := strings.Repeat(strings.Repeat("x", 76)+"\r\n", 1000)
	const mail, rcpt = "MAIL FROM:<juf@school.example>\r\n", "RCPT TO:<ouder@gezin.example>\r\n"
	type turn struct{ say, want string }
	for name, tc := range map[string]struct {
		mail, routes, policy string
		stranger             bool
		turns                []turn
		replies              []int // in the journal: one record for each message that came in whole
	}{
		"relaying": {stranger: true, turns: []turn{{"MAIL FROM:<juf@school.example>\r\n", "250 2.1.0"}, {rcpt, "550 5.7.1 Relaying denied"},
			{"RCPT TO:<ouder%gezin.example@school.example>\r\n", "550 5.7.1 Relaying denied"}}},
		"another route": {routes: "    - {to: [own], hosts: [%[1]q], tls: none}\n",
			turns: []turn{{mail, "250"}, {rcpt, "250"}, {"RCPT TO:<directie@school.example>\r\n", "451 4.5.3 Recipient goes another way, send to it separately"}}},
		"too many recipients": {mail: "  limits: {recipients: 1}",
			turns: []turn{{mail, "250"}, {rcpt, "250"}, {rcpt, "452 4.5.3 Too many recipients"}}},
		"too large by its SIZE": {mail: "  limits: {message-size: 64KB}",
			turns: []turn{{"MAIL FROM:<juf@school.example> SIZE=65537\r\n", "552 5.3.4 Message is too large"}}},
		"too large": {mail: "  limits: {message-size: 64KB}",
			turns: []turn{{mail, "250"}, {rcpt, "250"}, {"DATA\r\n", "354"},
				{large + ".\r\n", "552 5.3.4 Message is too large"}}, replies: []int{552}},
		"too large, in chunks": {mail: "  limits: {message-size: 64KB}",
			turns: []turn{{mail, "250"}, {rcpt, "250"},
				{fmt.Sprintf("BDAT %d LAST\r\n%s", len(large), large), "552 5.3.4 Message is too large"}},
			replies: []int{552}},
		"going round": {turns: []turn{{mail, "250"}, {rcpt, "250"}, {"DATA\r\n", "354"},
			{strings.Repeat("Received: from a by b\r\n", 51) + "\r\n.\r\n", "554 5.4.6 Routing loop detected"}},
			replies: []int{554}},
		"bare CR": {turns: []turn{{mail, "250"}, {rcpt, "250"}, {"DATA\r\n", "354"},
			{"a\rb\r\n.\r\n", "554 5.6.0 Bare carriage returns are not allowed"}}, replies: []int{554}},
		"NUL": {turns: []turn{{mail, "250"}, {rcpt, "250"}, {"DATA\r\n", "354"},
			{"a\x00b\r\n.\r\n", "554 5.6.0 NUL bytes are not allowed"}}, replies: []int{554}},
		"no time to look at it": {mail: "  limits: {inspection-time: 1ns}",
			turns: []turn{{mail, "250"}, {rcpt, "250"}, {"DATA\r\n", "354"},
				{"a\r\n.\r\n", "451 4.3.0 Local error, try again later"}}, replies: []int{451}},
		"not even for leaks": {mail: "  limits: {inspection-time: 1ns}", policy: "  on-failure: {leak: open}",
			turns:   []turn{{mail, "250"}, {rcpt, "250"}, {"DATA\r\n", "354"}, {"a\r\n.\r\n", "451 4.3.0"}},
			replies: []int{451}},
		"out of order": {turns: []turn{{rcpt, "50"}, {"DATA\r\n", "50"}, {mail, "250"}, {mail, "503 5.5.1 Nested MAIL command"}, {"DATA\r\n", "50"},
			{"BDAT 3 LAST\r\na\r\n", "50"}, {"NOOP\r\n", "250"}}},
		"bad addresses": {turns: []turn{{"MAIL FROM:<juf@>\r\n", "501 5.1.7"}, {"MAIL FROM:juf\r\n", "50"},
			{"MAIL FROM:<jürgen@school.example>\r\n", "553 5.6.7"}, {mail, "250"},
			{"RCPT TO:<>\r\n", "501 5.1.3"}, {"RCPT TO:<a b@gezin.example>\r\n", "50"}, {"RCPT TO:<öuder@gezin.example>\r\n", "553 5.6.7"}}},
		"no such thing": {turns: []turn{{"AUTH PLAIN AGEAYg==\r\n", "502 5.5.1 AUTH is not offered"},
			{"STARTTLS\r\n", "502"}, {"VRFY juf\r\n", "252"}, {"EXPN team\r\n", "50"}, {"BLAH\r\n", "50"}}},
		"a chunk of unsaid": {turns: []turn{{mail, "250"}, {rcpt, "250"}, {"BDAT veel LAST\r\n", "501 5.5.4 Syntax: BDAT size [LAST]"}, {"", "EOF"}}},
		"a line too long":   {turns: []turn{{"NOOP " + strings.Repeat("x", 5000) + "\r\n", "500 5.5.6 Line too long"}, {"", "EOF"}}},
		"too many commands": {mail: "  limits: {commands: 5}",
			turns: []turn{{"NOOP\r\n", "250"}, {"NOOP\r\n", "250"}, {"NOOP\r\n", "250"}, {"NOOP\r\n", "250"},
				{"NOOP\r\n", "421 4.7.0"}, {"", "EOF"}}},
		"silence":            {mail: "  limits: {idle: 300ms}", turns: []turn{{"", "421 4.4.2"}, {"", "EOF"}}},
		"a session for ever": {mail: "  limits: {session-time: 300ms}", turns: []turn{{"", "421 4.4.2"}, {"", "EOF"}}},
		"a body for ever": {mail: "  limits: {body-time: 300ms}",
			turns:   []turn{{mail, "250"}, {rcpt, "250"}, {"DATA\r\n", "354"}, {"a\r\n", "421 4.4.2"}, {"", "EOF"}},
			replies: []int{421}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := testenv.StartSink(t)
			if tc.routes != "" {
				tc.routes = fmt.Sprintf(tc.routes, testenv.StartSink(t).Addr())
			}
			g := newGateway(t, settings{nextHop: sink.Addr(), routes: tc.routes, mail: tc.mail, policy: tc.policy})
			c := dialRaw(t, g)
			if tc.stranger {
				c = dialStranger(t, g)
			}
			c.say("EHLO client.example\r\n", "250")
			for _, turn := range tc.turns {
				if turn.want == "EOF" {
					if b, err := c.r.ReadByte(); err != io.EOF {
						t.Errorf("the connection stays open: %q, %v", b, err)
					}
					continue
				}
				c.say(turn.say, turn.want)
			}
			c.Close()
			for i, r := range g.records(len(tc.replies)) {
				if r.Reply != tc.replies[i] || r.Action != "pass" || r.Rule != "" {
					t.Errorf("record %+v, want reply %d", r, tc.replies[i])
				}
			}
			if n := len(sink.Arrivals()) + len(g.held()); n > 0 {
				t.Errorf("%d messages got through", n)
			}
		})
	}
}

// A stranger with many connections gets a reply that says so; own servers may.
func TestConnectionsOfOneAddress(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), mail: "  limits: {connections-per-address: 1}"})
	dialStranger(t, g).say("EHLO a\r\n", "250")
	second := connect(t, g.addr, "127.0.0.2")
	second.want("421 4.7.0 sluis.school.example Too many connections from your address")
	dialRaw(t, g).say("EHLO a\r\n", "250")
	dialRaw(t, g).say("EHLO b\r\n", "250")
}

// A message that its client breaks off is nowhere, however much of it had come.
func TestABrokenOffMessageIsNowhere(t *testing.T) {
	t.Parallel()
	part := "X-Token: half\r\nSubject: a\r\n\r\n" + strings.Repeat(secret+"\r\n", 3000) // more than stays in memory
	for name, end := range map[string]struct {
		command, body, after, want string
	}{
		"connection lost in DATA":        {command: "DATA\r\n", body: part},
		"connection lost at the dot":     {command: "DATA\r\n", body: part + ".\r"},
		"connection lost in a chunk":     {body: fmt.Sprintf("BDAT %d LAST\r\n", len(part)+1) + part},
		"connection lost between chunks": {body: fmt.Sprintf("BDAT %d\r\n", len(part)) + part, want: "250"},
		"RSET between chunks":            {body: fmt.Sprintf("BDAT %d\r\n", len(part)) + part, want: "250", after: "RSET\r\n"},
		"QUIT between chunks":            {body: fmt.Sprintf("BDAT %d\r\n", len(part)) + part, want: "250", after: "QUIT\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := testenv.StartSink(t)
			g := newGateway(t, settings{nextHop: sink.Addr()})
			c := dialRaw(t, g)
			c.say("EHLO c\r\n", "250")
			c.say(fmt.Sprintf("MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nRCPT TO:<%s>\r\n", teacher, parent, head), "250",
				"250", "250")
			if end.command != "" {
				c.say(end.command, "354")
			}
			if end.want != "" {
				c.say(end.body, end.want)
			} else {
				c.say(end.body)
			}
			if end.after != "" {
				c.say(end.after, "2")
			}
			c.Close()
			g.eventually("let go of the connection", func() bool {
				return strings.Contains(string(g.page("metrics")), "sluis_smtp_connections 0\n")
			})
			g.records(1)
			if a, held := sink.Arrivals(), g.held(); len(a)+len(held) > 0 {
				t.Errorf("%v at the next hop, %v in quarantine", a, held)
			}
			if b := sink.Breaches(); len(b) > 0 {
				t.Errorf("the next hop got %q", b)
			}
			files, err := os.ReadDir(filepath.Join(g.data(), "spool"))
			if err != nil || len(files) > 0 {
				t.Errorf("%d files are left, %v", len(files), err)
			}
		})
	}
}

// Many chunks of all sizes, sent without waiting, and then the next message.
func TestPipelinedChunks(t *testing.T) {
	t.Parallel()
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	c := dialRaw(t, g)
	c.SetDeadline(time.Now().Add(testenv.Patience))
	c.say("EHLO client.example\r\n", "250")
	all, want := "", []string{}
	sums := map[string][32]byte{}
	for i := range 20 {
		token := fmt.Sprintf("chunks%d", i)
		body := "X-Token: " + token + "\r\n\r\n" + strings.Repeat(".\r\n..regel\r\nQUIT\r\n", 40*i) + "eind\r\n"
		sums[token] = testenv.TokenSum([]byte(body))
		all += fmt.Sprintf("MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\n", teacher, parent)
		want = append(want, "250", "250")
		for size := 1; len(body) > 0; size = size*3 + i {
			n := min(size, len(body))
			last := ""
			if n == len(body) {
				last = " LAST"
			}
			all += fmt.Sprintf("BDAT %d%s\r\n%s", n, last, body[:n])
			want = append(want, "250")
			body = body[n:]
		}
	}
	c.say(all, want...)
	for token, sum := range sums {
		if a := sink.Arrivals()[token]; a.Times != 1 || a.Sum != sum {
			t.Errorf("%s: %d times, or altered", token, a.Times)
		}
	}
}

// A message in chunks is one message, to scanner and next hop (RFC 3030, RFC 2920).
func TestChunksArePutTogether(t *testing.T) {
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	c := dialRaw(t, g)
	if all := c.say("EHLO client.example\r\n", "250"); !strings.Contains(all, "CHUNKING") {
		t.Fatalf("not offered: %s", all)
	}
	head, tail := "X-Token: whole\r\nSubject: a\r\n\r\nbody with . and\r\n.\r\n", "last\r\n"
	c.say(fmt.Sprintf("MAIL FROM:<%s> BODY=8BITMIME\r\nRCPT TO:<%s>\r\nBDAT %d\r\n%sBDAT 0\r\nBDAT %d LAST\r\n%s",
		teacher, parent, len(head), head, len(tail), tail),
		"250", "250", "250", "250", "250 ")
	if a := sink.Arrivals()["whole"]; a.Times != 1 || a.Sum != testenv.TokenSum([]byte(head+tail)) {
		t.Errorf("arrived %d times, or altered", a.Times)
	}
	// A password that a chunk cuts in two is found all the same.
	first, second := "X-Token: cut\r\nSubject: a\r\n\r\nwachtwo", "ord: Zomer!Regen84kast\r\n"
	c.say(fmt.Sprintf("MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nBDAT %d\r\n%sBDAT %d LAST\r\n%s", teacher, parent, len(first),
		first, len(second), second),
		"250", "250", "250", "250 ")
	if a := sink.Arrivals()["cut"]; a.Times != 0 || len(g.held()) != 1 {
		t.Errorf("arrived %d times, %d in quarantine", a.Times, len(g.held()))
	}
}

// Line ends are repaired once; what could mean two things is refused.
func TestOddLineEnds(t *testing.T) {
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	for i, tc := range []struct{ body, reply string }{
		{"X-Token: lf\nSubject: a\n\nbody\n", "250"},
		{"X-Token: cr\r\n\r\nbody\rmore\r\n", "554 5.6.0"},
		{"X-Token: nul\r\n\r\nbody\x00\r\n", "554 5.6.0"},
		{"X-Token: dot\r\n\r\nbody\n.\nMAIL FROM:<evil@x.example>\r\n", "554 5.6.0"},
	} {
		c := dialRaw(t, g)
		c.say("EHLO c\r\n", "250")
		c.say(fmt.Sprintf("MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n", parent, teacher), "250", "250", "354")
		c.say(tc.body+"\r\n.\r\n", tc.reply)
		if i == 0 {
			want := strings.ReplaceAll(tc.body, "\n", "\r\n") + "\r\n"
			if a := sink.Arrivals()["lf"]; a.Sum != testenv.TokenSum([]byte(want)) {
				t.Error("not repaired as it should")
			}
		}
	}
	if n := len(sink.Arrivals()); n != 1 {
		t.Errorf("%d messages arrived", n)
	}
	if r := g.records(4)[0]; r.Repaired != 4 {
		t.Errorf("%d line ends repaired", r.Repaired)
	}
}
