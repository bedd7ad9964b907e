package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"sluis/internal/testenv"
)

func TestCheck(t *testing.T) {
	d := New(Options{Inner: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/24")}})
	for address, ok := range map[string]bool{
		"9.9.9.9": true, "2a00:1450:4001::1": true, "::ffff:9.9.9.9": true, "64:ff9b::909:909": true, "2002:909:909::1": true,
		"10.9.0.7":  true, // an own server that may be reached
		"127.0.0.1": false, "127.9.9.9": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "100.127.255.254": false, "192.0.0.1": false, "198.18.0.1": false,
		"224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false, "255.255.255.255": false, "192.0.2.1": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd12:3456::1": false, "ff02::1": false, "fec0::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::7f00:1": false, "64:ff9b::7f00:1": false, "64:ff9b::a00:1": false, "64:ff9b:1::1": false,
		"2002:7f00:1::": false, "2002:c0a8:101::1": false, "2001:0:1:2:3:4:80ff:fffe": false, "2001:db8::1": false, "100::1": false,
	} {
		if err := d.Check(netip.MustParseAddr(address)); (err == nil) != ok ||
			err != nil && !errors.Is(err, ErrInside) {
			t.Errorf("%s: got %v, want it allowed: %v", address, err, ok)
		}
	}
}

// TestOwnAddress: also a public address of the gateway itself is inside.
func TestOwnAddress(t *testing.T) {
	d := New(Options{})
	a := netip.MustParseAddr("9.9.9.9")
	if d.Check(a) != nil {
		t.Fatal("a public address: got it refused, want it allowed")
	}
	d.own.Store(&addresses{at: time.Now(), set: map[netip.Addr]bool{a: true}})
	if !errors.Is(d.Check(a), ErrInside) {
		t.Error("an address of the gateway itself: got it allowed, want it refused")
	}
}

// TestRebinding: a name that leads to the internet at first and inside when the connection is made gains nothing.
func TestRebinding(t *testing.T) {
	inside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	_, port, _ := net.SplitHostPort(inside.Addr().String())
	d := New(Options{Resolver: resolver(t, [4]byte{9, 9, 9, 9}, [4]byte{127, 0, 0, 1}), Timeout: testenv.Patience})
	ctx, cancel := context.WithTimeout(t.Context(), testenv.Patience)
	defer cancel()
	if as, err := d.Resolve(ctx, "rebinding.example"); err != nil || len(as) != 1 {
		t.Fatalf("first answer: got %v, %v, want one address", as, err)
	}
	c, err := d.DialContext(ctx, "tcp", "rebinding.example:"+port)
	if err == nil {
		c.Close()
		t.Fatal("the gateway's own port: got a connection, want none")
	}
	if !errors.Is(err, ErrInside) || strings.Contains(err.Error(), "rebinding") {
		t.Errorf("got %v, want it inside, and no name", err)
	}
	for _, address := range []string{
		"localhost:" + port, "127.1:" + port, "[::ffff:127.0.0.1]:" + port, "0:" + port, "2130706433:" + port,
		"0x7f.1:" + port,
	} {
		if c, err := New(Options{Timeout: testenv.Patience}).DialContext(ctx, "tcp", address); err == nil {
			c.Close()
			t.Errorf("%s: got a connection, want none", address)
		}
	}
}

// resolver answers with one address after the other, and with the last from then on.
func resolver(t *testing.T, answers ...[4]byte) *net.Resolver {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Response = true
			m.Additionals = nil
			if q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body:   &dnsmessage.AResource{A: answers[0]},
				}}
				if len(answers) > 1 {
					answers = answers[1:]
				}
			}
			if out, err := m.Pack(); err == nil {
				server.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func TestErrorsDoNotTellWhere(t *testing.T) {
	d := New(Options{Inner: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: testenv.Patience})
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	ctx, cancel := context.WithTimeout(t.Context(), testenv.Patience)
	defer cancel()
	for _, tt := range []struct {
		address string
		want    error
	}{{address, ErrRefused}, {"nowhere.invalid:80", ErrName}} {
		_, err := d.DialContext(ctx, "tcp", tt.address)
		if !errors.Is(err, tt.want) || strings.Contains(err.Error(), "127.0") ||
			strings.Contains(err.Error(), "nowhere") {
			t.Errorf("%s: got %v, want %v, and no name", tt.address, err, tt.want)
		}
	}
}
