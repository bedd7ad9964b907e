package smtpd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
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

	repaired uint32
	grounds  filter.Grounds
	exam     *filter.Inspection
	verdict  filter.Verdict  // the strictest
	toward   rules.Direction // of that verdict

	readers   sync.WaitGroup // of the spool
	sealed    bool           // something of it is in quarantine
	abandoned bool           // an inspection did not stop when told to
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
	m.record(rep)
	if rep.OK() {
		m.notify()
	}
	return rep
}

// notify tells the subscribers of an accepted message.
func (m *message) notify() {
	for _, s := range m.tx.generation.cfg.Subscribers {
		to := func(r recipient) bool { return strings.EqualFold(r.path.Address(), s.Address) }
		if !slices.ContainsFunc(m.tx.to, to) {
			continue
		}
		if err := s.Notify(context.WithoutCancel(m.tx.ctx), m.tx.id); err != nil {
			m.log("a subscriber was not told of a message", err)
		}
	}
}

// receive spools the body, repaired. It reads to the end whatever happens, so that what
// follows is not taken for commands. Its error is a Reply that refuses the message, or
// wire.ErrGivenUp.
func (m *message) receive(r io.Reader) error {
	g := &guard{r: r}
	m.spool = disk.NewSpool(m.tx.generation.cfg.Spool)
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

func storageFault(err error) Reply {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return wire.NewReply(452, "4.3.1 Insufficient storage, try again later")
	}
	return wire.NewReply(451, "4.3.0 Local error, try again later")
}

// judge inspects the message, acts on the verdicts, and returns the final reply. A panic
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
	m.grounds, err = cfg.Policy.Grounds(t.id, m.at.UTC(), ds, append([]string{t.from.Address()}, t.named...)...)
	if err != nil {
		m.log("grounds cannot be settled", err)
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
		Content: m.spool, Size: m.spool.Size(),
	}
	m.exam, err = m.inspect(item, m.grounds.Purposes)
	if err != nil && cfg.OpenForLeak && m.grounds.Purposes.Has(rules.Leak) {
		m.log("inspection failed, leak rules left out", err)
		m.exam, err = m.inspect(item, without(m.grounds.Purposes, rules.Leak))
	}
	if err != nil {
		m.exam = nil
		m.log("inspection failed", err)
		return localError
	}
	return m.act()
}

func without(ps rules.Purposes, p rules.Purpose) rules.Purposes {
	var kept rules.Purposes
	for _, q := range ps.List() {
		if q != p {
			kept = kept.With(q)
		}
	}
	return kept
}

// inspect has the policy look at the message within the time and the number of
// inspections at once that there are. An inspection that does not stop in time keeps
// its place until it does: an engine that hangs stops the mail, it does not fill memory.
func (m *message) inspect(item filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
	ctx, cancel := context.WithTimeout(m.tx.ctx, m.tx.generation.cfg.Limits.Inspect)
	defer cancel()
	select {
	case m.relay.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to inspect: %w", ctx.Err())
	}
	type result struct {
		x   *filter.Inspection
		err error
	}
	done := make(chan result, 1)
	m.readers.Add(1)
	go func() {
		res := result{err: errors.New("inspection panicked")}
		defer func() {
			recover() // its value may quote content
			<-m.relay.slots
			m.readers.Done()
			done <- res
		}()
		start := time.Now()
		x, err := m.tx.generation.cfg.Policy.Inspect(ctx, item, ps)
		m.relay.metrics.inspect.Observe(time.Since(start).Seconds())
		if err == nil && x == nil {
			err = errors.New("no inspection")
		}
		res = result{x, err}
	}()
	select {
	case res := <-done:
		return res.x, res.err
	case <-ctx.Done():
	}
	select {
	case res := <-done:
		if res.err == nil {
			return res.x, nil
		}
		return nil, res.err
	case <-time.After(time.Second):
		m.abandoned = true
		return nil, fmt.Errorf("inspecting: %w", ctx.Err())
	}
}

