package smtpd

import (
	"math"
	"slices"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/rules"
	"sluis/smtpd/wire"
)

// record writes the one journal record that a transaction with a body has (C3.2e).
func (m *message) record(rep Reply, advised bool) {
	t := m.tx
	if m.inspection == nil {
		m.direction = t.to[0].direction
	}
	r := journal.Record{
		Time:         m.at.UTC(),
		ID:           t.id,
		Kind:         journal.Mail,
		Direction:    m.direction,
		Action:       m.verdict.Action,
		Purpose:      m.verdict.Purpose,
		Category:     m.verdict.Category,
		Clause:       m.verdict.Clause,
		Rule:         m.verdict.Rule,
		Confidential: m.grounds.Confidential,
		Eligible:     m.grounds.Eligible,
		Drawn:        m.grounds.Drawn,
		Ordered:      m.grounds.Ordered(),
		Approved:     m.approved,
		TLS:          m.client.TLSState() != nil,
		Reply:        uint16(rep.Code),
		Refused:      clamp16(t.refused),
		Repaired:     m.repaired,
		Bytes:        m.spool.Size(),
		Duration:     time.Since(m.at),
	}
	if rep.OK() {
		r.Recipients = clamp16(len(t.to))
	}
	if advised {
		r.Purpose, r.Category, r.Clause = rules.Conduct, rules.FileSharing, adviceClause
	}
	if x := m.inspection; x != nil {
		r.Purposes, r.Parts = x.Purposes, clamp16(x.Parts)
		r.Ambiguous, r.Uninspectable, r.Incomplete = x.Ambiguous, len(x.Uninspectable) > 0, x.Incomplete
		m.relay.metrics.messages.Inc()
	}
	class := "none"
	if r.Reply > 0 {
		class = string('0'+rune(r.Reply/100)) + "xx"
	}
	m.relay.metrics.replies.WithLabelValues(class).Inc()
	subject := m.subject(&r)
	t.generation.cfg.Journal.Put(r, subject)
}

// subject returns the person whom the record is about: the organisation's own party, and no
// person if a confidential role is involved (C3.2g). It completes the record with the group, and
// with the domain of the other side where a danger came from there or an order of the board asks.
func (m *message) subject(r *journal.Record) roster.Subject {
	if m.grounds.Confidential {
		return roster.Subject{}
	}
	t := m.tx
	own, peer := t.from, wire.Path{}
	for _, to := range t.to {
		if to.direction == m.direction {
			peer = to.path
			break
		}
	}
	if m.direction == rules.In {
		own, peer = peer, own
	}
	s := t.generation.cfg.Roster.Subject(own.Address())
	if s.Confidential() {
		return roster.Subject{}
	}
	r.Group = s.Group()
	// With whom ordinary mail was exchanged is nobody's business (C3.2b, C3.2e).
	dangerous := m.direction == rules.In && r.Purpose == rules.Security
	if dangerous || r.Ordered && m.direction != rules.Internal {
		r.Peer = journal.DomainOf(peer.Domain)
	}
	return s
}

// adviceClause asks to share by link rather than attachment.
var adviceClause = rules.MustClause("C2.1a")

// advise reports whether the sender gets a note on the size of what was attached. A note is about what passed and was
// found to be nothing else, and never about confidential mail.
func (m *message) advise() bool {
	t := m.tx
	advise := t.generation.cfg.Advise
	out := func(r recipient) bool { return r.direction == rules.Out }
	if advise == nil || !t.trusted || m.grounds.Confidential || m.inspection == nil || m.inspection.Parts < 2 ||
		m.verdict.Action != filter.Pass || m.verdict.Purpose != rules.NoPurpose || !slices.ContainsFunc(t.to, out) {
		return false
	}
	return advise(t.from.Address(), m.spool.Size(), m.at)
}

// clamp16 returns n, or the largest number that the journal takes.
func clamp16(n int) uint16 { return uint16(min(n, math.MaxUint16)) }
