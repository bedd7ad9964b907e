package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"sluis/filter/domains"
	"sluis/internal/roster"
	"sluis/internal/sitepolicy"
	"sluis/proxy/clienthello"
	"sluis/proxy/egress"
)

// Explainer answers as the proxy would, without a request. What it needs of a Config has the same names there.
type Explainer struct {
	Name    string
	Ports   []uint16
	Plain   []uint16
	Inspect bool // there is an authority
	Dialer  *egress.Dialer
	Policy  *sitepolicy.Policy
}

// Question is about a request of a browser.
type Question struct {
	Address      string // as people type it
	Group        roster.Group
	Time         time.Time
	Confidential bool
}

// Answer is what the proxy does with a request, and why.
type Answer struct {
	sitepolicy.Explanation
	Host    string // as the browser asks for it
	Refused string // why it is refused, whatever the policy says; empty: it is not
	Own     bool   // it is for the gateway's own pages
}

// resolveTime bounds the look-up of a name, which says whether it leads inside. A name that is not found is a matter
// of the site.
const resolveTime = time.Second

// Explain answers a question. The error is that of an address that is none.
func (e *Explainer) Explain(ctx context.Context, q Question) (Answer, error) {
	to, err := sitepolicy.ParseAddress(q.Address)
	if err != nil {
		return Answer{}, err
	}
	c := Config{Ports: e.Ports, Plain: e.Plain}
	c.defaults()
	a := Answer{Host: to.Host}
	port, allowed := portOf(to.Authority, 80), c.Plain
	if to.TLS {
		port, allowed = portOf(to.Authority, 443), slices.Concat(c.Ports, c.Plain)
	}
	switch status := targetStatus(to.Host, port, allowed); {
	case !to.TLS && to.Host == e.Name:
		a.Own = true
		return a, nil
	case status == http.StatusForbidden:
		a.Refused = fmt.Sprintf("port %d is not one of %s", port, joined(allowed))
	case status != 0:
		a.Refused = "that is no name or address of a site"
	}
	if a.Refused != "" {
		a.Action = sitepolicy.Block
		return a, nil
	}
	a.Explanation = e.ask(q, to, slices.Contains(c.Ports, port))
	if a.Action != sitepolicy.Block && e.inside(ctx, a.Host, a.Connect) {
		a.Action = sitepolicy.Block
		a.Refused = "the address is not on the internet, and not an own server that may be reached"
	}
	return a, nil
}

// ask asks the policy whatever the proxy asks it about a request, in the same order, until it is blocked.
func (e *Explainer) ask(q Question, to sitepolicy.Address, forTLS bool) (x sitepolicy.Explanation) {
	explain := func(r sitepolicy.Request) bool {
		r.Group, r.Time, r.Confidential = q.Group, q.Time, q.Confidential
		x = e.Policy.Explain(r)
		return x.Action != sitepolicy.Block
	}
	if !to.TLS {
		explain(sitepolicy.Request{Hosts: [3]string{2: to.Host}, Path: to.Page})
		return x
	}
	if forTLS && !explain(tunnelRequest(to.Host)) && (!x.BlockPage || !e.Inspect) {
		return x
	}
	hello := clienthello.Hello{Name: to.Host}
	if _, number := domains.Addr(to.Host); number {
		hello.Name = "" // RFC 6066, section 3
	}
	known := helloRequest(to.Host, hello)
	if explain(known) && x.Action == sitepolicy.Inspect { // then the page is seen as well
		known.Hosts[2], known.Path = to.Host, to.Page
		explain(known)
	}
	return x
}

// inside reports whether a host leads to an address that the proxy does not connect to.
func (e *Explainer) inside(ctx context.Context, host, instead string) bool {
	if e.Dialer == nil {
		return false
	}
	if instead != "" {
		host = instead
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	if a, ok := domains.Addr(host); ok {
		return e.Dialer.Check(a) != nil
	}
	_, err := e.Dialer.Resolve(ctx, host)
	return errors.Is(err, egress.ErrInside)
}

func joined(ports []uint16) string {
	var all []string
	for _, p := range ports {
		all = append(all, fmt.Sprint(p))
	}
	return strings.Join(all, ", ")
}

// targetStatus returns the status by which a request is refused before the policy is asked: for a host that is none,
// or a port that is not allowed; zero: it is not refused. No ports allow all.
func targetStatus(host string, port uint16, allowed []uint16) int {
	switch {
	case !validHost(host) || port == 0:
		return http.StatusBadRequest
	case allowed != nil && !slices.Contains(allowed, port):
		return http.StatusForbidden
	}
	return 0
}

// tunnelRequest is what is known of a tunnel for TLS before its ClientHello.
func tunnelRequest(host string) sitepolicy.Request {
	return sitepolicy.Request{Hosts: [3]string{host}, TLS: true}
}

// helloRequest is what is known of a connection by its ClientHello.
func helloRequest(host string, h clienthello.Hello) sitepolicy.Request {
	return sitepolicy.Request{Hosts: [3]string{host, h.Name}, TLS: true, ECH: h.ECH, NoSNI: h.Name == ""}
}
