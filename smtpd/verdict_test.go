package smtpd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/testenv"
	"sluis/rules"
)

func verdict(a filter.Action, p rules.Purpose, c rules.Category, clause string) filter.Verdict {
	cl, err := rules.ParseClause(clause)
	if err != nil {
		panic(err)
	}
	return filter.Verdict{Action: a, Purpose: p, Category: c, Clause: cl}
}

var (
	leak    = verdict(filter.Quarantine, rules.Leak, rules.Identity, "C2.4a")
	insult  = verdict(filter.Reject, rules.Conduct, rules.Insult, "C2.2a")
	advised = verdict(filter.Tag, rules.Conduct, rules.FileSharing, "C2.1a")
)

func deciding(v filter.Verdict, ds ...rules.Direction) func(*Config, *stage) {
	return func(_ *Config, st *stage) {
		st.policy.decide = func(_ *filter.Inspection, d rules.Direction) filter.Verdict {
			if len(ds) == 0 || rules.DirectionsOf(ds...).Has(d) {
				return v
			}
			return filter.Verdict{}
		}
	}
}

const letter = "Subject: x\r\n\r\nhello\r\n"

func TestALeakIsSetAsideWholeAndDurable(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, deciding(leak))
	c := st.client()
	c.cmd("MAIL FROM:<a@school.example> SIZE=20 RET=HDRS", "250")
	c.cmd("RCPT TO:<b@elsewhere.example> NOTIFY=NEVER", "250")
	c.cmd("DATA", "354")
	c.write(letter + ".\r\n")
	c.want("250 2.0.0 Ok: queued as ")
	es := st.store.all()
	if len(es) != 1 || len(s.Messages()) != 0 {
		t.Fatalf("%d entries, %d delivered", len(es), len(s.Messages()))
	}
	e := es[0]
	if got := content(t, &testenv.Message{Data: e.content}); got != letter {
		t.Errorf("sealed %q", got)
	}
	if v := e.Envelope; v.From != "a@school.example" || len(v.To) != 1 || v.To[0].Path != "b@elsewhere.example" {
		t.Errorf("the envelope in quarantine is %+v, want that of the client", v)
	}
	if e.Direction != rules.Out || e.Verdict != leak {
		t.Errorf("the entry goes %v by %+v, want out by %+v", e.Direction, e.Verdict, leak)
	}
	rs := st.journal.all()
	if len(rs) != 1 || rs[0].ID != e.ID || rs[0].Reply != 250 {
		t.Fatalf("journal %+v, want one record of the entry, with 250", rs)
	}
	if r := rs[0]; r.Action != filter.Quarantine || r.Category != rules.Identity {
		t.Errorf("the journal says %v for %v, want quarantine for identity", r.Action, r.Category)
	}

	// What was set aside is released through the same route, not inspected again.
	rep, err := st.relay.Sender().Send(t.Context(), e.Envelope, int64(len(e.content)), bytes.NewReader(e.content))
	if err != nil || rep.Code != 250 {
		t.Fatalf("Send: reply %d, %v; want 250", rep.Code, err)
	}
	m := s.Messages()[0]
	if !bytes.Equal(m.Data, e.content) {
		t.Errorf("released %q, want what is in quarantine", m.Data)
	}
	if want := "RCPT TO:<b@elsewhere.example> NOTIFY=NEVER"; !strings.HasPrefix(m.To[0], want) {
		t.Errorf("released to %q, want %q", m.To[0], want)
	}
	if !strings.Contains(m.From, "RET=HDRS") {
		t.Errorf("released from %q, want it with RET=HDRS", m.From)
	}
	// The connection is in order afterwards.
	c.cmd("NOOP", "250")
}

