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
	spared     *spared
	exchange   content.Exchange
	sender     identify.Identity
	decision   sitepolicy.Decision
	tls        bool // the connection to the site is encrypted
	upload     bool // the request has a body
	approved   bool // and goes to an approved application
	blocked    bool
	status     int
	bytes      atomic.Int64 // both ways

	sent     *receivedBody // by the client
	again    *againBody    // that is sent; nil: none that could be sent again
	reply    *writer       // to the client
	answered bool          // by a page of the gateway in the place of the site
	length   string        // Content-Length of the response; empty: not known
	cut      bool          // the response broke off
	untyped  bool          // the site does not say what the body is
}

type flowKey struct{}

func flowOf(ctx context.Context) *flow {
	f, _ := ctx.Value(flowKey{}).(*flow)
	return f
}

// begin begins a flow. Its id is random, and set before anything of it is inspected, so that the sample is blind
// (C3.3b).
func (p *Proxy) begin(g *generation, sender identify.Identity) *flow {
	f := &flow{generation: g, metrics: p.metrics, spared: p.spared, sender: sender}
	f.exchange.ID, f.exchange.Time, f.exchange.Group = filter.NewID(), time.Now().UTC(), sender.Group
	return f
}

// decide asks the policy. The first host is the one that the site is called by.
func (f *flow) decide(r sitepolicy.Request) sitepolicy.Decision {
	r.Group, r.Time, r.Confidential = f.sender.Group, f.exchange.Time, f.sender.Subject.Confidential()
	f.decision = f.generation.Policy.Decide(r)
	f.tls = r.TLS
	f.exchange.Score = !f.decision.Listed
	if f.decision.Action == sitepolicy.Block {
		f.blocked = true
	}
	return f.decision
}

// reason returns why a flow was stopped, by its site or by its content; the zero Reason if it was not.
func (f *flow) reason() blockpage.Reason {
	if d := f.decision; d.Action == sitepolicy.Block {
		return blockpage.Reason{Verdict: d.Verdict(), Own: d.Own}
	}
	found := f.exchange.Found()
	return blockpage.Reason{Verdict: found.Verdict, Own: found.Own, Content: true, Upload: found.Upload}
}

// page is what the page of a blocked flow shows.
func (f *flow) page() blockpage.Blocked {
	return blockpage.Blocked{
		Reason:     f.reason(),
		ID:         f.exchange.ID,
		Host:       f.exchange.Host,
		Group:      f.sender.Group,
		Identified: f.sender.Subject.Identified(),
	}
}

// end writes the one record (C3.2e). The site is in it where it was blocked, as its registrable domain, and nowhere
// else.
func (f *flow) end() {
	verdict, found, grounds := f.reason().Verdict, f.exchange.Found(), f.exchange.Grounds
	f.blocked = f.blocked || verdict.Action >= filter.Quarantine // also what was caught while it passed
	r := journal.Record{
		Time:          f.exchange.Time,
		ID:            f.exchange.ID,
		Kind:          journal.Web,
		Direction:     rules.Out,
		Group:         f.sender.Group,
		Action:        verdict.Action,
		Purpose:       verdict.Purpose,
		Category:      verdict.Category,
		Clause:        verdict.Clause,
		Rule:          verdict.Rule,
		Purposes:      grounds.Purposes,
		Confidential:  f.sender.Subject.Confidential(),
		Eligible:      grounds.Eligible,
		Drawn:         grounds.Drawn,
		Ordered:       grounds.Ordered(),
		Approved:      f.approved,
		Uninspectable: found.Uninspectable,
		Incomplete:    found.Incomplete,
		TLS:           f.tls,
		Reply:         uint16(f.status),
		Bytes:         f.bytes.Load(),
		Duration:      time.Since(f.exchange.Time),
	}
	if f.blocked && !r.Confidential && !isAddress(f.exchange.Host) {
		r.Peer = journal.DomainOf(f.exchange.Host)
	}
	f.generation.Journal.Put(r, f.sender.Subject)
	f.metrics.requests.Inc()
	f.metrics.bytes.Add(float64(r.Bytes))
}

// allowed reports whether a client's address is one that may use the proxy. With the PROXY protocol it is known only
// here.
func (g *generation) allowed(a netip.Addr) bool { return g.isClient(a) }
