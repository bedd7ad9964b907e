package smtpd

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"sluis/internal/admit"
	"sluis/internal/setting"
	"sluis/rules"
	"sluis/smtpd/wire"
)

// route is a Route with its connections.
type route struct {
	Route
	ways    rules.Directions // none: any
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
	if err := cfg.prepare(); err != nil {
		return nil, err
	}
	for i, d := range cfg.To {
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
		cfg.To[i] = sub + c
	}
	return &route{
		Route:   cfg,
		ways:    rules.DirectionsOf(cfg.Directions...),
		hello:   hello,
		metrics: m,
		places:  admit.NewPlaces(admit.Share(int64(cfg.Connections), strangers)),
		downTo:  map[string]time.Time{},
	}, nil
}

func (r *route) fits(domain string, d rules.Direction) bool {
	if r.ways != 0 && !r.ways.Has(d) {
		return false
	}
	if len(r.To) == 0 {
		return true
	}
	for _, want := range r.To {
		if want == "*" || want == domain || strings.HasPrefix(want, ".") && strings.HasSuffix(domain, want) {
			return true
		}
	}
	return false
}

func (r *route) takesOwn(ro Roster) bool {
	if r.ways != 0 && !r.ways.Has(rules.In) {
		return false
	}
	if len(r.To) == 0 {
		return true
	}
	for _, d := range r.To {
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
	for i, r := range all {
		setting.Default(&r.Name, fmt.Sprintf("route %d", i+1))
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