func TestSomeRecipientsAreQuarantinedAndOthersGetIt(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, deciding(leak, rules.Out))
	c := st.client()
	c.envelope("a@school.example", "colleague@school.example", "out@elsewhere.example", "other@school.example")
	c.cmd("DATA", "354")
	c.write(letter + ".\r\n")
	c.want("250 2.0.0 sink has it")
	m := s.Messages()
	want := "RCPT TO:<colleague@school.example>,RCPT TO:<other@school.example>"
	if len(m) != 1 || strings.Join(m[0].To, ",") != want {
		t.Fatalf("delivered %+v, want one to %s", m, want)
	}
	es := st.store.all()
	if len(es) != 1 || len(es[0].Envelope.To) != 1 || es[0].Envelope.To[0].Path != "out@elsewhere.example" {
		t.Fatalf("entries %+v", es)
	}
	if strings.Contains(string(m[0].Data), "elsewhere") {
		t.Error("one recipient learns of another")
	}
	if rs := st.journal.all(); len(rs) != 1 || rs[0].Direction != rules.Out || rs[0].Recipients != 3 {
		t.Errorf("journal %+v", rs)
	}
}

func TestTheEntryIsWithdrawnIfTheNextHopFails(t *testing.T) {
	for _, fault := range []string{"452 4.3.1 full", "554 5.0.0 no", "421 4.3.2 bye", ""} {
		s := newSink(t)
		s.Misbehave(testenv.Fault{Reply: fault, Drop: fault == ""}.At(testenv.OnBody))
		s.Start()
		st := play(t, s, deciding(leak, rules.Out))
		c := st.client()
		c.envelope("a@school.example", "colleague@school.example", "out@elsewhere.example")
		c.cmd("DATA", "354")
		c.write(letter + ".\r\n")
		c.want("45")
		if len(st.store.all()) != 0 || st.store.withdrawn != 1 {
			t.Errorf("%q: entry stays", fault)
		}
		if rs := st.journal.all(); len(rs) != 1 || rs[0].Reply/100 != 4 {
			t.Errorf("%q: journal %+v", fault, rs)
		}
	}
}

func TestRecipientsThatAreNoLongerWelcomeDeferTheMessage(t *testing.T) {
	s := newSink(t)
	var rcpts atomic.Int32
	s.Misbehave(func(step testenv.Step) (f testenv.Fault) {
		if step.At == testenv.OnRcpt && rcpts.Add(1) > 2 {
			f.Reply = "550 5.1.1 gone"
		}
		return f
	})
	s.Start()
	st := play(t, s, deciding(leak, rules.Out))
	c := st.client()
	c.envelope("a@school.example", "colleague@school.example", "out@elsewhere.example")
	c.cmd("DATA", "354")
	c.write(letter + ".\r\n")
	c.want("451")
	if len(st.store.all()) != 0 || len(s.Messages()) != 0 {
		t.Error("something stays")
	}
}

func TestARejectNamesTheClause(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, deciding(insult, rules.Out))
	c := st.client()
	c.envelope("a@school.example", "colleague@school.example", "out@elsewhere.example")
	c.cmd("DATA", "354")
	c.write(letter + ".\r\n")
	if rep := c.want("550 5.7.1"); !strings.Contains(rep, "C2.2a") {
		t.Errorf("reply %q", rep)
	}
	if len(s.Messages()) != 0 || len(st.store.all()) != 0 {
		t.Error("something stays")
	}
	c.cmd("MAIL FROM:<a@school.example>", "250")
}

func TestATagIsOneHeaderOnTop(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, deciding(advised))
	st.client().send("a@school.example", "b@elsewhere.example", letter, "250")
	if got := content(t, s.Messages()[0]); got != "X-Sluis: file-sharing; C2.1a\r\n"+letter {
		t.Errorf("%q", got)
	}
}

