package gateway

import (
	"context"
	"time"

	"sluis/filter/text/sandbox"
	"sluis/internal/clamd"
	"sluis/internal/health"
	"sluis/internal/ledger"
	"sluis/internal/oversight/witness"
	"sluis/internal/quarantine"
	"sluis/internal/sitelists"
	"sluis/proxy"
)

// Health returns the checks of a gateway that may run in another process.
func (d *Data) Health() ([]health.Check, error) {
	var states []sitelists.State
	if len(d.cfg.Web.Listen) > 0 {
		if lists, err := d.Lists(); err == nil { // else the files are named
			states = lists.Status()
		}
	}
	counts := func(ctx context.Context) (quarantine.Counts, error) {
		q, err := d.Quarantine()
		if err != nil {
			return quarantine.Counts{}, err
		}
		return q.Counts(ctx)
	}
	sender, err := NewSender(d.cfg)
	if err != nil {
		return nil, err
	}
	defer sender.mail.Close()
	none := func() int64 { return 0 } // only the running process counts what it dropped
	waiting := func() int {
		r, err := LoadRoster(d.cfg)
		if err != nil { // then the gateway keeps the one of before
			return 0
		}
		return len(r.Risks())
	}
	all := d.healthChecks(sender, states, none, counts, d.checkLedger, d.behindLedger)
	all = append(all, health.Roster(waiting, d.rosterAnew))
	return append([]health.Check{health.Gateway(d.Locked)}, all...), nil
}

// healthChecks are the checks of this gateway.
func (g *Gateway) healthChecks() []health.Check {
	all := g.data.healthChecks(g.sender(), g.listStates(), g.journal.Dropped, g.quarantine.Counts, g.verified.last,
		g.clock.jumped)
	all = append(all, health.Limits(func() (strangers, known int64) {
		r := g.relay.Reached()
		return r.Strangers, r.Known
	}))
	all = append(all, health.Roster(func() int { return len(g.inForce.Load().Roster.Risks()) },
		g.data.rosterAnew))
	if apart, ok := g.webApartSide(); ok {
		all = append([]health.Check{health.Proxy(apart.healthy)}, all...)
	}
	if g.web != nil && g.data.cfg.Web.Inspect.Certificate != "" {
		all = append(all, health.Inspection(g.uninspected))
	}
	return all
}

// uninspected returns how many sites pass without inspection for a while; only the proxy counts them.
func (g *Gateway) uninspected() int {
	families, _ := g.gatherer().Gather() // of a process that has just ended there is nothing to say
	for _, f := range families {
		if f.GetName() == proxy.UninspectedSites && len(f.GetMetric()) > 0 {
			return int(f.GetMetric()[0].GetGauge().GetValue())
		}
	}
	return 0
}

// What of certificates needs attention: a device takes longer to get a new authority than a
// server a new certificate.
const (
	renewAhead   = 21 * 24 * time.Hour
	replaceAhead = 90 * 24 * time.Hour
)

// healthChecks are the checks that the configuration of a sender asks for.
func (d *Data) healthChecks(sender Sender, states []sitelists.State, dropped func() int64,
	counts func(context.Context) (quarantine.Counts, error),
	verified func(context.Context) (time.Time, error), off func() time.Duration) []health.Check {
	var all []health.Check
	cfg := sender.cfg
	for _, next := range sender.mail.NextHops() {
		all = append(all, health.MailServer(next))
	}
	all = append(all,
		health.Journal(d.path("journal", "segments"), dropped),
		health.Spool(d.spool()),
		health.Quarantine(counts),
		health.Ledger(verified),
		health.Witnesses(d.witnesses(cfg), witness.Fewest),
		health.Keys(d.lostKeyNames),
		health.Files(d.damaged),
		health.Roll(d.checkRoll),
		health.Orders(d.orderFaults),
		health.Outcomes(d.overdueOrders),
		health.BreakGlass(d.emergencies),
		health.Readers(sandbox.Lacking()),
		health.Sample(sampleRate(cfg), cfg.Policy.Unreasoned()),
		health.Groups(smallNetworks(cfg)))
	if len(cfg.Approved) > 0 {
		all = append(all, health.Agreements(cfg.Approved.EndedNames))
	}
	if address := cfg.Policy.Malware.Clamd; address != "" {
		all = append(all, health.Clamd(clamd.New(address)))
	}
	all = append(all, health.Lists(states)...)
	for _, c := range []struct {
		of    health.Owner
		file  string
		ahead time.Duration
	}{
		{health.Mail, cfg.Mail.TLS.Certificate, renewAhead},
		{health.Web, cfg.Web.TLS.Certificate, renewAhead},
		{health.Console, cfg.Console.TLS.Certificate, renewAhead},
		{health.Authority, cfg.Web.Inspect.Certificate, replaceAhead},
	} {
		if c.file != "" {
			all = append(all, health.Certificate(c.of, c.file, c.ahead))
		}
	}
	return append(all, health.Disk(cfg.Data), clockCheck(off))
}

// rosterAnew reports whether the memory of whose addresses are began anew since a time, for it was lost.
func (d *Data) rosterAnew(since time.Time) (bool, error) {
	l, err := d.Ledger()
	if err != nil {
		return false, err
	}
	for e, err := range l.Find(ledger.Query{Kinds: []ledger.Kind{ledger.RosterBegun}, Since: since}) {
		if err != nil {
			return false, err
		}
		if e.Data.Step == begunAnew {
			return true, nil
		}
	}
	return false, nil
}

// emergencies returns how many messages were opened or released without an account since a time.
func (d *Data) emergencies(_ context.Context, since time.Time) (n int, err error) {
	l, err := d.Ledger()
	if err != nil {
		return 0, err
	}
	for _, err := range l.Find(ledger.Query{Kinds: []ledger.Kind{ledger.BreakGlass}, Since: since}) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}
