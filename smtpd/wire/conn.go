package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/pires/go-proxyproto"

	"sluis/internal/admit"
)

// Gateway is the relay that a connection belongs to.
type Gateway interface {
	// Admit lets a client in once its address is known, or returns the only reply that it gets;
	// over implicit TLS it gets none.
	Admit(c *Conn) (refusal Reply, ok bool)

	// Refused counts a refusal by its reason: "tls" or "abuse".
	Refused(reason string)

	// Leave forgets a connection that is closed.
	Leave(c *Conn)
}

// Options are what a connection keeps from its beginning to its end.
type Options struct {
	Hostname string      // what the relay calls itself
	TLS      *tls.Config // nil: neither STARTTLS nor implicit TLS
	Implicit bool        // TLS from the first byte (RFC 8314)
	Limits   Limits
}

// Limits bound what a client can take. All have to be set.
type Limits struct {
	MessageSize int64         // of a message by BDAT, in bytes; Session bounds those by DATA
	Commands    int           // since the last message
	Errors      int           // 5xx replies since the last message
	Idle        time.Duration // between two reads or writes
	BodyTime    time.Duration // for one body
	SessionTime time.Duration // for the connection
	Handshake   time.Duration // for TLS and the PROXY header
}

// Conn is the connection of a client, as go-smtp gets it.
//
// All methods belong to go-smtp's goroutine for the connection, which calls Session; other
// goroutines call Hurry, Cut, Quiet and Dismiss only.
type Conn struct {
	gateway Gateway
	opts    Options

	raw     net.Conn // as accepted; never replaced
	conn    net.Conn // raw, or TLS on top of it
	in      *bufio.Reader
	out     []byte // replies not yet sent: they go when the next read has to wait
	hurried atomic.Bool

	dismissed atomic.Bool
	quiet     atomic.Int64 // when the client last brought a message, or came, in Unix nanoseconds; 0: it brings one

	addr     netip.Addr
	tls      *tls.ConnectionState // nil: in clear
	esmtp    bool
	helloDue bool // TLS started: the client has to say EHLO again (RFC 3207 section 4.2)

	state         state
	started       bool
	verb          string // the last command
	unread        string // a command line that was read too early
	pending       []byte // for go-smtp, before anything else
	text          []byte // go-smtp's reply to the last command
	reply         *Reply // Session's, which goes in its place
	commands      int    // since the last accepted message
	errors        int
	inTransaction bool // a transaction is open

	end     time.Time // of the session
	bodyEnd time.Time
	frame   framer
	chunk   chunk
}

// state is what a connection is in the middle of.
type state uint8

const (
	inCommands   state = iota
	chunkOffered       // BDAT has come, and go-smtp has not said yet whether it is in turn
	inData             // a body that ends with a lone dot
	inChunks           // a body of counted bytes
	afterBody          // go-smtp does not know yet that the body has ended
	broken             // the connection broke inside a body
	closed
)

var (
	errDraining  = errors.New("shutting down")
	errDismissed = errors.New("too many connections")

	// ErrGivenUp is the end of a body that the client itself broke off, by a command that gets
	// a reply of its own.
	ErrGivenUp = errors.New("body given up")
)

// bounds on one connection's buffers, in bytes
const (
	readBuffer   = 16 << 10
	commandLimit = 4096
	outLimit     = 8 << 10
)

// New returns a Conn on a connection as it was accepted, and as admit.Door.Identify returns it.
func New(c net.Conn, g Gateway, o Options) *Conn {
	w := &Conn{gateway: g, opts: o, raw: c, conn: c}
	w.in = bufio.NewReaderSize(source{w}, readBuffer)
	return w
}

// Addr returns the address of the client; the zero Addr if it is not known.
func (c *Conn) Addr() netip.Addr { return c.addr }

// TLSState returns what was agreed on with the client; nil if it speaks in clear.
func (c *Conn) TLSState() *tls.ConnectionState { return c.tls }

// Certified reports whether the client has a certificate that TLS.ClientCAs signed. Without
// ClientCAs Go would verify against the public authorities, which vouch for anybody.
func (c *Conn) Certified() bool {
	return c.tls != nil && c.opts.TLS.ClientCAs != nil && len(c.tls.VerifiedChains) > 0
}

// OffersTLS reports whether the client may say STARTTLS.
func (c *Conn) OffersTLS() bool { return c.tls == nil && c.opts.TLS != nil }

// ESMTP reports whether the client said EHLO.
func (c *Conn) ESMTP() bool { return c.esmtp }

// Verb returns the command that the client gave last, in capitals.
func (c *Conn) Verb() string { return c.verb }

// Hold has the connection survive Hurry until the next Hold(false): a transaction is open.
func (c *Conn) Hold(open bool) { c.inTransaction = open }

// Reply sets the reply to the command that go-smtp runs now, in place of go-smtp's own. The
// zero Reply is none at all.
func (c *Conn) Reply(r Reply) { c.reply = &r }

// The rest of net.Conn: go-smtp asks for addresses in its log only, and deadlines are this
// package's.

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// SetDeadline implements net.Conn and does nothing.
func (c *Conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn and does nothing.
func (c *Conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn and does nothing.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// Close implements net.Conn: what is left to say is said first.
func (c *Conn) Close() error {
	if c.state != closed {
		c.settle()
		c.flush()
		c.state = closed
	}
	c.gateway.Leave(c)
	return c.conn.Close()
}

// Hurry implements admit.Client: an idle client gets 421.
func (c *Conn) Hurry() {
	c.hurried.Store(true)
	c.raw.SetReadDeadline(time.Unix(1, 0))
}

// Quiet implements admit.Guest: how long the client has brought no message.
func (c *Conn) Quiet() time.Duration {
	since := c.quiet.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since))
}