func TestNothingPassesUninspected(t *testing.T) {
	broken := errors.New("engine broke")
	for name, set := range map[string]func(*Config, *stage){
		"error": func(_ *Config, st *stage) {
			st.policy.inspect = func(context.Context, filter.Item, rules.Purposes) (*filter.Inspection, error) {
				return nil, broken
			}
		},
		"panic": func(_ *Config, st *stage) {
			st.policy.inspect = func(context.Context, filter.Item, rules.Purposes) (*filter.Inspection, error) {
				panic("content")
			}
		},
		"no time": func(c *Config, st *stage) {
			c.Limits.Inspect = 50 * time.Millisecond
			st.policy.inspect = func(ctx context.Context, _ filter.Item, _ rules.Purposes) (*filter.Inspection, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		},
		"hangs": func(c *Config, st *stage) {
			c.Limits.Inspect = 50 * time.Millisecond
			st.policy.inspect = func(_ context.Context, it filter.Item, _ rules.Purposes) (*filter.Inspection, error) {
				time.Sleep(1500 * time.Millisecond)
				if _, err := io.ReadAll(io.NewSectionReader(it.Content, 0, it.Size)); err != nil {
					t.Error("the spool was taken away from a running inspection")
				}
				return &filter.Inspection{}, nil
			}
		},
		"grounds": func(_ *Config, st *stage) {
			st.policy.grounds = func(filter.ID, rules.Directions, []string) (filter.Grounds, error) {
				return filter.Grounds{}, broken
			}
		},
		"nothing": func(_ *Config, st *stage) {
			st.policy.inspect = func(context.Context, filter.Item, rules.Purposes) (*filter.Inspection, error) {
				return nil, nil
			}
		},
		"quarantine": func(c *Config, st *stage) { deciding(leak)(c, st); st.store.err = errors.New("read-only") },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSink(t).Start()
			st := play(t, s, set)
			c := st.client()
			c.send("a@school.example", "b@elsewhere.example", letter, "451 4.3.0")
			c.cmd("NOOP", "250")
			if len(s.Messages()) != 0 || len(st.store.all()) != 0 {
				t.Error("passed")
			}
			if rs := st.journal.all(); len(rs) != 1 || rs[0].Reply != 451 {
				t.Errorf("journal %+v", rs)
			}
		})
	}
}

func TestOnlyLeakRulesMayBeLeftOut(t *testing.T) {
	for _, purposes := range []rules.Purposes{
		rules.SetOf(rules.Security, rules.Conduct, rules.Leak),
		rules.SetOf(rules.Security, rules.Conduct),
	} {
		s := newSink(t).Start()
		st := play(t, s, func(c *Config, st *stage) {
			c.OpenForLeak = true
			st.policy.grounds = func(filter.ID, rules.Directions, []string) (filter.Grounds, error) {
				return filter.Grounds{Purposes: purposes}, nil
			}
			st.policy.inspect = func(_ context.Context, _ filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
				if ps == purposes {
					return nil, errors.New("broken")
				}
				return &filter.Inspection{Purposes: ps}, nil
			}
		})
		want := "451"
		if purposes.Has(rules.Leak) {
			want = "250"
		}
		st.client().send("a@school.example", "b@elsewhere.example", letter, want)
		if want == "250" && st.journal.all()[0].Purposes != rules.SetOf(rules.Security, rules.Conduct) {
			t.Error("journal says that leak rules ran")
		}
	}
}

func TestAFullDiskIsTemporary(t *testing.T) {
	if rep := storageFault(&os.PathError{Op: "write", Err: syscall.ENOSPC}); rep.Code != 452 {
		t.Errorf("%v", rep)
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		_, err = f.Write([]byte("x"))
		if rep := storageFault(err); rep.Code != 452 {
			t.Errorf("%v: %v", err, rep)
		}
	}
	s := newSink(t).Start()
	st := play(t, s, func(c *Config, _ *stage) { c.Spool = "/nonexistent/directory" })
	c := st.client()
	c.send("a@school.example", "b@school.example", strings.Repeat("large\r\n", 100_000), "451")
	c.send("a@school.example", "b@school.example", letter, "250")
	if len(st.journal.all()) != 2 {
		t.Error("journal")
	}
}

