package admit

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pires/go-proxyproto"
	"github.com/prometheus/client_golang/prometheus"

	"sluis/internal/testenv"
)

// guest is a client that leaves when it is hurried or cut, as set.
type guest struct {
	door           *Door
	leaves         bool // when hurried
	hurried, ended atomic.Bool
}

func (g *guest) Hurry() {
	g.hurried.Store(true)
	if g.leaves {
		go g.door.Leave(g)
	}
}

func (g *guest) Cut() {
	g.ended.Store(true)
	go g.door.Leave(g)
}

// metrics returns the value of each metric of a door, counters by their reason.
func (d *Door) metrics(t *testing.T) map[string]float64 {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(d.open, d.refused)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "open" {
				values["open"] = m.GetGauge().GetValue()
				continue
			}
			values[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
		}
	}
	return values
}

func newDoor() *Door {
	return New(prometheus.NewGauge(prometheus.GaugeOpts{Name: "open"}),
		prometheus.NewCounterVec(prometheus.CounterOpts{Name: "refused"}, []string{"reason"}))
}

var (
	first  = netip.MustParseAddr("192.0.2.1")
	second = netip.MustParseAddr("2001:db8::2")
)

func (d *Door) wantCounts(t *testing.T, clients, counted int) {
	t.Helper()
	if c, n := d.Counts(); c != clients || n != counted {
		t.Errorf("%d clients are open and %d count, want %d and %d", c, n, clients, counted)
	}
	if g := d.metrics(t)["open"]; g != float64(clients) {
		t.Errorf("the gauge shows %v, want %d", g, clients)
	}
}

func TestConnectionsAreBoundedInAllAndForEachAddress(t *testing.T) {
	d := newDoor()
	var guests []*guest
	enter := func(who Party, s Shares) Refusal {
		g := &guest{door: d}
		r := d.Enter(g, 100)
		if r == None {
			if r = d.Count(g, who, s); r != None {
				d.Leave(g)
				return r
			}
			guests = append(guests, g)
		}
		return r
	}
	four, five := Shares{Total: 4, Address: 2}, Shares{Total: 5, Address: 2}
	for i, c := range []struct {
		who    Party
		shares Shares
		want   Refusal
	}{
		{Party{Addr: first}, four, None},
		{Party{Addr: first}, four, None},
		{Party{Addr: first}, four, Address},
		{Party{Addr: second}, four, None},
		{Party{Addr: first, Rank: Own}, four, None}, // without a limit
		{Party{Addr: second}, four, Full},
		{Party{Addr: second}, five, None},
	} {
		if got := enter(c.who, c.shares); got != c.want {
			t.Errorf("connection %d: refusal %q, want %q", i+1, got, c.want)
		}
	}
	if r := d.Enter(&guest{door: d}, 5); r != Full {
		t.Errorf("one more than may enter: refusal %q, want %q", r, Full)
	}
	d.wantCounts(t, 5, 5)
	for _, g := range guests {
		d.Leave(g)
		d.Leave(g) // twice counts once
	}
	d.wantCounts(t, 0, 0)
	for reason, want := range map[Refusal]float64{Full: 2, Address: 1, Draining: 0} {
		if got := d.metrics(t)[string(reason)]; got != want {
			t.Errorf("%v refusals for %q are counted, want %v", got, reason, want)
		}
	}
}

// idler is a guest that brings nothing.
type idler struct {
	guest
	quiet     time.Duration
	dismissed bool
}

func (g *idler) Quiet() time.Duration { return g.quiet }
func (g *idler) Dismiss()             { g.dismissed = true }

