package proxy

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/sitepolicy"
	"sluis/proxy/blockpage"
	"sluis/proxy/content"
	"sluis/proxy/identify"
	"sluis/rules"
)

// flow is one request with its response, or one tunnel.
type flow struct {
	generation *generation
	metrics    *metrics
	exchange   content.Exchange
	who        identify.Who
	decision   sitepolicy.Decision
	tls        bool // the connection to the site is encrypted
	upload     bool // the request has a body
	blocked    bool
	status     int
	bytes      atomic.Int64 // both ways

	reply    *writer // to the client
	answered bool    // by a page of the gateway in the place of the site
	length   string  // Content-Length of the response; empty: not known
	cut      bool    // the response broke off
}

type flowKey struct{}

func flowOf(ctx context.Context) *flow {
	v, _ := ctx.Value(flowKey{}).(*flow)
	return v
}

// begin begins a flow. Its id is random, and set before anything of it is looked at, so
// that the sample is blind (C3.3b).
func (p *Proxy) begin(g *generation, who identify.Who) *flow {
	v := &flow{generation: g, metrics: p.metrics, who: who}
	v.exchange.ID, v.exchange.Time, v.exchange.Group = filter.NewID(), time.Now().UTC(), who.Group
	return v
}

// decide asks the policy. The first host is the one that the site is called by.
func (v *flow) decide(r sitepolicy.Request) sitepolicy.Decision {
	r.Group, r.Time, r.Confidential = v.who.Group, v.exchange.Time, v.who.Subject.Confidential()
	v.decision = v.generation.Policy.Decide(r)
	v.tls = r.TLS
	v.exchange.Score = !v.decision.Listed
	if v.decision.Action == sitepolicy.Block {
		v.blocked = true
	}
	return v.decision
}

// page is what a page tells of a flow that was blocked.
func (v *flow) page() blockpage.Blocked {
	b := blockpage.Blocked{
		ID: v.exchange.ID, Host: v.exchange.Host, Group: v.who.Group,
		Category: v.decision.Category, Clause: v.decision.Clause, Own: v.decision.Own, Rule: v.decision.Rule,
		Identified: v.who.Subject.Identified(),
	}
	if f := v.exchange.Found(); v.decision.Action != sitepolicy.Block {
		b.Content, b.Upload = true, f.Upload
		b.Category, b.Clause, b.Rule, b.Own = f.Verdict.Category, f.Verdict.Clause, f.Verdict.Rule, f.Own
	}
	return b
}

// end writes the one record (C3.2e). The site is in it where it was blocked, as its
// registrable domain, and nowhere else.
func (v *flow) end() {
	found := v.exchange.Found()
	v.blocked = v.blocked || found.Verdict.Action >= filter.Quarantine // also what was caught while it passed
	g := v.exchange.Grounds
	r := journal.Record{
		Time: v.exchange.Time, ID: v.exchange.ID, Kind: journal.Web, Direction: rules.Out, Group: v.who.Group,
		Purposes: g.Purposes, Confidential: v.who.Subject.Confidential(), Eligible: g.Eligible, Drawn: g.Drawn, Ordered: g.Ordered,
		Uninspectable: found.Uninspectable, Incomplete: found.Incomplete, TLS: v.tls,
		Reply: uint16(v.status), Bytes: v.bytes.Load(), Duration: time.Since(v.exchange.Time),
		Action: found.Verdict.Action, Purpose: found.Verdict.Purpose, Category: found.Verdict.Category,
		Clause: found.Verdict.Clause, Rule: found.Verdict.Rule,
	}
	if v.decision.Action == sitepolicy.Block {
		r.Action, r.Purpose, r.Category = filter.Reject, rules.Conduct, v.decision.Category
		r.Clause, r.Rule = v.decision.Clause, v.decision.Rule
		if sitepolicy.Security(v.decision.Category) {
			r.Purpose = rules.Security
		}
	}
	if (v.blocked || r.Action >= filter.Quarantine) && !r.Confidential && !isAddress(v.exchange.Host) {
		r.Peer = journal.DomainOf(v.exchange.Host)
	}
	v.generation.Journal.Put(r, v.who.Subject)
	v.metrics.requests.WithLabelValues(r.Action.String(), r.Category.String()).Inc()
	v.metrics.bytes.Add(float64(r.Bytes))
}

// allowed reports whether a client's address is one of those who may use the proxy. With
// the PROXY protocol it is known only here.
func (g *generation) allowed(a netip.Addr) bool { return g.client(a) }