// Dismiss implements admit.Guest: the client gets 421, as soon as it brings no message.
func (c *Conn) Dismiss() {
	c.dismissed.Store(true)
	c.raw.SetReadDeadline(time.Unix(1, 0))
}

// Cut implements admit.Client.
func (c *Conn) Cut() { c.raw.Close() }

// start finds out who is there and lets them in or not. It runs on the connection's own
// goroutine, because a PROXY header and a TLS handshake have to be waited for.
func (c *Conn) start() {
	c.started = true
	c.end = time.Now().Add(c.opts.Limits.SessionTime)
	c.quiet.Store(time.Now().UnixNano())
	c.raw.SetDeadline(time.Now().Add(c.opts.Limits.Handshake))
	if p, ok := c.raw.(*proxyproto.Conn); ok && p.ProxyHeader() == nil {
		c.state = closed
		return
	}
	c.addr = admit.AddrOf(c.raw.RemoteAddr())
	refusal, ok := c.gateway.Admit(c) // before a handshake, which keeps a place for as long as it may take
	switch {
	case c.opts.Implicit && (!ok || c.opts.TLS == nil || c.handshake() != nil):
		c.state = closed
		return
	case !ok:
		c.send(refusal)
		c.flush()
		c.state = closed
	}
	c.raw.SetDeadline(time.Time{})
}

func (c *Conn) handshake() error {
	t := tls.Server(c.conn, c.opts.TLS)
	ctx, cancel := context.WithTimeout(context.Background(), c.opts.Limits.Handshake)
	defer cancel()
	c.raw.SetDeadline(time.Now().Add(c.opts.Limits.Handshake))
	if err := t.HandshakeContext(ctx); err != nil {
		c.gateway.Refused("tls")
		return fmt.Errorf("TLS handshake: %w", err)
	}
	c.raw.SetDeadline(time.Time{})
	s := t.ConnectionState()
	c.conn, c.tls = t, &s
	return nil
}

// source reads from the network. Replies go out first: a client waits for them.
type source struct{ *Conn }

func (c source) Read(p []byte) (int, error) {
	if err := c.flush(); err != nil {
		return 0, err
	}
	for {
		limit := time.Now().Add(c.opts.Limits.Idle)
		if c.end.Before(limit) {
			limit = c.end
		}
		if c.state != inCommands && c.bodyEnd.Before(limit) {
			limit = c.bodyEnd
		}
		c.raw.SetReadDeadline(limit)
		if c.hurried.Load() && c.state == inCommands && !c.inTransaction {
			return 0, errDraining
		}
		if c.dismissed.Load() && c.state == inCommands {
			return 0, errDismissed
		}
		n, err := c.conn.Read(p)
		if n > 0 {
			return n, nil
		}
		if errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(limit) {
			continue // hurried
		}
		if err != nil {
			return 0, err
		}
	}
}

func (c *Conn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	c.raw.SetWriteDeadline(time.Now().Add(c.opts.Limits.Idle))
	_, err := c.conn.Write(c.out)
	c.out = c.out[:0]
	return err
}

// say queues a reply of the Conn's own.
func (c *Conn) say(code int, text string) { c.send(NewReply(code, text)) }

func (c *Conn) send(r Reply) {
	if r.Code >= 500 {
		c.errors++
	}
	c.out = r.AppendTo(c.out)
	if len(c.out) > outLimit {
		c.flush()
	}
}

// hangUp says a last reply; the connection closes after it.
func (c *Conn) hangUp(code int, text string) {
	c.say(code, text)
	c.flush()
	c.state = closed
}

// Write implements net.Conn: go-smtp writes its reply to the last command. It goes to the
// client with the next Read, unless Session gave another.
func (c *Conn) Write(p []byte) (int, error) {
	if !c.started {
		c.start()
	}
	if c.state == closed {
		return 0, net.ErrClosed
	}
	c.text = append(c.text, p...)
	return len(p), nil
}

// settle queues the reply to the last command.
func (c *Conn) settle() {
	switch r := c.reply; {
	case r == nil:
		if len(c.text) > 0 && c.text[0] == '5' {
			c.errors++
		}
		c.out = append(c.out, c.text...)
	case r.Code != 0:
		c.send(*r)
		if r.OK() && (c.verb == "DATA" || c.verb == "BDAT") {
			c.commands, c.errors = 0, 0
		}
	}
	c.reply, c.text = nil, c.text[:0]
}

// Read implements net.Conn: go-smtp gets the next command.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(c.pending) == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.pending)
	c.pending = c.pending[n:]
	return n, nil
}

// next makes something ready for go-smtp.
func (c *Conn) next() error {
	switch c.state {
	case inCommands:
		c.settle()
		if c.quiet.Load() == 0 {
			c.quiet.Store(time.Now().UnixNano())
		}
		return c.nextCommand()
	case chunkOffered: // it was out of turn: the chunk is on its way nevertheless
		c.settle()
		if err := c.skipChunk(); err != nil {
			c.hangUp(421, "4.4.2 Connection lost")
			return net.ErrClosed
		}
		c.state, c.chunk = inCommands, chunk{}
	case inData, inChunks: // Session has left some of it
		if _, err := io.Copy(io.Discard, body{c}); err != nil && c.state != afterBody {
			return err
		}
	case afterBody: // it was Session's; for go-smtp it is empty
		c.state, c.pending = inCommands, append(c.pending, ".\r\n"...)
	case broken:
		c.settle()
		c.flush()
		c.state = closed
		return net.ErrClosed
	default:
		return net.ErrClosed
	}
	return nil
}
