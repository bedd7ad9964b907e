// Package egress makes connections to the internet only: it guards against server-side request forgery (SSRF).
//
// It promises that no name, number or redirect leads through the proxy to the gateway itself or into its own network:
// an address is checked when the connection is made, after its name was resolved, so that a name that changes its
// address in between (DNS rebinding) gains nothing. An address that carries an IPv4 address (mapped, NAT64, 6to4,
// Teredo) is judged by that one. It does not judge the site: that is package sitepolicy's.
package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"sluis/filter/domains"
)

// ErrInside is returned for an address that is not on the internet, or is the gateway's own.
var ErrInside = errors.New("the address is not on the internet")

// Options are exceptions and bounds.
type Options struct {
	Inner    []netip.Prefix // own servers that may be reached all the same
	Resolver *net.Resolver  // nil: the system's
	Timeout  time.Duration  // for a connection to be made; zero: 10 seconds
}

// Dialer makes connections. It is safe for concurrent use.
type Dialer struct {
	inner []netip.Prefix
	net   net.Dialer
	own   atomic.Pointer[addresses]
}

// addresses are those of the gateway's own interfaces, as they were at a time.
type addresses struct {
	at  time.Time
	set map[netip.Addr]bool
}

// New returns a dialer.
func New(o Options) *Dialer {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	d := &Dialer{inner: o.Inner, net: net.Dialer{Timeout: o.Timeout, KeepAlive: 30 * time.Second, Resolver: o.Resolver}}
	d.net.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return ErrInside
		}
		return d.Check(to.Addr())
	}
	return d
}

// DialContext connects to an address, host:port. The error is ErrInside if every address of the host is refused; it
// never names the host.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.net.DialContext(ctx, network, address)
	if err != nil {
		return nil, anonymous(err)
	}
	return c, nil
}

// Resolve returns the addresses of a host that may be connected to.
func (d *Dialer) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	r := d.net.Resolver
	if r == nil {
		r = net.DefaultResolver
	}
	all, err := r.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, anonymous(err)
	}
	var as []netip.Addr
	for _, a := range all {
		if d.Check(a) == nil {
			as = append(as, a.Unmap())
		}
	}
	if len(as) == 0 {
		return nil, ErrInside
	}
	return as, nil
}

// Check returns ErrInside for an address that may not be connected to.
func (d *Dialer) Check(a netip.Addr) error {
	a = a.Unmap().WithZone("")
	for _, p := range d.inner {
		if p.Contains(a) {
			return nil
		}
	}
	if v4, ok := domains.Carried(a); ok {
		return d.Check(v4)
	}
	if !public(a) || d.isOwn(a) {
		return ErrInside
	}
	return nil
}

// isOwn reports whether an address is one of the gateway's interfaces.
func (d *Dialer) isOwn(a netip.Addr) bool {
	own := d.own.Load()
	if own == nil || time.Since(own.at) > time.Minute {
		own = &addresses{at: time.Now(), set: map[netip.Addr]bool{}}
		as, _ := net.InterfaceAddrs() // none: nothing to compare with
		for _, a := range as {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				own.set[p.Addr().Unmap()] = true
			}
		}
		d.own.Store(own)
	}
	return own.set[a]
}

// reserved are networks that are not of the internet, from IANA's registries of special
// purpose addresses (RFC 6890), beyond those that netip knows.
var reserved = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/8", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10",
)

func prefixes(ps ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(ps))
	for i, p := range ps {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// The errors of DialContext; they say why, and not where.
var (
	ErrName    = errors.New("the name has no address")
	ErrTimeout = errors.New("no answer in time")
	ErrRefused = errors.New("the connection is refused or the network unreachable")
)

// anonymous returns an error without the host that it is about.
func anonymous(err error) error {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, ErrInside):
		return ErrInside
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &dns) && dns.IsNotFound:
		return ErrName
	case errors.As(err, &timeout) && timeout.Timeout():
		return ErrTimeout
	case errors.As(err, &dns):
		return fmt.Errorf("%w: the name server has no answer", ErrName)
	}
	return ErrRefused
}
