package smtpd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluis/internal/testenv"
	"sluis/smtpd/wire"
)

// stages are the points of a transaction, by what the client has sent.
var stages = map[string]testenv.Stage{
	"MAIL": testenv.OnMail, "RCPT": testenv.OnRcpt, "DATA": testenv.OnData, ".": testenv.OnBody,
}

func TestRepliesReachTheClientUnchanged(t *testing.T) {
	for _, at := range []string{"MAIL", "RCPT", "DATA", "."} {
		for _, rep := range []string{
			"450 4.2.0 mailbox busy",
			"550 5.1.1 no such user: you & me",
			"554 no enhanced code",
			"451-4.7.1 two\r\n451 4.7.1 lines",
		} {
			s := newSink(t)
			s.Misbehave(testenv.Fault{Reply: rep}.At(stages[at]))
			s.Start()
			st := play(t, s)
			c := st.client()
			check := func(got string) {
				if got != rep+"\r\n" {
					t.Errorf("at %s: %q, want %q", at, got, rep)
				}
			}
			c.write("MAIL FROM:<a@school.example>\r\n")
			if at == "MAIL" {
				check(c.want(""))
				c.cmd("RCPT TO:<b@school.example>", "5")
				continue
			}
			c.want("250")
			c.write("RCPT TO:<b@school.example>\r\n")
			if at == "RCPT" {
				check(c.want(""))
				c.cmd("DATA", "5")
				continue
			}
			c.want("250")
			c.cmd("DATA", "354")
			c.write("x\r\n.\r\n")
			check(c.want(""))
			c.cmd("MAIL FROM:<a@school.example>", "250")
		}
	}
}

func TestANextHopsGoodbyeIsNotOurs(t *testing.T) {
	for _, at := range []string{"MAIL", "RCPT", "DATA"} {
		s := newSink(t)
		s.Misbehave(testenv.Fault{Reply: "421 4.3.2 going down"}.At(stages[at]))
		s.Start()
		st := play(t, s)
		c := st.client()
		c.write("MAIL FROM:<a@school.example>\r\n")
		if at == "MAIL" {
			c.want("451 4.3.2 going down")
			continue
		}
		c.want("250")
		c.write("RCPT TO:<b@school.example>\r\n")
		if at == "RCPT" {
			c.want("451 4.3.2 going down")
			continue
		}
		c.want("250")
		c.cmd("DATA", "354")
		c.write("x\r\n.\r\n")
		c.want("451 4.3.2 going down")
		c.cmd("NOOP", "250")
	}
}

func TestHostsFailOver(t *testing.T) {
	refuses, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refuses.Close()
	busy := newSink(t)
	busy.Misbehave(testenv.Fault{Drop: true}.At(testenv.OnHello))
	busy.Start()
	s := newSink(t).Start()
	st := play(t, s, func(c *Config, _ *stage) {
		c.Routes[0].Hosts = []string{refuses.Addr().String(), busy.Addr(), s.Addr()}
	})
	c := st.client()
	c.send("a@school.example", "b@school.example", "x\r\n", "250")
	c.send("a@school.example", "b@school.example", "x\r\n", "250")
	if len(s.Messages()) != 2 || busy.Sessions() != 1 {
		t.Errorf("%d messages, %d tries of the bad host", len(s.Messages()), busy.Sessions())
	}
}

func TestNoNextHopIsTemporary(t *testing.T) {
	s := newSink(t)
	st := play(t, s)
	s.Stop()
	c := st.client()
	c.cmd("MAIL FROM:<a@school.example>", "451 4.4.1")
}

func TestConnectionsAreReused(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s)
	for range 5 {
		c := st.client()
		c.send("a@school.example", "b@school.example", "x\r\n", "250")
		c.send("a@school.example", "b@school.example", "x\r\n", "250")
		c.cmd("MAIL FROM:<a@school.example>", "250")
		c.cmd("QUIT", "221")
		c.closed()
	}
	if len(s.Messages()) != 10 || s.Sessions() != 1 {
		t.Errorf("%d messages over %d connections", len(s.Messages()), s.Sessions())
	}
}

func TestALostConnectionIsReplaced(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s)
	c := st.client()
	c.send("a@school.example", "b@school.example", "x\r\n", "250")
	s.Cut() // idle
	c.cmd("MAIL FROM:<a@school.example>", "250")
	s.Cut() // after MAIL
	c.cmd("RCPT TO:<b@school.example>", "250")
	c.cmd("RCPT TO:<c@school.example>", "250")
	s.Cut() // before the message
	c.cmd("DATA", "354")
	c.write("x\r\n.\r\n")
	c.want("250")
	m := s.Messages()
	if len(m) != 2 || len(m[1].To) != 2 {
		t.Errorf("%d messages", len(m))
	}
}

