package smtpd

import (
	"context"
	"errors"
	"io"

	"sluis/filter"
	"sluis/internal/admit"
	"sluis/smtpd/wire"
)

// transaction is one message from MAIL on, with its live counterpart at the next hop.
type transaction struct {
	id         filter.ID // random, before anything of the message is read (C3.3b)
	trace      filter.ID // for others to see: who has the message must not find its record by it (K4, C3.2g)
	generation *generation
	ctx        context.Context
	who        admit.Party // whom it counts for
	trusted    bool
	shared     *Shared // whose key the message has to carry, to be trusted; nil: none
	from       wire.Path
	params     wire.Params
	utf8       bool
	requireTLS bool

	route   *route   // set by the first recipient, or by MAIL if there is one only
	nextHop *nextHop // nil: none yet, or lost
	parked  *stay    // of the next hop, which another may have taken meanwhile
	to      []recipient
	named   []string // all recipients, also those who get it later or by another route (C3.2g)
	refused int      // recipients, by the next hop
	split   bool     // a recipient has to be tried again, so that the message comes in parts
}

// open connects to a route's next hop and gives it MAIL. An idle connection may turn out
// to be dead; then the next is tried, until a new one fails as well.
func (t *transaction) open(r *route) Reply {
	h, rep := t.begin(r)
	if h != nil {
		t.route, t.nextHop = r, h
	}
	return rep
}

// begin starts a transaction at a next hop. It returns a connection only with a
// positive reply.
func (t *transaction) begin(r *route) (*nextHop, Reply) {
	e := t.envelope(nil)
	for {
		h, reused, err := r.get(t.ctx, t.who)
		if errors.Is(err, errBusy) {
			return nil, wire.NewReply(451, "4.3.2 Next hop is busy, try again later")
		}
		if err != nil {
			return nil, wire.NewReply(451, "4.4.1 Next hop cannot be reached, try again later")
		}
		if rep := t.check(h); !rep.OK() {
			r.put(h)
			return nil, rep
		}
		e.Parameters = h.understood(e.Parameters)
		rep, err := h.mail(e)
		switch {
		case err == nil && rep.OK():
			return h, rep
		case err == nil && rep.Code != 421:
			r.settle(h)
			return nil, refused(rep)
		}
		r.drop(h)
		if !reused {
			return nil, lost(rep, err)
		}
	}
}

// refused returns a next hop's refusal for the client: unchanged, unless it is no
// refusal at all.
func refused(rep Reply) Reply {
	if rep.Code/100 == 4 || rep.Code/100 == 5 {
		return rep
	}
	return wire.NewReply(451, "4.5.0 Next hop answered out of turn")
}

// lost returns the reply for a next hop that went away. Its own 421 would mean
// that this relay is going away; as 451 it stays as temporary as it was.
func lost(rep Reply, err error) Reply {
	if err == nil && rep.Code == 421 {
		return Reply{Code: 451, Lines: rep.Lines}
	}
	return wire.NewReply(451, "4.4.2 Connection to next hop lost, try again later")
}

// check refuses what the next hop cannot do, since nothing is ever converted.
func (t *transaction) check(h *nextHop) Reply {
	body, _ := t.params.Get("BODY")
	_, ret := t.params.Get("RET")
	_, envid := t.params.Get("ENVID")
	switch c := h.caps; {
	case t.utf8 && !c.utf8:
		return wire.NewReply(550, "5.6.7 Next hop does not support SMTPUTF8")
	case t.requireTLS && (!c.requireTLS || !h.tls || h.route.TLS != TLSVerified):
		return wire.NewReply(550, "5.7.30 Next hop does not support REQUIRETLS")
	case len(body) > 0 && body[0] == '8' && !c.eightBit:
		return wire.NewReply(554, "5.6.3 Next hop does not support 8BITMIME")
	case (ret || envid) && !c.dsn:
		return wire.NewReply(455, "4.5.1 Next hop does not support DSN")
	}
	return wire.NewReply(250, "")
}

func (t *transaction) envelope(to []recipient) Envelope {
	e := Envelope{From: t.from.Raw, Parameters: t.params}
	for _, r := range to {
		e.To = append(e.To, r.exported())
	}
	return e
}

func (r recipient) exported() Recipient {
	return Recipient{Path: r.path.Raw, Parameters: r.params, Direction: r.direction}
}

