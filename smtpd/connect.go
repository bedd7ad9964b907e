package smtpd

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-sasl"

	"sluis/smtpd/wire"
)

// caps is what a next hop offers in reply to EHLO.
type caps struct {
	startTLS, pipelining, eightBit, utf8, dsn, requireTLS, enhanced bool
	sized                                                           bool
	size                                                            int64 // 0: no limit announced
	auth                                                            []string
}

// Stage is how far a connection to a next hop came.
type Stage string

// The stages, in their order.
const (
	Dialling  Stage = "dial"
	Greeting  Stage = "greeting"
	Securing  Stage = "tls"
	LoggingIn Stage = "auth"
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
	if r.Auth != nil {
		if err := h.auth(); err != nil {
			return nil, failed(LoggingIn, err)
		}
	}
	if !stop() {
		return nil, failed(Greeting, ctx.Err())
	}
	return h, nil
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
		c = sasl.NewPlainClient("", h.route.Auth.Username, h.route.Auth.Password)
	case slices.Contains(h.caps.auth, "LOGIN"):
		c = &login{[]string{h.route.Auth.Username, h.route.Auth.Password}}
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

func encode64(b []byte) string          { return base64.StdEncoding.EncodeToString(b) }
func decode64(s string) ([]byte, error) { return base64.StdEncoding.DecodeString(s) }