func TestALostReplyIsTemporaryAndNotTriedAgain(t *testing.T) {
	s := newSink(t)
	var n atomic.Int32
	s.Misbehave(func(step testenv.Step) testenv.Fault {
		if step.At == testenv.OnBody {
			n.Add(1)
		}
		return testenv.Fault{Drop: step.At == testenv.OnBody}
	})
	s.Start()
	st := play(t, s)
	c := st.client()
	c.send("a@school.example", "b@school.example", "x\r\n", "451 4.4.2")
	if n.Load() != 1 {
		t.Errorf("sent %d times", n.Load())
	}
	c.cmd("NOOP", "250")
}

func TestAStallingNextHopIsTemporary(t *testing.T) {
	s := newSink(t)
	s.Misbehave(testenv.Fault{Delay: testenv.Patience, Drop: true}.At(testenv.OnBody))
	s.Start()
	st := play(t, s, func(c *Config, _ *stage) { c.Routes[0].Body = 200 * time.Millisecond })
	st.client().send("a@school.example", "b@school.example", "x\r\n", "451 4.4.2")
}

func TestARefusalInTheMiddleOfABodyIsPassedOn(t *testing.T) {
	s := newSink(t)
	s.Misbehave(testenv.Fault{Reply: "552 5.3.4 too much"}.At(testenv.InBody))
	s.Start()
	body := strings.Repeat(strings.Repeat("x", 70)+"\r\n", 100_000)
	play(t, s).client().send("a@school.example", "b@school.example", body, "552 5.3.4 too much")
}

type failing struct{ r io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err == io.EOF {
		err = errors.New("disk gone")
	}
	return n, err
}

func TestACutSpoolIsNeverDelivered(t *testing.T) { // C2
	s := newSink(t).Start()
	st := play(t, s)
	e := Envelope{From: "a@school.example", To: []Recipient{{Path: "b@school.example"}}}
	rep, err := st.relay.Sender().Send(context.Background(), e, 100, failing{strings.NewReader("half a message\r\n")})
	if err != nil || rep.Code != 451 {
		t.Errorf("%v %v", rep, err)
	}
	for _, dirty := range []string{"a\nb\r\n", "a\r\nb\rc\r\n", "a\r\n\x00\r\n"} {
		rep, err := st.relay.Sender().Send(context.Background(), e, 100, strings.NewReader(dirty))
		if err != nil || rep.Code != 451 {
			t.Errorf("%q: %v %v", dirty, rep, err)
		}
	}
	time.Sleep(20 * time.Millisecond)
	if len(s.Messages()) != 0 {
		t.Errorf("delivered %q", s.Messages()[0].Data)
	}
}

func TestDeliverTellsWhatTheNextHopSays(t *testing.T) {
	s := newSink(t)
	s.Misbehave(func(step testenv.Step) (f testenv.Fault) {
		if strings.Contains(step.Line, "gone@") {
			f.Reply = "550 5.1.1 gone"
		}
		return f
	})
	s.Start()
	st := play(t, s)
	to := func(ps ...string) (e Envelope) {
		for _, p := range ps {
			e.To = append(e.To, Recipient{Path: p})
		}
		return e
	}
	sender := st.relay.Sender()
	rep, err := sender.Send(t.Context(), to("gone@school.example", "b@school.example"), 3, strings.NewReader("x\r\n"))
	if err != nil || rep.Code != 550 || len(s.Messages()) != 0 {
		t.Errorf("%d messages with reply %d, %v; want none and 550", len(s.Messages()), rep.Code, err)
	}
	for _, e := range []Envelope{to(), to("bad path@"), {From: "b@d", To: []Recipient{{Path: "a@b@c"}}}} {
		if _, err := sender.Send(t.Context(), e, 3, strings.NewReader("x\r\n")); err == nil {
			t.Errorf("%+v: no error", e)
		}
	}
	rep, err = sender.Send(t.Context(), to("b@school.example"), 3, strings.NewReader("..x\r\n.\r\n"))
	if err != nil || !rep.OK() {
		t.Errorf("reply %d, %v; want 250", rep.Code, err)
	}
	if got := s.Messages()[0].Data; string(got) != "..x\r\n.\r\n" {
		t.Errorf("%q", got)
	}
}

