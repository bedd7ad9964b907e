package smtpd

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/emersion/go-smtp"

	"sluis/filter"
	"sluis/rules"
)

// session is what go-smtp calls for one client. All calls come from the goroutine of
// the connection: the wire turns BDAT, which go-smtp would run beside it, into DATA.
type session struct {
	relay *Relay
	w     *wire
	conn  *smtp.Conn
	tx    *transaction // nil: none open
}

func (r *Relay) session(c *smtp.Conn) (smtp.Session, error) {
	w, ok := c.Conn().(*wire)
	if !ok {
		return nil, &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Local error"}
	}
	return &session{relay: r, w: w, conn: c}, nil
}

// keywords returns the reply to EHLO: what every next hop that the client's mail may go
// to can do. CHUNKING and PIPELINING end here and are always possible.
func (r *Relay) keywords(w *wire) []string {
	wd := r.world.Load()
	all := caps{eightBit: true, utf8: true, dsn: true, requireTLS: w.tls != nil, enhanced: true}
	size := int64(wd.cfg.Limits.MessageSize)
	ctx, cancel := context.WithTimeout(r.ctx, wd.cfg.Limits.Handshake)
	defer cancel()
	for _, rt := range wd.reachable(wd.trusts(w) || wd.shared(w) != nil) {
		c, _ := rt.capabilities(ctx)
		all.eightBit = all.eightBit && c.eightBit
		all.utf8 = all.utf8 && c.utf8
		all.dsn = all.dsn && c.dsn
		all.enhanced = all.enhanced && c.enhanced
		all.requireTLS = all.requireTLS && c.requireTLS && rt.TLS == TLSVerified
		if c.size > 0 {
			size = min(size, c.size)
		}
	}
	ks := []string{wd.cfg.Hostname, "PIPELINING", fmt.Sprintf("SIZE %d", size)}
	add := func(has bool, k string) {
		if has {
			ks = append(ks, k)
		}
	}
	add(w.tls == nil && w.world.cfg.TLS != nil, "STARTTLS")
	add(all.enhanced, "ENHANCEDSTATUSCODES")
	add(all.eightBit, "8BITMIME")
	add(all.utf8, "SMTPUTF8")
	add(all.dsn, "DSN")
	add(all.requireTLS, "REQUIRETLS")
	return append(ks, "CHUNKING")
}

// reply gives the client r in go-smtp's stead.
func (s *session) reply(r Reply) error {
	s.w.instead(r)
	return r.refusal()
}

// Mail implements smtp.Session. The path and parameters come from the wire, exact.
func (s *session) Mail(_ string, o *smtp.MailOptions) error { return s.reply(s.mail(o)) }

func (s *session) mail(opts *smtp.MailOptions) Reply {
	if s.tx != nil {
		return answer(503, "5.5.1 Nested MAIL command")
	}
	var from path
	if raw := s.w.path; raw != "" {
		var ok bool
		if from, ok = parsePath(raw); !ok || from.domain == "" {
			return answer(501, "5.1.7 Bad sender address syntax")
		}
	}
	wd := s.relay.world.Load()
	t := &transaction{
		id: filter.NewID(), world: wd, ctx: s.relay.ctx, from: from, trusted: wd.trusts(s.w),
		params: s.w.params.only("SIZE", "BODY", "SMTPUTF8", "REQUIRETLS", "RET", "ENVID"),
	}
	if !t.trusted {
		t.proof = wd.shared(s.w)
		t.trusted = t.proof != nil // until the message shows whether it is so
	}
	_, t.utf8 = t.params.get("SMTPUTF8")
	_, t.requireTLS = t.params.get("REQUIRETLS")
	switch {
	case !from.ascii() && !t.utf8:
		return answer(553, "5.6.7 Address needs SMTPUTF8")
	case t.requireTLS && s.w.tls == nil:
		return answer(554, "5.7.30 REQUIRETLS needs TLS")
	}
	if opts.Size > int64(wd.cfg.Limits.MessageSize) {
		return answer(552, "5.3.4 Message is too large")
	}
	rep := answer(250, "2.1.0 Ok")
	// With one way to go the next hop is asked at once; else its answer to MAIL comes
	// with the first recipient, who decides which next hop that is.
	if rs := wd.reachable(t.trusted); len(rs) == 1 {
		if rep = t.open(rs[0]); !rep.OK() {
			return rep
		}
	}
	s.tx, s.w.busy = t, true
	return rep
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(string, *smtp.RcptOptions) error { return s.reply(s.rcpt()) }

func (s *session) rcpt() Reply {
	t := s.tx
	if t == nil {
		return answer(503, "5.5.1 Need MAIL first")
	}
	to, ok := parsePath(s.w.path)
	switch {
	case !ok:
		return answer(501, "5.1.3 Bad recipient address syntax")
	case !to.ascii() && !t.utf8:
		return answer(553, "5.6.7 Address needs SMTPUTF8")
	case !t.world.mayReach(to, t.trusted):
		s.relay.metrics.refused.WithLabelValues("relay").Inc()
		return answer(550, "5.7.1 Relaying denied")
	}
	t.named = append(t.named, to.address()) // as many as there may be commands
	if len(t.to) >= t.world.cfg.Limits.Recipients {
		return answer(452, "4.5.3 Too many recipients")
	}
	d := t.world.direction(t.from, to, t.trusted)
	r := t.world.routeFor(to, d)
	switch {
	case r == nil:
		return answer(451, "4.3.5 No route to this domain")
	case t.route == nil:
		if rep := t.open(r); !rep.OK() {
			return rep
		}
	case t.route != r:
		return answer(451, "4.5.3 Recipient goes another way, send to it separately")
	}
	rep := t.add(recipient{path: to, direction: d, params: s.w.params.only("NOTIFY", "ORCPT")})
	if !rep.OK() {
		t.refused++
	}
	return rep
}

// Data implements smtp.Session for DATA and BDAT. The body comes from the wire: go-smtp's
// reader would find another end of it.
func (s *session) Data(io.Reader) error {
	t := s.tx
	if t == nil || len(t.to) == 0 {
		return s.reply(answer(503, "5.5.1 Need RCPT first"))
	}
	m := &message{relay: s.relay, w: s.w, tx: t, helo: s.conn.Hostname()}
	defer m.close()
	rep := m.receive(body{s.w})
	m.at = time.Now()
	if rep.Code == 0 {
		rep = m.judge()
	}
	m.record(rep)
	if rep.Code == gaveUp.Code {
		return errAborted // the wire knows what to say
	}
	return s.reply(rep)
}

// Reset implements smtp.Session.
func (s *session) Reset() {
	if s.tx != nil {
		s.tx.close()
		s.tx = nil
	}
	s.w.busy = false
}

// Logout implements smtp.Session.
func (s *session) Logout() error {
	s.Reset()
	return nil
}

// recipient is one recipient that the next hop has accepted.
type recipient struct {
	path      path
	params    params
	direction rules.Direction
}
