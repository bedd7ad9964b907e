package smtpd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-sasl"

	"sluis/smtpd/wire"
)

// hop is a connection to a next hop, after EHLO, TLS and AUTH.
//
// It is not go-smtp's client: that one writes paths unquoted, leaves out BODY=7BIT and
// sends BODY=8BITMIME of its own, drops DSN parameters in silence, cannot pipeline, says
// EHLO again after RSET, and has no deadline for a body. What a relay needs is less.
type nextHop struct {
	route *route
	conn  net.Conn
	br    *bufio.Reader
	bw    *bufio.Writer
	caps  caps
	tls   bool
	timer *time.Timer
	stop  func() bool // stops watching the context of its use
}

// caps is what a next hop offers in reply to EHLO.
type caps struct {
	startTLS, pipelining, eightBit, utf8, dsn, requireTLS, enhanced bool
	sized                                                           bool
	size                                                            int64 // 0: no limit told
	auth                                                            []string
}

// Stage is how far a connection to a next hop came.
type Stage string

// The stages, in their order.
const (
	Dialling Stage = "dial"
	Greeting Stage = "greeting"
	Securing Stage = "tls"
	LoggedIn Stage = "auth"
)

// ConnectError is why a next hop cannot be used. It quotes nothing that the next hop said.
type ConnectError struct {
	at  Stage
	err error
}

// Error implements error.
func (e *ConnectError) Error() string { return fmt.Sprintf("%s: %v", e.at, e.err) }

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.err }

// Stage returns what failed.
func (e *ConnectError) Stage() string { return string(e.at) }

// failed wraps an error in a ConnectError; nil stays nil.
func failed(at Stage, err error) error {
	if err == nil {
		return nil
	}
	return &ConnectError{at, err}
}

// connect connects to one host and makes the connection ready for MAIL.
func (r *route) connect(ctx context.Context, addr string) (*nextHop, error) {
	h, err := r.greet(ctx, addr, r.TLS != TLSNone)
	var why *ConnectError
	if errors.As(err, &why) && why.at == Securing && !errors.Is(err, errInjected) &&
		r.TLS == TLSOpportunistic && !r.Implicit {
		return r.greet(ctx, addr, false) // offered, but it does not work: clear text is better than none
	}
	return h, err
}

func (r *route) greet(ctx context.Context, addr string, secure bool) (h *nextHop, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.Dial)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, failed(Dialling, err)
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	defer func() {
		if err != nil {
			conn.Close()
		}
	}()
	h = &nextHop{route: r}
	h.use(conn)
	if r.Implicit {
		if err := h.upgrade(ctx, addr); err != nil {
			return nil, failed(Securing, err)
		}
	}
	if rep, err := h.read(r.Dial); err != nil || rep.Code != 220 {
		return nil, failed(Greeting, errors.Join(err, rep))
	}
	if err := h.hello(); err != nil {
		return nil, failed(Greeting, err)
	}
	if secure && !h.tls {
		if err := h.startTLS(ctx, addr); err != nil {
			return nil, failed(Securing, err)
		}
		if h.tls {
			if err := h.hello(); err != nil {
				return nil, failed(Greeting, err)
			}
		}
	}
	if r.User != "" {
		if err := h.auth(); err != nil {
			return nil, failed(LoggedIn, err)
		}
	}
	if !stop() {
		return nil, failed(Greeting, ctx.Err())
	}
	return h, nil
}

func (h *nextHop) use(conn net.Conn) {
	h.conn = conn
	h.br = bufio.NewReaderSize(conn, 4096)
	h.bw = bufio.NewWriterSize(deadlineWriter{conn, h.route.Command}, 16<<10)
}

// deadlineWriter gives every write its own deadline, so that a body may take long and a
// standstill may not.
type deadlineWriter struct {
	net.Conn
	timeout time.Duration
}

func (d deadlineWriter) Write(p []byte) (int, error) {
	d.SetWriteDeadline(time.Now().Add(d.timeout))
	return d.Conn.Write(p)
}

func (h *nextHop) upgrade(ctx context.Context, addr string) error {
	cfg := &tls.Config{}
	if h.route.TLSConfig != nil {
		cfg = h.route.TLSConfig.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(addr)
	}
	cfg.InsecureSkipVerify = h.route.TLS != TLSVerified
	t := tls.Client(h.conn, cfg)
	if err := t.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	h.use(t)
	h.tls = true
	return nil
}

// startTLS begins TLS by STARTTLS, if the next hop offers it or the route asks for it.
func (h *nextHop) startTLS(ctx context.Context, addr string) error {
	if !h.caps.startTLS {
		if h.route.TLS == TLSOpportunistic {
			return nil
		}
		return errors.New("STARTTLS is not offered")
	}
	rep, err := h.command("STARTTLS")
	if err != nil || rep.Code != 220 {
		return errors.Join(err, rep)
	}
	if h.br.Buffered() > 0 {
		return errInjected
	}
	return h.upgrade(ctx, addr)
}

// errInjected says that the network has put something between STARTTLS and TLS.
var errInjected = errors.New("clear text after STARTTLS")

func (h *nextHop) hello() error {
	rep, err := h.command("EHLO " + h.route.hello)
	if err == nil && (rep.Code == 500 || rep.Code == 502) {
		rep, err = h.command("HELO " + h.route.hello)
		rep.Lines = nil
	}
	if err != nil || rep.Code != 250 {
		return fmt.Errorf("hello: %w", errors.Join(err, rep))
	}
	h.caps = parseCaps(rep.Lines)
	return nil
}