func TestTLSToTheNextHop(t *testing.T) {
	ca := newAuthority(t)
	good := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1")}}
	stranger := &tls.Config{Certificates: []tls.Certificate{newAuthority(t).issue(t, "127.0.0.1")}}
	broken := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return nil, errors.New("broken")
	}}
	for _, tt := range []struct {
		name  string
		mode  TLSMode
		hop   *tls.Config
		reply string
		tls   bool
	}{
		{"none", TLSNone, good, "250", false},
		{"opportunistic, offered", TLSOpportunistic, good, "250", true},
		{"opportunistic, anybody", TLSOpportunistic, stranger, "250", true},
		{"opportunistic, not offered", TLSOpportunistic, nil, "250", false},
		{"opportunistic, broken", TLSOpportunistic, broken, "250", false},
		{"required, anybody", TLSRequired, stranger, "250", true},
		{"required, not offered", TLSRequired, nil, "451", false},
		{"required, broken", TLSRequired, broken, "451", false},
		{"verified", TLSVerified, good, "250", true},
		{"verified, stranger", TLSVerified, stranger, "451", false},
		{"verified, not offered", TLSVerified, nil, "451", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSink(t)
			s.TLS = tt.hop
			s.Start()
			st := play(t, s, func(c *Config, _ *stage) {
				c.Routes[0].TLS = tt.mode
				c.Routes[0].TLSConfig = &tls.Config{RootCAs: ca.pool}
			})
			c := st.client()
			c.cmd("MAIL FROM:<a@school.example>", tt.reply)
			if tt.reply != "250" {
				return
			}
			c.cmd("RCPT TO:<b@school.example>", "250")
			c.cmd("DATA", "354")
			c.write("x\r\n.\r\n")
			c.want("250")
			if m := s.Messages()[0]; m.TLS != tt.tls {
				t.Errorf("TLS %v", m.TLS)
			}
		})
	}
}

func TestLoginAtASmarthost(t *testing.T) {
	for _, mechs := range []string{"PLAIN LOGIN", "LOGIN", "CRAM-MD5"} {
		s := newSink(t)
		s.Extensions = append([]string{"AUTH " + mechs}, testenv.AllExtensions...)
		var step atomic.Int32
		s.Misbehave(func(command testenv.Step) (f testenv.Fault) {
			switch {
			case command.Line == "AUTH PLAIN AHVzZXIAc2VjcmV0":
				f.Reply = "235 2.7.0 welcome"
			case command.Line == "AUTH LOGIN":
				step.Store(1)
				f.Reply = "334 VXNlcm5hbWU6"
			case step.Load() == 1 && command.Line == "dXNlcg==":
				step.Store(2)
				f.Reply = "334 UGFzc3dvcmQ6"
			case step.Load() == 2 && command.Line == "c2VjcmV0":
				step.Store(0)
				f.Reply = "235 2.7.0 welcome"
			case strings.HasPrefix(command.Line, "AUTH"):
				f.Reply = "535 5.7.8 no"
			}
			return f
		})
		s.Start()
		st := play(t, s, func(c *Config, _ *stage) { c.Routes[0].Auth = &Auth{Username: "user", Password: "secret"} })
		want := "250"
		if mechs == "CRAM-MD5" {
			want = "451"
		}
		st.client().cmd("MAIL FROM:<a@school.example>", want)
	}
}

func TestAPasswordNeverGoesInClear(t *testing.T) {
	for _, m := range []TLSMode{TLSNone, TLSOpportunistic} {
		r := Route{Name: "x", Hosts: []string{"smarthost.example:587"}, TLS: m, Auth: &Auth{Username: "u"}}
		if r.check() == nil {
			t.Errorf("%v: accepted", m)
		}
	}
}

func TestRepliesAreBounded(t *testing.T) {
	for _, bad := range []string{
		"", "x\r\n", "2500 ok\r\n", "99 no\r\n", "600 no\r\n", "250-a\r\n251 b\r\n",
		"250 " + strings.Repeat("x", 5000) + "\r\n", strings.Repeat("250-x\r\n", 200) + "250 x\r\n",
		"250-unfinished\r\n", "abc def\r\n",
	} {
		if r, err := wire.ReadReply(bufio.NewReaderSize(strings.NewReader(bad), 4096)); err == nil {
			t.Errorf("%.30q: %+v", bad, r)
		}
	}
	r, err := wire.ReadReply(bufio.NewReaderSize(strings.NewReader("250-a\r\n250-b\x00\x1b[c\r\n250\r\n"), 4096))
	if err != nil || string(r.AppendTo(nil)) != "250-a\r\n250-b  [c\r\n250 \r\n" {
		t.Errorf("%q %v", r.AppendTo(nil), err)
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, func(c *Config, _ *stage) { c.Routes[0].Idle = 50 * time.Millisecond })
	st.client().send("a@school.example", "b@school.example", "x\r\n", "250")
	testenv.Eventually(t, "QUIT", func() bool {
		ls := s.Commands()
		return ls[len(ls)-1] == "QUIT"
	})
}

func TestStufferDoublesDots(t *testing.T) {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	d := stuffer{w: w, start: true}
	for _, p := range []string{".", "a\r\n", ".", ".\r", "\n", "x.\r\n", ".\r\n"} {
		d.Write([]byte(p))
	}
	w.Flush()
	if b.String() != "..a\r\n...\r\nx.\r\n..\r\n" {
		t.Errorf("%q", b.String())
	}
}
