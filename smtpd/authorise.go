package smtpd

import (
	"strings"

	"sluis/internal/admit"
	"sluis/rules"
	"sluis/smtpd/wire"
)

// trusts reports whether the client may relay to anywhere: from a trusted network, or
// with a certificate that the organisation's own authority signed.
func (wd *generation) trusts(c *wire.Conn) bool {
	return admit.Contains(wd.cfg.Trusted, c.Addr()) || c.Certified()
}

// mayReach reports whether a client may send to p. Everyone may reach the organisation's
// own domains, by a plain address only: a local part that holds a route of its own
// (user%elsewhere, elsewhere!user, "user@elsewhere") would be an open relay one hop on.
func (wd *generation) mayReach(p wire.Path, trusted bool) bool {
	if trusted {
		return true
	}
	if p.Domain == "" {
		return true // <postmaster>, this host's own
	}
	return wd.cfg.Roster.OwnDomain(p.Domain) && !strings.ContainsAny(p.Local, "@%!:")
}

// direction tells which way a message goes to one recipient. What an untrusted client
// sends comes from outside, whatever it says of its sender.
func (wd *generation) direction(from, to wire.Path, trusted bool) rules.Direction {
	own := func(p wire.Path) bool { return p.Domain != "" && wd.cfg.Roster.OwnDomain(p.Domain) }
	switch {
	case to.Domain != "" && !own(to):
		return rules.Out
	case trusted && own(from):
		return rules.Internal
	}
	return rules.In
}

// reachable returns the routes that a client's mail may take: what is offered to it has
// to be possible on each.
func (wd *generation) reachable(trusted bool) []*route {
	var rs []*route
	for _, r := range wd.routes {
		if trusted || r.takesOwn(wd.cfg.Roster) {
			rs = append(rs, r)
		}
	}
	return rs
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