func TestWhatIsInspectedIsWhatTheNextHopGets(t *testing.T) {
	s := newSink(t).Start()
	var seen string
	var item filter.Item
	st := play(t, s, func(_ *Config, st *stage) {
		st.policy.inspect = func(_ context.Context, it filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
			b, err := io.ReadAll(io.NewSectionReader(it.Content, 0, it.Size))
			seen, item = string(b), it
			return &filter.Inspection{Purposes: ps}, err
		}
	})
	st.client().send("Sender@School.Example", `"quoted local"@Elsewhere.EXAMPLE`, "a\nb\r\n..c\r\n", "250")
	if got := content(t, s.Messages()[0]); got != seen || seen != "a\r\nb\r\n.c\r\n" {
		t.Errorf("seen %q, delivered %q", seen, got)
	}
	if item.Sender != "Sender@school.example" || item.Recipients[0] != "quoted local@elsewhere.example" {
		t.Errorf("the policy gets %q to %q, want them unquoted, domains in lower case", item.Sender, item.Recipients)
	}
	if want := rules.DirectionsOf(rules.Out); item.Directions != want {
		t.Errorf("the policy gets directions %v, want %v", item.Directions, want)
	}
}

func TestThePolicyKnowsConfidentialPartiesAndTheJournalDoesNot(t *testing.T) { // C3.2g
	s := newSink(t).Start()
	var parties []string
	st := play(t, s, func(_ *Config, st *stage) {
		st.policy.grounds = func(_ filter.ID, _ rules.Directions, ps []string) (filter.Grounds, error) {
			parties = ps
			return filter.Grounds{Purposes: rules.SetOf(rules.Security), Confidential: true}, nil
		}
	})
	st.client().send("a@school.example", "counsellor@care.nl", letter, "250")
	if strings.Join(parties, " ") != "a@school.example counsellor@care.nl" {
		t.Errorf("parties %q", parties)
	}
	r := st.journal.all()[0]
	if !r.Confidential || r.Purposes != rules.SetOf(rules.Security) {
		t.Errorf("the record has confidential %v and purposes %v, want true and security", r.Confidential, r.Purposes)
	}
	if r.Peer.String() != "" || r.Group.String() != "" {
		t.Errorf("the record names %q and %q, want neither a peer nor a group", r.Peer, r.Group)
	}
}

func TestLoopsAreBroken(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, func(c *Config, _ *stage) { c.Limits.Hops = 10; c.Limits.OwnHops = 2 })
	c := st.client()
	hop := "Received: from x\r\n\tby other.example with ESMTP; date\r\n"
	own := "received: from x ([1.2.3.4])\r\n\tby gate.school.example with ESMTP id 1\r\n\tfor <x@y>; date\r\n"
	c.send("a@x.example", "b@school.example", strings.Repeat(hop, 10)+"\r\n", "250")
	c.send("a@x.example", "b@school.example", strings.Repeat(hop, 11)+"\r\n", "554 5.4.6")
	c.send("a@x.example", "b@school.example", own+own+"\r\n", "250")
	c.send("a@x.example", "b@school.example", own+own+own+"\r\n", "554 5.4.6")
	c.send("a@x.example", "b@school.example", own+"\r\n"+own+own, "250") // in a body
	evil := strings.Repeat("Received: by gate.school.example.evil\r\n", 3)
	c.send("a@x.example", "b@school.example", evil+"\r\n", "250")
}

