package smtpd

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"sluis/internal/admit"
	"sluis/internal/setting"
	"sluis/rules"
	"sluis/smtpd/wire"
)

// Route says where mail for some recipients goes.
type Route struct {
	Name       string           // for logs and metrics
	Domains    []string         // recipient domains; ".school.nl" takes the domains below; none or "*": any
	Directions rules.Directions // none: any
	Hosts      []string         // host:port, tried in their order
	TLS        TLSMode
	Implicit   bool        // TLS from the first byte (port 465)
	TLSConfig  *tls.Config // roots and own certificate; may be nil

	User, Password string // SASL PLAIN or LOGIN, after TLS only, if User is set

	Connections int           // at once; default 40, as Postfix lets a client have 50
	Hold        time.Duration // wait for a client that is silent, before another may need it; default 5 s
	Idle        time.Duration // keep an unused connection; default 20 s, negative: do not
	Dial        time.Duration // per host; default 15 s, or Command if that is less
	Command     time.Duration // for a reply to a command; default 2 minutes
	Body        time.Duration // for the reply to a whole message; default 10 minutes
}

func (r *Route) check() error {
	if len(r.Hosts) == 0 {
		return fmt.Errorf("route %s: no hosts", r.Name)
	}
	loopback := true
	for _, h := range r.Hosts {
		host, _, err := net.SplitHostPort(h)
		if err != nil {
			return fmt.Errorf("route %s: host: %w", r.Name, err)
		}
		ip, err := netip.ParseAddr(host)
		loopback = loopback && (host == "localhost" || err == nil && ip.IsLoopback())
	}
	if r.User != "" && r.TLS != TLSRequired && r.TLS != TLSVerified && !loopback {
		return fmt.Errorf("route %s: a password needs TLS required or verified", r.Name)
	}
	if r.Implicit && r.TLS == TLSNone {
		return fmt.Errorf("route %s: implicit TLS and no TLS exclude each other", r.Name)
	}
	setting.Default(&r.Command, 2*time.Minute)
	setting.Default(&r.Dial, min(15*time.Second, r.Command))
	setting.Default(&r.Body, 10*time.Minute)
	setting.Default(&r.Connections, 40)
	setting.Default(&r.Hold, 5*time.Second)
	if r.Idle == 0 {
		r.Idle = 20 * time.Second
	}
	return nil
}

// route is a Route with its connections.
type route struct {
	Route
	hello   string
	metrics *metrics
	places  *admit.Places // for connections in use
	asking  sync.Mutex    // held by who asks for caps

	mu     sync.Mutex
	idle   []*nextHop
	parked []*stay // with transactions that wait for their clients; the longest first
	closed bool
	downTo map[string]time.Time // a host that failed is tried last until then
	caps   caps                 // as last seen
	seen   time.Time            // when; zero: never
	failed time.Time            // when asking for caps failed last
}

func newRoute(cfg Route, hello string, strangers float64, m *metrics) (*route, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.Domains = append([]string(nil), cfg.Domains...)
	for i, d := range cfg.Domains {
		sub := ""
		if len(d) > 1 && d[0] == '.' {
			sub, d = ".", d[1:]
		}
		c, ok := wire.CanonicalDomain(d)
		if d == "*" {
			c, ok = d, true
		}
		if !ok {
			return nil, fmt.Errorf("route %s: not a domain", cfg.Name)
		}
		cfg.Domains[i] = sub + c
	}
	return &route{
		Route:   cfg,
		hello:   hello,
		metrics: m,
		places:  admit.NewPlaces(admit.Share(int64(cfg.Connections), strangers)),
		downTo:  map[string]time.Time{},
	}, nil
}

func (r *route) fits(domain string, d rules.Direction) bool {
	if r.Directions != 0 && !r.Directions.Has(d) {
		return false
	}
	if len(r.Domains) == 0 {
		return true
	}
	for _, want := range r.Domains {
		if want == "*" || want == domain || strings.HasPrefix(want, ".") && strings.HasSuffix(domain, want) {
			return true
		}
	}
	return false
}

func (r *route) takesOwn(ro Roster) bool {
	if r.Directions != 0 && !r.Directions.Has(rules.In) {
		return false
	}
	if len(r.Domains) == 0 {
		return true
	}
	for _, d := range r.Domains {
		if d == "*" || strings.HasPrefix(d, ".") || ro.OwnDomain(d) {
			return true
		}
	}
	return false
}

// routes are those of one version of the configuration, in their order.
type routes []*route

// newRoutes makes routes; strangers may have a part of the connections of each. Routes to the same
// hosts have their places in common.
func newRoutes(hostname string, all []Route, strangers float64, m *metrics) (routes, error) {
	if _, ok := wire.CanonicalDomain(hostname); !ok {
		return nil, errors.New("smtpd: the host name is not a domain name")
	}
	if len(all) == 0 {
		return nil, errors.New("smtpd: no routes")
	}
	var rs routes
	places := map[string]*admit.Places{}
	for _, r := range all {
		made, err := newRoute(r, hostname, strangers, m)
		if err != nil {
			return nil, fmt.Errorf("smtpd: %w", err)
		}
		hosts := strings.Join(made.Hosts, " ")
		if places[hosts] == nil {
			places[hosts] = made.places
		}
		made.places = places[hosts]
		rs = append(rs, made)
	}
	return rs, nil
}

// find returns the first route that fits a recipient, or nil.
func (rs routes) find(to wire.Path, d rules.Direction) *route {
	for _, r := range rs {
		if r.fits(to.Domain, d) {
			return r
		}
	}
	return nil
}

// close lets go of idle connections to next hops; those in use close after their use.
func (rs routes) close() {
	for _, r := range rs {
		r.close()
	}
}

// share returns recipients and the route that they have in common.
func (rs routes) share(all []Recipient) ([]recipient, *route, error) {
	var to []recipient
	var common *route
	for _, r := range all {
		p, ok := wire.ParsePath(r.Path)
		if !ok {
			return nil, nil, errors.New("bad recipient")
		}
		found := rs.find(p, r.Direction)
		switch {
		case found == nil:
			return nil, nil, errors.New("no route")
		case common != nil && found != common:
			return nil, nil, errors.New("recipients have different routes")
		}
		common = found
		to = append(to, recipient{p, wire.Params(r.Parameters), r.Direction})
	}
	if common == nil {
		return nil, nil, errors.New("no recipients")
	}
	return to, common, nil
}
