package smtpd

import (
	"errors"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"sluis/filter"
	"sluis/internal/store/disk"
	"sluis/rules"
	"sluis/smtpd/wire"
)

// message is what comes after DATA or BDAT, from its first byte to the final reply.
type message struct {
	relay  *Relay
	client *wire.Conn
	tx     *transaction
	helo   string
	spool  *disk.Spool
	at     time.Time // when the whole body was there

	repaired   uint32
	grounds    filter.Grounds
	inspection *filter.Inspection
	verdict    filter.Verdict  // the strictest
	direction  rules.Direction // of that verdict

	approved  bool           // it leaves for approved destinations alone
	readers   sync.WaitGroup // of the spool
	sealed    bool           // some of it is in quarantine
	abandoned bool           // an inspection did not stop in time
}

// handle takes the body, judges the message and records it. It returns the final reply; none
// if the client itself gave the body up.
func (m *message) handle(body io.Reader) Reply {
	var rep Reply
	err := m.receive(body)
	m.at = time.Now()
	if err == nil {
		rep = m.judge()
	} else {
		errors.As(err, &rep)
	}
	advised := rep.OK() && m.advise()
	m.record(rep, advised)
	if rep.OK() {
		m.notify()
	}
	return rep
}

// receive spools the body, repaired. It reads to the end whatever happens, so that what
// follows is not taken for commands. Its error is a Reply that refuses the message, or
// wire.ErrGivenUp.
func (m *message) receive(r io.Reader) error {
	g := &repairer{r: r}
	m.spool = m.relay.storage.spool(m.tx.generation.cfg.Spool, m.tx.who)
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	var refusal error
	for {
		n, err := g.Read(*buf)
		if n > 0 && refusal == nil {
			if m.spool.Size()+int64(n) > int64(m.tx.generation.cfg.Limits.MessageSize) {
				refusal = wire.NewReply(552, "5.3.4 Message is too large")
			} else if _, err := m.spool.Write((*buf)[:n]); err != nil {
				m.log("spooling failed", err)
				refusal = storageFault(err)
			}
			if refusal != nil {
				m.spool.Close() // what is still to come is dropped, and what came is of no use
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return brokenOff(err)
		}
	}
	m.repaired = g.repaired
	m.relay.metrics.repaired.Add(float64(m.repaired))
	m.relay.metrics.bytes.Add(float64(m.spool.Size()))
	switch {
	case refusal != nil:
		return refusal
	case m.client.Smuggled():
		return wire.NewReply(554, "5.6.0 A line with a lone dot between bare line feeds is not allowed")
	case g.bareCR:
		return wire.NewReply(554, "5.6.0 Bare carriage returns are not allowed")
	case g.nul:
		return wire.NewReply(554, "5.6.0 NUL bytes are not allowed")
	}
	return nil
}

// brokenOff returns what to say of a body that has no end.
func brokenOff(err error) error {
	switch {
	case errors.As(err, new(Reply)), errors.Is(err, wire.ErrGivenUp):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return wire.NewReply(421, "4.4.2 The message took too long")
	}
	return wire.NewReply(421, "4.4.2 Connection lost")
}

// judge has the message inspected, acts on the verdicts, and returns the final reply. A panic
// on the way is a local error like any other.
func (m *message) judge() (rep Reply) {
	t, cfg := m.tx, &m.tx.generation.cfg
	defer func() {
		if recover() != nil { // its value may quote content
			cfg.Log.Error("panic while judging a message", "id", t.id.String(), "stack", string(debug.Stack()))
			m.withdraw()
			rep = localError
		}
	}()
	if rep := m.loops(); rep.Code != 0 {
		return rep
	}
	if rep := m.prove(); rep.Code != 0 {
		return rep
	}
	var ds rules.Directions
	to := make([]string, 0, len(t.to))
	for _, r := range t.to {
		ds = ds.With(r.direction)
		to = append(to, r.path.Address())
	}
	var err error
	m.grounds, err = cfg.Policy.Grounds(t.id, m.at.UTC(), m.inspectedFor(ds), m.parties())
	if err != nil {
		m.log("grounds cannot be settled", err)
		return localError
	}
	if err := m.remember(); err != nil {
		m.log("a split message cannot be remembered", err)
		return localError
	}
	if m.grounds.Ordered() {
		if err := cfg.Policy.RecordUse(t.ctx, m.grounds.Orders, t.id); err != nil {
			m.log("the use of an order cannot be recorded", err)
			return localError
		}
	}
	item := filter.Item{
		Kind: filter.Message, Directions: ds, Sender: t.from.Address(), Recipients: to,
		Content: m.spool, Size: m.spool.Size(), Confidential: m.grounds.Confidential,
	}
	m.inspection, err = m.inspect(item, m.grounds.Purposes)
	if errors.Is(err, errCostly) {
		return costlyReply
	}
	if err != nil && cfg.OpenForLeak && m.grounds.Purposes.Has(rules.Leak) {
		m.log("inspection failed, leak rules left out", err)
		m.inspection, err = m.inspect(item, without(m.grounds.Purposes, rules.Leak))
	}
	if err != nil {
		m.inspection = nil
		m.log("inspection failed", err)
		return localError
	}
	return m.act()
}

// inspectedFor returns the directions that grounds are settled for. A message that leaves for approved destinations
// alone takes no part in the draw (C2.4a); one other recipient is enough that it does.
func (m *message) inspectedFor(ds rules.Directions) rules.Directions {
	approved := m.tx.generation.cfg.Approved
	elsewhere := func(r recipient) bool { return r.direction == rules.Out && !approved(r.path.Domain, m.at) }
	if approved == nil || !ds.Has(rules.Out) || slices.ContainsFunc(m.tx.to, elsewhere) {
		return ds
	}
	m.approved = true
	return ds.Without(rules.Out)
}

// log logs a fault, by the message's id.
func (m *message) log(what string, err error) {
	m.tx.generation.cfg.Log.Error(what, "id", m.tx.id.String(), "error", err)
}

func (m *message) close() {
	if m.abandoned {
		go func() {
			m.readers.Wait()
			m.spool.Close()
		}()
		return
	}
	m.spool.Close()
}