func TestLargeMessagesAreRefusedForGood(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, func(c *Config, _ *stage) { c.Limits.MessageSize = 1000 })
	c := st.client()
	c.cmd("MAIL FROM:<a@x.example> SIZE=1001", "552")
	c.send("a@x.example", "b@school.example", strings.Repeat("x", 2000)+"\r\n", "552 5.3.4")
	c.send("a@x.example", "b@school.example", strings.Repeat("\n", 600)+"\r\n", "552 5.3.4") // too large once repaired
	c.send("a@x.example", "b@school.example", strings.Repeat("x", 998)+"\r\n", "250")
	if len(st.journal.all()) != 3 {
		t.Errorf("%d records", len(st.journal.all()))
	}
}

// TestTheOtherSideOfOrdinaryMailIsNotRecorded (C3.2b, C3.2e): only where a danger comes in, or an order of the
// board is in force.
func TestTheOtherSideOfOrdinaryMailIsNotRecorded(t *testing.T) {
	danger := verdict(filter.Quarantine, rules.Security, rules.Attachment, "C2.9a")
	const own, other = "a@school.example", "b@vakbond-example.nl"
	for name, tc := range map[string]struct {
		from, to string
		verdict  filter.Verdict
		orders   []filter.OrderID
		want     string
	}{
		"ordinary mail out":      {from: own, to: other},
		"ordinary mail in":       {from: other, to: own},
		"a leak":                 {from: own, to: other, verdict: leak},
		"an insult from outside": {from: other, to: own, verdict: insult},
		"a danger that goes out": {from: own, to: other, verdict: danger},
		"a danger from outside":  {from: other, to: own, verdict: danger, want: "vakbond-example.nl"},
		"under an order":         {from: own, to: other, orders: []filter.OrderID{"o"}, want: "vakbond-example.nl"},
		"internal, by an order":  {from: own, to: "c@school.example", orders: []filter.OrderID{"o"}},
	} {
		st := play(t, newSink(t).Start(), deciding(tc.verdict), func(_ *Config, st *stage) {
			st.policy.grounds = func(filter.ID, rules.Directions, []string) (filter.Grounds, error) {
				return filter.Grounds{Purposes: rules.SetOf(rules.Security, rules.Conduct), Orders: tc.orders}, nil
			}
		})
		reply := "250"
		if tc.verdict.Action == filter.Reject {
			reply = "550"
		}
		st.client().send(tc.from, tc.to, letter, reply)
		if got := st.journal.all()[0].Peer.String(); got != tc.want {
			t.Errorf("%s: the journal has the other side %q, want %q", name, got, tc.want)
		}
	}
}

// TestAStrangerExemptsNothingByItsSender: an own-domain sender counts as a party if the client is trusted, and
// an outside one always (C3.2g).
func TestAStrangerExemptsNothingByItsSender(t *testing.T) {
	for name, tc := range map[string]struct {
		from string
		with func(*Config, *stage)
		want string
	}{
		"own sender, own server":        {"vp@school.example", nil, "vp@school.example b@school.example"},
		"own sender, stranger":          {"vp@school.example", untrusted, "b@school.example"},
		"subdomain of own, stranger":    {"vp@mail.school.example", untrusted, "vp@mail.school.example b@school.example"},
		"outside sender, stranger":      {"counsellor@care.nl", untrusted, "counsellor@care.nl b@school.example"},
		"no sender, stranger":           {"", untrusted, " b@school.example"},
		"own sender in capitals, alien": {"VP@School.Example", untrusted, "b@school.example"},
	} {
		var got []string
		set := []func(*Config, *stage){func(_ *Config, st *stage) {
			st.policy.grounds = func(_ filter.ID, _ rules.Directions, ps []string) (filter.Grounds, error) {
				got = ps
				return filter.Grounds{Purposes: rules.SetOf(rules.Security)}, nil
			}
		}}
		if tc.with != nil {
			set = append(set, tc.with)
		}
		play(t, newSink(t).Start(), set...).client().send(tc.from, "b@school.example", letter, "250")
		if all := strings.Join(got, " "); all != tc.want {
			t.Errorf("%s: got the parties %q, want %q", name, all, tc.want)
		}
	}
}
