package smtpd

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"

	"sluis/internal/testenv"
)

// crowd is a relay behind a load balancer, so that its clients can have any address. Those in
// 10.0.0.0/8 are the school's own; a filter in front is 203.0.113.0/28.
type crowd struct {
	*stage
	through string // where clients connect to
}

func newCrowd(t *testing.T, s *testenv.Sink, set ...func(*Config, *stage)) *crowd {
	st := play(t, s, append([]func(*Config, *stage){func(c *Config, _ *stage) {
		c.Trusted = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		c.Carriers = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/28")}
		c.Limits.PerAddress = 0
	}}, set...)...)
	return &crowd{st, st.listen(Listener{Proxies: []netip.Prefix{loopback}})}
}

// from connects from an address, and says nothing yet.
func (c *crowd) from(address string) *talk {
	c.t.Helper()
	k := dial(c.t, c.through)
	from := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 4711))
	to := &net.TCPAddr{IP: net.IPv4(198, 51, 100, 1), Port: 25}
	if from.IP.To4() == nil {
		to.IP = net.ParseIP("2001:db8::25")
	}
	if _, err := proxyproto.HeaderProxyFromAddrs(2, from, to).WriteTo(k.conn); err != nil {
		c.t.Fatal(err)
	}
	return k
}

// greeted connects from an address and says EHLO.
func (c *crowd) greeted(address string) *talk {
	c.t.Helper()
	k := c.from(address)
	k.want("220")
	k.cmd("EHLO client.example", "250")
	return k
}

// in returns how to make many addresses.
func in(format string) func(int) string {
	return func(i int) string { return fmt.Sprintf(format, i+1) }
}

func TestNoNetworkTakesTheConnectionsOfOthers(t *testing.T) {
	for _, c := range []struct {
		name    string
		address func(i int) string
		most    int    // that are let in
		refusal string // of one more
		near    string // in another network of the same kind
	}{
		{"an address", func(int) string { return "192.0.2.1" }, 10, "421 4.7.0", "192.0.2.2"},
		{"an IPv4 /24", in("192.0.2.%d"), 20, "421 4.7.0", "192.0.3.1"},
		{"an IPv6 /64", in("2001:db8:1::%x"), 20, "421 4.7.0", "2001:db8:1:2::1"},
		{"an IPv6 /48", in("2001:db8:1:%x::1"), 40, "421 4.7.0", "2001:db8:2::1"},
		{"many networks", in("2001:db8:%x::1"), 75, "421 4.3.2", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := newCrowd(t, newSink(t).Start(), func(c *Config, _ *stage) {
				c.Limits.Connections, c.Limits.PerNetwork, c.Limits.PerAddress = 100, 20, 10
			})
			for i := range c.most {
				st.from(c.address(i)).want("220")
			}
			st.from(c.address(c.most)).want(c.refusal)
			if c.near != "" {
				st.from(c.near).want("220")
			}
			st.greeted("10.0.0.1").send("a@school.example", "b@school.example", "Subject: x\r\n\r\nx\r\n", "250")
		})
	}
}

// The school's own servers, and a filter in front, have as many connections as they like.
func TestServersThatAreKnownHaveManyConnections(t *testing.T) {
	for name, address := range map[string]string{
		"Exchange":       "10.0.0.25",
		"Exchange, IPv6": "fd00::25",
		"a mail filter":  "203.0.113.7",
	} {
		t.Run(name, func(t *testing.T) {
			st := newCrowd(t, newSink(t).Start(), func(c *Config, _ *stage) {
				c.Trusted = append(c.Trusted, netip.MustParsePrefix("fd00::/64"))
			})
			var all []*talk
			for range 60 {
				all = append(all, st.greeted(address))
			}
			for _, k := range all {
				k.envelope("a@school.example", "b@school.example")
			}
			for _, k := range all {
				k.cmd("DATA", "354")
				k.write("Subject: x\r\n\r\nx\r\n.\r\n")
				k.want("250")
			}
		})
	}
}

// Strangers that took all their places and bring nothing make room for those that come; who brings a
// message is left alone.
func TestThoseWhoBringNothingMakeRoomForOthers(t *testing.T) {
	s := newSink(t).Start()
	st := newCrowd(t, s, func(c *Config, _ *stage) { c.Limits.Connections = 8 })
	st.relay.quiet = time.Nanosecond
	address := in("2001:db8:%x::1")
	busy := st.greeted(address(0))
	busy.envelope("a@b.example", "busy@school.example")
	busy.cmd("DATA", "354")
	idle, silent := st.greeted(address(1)), st.from(address(2))
	silent.want("220")
	open := st.greeted(address(3))
	open.envelope("a@evil.example", "open@school.example")
	for i := range 3 {
		st.greeted(address(4+i)).cmd("NOOP", "250")
	}
	for i := range 20 {
		k := st.greeted(address(10 + i))
		k.send("a@b.example", "r@school.example", short, "250")
	}
	for name, k := range map[string]*talk{"an idle one": idle, "a silent one": silent, "an open transaction": open} {
		if reply := k.want("421 4.3.2"); !strings.Contains(reply, "Too many connections") {
			t.Errorf("%s hears %q, want that there are too many connections", name, reply)
		}
		k.closed()
	}
	busy.write(short + ".\r\n")
	busy.want("250")
	if n := len(s.Messages()); n != 21 {
		t.Errorf("%d messages arrive, want 21", n)
	}
}

// An own server, or a filter in front, is never sent away for others.
func TestKnownServersMakeNoRoomForStrangers(t *testing.T) {
	st := newCrowd(t, newSink(t).Start(), func(c *Config, _ *stage) { c.Limits.Connections = 8 })
	st.relay.quiet = time.Nanosecond
	own, carrier := st.greeted("10.0.0.1"), st.greeted("203.0.113.1")
	for i := range 20 {
		st.greeted(fmt.Sprintf("2001:db8:%x::1", i))
	}
	own.cmd("NOOP", "250")
	carrier.cmd("NOOP", "250")
}

// A TLS handshake that is never made keeps a place no longer than any other connection does.
func TestHandshakesThatAreNeverMadeCountForTheirAddress(t *testing.T) {
	st := newCrowd(t, newSink(t).Start(), certified(t, newAuthority(t)), func(c *Config, _ *stage) {
		c.Limits.Connections, c.Limits.PerAddress = 100, 3
	})
	st.through = st.listen(Listener{TLS: true, Proxies: []netip.Prefix{loopback}})
	for range 3 {
		st.from("192.0.2.1")
	}
	testenv.Eventually(t, "three connections count", func() bool { _, n := st.relay.door.Counts(); return n == 3 })
	st.from("192.0.2.1").closed()
}
