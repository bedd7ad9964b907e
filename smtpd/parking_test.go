package smtpd

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// hops has the relay make so many connections to its next hop at most, and hold them so long for
// a silent client.
func hops(n int, hold time.Duration) func(*Config, *stage) {
	return func(c *Config, _ *stage) { c.Routes[0].Connections, c.Routes[0].Hold = n, hold }
}

// recipientsOf returns who got a message, in order.
func recipientsOf(m *testenv.Message) string {
	var all []string
	for _, to := range m.To {
		all = append(all, strings.TrimSuffix(strings.TrimPrefix(to, "RCPT TO:<"), "@school.example>"))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// Fifty transactions that go nowhere, as Postfix lets a client have, keep no other from the next
// hop; and each of them can still go on.
func TestIdleTransactionsHoldNoNextHopThatAnotherNeeds(t *testing.T) {
	for _, c := range []struct {
		name string
		who  func(i int) string
		open func(k *talk, i int) // all that the client says of its transaction, for now
	}{
		{"one address", func(int) string { return "192.0.2.1" },
			func(k *talk, i int) { k.envelope("a@evil.example", fmt.Sprintf("r%d@school.example", i)) }},
		{"one network", in("192.0.2.%d"),
			func(k *talk, i int) { k.envelope("a@evil.example", fmt.Sprintf("r%d@school.example", i)) }},
		{"many networks", in("2001:db8:%x::1"),
			func(k *talk, i int) { k.envelope("a@evil.example", fmt.Sprintf("r%d@school.example", i)) }},
		{"in the middle of a body", func(int) string { return "192.0.2.1" },
			func(k *talk, i int) {
				k.envelope("a@evil.example", fmt.Sprintf("r%d@school.example", i))
				k.cmd("DATA", "354")
				k.write("Subject: x\r\n")
			}},
		{"an own server", func(int) string { return "10.0.0.1" },
			func(k *talk, i int) { k.envelope("a@school.example", fmt.Sprintf("r%d@school.example", i)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSink(t).Start()
			st := newCrowd(t, s, hops(8, time.Hour))
			var all []*talk
			for i := range 50 {
				k := st.greeted(c.who(i))
				c.open(k, i)
				all = append(all, k)
			}
			st.greeted("10.0.0.2").send("a@school.example", "own@school.example", "Subject: x\r\n\r\nx\r\n", "250")
			if c.name != "an own server" { // which comes first
				st.greeted("198.51.100.1").send("a@b.example", "other@school.example", "Subject: x\r\n\r\nx\r\n", "250")
			}
			for i, k := range all {
				if c.name != "in the middle of a body" {
					k.cmd("DATA", "354")
				}
				k.write("X-Number: x\r\n\r\nx\r\n.\r\n")
				k.want("250")
				if got, want := recipientsOf(s.Messages()[len(s.Messages())-1]), fmt.Sprintf("r%d", i); got != want {
					t.Fatalf("message %d is for %q, want %q", i, got, want)
				}
			}
			if n := s.Sessions(); n > 8 {
				t.Errorf("%d connections to the next hop, want at most 8", n)
			}
			if b := s.Breaches(); len(b) > 0 {
				t.Errorf("the next hop saw breaches of the protocol: %q", b)
			}
		})
	}
}

// What the next hop says to a recipient reaches the client, in its own words, also after the
// connection was given back; and what it said once holds for the message.
func TestARefusalReachesTheClientAfterTheNextHopWasGivenBack(t *testing.T) {
	s := newSink(t)
	st := newCrowd(t, s, hops(8, time.Millisecond))
	s.Misbehave(func(p testenv.Step) testenv.Fault {
		if strings.Contains(p.Line, "nobody@") {
			return testenv.Fault{Reply: "550 5.1.1 No such user here"}
		}
		return testenv.Fault{}
	})
	s.Start()
	k := st.greeted("192.0.2.1")
	returned := func(n int) {
		t.Helper()
		testenv.Eventually(t, "the next hop is given back", func() bool {
			return st.relay.generation.Load().routes[0].places.Taken() == 0
		})
	}
	k.cmd("MAIL FROM:<a@b.example>", "250")
	for i, c := range []struct{ to, want string }{
		{"one", "250"},
		{"nobody", "550 5.1.1 No such user here"},
		{"two", "250"},
		{"nobody", "550 5.1.1 No such user here"},
	} {
		returned(i)
		k.cmd("RCPT TO:<"+c.to+"@school.example>", c.want)
	}
	k.cmd("DATA", "354")
	k.write("Subject: x\r\n")
	returned(4)
	k.write("\r\nx\r\n.\r\n")
	k.want("250")
	if ms := s.Messages(); len(ms) != 1 || recipientsOf(ms[0]) != "one two" {
		t.Errorf("%d messages, want one for one and two", len(ms))
	}
}

// A next hop that takes a recipient the first time and not the second has the client try again.
func TestANextHopThatChangesItsMindCostsNoMessage(t *testing.T) {
	for name, line := range map[string]string{"of the sender": "MAIL", "of a recipient": "RCPT"} {
		t.Run(name, func(t *testing.T) {
			s := newSink(t)
			st := newCrowd(t, s, hops(8, time.Millisecond))
			seen := map[string]int{}
			s.Misbehave(func(p testenv.Step) testenv.Fault {
				if strings.HasPrefix(p.Line, line) {
					if seen[p.Line]++; seen[p.Line] > 1 {
						return testenv.Fault{Reply: "550 5.7.1 Not any more"}
					}
				}
				return testenv.Fault{}
			})
			s.Start()
			k := st.greeted("192.0.2.1")
			k.envelope("a@b.example", "one@school.example")
			testenv.Eventually(t, "the next hop is given back", func() bool {
				return st.relay.generation.Load().routes[0].places.Taken() == 0
			})
			k.cmd("DATA", "354")
			k.write("Subject: x\r\n\r\nx\r\n.\r\n")
			k.want("451")
			if n := len(s.Messages()); n > 0 {
				t.Errorf("%d messages arrive, want none", n)
			}
		})
	}
}

// Strangers that use their next hops leave some to the school's own servers.
func TestOwnServersFindANextHopWhileStrangersUseTheirs(t *testing.T) {
	s := newSink(t)
	st := newCrowd(t, s, hops(8, time.Hour))
	hold := make(chan struct{})
	s.Misbehave(func(p testenv.Step) testenv.Fault {
		if p.At == testenv.OnBody && strings.Contains(p.Line, "slow") {
			<-hold
		}
		return testenv.Fault{}
	})
	s.Start()
	var all []*talk
	for i := range 20 {
		k := st.greeted(fmt.Sprintf("2001:db8:%x::1", i+1))
		k.write("MAIL FROM:<a@b.example>\r\n")
		k.write("RCPT TO:<slow@school.example>\r\nDATA\r\n")
		all = append(all, k)
	}
	release := func() {
		if hold != nil {
			close(hold)
		}
		hold = nil
	}
	defer release()
	st.greeted("10.0.0.1").send("a@school.example", "own@school.example", "Subject: x\r\n\r\nx\r\n", "250")
	release()
	for _, k := range all {
		k.want("250")
		k.want("250")
		k.want("354")
		k.write("Subject: x\r\n\r\nx\r\n.\r\n")
		k.want("250")
	}
}

// A newsletter, and a message from a telephone in a train, arrive as before.
func TestOrdinaryMailIsNotHeldUp(t *testing.T) {
	t.Run("a newsletter", func(t *testing.T) {
		s := newSink(t).Start()
		st := newCrowd(t, s, hops(4, 20*time.Millisecond))
		k := st.greeted("192.0.2.1")
		var to []string
		for i := range 500 {
			to = append(to, fmt.Sprintf("r%d@school.example", i))
		}
		k.envelope("news@b.example", to...)
		k.cmd("DATA", "354")
		k.write("Subject: x\r\n\r\nx\r\n.\r\n")
		k.want("250")
		if n := len(s.Messages()[0].To); n != 500 {
			t.Errorf("%d recipients, want 500", n)
		}
	})
	t.Run("a telephone", func(t *testing.T) {
		s := newSink(t).Start()
		st := newCrowd(t, s, hops(4, time.Millisecond))
		k := st.greeted("192.0.2.1")
		k.envelope("a@b.example", "r@school.example")
		k.cmd("DATA", "354")
		for range 20 {
			k.write("a line of text\r\n")
			time.Sleep(5 * time.Millisecond)
		}
		k.write(".\r\n")
		k.want("250")
		if got, want := content(t, s.Messages()[0]), strings.Repeat("a line of text\r\n", 20); got != want {
			t.Errorf("the message is %q, want %q", got, want)
		}
	})
}