// act does what the verdicts ask, in the order that keeps the promise: what is set aside
// is durable before anything is passed on, and is withdrawn if that fails.
func (m *message) act() Reply {
	t, cfg := m.tx, &m.tx.generation.cfg
	var pass, aside []recipient
	verdicts := map[rules.Direction]filter.Verdict{}
	var tag, held filter.Verdict
	heldFor := rules.In
	for i, r := range t.to {
		v, ok := verdicts[r.direction]
		if !ok {
			v = cfg.Policy.Decide(m.exam, r.direction)
			verdicts[r.direction] = v
		}
		if i == 0 || v.Action > m.verdict.Action {
			m.verdict, m.toward = v, r.direction
		}
		if v.Action == filter.Quarantine {
			aside, held, heldFor = append(aside, r), v, r.direction
			continue
		}
		pass = append(pass, r)
		if v.Action == filter.Tag {
			tag = v
		}
	}
	// SMTP has one reply for all recipients: a refusal for one is a refusal for all, and
	// the sender, who is told why, loses nothing.
	if m.verdict.Action >= filter.Reject {
		return wire.NewReply(550, m.refusal())
	}
	head := m.received()
	if len(aside) > 0 {
		e := Entry{
			ID: t.id, Time: m.at.UTC(), Direction: heldFor, Verdict: held,
			Confidential: m.grounds.Confidential, Envelope: t.envelope(aside), Size: m.spool.Size(),
		}
		if err := cfg.Quarantine.Seal(t.ctx, e, m.exam, io.MultiReader(bytes.NewReader(head), m.spool.Reader())); err != nil {
			m.log("sealing failed", err)
			return storageFault(err)
		}
		m.sealed = true
	}
	if len(pass) == 0 {
		notice := cfg.Notice
		if notice == "" {
			notice = "Ok: queued as " + t.id.String()
		}
		return wire.NewReply(250, "2.0.0 "+notice)
	}
	if tag.Action == filter.Tag {
		head = append(head, "X-Sluis: "+tag.Category.String()+"; "+tag.Clause.String()+"\r\n"...)
	}
	rep := t.forward(pass, head, m.spool.Reader)
	if !rep.OK() && m.sealed {
		m.withdraw()
		// A 5xx is about those who would have got the message now; the others' would be
		// lost with it, so that it stays with the sender for another try.
		rep = again(rep)
	}
	return rep
}

// refusal words a verdict for the sender: the clause, the category, and where to read on.
func (m *message) refusal() string {
	text := "5.7.1 Refused under the code of conduct, clause " + m.verdict.Clause.String()
	if c := m.verdict.Category; c != rules.NoCategory {
		text += " (" + c.String() + ")"
	}
	return strings.TrimSpace(text + " " + m.tx.generation.cfg.About)
}

// withdraw takes back what was set aside of a message that stays with its sender. Were
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

// record writes the one journal record that a transaction with a body has (C3.2e).
func (m *message) record(rep Reply) {
	t := m.tx
	if m.exam == nil {
		m.toward = t.to[0].direction
	}
	r := journal.Record{
		Time: m.at.UTC(), ID: t.id, Kind: journal.Mail, Direction: m.toward,
		Action: m.verdict.Action, Purpose: m.verdict.Purpose, Category: m.verdict.Category,
		Clause: m.verdict.Clause, Rule: m.verdict.Rule,
		Confidential: m.grounds.Confidential, Eligible: m.grounds.Eligible, Drawn: m.grounds.Drawn, Ordered: m.grounds.Ordered(),
		TLS: m.client.TLSState() != nil, Refused: clamp16(t.refused), Repaired: m.repaired,
		Bytes: m.spool.Size(), Duration: time.Since(m.at),
	}
	r.Reply = uint16(rep.Code)
	if rep.OK() {
		r.Recipients = clamp16(len(t.to))
	}
	if x := m.exam; x != nil {
		r.Purposes, r.Ambiguous, r.Uninspectable, r.Incomplete = x.Purposes, x.Ambiguous, len(x.Uninspectable) > 0, x.Incomplete
		r.Parts = clamp16(x.Parts)
		m.relay.metrics.messages.WithLabelValues(r.Action.String(), r.Purpose.String()).Inc()
	}
	class := "none"
	if r.Reply > 0 {
		class = string('0'+rune(r.Reply/100)) + "xx"
	}
	m.relay.metrics.replies.WithLabelValues(class).Inc()
	subject := m.subject(&r)
	t.generation.cfg.Journal.Put(r, subject)
}

// subject finds whom the record is about: the organisation's own party, and nobody if a
// confidential role is involved (C3.2g). It completes the record with the other side.
func (m *message) subject(r *journal.Record) roster.Subject {
	if m.grounds.Confidential {
		return roster.Subject{}
	}
	t := m.tx
	own, peer := t.from, wire.Path{}
	for _, to := range t.to {
		if to.direction == m.toward {
			peer = to.path
			break
		}
	}
	if m.toward == rules.In {
		own, peer = peer, own
	}
	s := t.generation.cfg.Roster.Subject(own.Address())
	if s.Confidential() {
		return roster.Subject{}
	}
	r.Group = s.Group()
	if m.toward != rules.Internal {
		r.Peer = journal.DomainOf(peer.Domain)
	}
	return s
}

func clamp16(n int) uint16 { return uint16(min(n, math.MaxUint16)) }

// log tells of a fault, by the message's id.
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