func TestTheStrangerThatBringsNothingLongestMakesRoom(t *testing.T) {
	for _, c := range []struct {
		name  string
		quiet []time.Duration // of strangers
		own   int             // own servers, which are quiet for an hour
		who   Rank
		want  int // who makes room; -1: nobody
	}{
		{"the longest", []time.Duration{time.Minute, time.Hour, 2 * time.Minute}, 0, Stranger, 1},
		{"for an own server", []time.Duration{time.Minute, 0, 0}, 1, Own, 0},
		{"for a carrier", []time.Duration{time.Minute, 0, 0}, 0, Carrier, 0},
		{"none is quiet", []time.Duration{0, 29 * time.Second, 0}, 0, Stranger, -1},
		{"own servers stay", []time.Duration{0}, 3, Own, -1},
		{"there is room", []time.Duration{time.Hour}, 0, Stranger, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor()
			shares := Shares{Total: 4, Strangers: 3}
			var all []*idler
			enter := func(quiet time.Duration, who Party) {
				g := &idler{guest: guest{door: d}, quiet: quiet}
				d.Enter(g, 10)
				if r := d.Count(g, who, shares); r != None {
					t.Fatalf("refused: %q", r)
				}
				all = append(all, g)
			}
			for _, q := range c.quiet {
				enter(q, Party{Addr: first})
			}
			for range c.own {
				enter(time.Hour, Party{Addr: second, Rank: Own})
			}
			who := Party{Addr: second, Rank: c.who}
			if got := d.MakeRoom(who, shares, 30*time.Second); got != (c.want >= 0) {
				t.Errorf("room is made: %v, want %v", got, c.want >= 0)
			}
			for i, g := range all {
				if g.dismissed != (i == c.want) {
					t.Errorf("client %d is dismissed: %v, want client %d alone", i, g.dismissed, c.want)
				}
			}
			if c.want < 0 {
				return
			}
			if r := d.Count(&idler{}, who, shares); r != None {
				t.Errorf("there is no room after it: %q", r)
			}
			for _, g := range all {
				d.Leave(g)
			}
			d.wantCounts(t, 0, 0)
		})
	}
}

func TestDrainHurriesAllAndLetsNobodyIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		patient, stubborn := &guest{door: d, leaves: true}, &guest{door: d}
		d.Enter(patient, 2)
		d.Enter(stubborn, 2)
		d.Drain()
		if !patient.hurried.Load() || !stubborn.hurried.Load() || !d.Draining() {
			t.Error("not every client is hurried")
		}
		if r := d.Enter(&guest{door: d}, 10); r != Draining {
			t.Errorf("a client enters a door that drains: refusal %q", r)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := d.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait: %v, want %v", err, context.DeadlineExceeded)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("Wait took %v, want a minute", took)
		}
		if patient.ended.Load() || !stubborn.ended.Load() {
			t.Errorf("cut: %v and %v; want the stubborn client only", patient.ended.Load(), stubborn.ended.Load())
		}
		d.wantCounts(t, 0, 0)
	})
}

func TestDrainClosesListeners(t *testing.T) {
	d := newDoor()
	l := listen(t)
	if !d.Open(l) {
		t.Fatal("the listener is not taken")
	}
	d.Drain()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v, want %v", err, net.ErrClosed)
	}
	if d.Open(listen(t)) {
		t.Error("a door that drains takes another listener")
	}
	if err := d.Wait(t.Context()); err != nil {
		t.Errorf("Wait without a client: %v", err)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestAPROXYHeaderIsReadFromLoadBalancersOnlyAndAlways(t *testing.T) {
	loopback, elsewhere := netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("192.0.2.0/24")
	from := &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 1}
	to := &net.TCPAddr{IP: net.IPv4(198, 51, 100, 1), Port: 25}
	header := proxyproto.HeaderProxyFromAddrs(2, from, to)
	for _, c := range []struct {
		name    string
		proxies []netip.Prefix
		header  bool
		refusal Refusal
		address string // of the client; empty: the connection fails
	}{
		{"no load balancer", nil, false, None, "127.0.0.1"},
		{"from a load balancer", []netip.Prefix{elsewhere, loopback}, true, None, "203.0.113.7"},
		{"from a load balancer without a header", []netip.Prefix{loopback}, false, None, ""},
		{"from elsewhere", []netip.Prefix{elsewhere}, true, NoProxy, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := listen(t)
			client, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if c.header {
				header.WriteTo(client)
			}
			io.WriteString(client, "EHLO x\r\n")
			raw, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			d := newDoor()
			conn, refusal := d.Identify(raw, c.proxies, testenv.Patience)
			if refusal != c.refusal {
				t.Fatalf("refusal %q, want %q", refusal, c.refusal)
			}
			if refusal != None {
				if _, err := raw.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
					t.Errorf("the connection is not closed: %v", err)
				}
				return
			}
			defer conn.Close()
			_, err = conn.Read(make([]byte, 1))
			if (err == nil) != (c.address != "") {
				t.Fatalf("reading: %v", err)
			}
			if got := AddrOf(conn.RemoteAddr()).String(); c.address != "" && got != c.address {
				t.Errorf("the client is %s, want %s", got, c.address)
			}
		})
	}
}