func parseCaps(lines []string) caps {
	var c caps
	for _, l := range lines[min(1, len(lines)):] {
		key, arg, _ := strings.Cut(l, " ")
		switch strings.ToUpper(key) {
		case "STARTTLS":
			c.startTLS = true
		case "PIPELINING":
			c.pipelining = true
		case "8BITMIME":
			c.eightBit = true
		case "SMTPUTF8":
			c.utf8 = true
		case "DSN":
			c.dsn = true
		case "REQUIRETLS":
			c.requireTLS = true
		case "ENHANCEDSTATUSCODES":
			c.enhanced = true
		case "SIZE":
			c.sized = true
			c.size, _ = strconv.ParseInt(strings.TrimSpace(arg), 10, 64)
		case "AUTH":
			c.auth = strings.Fields(strings.ToUpper(arg))
		}
	}
	return c
}

// auth logs in with PLAIN, or with LOGIN where nothing else is offered.
func (h *nextHop) auth() error {
	var c sasl.Client
	switch {
	case slices.Contains(h.caps.auth, "PLAIN"):
		c = sasl.NewPlainClient("", h.route.User, h.route.Password)
	case slices.Contains(h.caps.auth, "LOGIN"):
		c = &login{[]string{h.route.User, h.route.Password}}
	default:
		return errors.New("next hop offers neither AUTH PLAIN nor LOGIN")
	}
	mech, ir, err := c.Start()
	if err != nil {
		return fmt.Errorf("AUTH: %w", err)
	}
	line := "AUTH " + mech
	if ir != nil {
		line += " " + encode64(ir)
	}
	for {
		rep, err := h.command(line)
		switch {
		case err != nil:
			return err
		case rep.Code == 235:
			return nil
		case rep.Code != 334:
			return fmt.Errorf("AUTH: %w", rep)
		}
		challenge, err := decode64(rep.Lines[0])
		if err != nil {
			return fmt.Errorf("AUTH: %w", wire.ErrReply)
		}
		resp, err := c.Next(challenge)
		if err != nil {
			return fmt.Errorf("AUTH: %w", err)
		}
		line = encode64(resp)
	}
}

// login is SASL LOGIN, which was never a standard: it answers two questions in their
// order, however they are put. go-sasl's client wants them spelt its way.
type login struct{ answers []string }

func (*login) Start() (string, []byte, error) { return sasl.Login, nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	a := l.answers[0]
	l.answers = l.answers[1:]
	return []byte(a), nil
}

// command sends one command and reads its reply.
func (h *nextHop) command(line string) (Reply, error) {
	if err := h.send(line); err != nil {
		return Reply{}, err
	}
	return h.read(h.route.Command)
}

// send writes a command; it goes with the next read.
func (h *nextHop) send(line string) error {
	if strings.ContainsAny(line, "\r\n\x00") {
		return errors.New("line break in a command")
	}
	h.bw.WriteString(line)
	_, err := h.bw.WriteString("\r\n")
	return err
}

func (h *nextHop) read(timeout time.Duration) (Reply, error) {
	if err := h.bw.Flush(); err != nil {
		return Reply{}, fmt.Errorf("sending to next hop: %w", err)
	}
	h.conn.SetReadDeadline(time.Now().Add(timeout))
	return wire.ReadReply(h.br)
}

func (h *nextHop) mail(e Envelope) (Reply, error) {
	return h.command("MAIL FROM:<" + e.From + ">" + wire.Params(e.Parameters).Suffix())
}

func rcptLine(r Recipient) string {
	return "RCPT TO:<" + r.Path + ">" + wire.Params(r.Parameters).Suffix()
}

// errSpool tells that a message could not be read, so that it was cut off on its way.
var errSpool = errors.New("reading spool")

// message sends a message after 354, head first, and returns the final reply. On an
// error nobody knows what the next hop made of it, and the connection has to be closed:
// the final dot is written only after the whole message.
func (h *nextHop) message(head []byte, body io.Reader) (Reply, error) {
	d := stuffer{w: h.bw, start: true}
	if _, err := d.Write(head); err != nil {
		return h.lastWords(err)
	}
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	for {
		n, err := body.Read(*buf)
		if _, werr := d.Write((*buf)[:n]); werr != nil {
			return h.lastWords(werr)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return Reply{}, fmt.Errorf("%w: %w", errSpool, err)
		}
	}
	h.bw.WriteString(".\r\n")
	if err := h.bw.Flush(); err != nil {
		return h.lastWords(err)
	}
	return h.read(h.route.Body)
}

// lastWords returns what a next hop said before it stopped reading, if it refused.
func (h *nextHop) lastWords(err error) (Reply, error) {
	h.conn.SetReadDeadline(time.Now().Add(time.Second))
	if rep, rerr := wire.ReadReply(h.br); rerr == nil && rep.Code >= 400 {
		return rep, errHungUp
	}
	return Reply{}, fmt.Errorf("sending message: %w", err)
}

// errHungUp comes with a reply that is final although the message was not sent whole.
var errHungUp = errors.New("next hop hung up")

// stuffer doubles dots at the start of lines (RFC 5321 section 4.5.2). It is given clean
// lines; net/textproto's writer would repair, and so change, others.
type stuffer struct {
	w     *bufio.Writer
	start bool
}

func (d *stuffer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if d.start && p[0] == '.' {
			d.w.WriteByte('.')
		}
		i := bytes.IndexByte(p, '\n') + 1
		d.start = i > 0
		if i == 0 {
			i = len(p)
		}
		if _, err := d.w.Write(p[:i]); err != nil {
			return 0, err
		}
		p = p[i:]
	}
	return n, nil
}
