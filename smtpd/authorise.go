package smtpd

import (
	"slices"
	"strings"

	"sluis/internal/admit"
	"sluis/rules"
	"sluis/smtpd/wire"
)

// trusts reports whether the client may relay to anywhere: from a trusted network, or
// with a certificate that the organisation's own authority signed.
func (gen *generation) trusts(c *wire.Conn) bool {
	return admit.Contains(gen.cfg.Trusted, c.Addr()) || c.Certified()
}

// party returns what a client counts for where places are shared. Whose mail comes through
// a shared network is known only once the message is there.
func (gen *generation) party(c *wire.Conn) admit.Party {
	who := admit.Party{Addr: c.Addr()}
	in := func(s Shared) bool { return admit.Contains(s.Networks, who.Addr) }
	switch {
	case gen.trusts(c):
		who.Rank = admit.Own
	case admit.Contains(gen.cfg.Carriers, who.Addr), slices.ContainsFunc(gen.cfg.Shared, in):
		who.Rank = admit.Carrier
	}
	return who
}

// mayReach reports whether a client may send to p. Everyone may reach the organisation's
// own domains, by a plain address only: a local part that holds a route of its own
// (user%elsewhere, elsewhere!user, "user@elsewhere") would be an open relay one hop on.
func (gen *generation) mayReach(p wire.Path, trusted bool) bool {
	if trusted {
		return true
	}
	if p.Domain == "" {
		return true // <postmaster>, this host's own
	}
	return gen.cfg.Roster.OwnDomain(p.Domain) && !strings.ContainsAny(p.Local, "@%!:")
}

// direction returns which way a message goes to one recipient. Mail of an untrusted client
// comes from outside, whatever it says of its sender.
func (gen *generation) direction(from, to wire.Path, trusted bool) rules.Direction {
	own := func(p wire.Path) bool { return p.Domain != "" && gen.cfg.Roster.OwnDomain(p.Domain) }
	switch {
	case to.Domain != "" && !own(to):
		return rules.Out
	case trusted && own(from):
		return rules.Internal
	}
	return rules.In
}

// reachable returns the routes that a client's mail may take. Every extension that the client
// is offered has to be possible on each.
func (gen *generation) reachable(trusted bool) []*route {
	var rs []*route
	for _, r := range gen.routes {
		if trusted || r.takesOwn(gen.cfg.Roster) {
			rs = append(rs, r)
		}
	}
	return rs
}
