package smtpd

import (
	"context"
	"fmt"
	"io"

	"github.com/emersion/go-smtp"

	"sluis/filter"
	"sluis/rules"
	"sluis/smtpd/wire"
)

// session is what go-smtp calls for one client, always from the goroutine of the connection.
// The client's arguments, its body and the replies go by package wire, exact.
type session struct {
	relay  *Relay
	client *wire.Conn
	smtp   *smtp.Conn
	tx     *transaction // nil: none open
}

// session begins with the client's first EHLO or HELO.
func (r *Relay) session(c *smtp.Conn) (smtp.Session, error) {
	client, ok := c.Conn().(*wire.Conn)
	if !ok {
		return nil, &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Local error"}
	}
	s := &session{relay: r, client: client, smtp: c}
	s.hello()
	return s, nil
}

// hello has the client get the keywords if it says EHLO.
func (s *session) hello() {
	if s.client.Verb() == "EHLO" {
		s.client.Reply(wire.Reply{Code: 250, Lines: s.relay.keywords(s.client)})
	}
}

// keywords returns the lines of the reply to EHLO: what every next hop that the client's mail
// may go to can do. CHUNKING and PIPELINING end here and are always possible.
func (r *Relay) keywords(client *wire.Conn) []string {
	gen := r.generation.Load()
	all := caps{eightBit: true, utf8: true, dsn: true, requireTLS: client.TLSState() != nil, enhanced: true}
	size := int64(gen.cfg.Limits.MessageSize)
	ctx, cancel := context.WithTimeout(r.ctx, gen.cfg.Limits.Handshake)
	defer cancel()
	for _, rt := range gen.reachable(gen.trusts(client) || gen.shared(client) != nil) {
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
	ks := []string{gen.cfg.Hostname, "PIPELINING", fmt.Sprintf("SIZE %d", size)}
	add := func(has bool, k string) {
		if has {
			ks = append(ks, k)
		}
	}
	add(client.OffersTLS(), "STARTTLS")
	add(all.enhanced, "ENHANCEDSTATUSCODES")
	add(all.eightBit, "8BITMIME")
	add(all.utf8, "SMTPUTF8")
	add(all.dsn, "DSN")
	add(all.requireTLS, "REQUIRETLS")
	return append(ks, "CHUNKING")
}

// reply gives the client r, and go-smtp what it has to know of it.
func (s *session) reply(r Reply) error {
	s.client.Reply(r)
	if r.OK() {
		return nil
	}
	return &smtp.SMTPError{Code: r.Code, EnhancedCode: smtp.NoEnhancedCode, Message: "refused"}
}

// Mail implements smtp.Session.
func (s *session) Mail(address string, o *smtp.MailOptions) error {
	args, ok := wire.ParseArguments(address)
	if !ok {
		return s.reply(localError)
	}
	return s.reply(s.mail(args, o))
}

// localError is the reply to what is our own fault.
var localError = wire.NewReply(451, "4.3.0 Local error, try again later")

func (s *session) mail(args wire.Arguments, opts *smtp.MailOptions) Reply {
	if s.tx != nil {
		return wire.NewReply(503, "5.5.1 Nested MAIL command")
	}
	var from wire.Path
	if args.Path != "" {
		var ok bool
		if from, ok = wire.ParsePath(args.Path); !ok || from.Domain == "" {
			return wire.NewReply(501, "5.1.7 Bad sender address syntax")
		}
	}
	gen := s.relay.generation.Load()
	t := &transaction{
		id:         filter.NewID(),
		trace:      filter.NewID(),
		generation: gen,
		ctx:        s.relay.ctx,
		who:        gen.party(s.client),
		from:       from,
		trusted:    gen.trusts(s.client),
		params:     args.Params.Only("SIZE", "BODY", "SMTPUTF8", "REQUIRETLS", "RET", "ENVID"),
	}
	if !t.trusted {
		t.shared = gen.shared(s.client)
		t.trusted = t.shared != nil // until the message shows whether it is so
	}
	_, t.utf8 = t.params.Get("SMTPUTF8")
	_, t.requireTLS = t.params.Get("REQUIRETLS")
	switch {
	case !from.ASCII() && !t.utf8:
		return wire.NewReply(553, "5.6.7 Address needs SMTPUTF8")
	case t.requireTLS && s.client.TLSState() == nil:
		return wire.NewReply(554, "5.7.30 REQUIRETLS needs TLS")
	}
	if opts.Size > int64(gen.cfg.Limits.MessageSize) {
		return wire.NewReply(552, "5.3.4 Message is too large")
	}
	if rep := s.relay.inspections.admits(t.who); rep.Code != 0 {
		return rep
	}
	if rep := s.relay.storage.admits(t.who, opts.Size); rep.Code != 0 {
		return rep
	}
	rep := wire.NewReply(250, "2.1.0 Ok")
	// With one way to go the next hop is asked at once; else its answer to MAIL comes
	// with the first recipient, who decides which next hop that is.
	if rs := gen.reachable(t.trusted); len(rs) == 1 {
		if rep = t.open(rs[0]); !rep.OK() {
			return rep
		}
	}
	t.rest()
	s.tx = t
	s.client.Hold(true)
	return rep
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(address string, _ *smtp.RcptOptions) error {
	args, ok := wire.ParseArguments(address)
	if !ok {
		return s.reply(localError)
	}
	rep := s.rcpt(args)
	if s.tx != nil && rep.Temporary() {
		s.tx.split = true
	}
	return s.reply(rep)
}

func (s *session) rcpt(args wire.Arguments) Reply {
	t := s.tx
	if t == nil {
		return wire.NewReply(503, "5.5.1 Need MAIL first")
	}
	to, ok := wire.ParsePath(args.Path)
	switch {
	case !ok:
		return wire.NewReply(501, "5.1.3 Bad recipient address syntax")
	case !to.ASCII() && !t.utf8:
		return wire.NewReply(553, "5.6.7 Address needs SMTPUTF8")
	case !t.generation.mayReach(to, t.trusted):
		s.relay.metrics.refused.WithLabelValues("relay").Inc()
		return wire.NewReply(550, "5.7.1 Relaying denied")
	}
	t.named = append(t.named, to.Address()) // as many as there may be commands
	if len(t.to) >= t.generation.cfg.Limits.Recipients {
		return wire.NewReply(452, "4.5.3 Too many recipients")
	}
	d := t.generation.direction(t.from, to, t.trusted)
	r := t.generation.routes.find(to, d)
	switch {
	case r == nil:
		return wire.NewReply(451, "4.3.5 No route to this domain")
	case t.route == nil:
		if rep := t.open(r); !rep.OK() {
			return rep
		}
	case t.route != r:
		return wire.NewReply(451, "4.5.3 Recipient goes another way, send to it separately")
	}
	defer t.rest()
	rep := t.add(recipient{path: to, direction: d, params: args.Params.Only("NOTIFY", "ORCPT")})
	if !rep.OK() {
		t.refused++
	}
	return rep
}

// Data implements smtp.Session for DATA and BDAT.
func (s *session) Data(io.Reader) error {
	body := s.client.Body()
	t := s.tx
	if t == nil || len(t.to) == 0 {
		return s.reply(wire.NewReply(503, "5.5.1 Need RCPT first"))
	}
	m := &message{relay: s.relay, client: s.client, tx: t, helo: s.smtp.Hostname()}
	defer m.close()
	return s.reply(m.handle(body))
}

// Reset implements smtp.Session.
func (s *session) Reset() {
	s.end()
	s.hello() // EHLO is a RSET too
}

// end ends the transaction.
func (s *session) end() {
	if s.tx != nil {
		s.tx.close()
		s.tx = nil
	}
	s.client.Hold(false)
}

// Logout implements smtp.Session.
func (s *session) Logout() error {
	s.end()
	return nil
}

// recipient is one recipient that the next hop has accepted.
type recipient struct {
	path      wire.Path
	params    wire.Params
	direction rules.Direction
}
