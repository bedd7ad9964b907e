// Package admit is the admission control of both gateways: it shares connections and other
// places among clients (Shares), each address and each network within its share, with places
// kept for the organisation's own servers; keeps account of what clients cost (Budget); reads
// who is behind a load balancer (the PROXY protocol, versions 1 and 2); and drains the gateway
// when it stops.
//
// It promises that a connection counts from Enter to Leave and no longer, that a PROXY
// header is read from the named load balancers only and from these always, and that
// Door.Wait returns once no connection is left. It says nothing to clients: each gateway words
// its own refusals.
package admit

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pires/go-proxyproto"
	"github.com/prometheus/client_golang/prometheus"
)

// Client is a connection as its gateway knows it. The methods are called from any goroutine.
type Client interface {
	Hurry() // the gateway drains: what waits for the client need not wait any longer
	Cut()   // close at once, whatever goes on; Leave follows
}

// Guest is a client that can make room for others when there are too many. The methods are called from
// any goroutine.
type Guest interface {
	Client
	Quiet() time.Duration // how long it has brought nothing; 0: it brings something
	Dismiss()             // it is to go as soon as it brings nothing; Leave follows
}

// Refusal is why a connection is not admitted, as metrics name it.
type Refusal string

// The refusals.
const (
	None      Refusal = ""
	Draining  Refusal = "draining"
	Full      Refusal = "connections" // all places are taken
	Strangers Refusal = "strangers"   // all but those kept for the organisation's own are taken
	Network   Refusal = "network"
	Address   Refusal = "address"
	Dismissed Refusal = "dismissed" // it was let in, brought nothing and made room
	NoProxy   Refusal = "proxy"     // not from a load balancer that may open with a PROXY header
)

// Door admits connections on any number of listeners. All methods may be called from any
// goroutine.
type Door struct {
	open     prometheus.Gauge
	refused  *prometheus.CounterVec // by reason
	draining atomic.Bool

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	clients   map[Client]*Party // whom it counts for; nil: none
	taken     tally             // by those that count
	left      *sync.Cond        // a client left
}

// New returns a door that shows in open how many connections there are, and counts
// refusals by their reason.
func New(open prometheus.Gauge, refused *prometheus.CounterVec) *Door {
	d := &Door{
		open:      open,
		refused:   refused,
		listeners: map[net.Listener]struct{}{},
		clients:   map[Client]*Party{},
	}
	d.left = sync.NewCond(&d.mu)
	return d
}

// Open has Drain close l. It reports false if the door drains already.
func (d *Door) Open(l net.Listener) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.draining.Load() {
		return false
	}
	d.listeners[l] = struct{}{}
	return true
}

// Draining reports whether Drain was called.
func (d *Door) Draining() bool { return d.draining.Load() }

// Identify returns c with the client's address as its remote address. With proxies, c has to
// come from one of them and open with a PROXY header within the given time; else Identify
// closes c and returns NoProxy. The first read waits for the header.
func (d *Door) Identify(c net.Conn, proxies []netip.Prefix, within time.Duration) (net.Conn, Refusal) {
	if len(proxies) == 0 {
		return c, None
	}
	if !Contains(proxies, AddrOf(c.RemoteAddr())) {
		c.Close()
		return nil, d.refuse(NoProxy)
	}
	require, timeout := proxyproto.WithPolicy(proxyproto.REQUIRE), proxyproto.SetReadHeaderTimeout(within)
	return proxyproto.NewConn(c, require, timeout), None
}

// Enter remembers a client until Leave, if the door does not drain and fewer than most are
// open.
func (d *Door) Enter(c Client, most int) Refusal {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.draining.Load():
		return d.refuse(Draining)
	case len(d.clients) >= most:
		return d.refuse(Full)
	}
	d.clients[c] = nil
	d.open.Set(float64(len(d.clients)))
	return None
}

// Count has a client that entered count for a party, within the party's share of the
// connections. One that entered and does not count yet takes none of the total: it may still be
// anybody's.
func (d *Door) Count(c Client, who Party, s Shares) Refusal {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r := d.taken.refuses(who, 1, s); r != None {
		return d.refuse(r)
	}
	if old, ok := d.clients[c]; ok && old == nil {
		d.clients[c] = &who
		d.taken.add(who, 1)
	}
	return None
}

// MakeRoom dismisses the stranger that has brought nothing for the longest time, and no less than least,
// if a party could have its place. The place is free at once.
func (d *Door) MakeRoom(who Party, s Shares, least time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r := d.taken.refuses(who, 1, s); r != Full && r != Strangers {
		return false
	}
	var longest Guest
	for c, p := range d.clients {
		g, ok := c.(Guest)
		if !ok || p == nil || p.Rank != Stranger {
			continue
		}
		if quiet := g.Quiet(); quiet >= least {
			longest, least = g, quiet
		}
	}
	if longest == nil {
		return false
	}
	d.taken.add(*d.clients[longest], -1)
	d.clients[longest] = nil
	d.refuse(Dismissed)
	longest.Dismiss()
	return true
}

// Leave forgets a client. A second call does nothing.
func (d *Door) Leave(c Client) {
	d.mu.Lock()
	defer d.mu.Unlock()
	who, ok := d.clients[c]
	if !ok {
		return
	}
	delete(d.clients, c)
	if who != nil {
		d.taken.add(*who, -1)
	}
	d.open.Set(float64(len(d.clients)))
	d.left.Broadcast()
}

// Counts returns how many clients are open, and how many of them count for a party.
func (d *Door) Counts() (clients, counted int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.clients), int(d.taken.all)
}

// Drain closes the listeners and hurries every client. Nothing enters any more.
func (d *Door) Drain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.draining.Store(true)
	for l := range d.listeners {
		l.Close()
	}
	for c := range d.clients {
		c.Hurry()
	}
}

// Wait returns when all clients have left. When ctx ends first, Wait cuts those that are
// left, and returns ctx's error once they have left too.
func (d *Door) Wait(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for c := range d.clients {
			c.Cut()
		}
	})
	d.mu.Lock()
	for len(d.clients) > 0 {
		d.left.Wait()
	}
	d.mu.Unlock()
	if !stop() {
		return ctx.Err()
	}
	return nil
}

func (d *Door) refuse(r Refusal) Refusal {
	d.refused.WithLabelValues(string(r)).Inc()
	return r
}

// Contains reports whether one of some networks has an address.
func Contains(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// AddrOf returns the IP address of a TCP address, without a zone and IPv4 as IPv4; the zero
// Addr for any other.
func AddrOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