// add gives the next hop one more recipient. If the connection was lost meanwhile, all
// that was said is said again on a new one.
func (t *transaction) add(r recipient) Reply {
	t.wake()
	for again := false; ; again = true {
		if t.nextHop == nil {
			if rep := t.restore(t.to); !rep.OK() {
				return rep
			}
		}
		if len(r.params) > 0 && !t.nextHop.caps.dsn {
			return wire.NewReply(455, "4.5.1 Next hop does not support DSN")
		}
		rep, err := t.nextHop.command(rcptLine(r.exported()))
		if err == nil && rep.Code != 421 {
			if rep.OK() {
				t.to = append(t.to, r)
				return rep
			}
			return refused(rep)
		}
		t.route.drop(t.nextHop)
		t.nextHop = nil
		if again {
			return lost(rep, err)
		}
	}
}

// restore makes the next hop's transaction one for exactly the given recipients, which
// it has accepted before. If it does not any more, the client has to try again later.
func (t *transaction) restore(to []recipient) Reply {
	if t.nextHop != nil && t.nextHop.reset(t.route.Command) != nil {
		t.route.drop(t.nextHop)
		t.nextHop = nil
	}
	if t.nextHop != nil {
		e := t.envelope(nil)
		e.Parameters = t.nextHop.understood(e.Parameters)
		if rep, err := t.nextHop.mail(e); err != nil || !rep.OK() {
			t.route.drop(t.nextHop)
			t.nextHop = nil
		}
	}
	if t.nextHop == nil {
		h, rep := t.begin(t.route)
		if h == nil {
			return deferred(rep)
		}
		t.nextHop = h
	}
	return deferred(t.offer(to))
}

// offer gives the next hop recipients, and returns its first refusal; after one nothing is
// left of the transaction at the next hop.
func (t *transaction) offer(to []recipient) Reply {
	rep, err := t.nextHop.recipients(t.envelope(to).To)
	switch {
	case err != nil || rep.Code == 421:
		t.route.drop(t.nextHop)
		t.nextHop = nil
		return lost(rep, err)
	case !rep.OK():
		t.route.settle(t.nextHop)
		t.nextHop = nil
	}
	return rep
}

// deferred makes a refusal that comes too late for its recipient into a request to try
// again later.
func deferred(rep Reply) Reply {
	if rep.OK() || rep.Temporary() {
		return rep
	}
	return wire.NewReply(451, "4.3.0 Next hop changed its mind, try again later")
}

// forward sends the message to exactly the given recipients and returns the next hop's
// final reply. Up to the message itself a lost connection is replaced once; after that
// it is not known whether the message arrived, and only the sender may try again.
func (t *transaction) forward(to []recipient, head []byte, body func() io.Reader) Reply {
	t.wake()
	var rep Reply
	var err error
	for attempt := 0; attempt < 2; attempt++ {
		if t.nextHop == nil || len(to) != len(t.to) {
			if rep := t.restore(to); !rep.OK() {
				return rep
			}
		}
		h := t.nextHop
		t.nextHop = nil
		if rep, err = h.command("DATA"); err != nil || rep.Code == 421 {
			t.route.drop(h)
			continue
		}
		if rep.Code != 354 {
			t.route.settle(h)
			return refused(rep)
		}
		return t.route.transmit(h, head, body())
	}
	return lost(rep, err)
}

// transmit sends a message after 354.
func (r *route) transmit(h *nextHop, head []byte, body io.Reader) Reply {
	rep, err := h.message(head, body)
	switch {
	case errors.Is(err, errHungUp):
		r.drop(h)
		if rep.Code == 421 {
			return lost(rep, nil)
		}
		return rep
	case errors.Is(err, errSpool):
		r.drop(h)
		return wire.NewReply(451, "4.3.0 Local error, try again later")
	case err != nil || rep.Code == 421:
		r.drop(h)
		return lost(rep, err)
	case rep.OK():
		r.put(h)
		return rep
	}
	r.settle(h)
	return refused(rep)
}

// rest parks the next hop: the client's turn has come.
func (t *transaction) rest() {
	if t.nextHop == nil || t.parked != nil {
		return
	}
	if t.parked = t.route.park(t.nextHop); t.parked == nil {
		t.nextHop = nil
	}
}

// wake takes the next hop back, if it is there still.
func (t *transaction) wake() {
	if t.parked != nil && !t.route.unpark(t.parked) {
		t.nextHop = nil
	}
	t.parked = nil
}

// close ends the transaction at the next hop.
func (t *transaction) close() {
	t.wake()
	if t.nextHop != nil {
		t.route.settle(t.nextHop)
		t.nextHop = nil
	}
}
