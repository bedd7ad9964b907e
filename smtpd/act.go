package smtpd

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"sluis/filter"
	"sluis/rules"
	"sluis/smtpd/wire"
)

// disposition is what the verdicts ask for, recipient by recipient.
type disposition struct {
	pass []recipient
	tag  filter.Verdict // of a recipient who gets the message tagged; zero: of none

	quarantine []recipient
	verdict    filter.Verdict // of the last of these
	direction  rules.Direction
}

// decide asks the policy for a verdict on each direction, and keeps the strictest.
func (m *message) decide() disposition {
	var d disposition
	verdicts := map[rules.Direction]filter.Verdict{}
	for i, r := range m.tx.to {
		v, ok := verdicts[r.direction]
		if !ok {
			v = m.tx.generation.cfg.Policy.Decide(m.inspection, r.direction)
			verdicts[r.direction] = v
		}
		if i == 0 || v.Action > m.verdict.Action {
			m.verdict, m.direction = v, r.direction
		}
		if v.Action == filter.Quarantine {
			d.quarantine, d.verdict, d.direction = append(d.quarantine, r), v, r.direction
			continue
		}
		d.pass = append(d.pass, r)
		if v.Action == filter.Tag {
			d.tag = v
		}
	}
	return d
}

// act does what the verdicts ask, in the order that keeps the promise: what is quarantined
// is durable before anything is passed on, and is withdrawn if that fails.
func (m *message) act() Reply {
	d := m.decide()
	// SMTP has one reply for all recipients: a refusal for one is a refusal for all, and
	// the sender gets the reason and loses nothing.
	if m.verdict.Action >= filter.Reject {
		return wire.NewReply(550, m.refusal())
	}
	head := m.received()
	if len(d.quarantine) > 0 {
		if err := m.seal(d, head); err != nil {
			m.log("sealing failed", err)
			return storageFault(err)
		}
	}
	if len(d.pass) == 0 {
		notice := m.tx.generation.cfg.Notice
		if notice == "" {
			notice = "Ok: queued as " + m.tx.trace.String()
		}
		return wire.NewReply(250, "2.0.0 "+notice)
	}
	if d.tag.Action == filter.Tag {
		head = append(head, "X-Sluis: "+d.tag.Category.String()+"; "+d.tag.Clause.String()+"\r\n"...)
	}
	rep := m.tx.forward(d.pass, head, m.spool.Reader)
	if !rep.OK() && m.sealed {
		m.withdraw()
		// A 5xx is about those who would have got the message now; the others' would be
		// lost with it, so that it stays with the sender for another try.
		rep = deferred(rep)
	}
	return rep
}

// seal quarantines the message for some of its recipients.
func (m *message) seal(d disposition, head []byte) error {
	e := Entry{
		ID:           m.tx.id,
		Time:         m.at.UTC(),
		Direction:    d.direction,
		Verdict:      d.verdict,
		Confidential: m.grounds.Confidential,
		Envelope:     m.tx.envelope(d.quarantine),
		Size:         m.spool.Size(),
	}
	if e.Confidential {
		e.Roles = m.roles()
	}
	content := io.MultiReader(bytes.NewReader(head), m.spool.Reader())
	if err := m.tx.generation.cfg.Quarantine.Seal(m.tx.ctx, e, m.inspection, content); err != nil {
		return err
	}
	m.sealed = true
	return nil
}

// refusal words a verdict for the sender: the clause, the category, and where to read on.
func (m *message) refusal() string {
	text := "5.7.1 Refused under the code of conduct, clause " + m.verdict.Clause.String()
	if c := m.verdict.Category; c != rules.NoCategory {
		text += " (" + c.String() + ")"
	}
	return strings.TrimSpace(text + " " + m.tx.generation.cfg.About)
}

// withdraw takes back what was quarantined of a message that stays with its sender. Were
// the entry to stay all the same, the message would be there twice; it is not lost.
func (m *message) withdraw() {
	if !m.sealed {
		return
	}
	m.sealed = false
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.tx.ctx), time.Minute)
	defer cancel()
	if err := m.tx.generation.cfg.Quarantine.Withdraw(ctx, m.tx.id); err != nil {
		m.log("withdrawing from quarantine failed", err)
	}
}
