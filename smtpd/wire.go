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
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/pires/go-proxyproto"

	"sluis/internal/admit"
)

// wire is the connection between the network and go-smtp. It owns the framing: in
// command mode go-smtp gets one line at a time, so that what follows DATA or BDAT is
// never taken for a command nor the other way round; a body ends where RFC 5321 and
// RFC 3030 say. It also owns STARTTLS, deadlines, exact paths, and the text of replies.
//
// Read and Write belong to go-smtp's goroutine for the connection, and so does all
// state; other goroutines call Hurry and Cut only.
type wire struct {
	relay *Relay
	raw   net.Conn // as accepted; never replaced
	conn  net.Conn // raw, or TLS on top of it
	proxy *proxyproto.Conn
	in    *bufio.Reader
	out   []byte // replies not yet sent: they go when the next read has to wait

	addr     netip.Addr
	world    *world
	started  bool
	implicit bool      // TLS from the first byte
	tls      *tls.Conn // nil before STARTTLS
	state    tls.ConnectionState
	esmtp    bool
	again    bool // TLS started: the client has to say EHLO again (RFC 3207 section 4.2)

	mode     mode
	pending  []byte // for go-smtp, before anything else
	reply    []byte // from go-smtp, not complete yet
	verb     string // the last command
	said     *Reply // takes the place of go-smtp's next reply
	path     string // raw argument of the last MAIL or RCPT
	params   params
	commands int // since the last accepted message
	errors   int
	busy     bool // a transaction is open; set by the session

	end     time.Time // of the session
	bodyEnd time.Time

	frame   framer
	chunk   chunkState
	resume  string // a command that cut BDAT short, to be handled after it
	swallow bool   // go-smtp's next reply is to a command the client did not send
}

type mode uint8

const (
	inCommands mode = iota
	inData          // a body that ends with a lone dot
	inChunks        // bodies of counted bytes
	skipping        // chunks of a message that was refused before
	aborting        // go-smtp is to give up the body it reads
	failed          // the connection broke inside a body
	closed
)

type chunkState struct {
	left     int64
	received int64
	last     bool
	answered bool
}

var (
	errDraining = errors.New("shutting down")
	errAborted  = errors.New("body given up")
)

// bounds on one connection's buffers
const (
	readBuffer   = 16 << 10
	commandLimit = 4096
	outLimit     = 8 << 10
)

func newWire(r *Relay, c net.Conn, implicit bool) *wire {
	w := &wire{relay: r, raw: c, conn: c, implicit: implicit}
	w.proxy, _ = c.(*proxyproto.Conn)
	w.in = bufio.NewReaderSize(source{w}, readBuffer)
	return w
}

// The rest of net.Conn: go-smtp asks for addresses in its log only, and deadlines are
// the wire's.
func (w *wire) LocalAddr() net.Addr              { return w.raw.LocalAddr() }
func (w *wire) RemoteAddr() net.Addr             { return w.raw.RemoteAddr() }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// Close sends what is left to say and closes the connection.
func (w *wire) Close() error {
	if w.mode != closed {
		w.mode = closed
		w.flush()
	}
	w.relay.door.Leave(w)
	return w.conn.Close()
}

// Hurry implements admit.Client: a waiting read wakes and finds that the relay drains.
func (w *wire) Hurry() { w.raw.SetReadDeadline(time.Unix(1, 0)) }

// Cut implements admit.Client.
func (w *wire) Cut() { w.raw.Close() }

// start finds out who is there and lets them in or not. It runs on the connection's own
// goroutine, because a PROXY header and a TLS handshake have to be waited for.
func (w *wire) start() {
	w.started = true
	w.world = w.relay.world.Load()
	l := w.world.cfg.Limits
	w.end = time.Now().Add(l.SessionTime)
	w.raw.SetDeadline(time.Now().Add(l.Handshake))
	if w.proxy != nil && w.proxy.ProxyHeader() == nil {
		w.mode = closed
		return
	}
	w.addr = admit.AddrOf(w.raw.RemoteAddr())
	if w.implicit {
		if w.world.cfg.TLS == nil || w.handshake() != nil {
			w.mode = closed
			return
		}
	}
	w.raw.SetDeadline(time.Time{})
	if rep, ok := w.relay.admit(w); !ok {
		w.out = rep.appendTo(w.out)
		w.flush()
		w.mode = closed
	}
}

func (w *wire) handshake() error {
	l := w.world.cfg.Limits
	t := tls.Server(w.conn, w.world.cfg.TLS)
	ctx, cancel := context.WithTimeout(w.relay.ctx, l.Handshake)
	defer cancel()
	w.raw.SetDeadline(time.Now().Add(l.Handshake))
	if err := t.HandshakeContext(ctx); err != nil {
		w.relay.metrics.refused.WithLabelValues("tls").Inc()
		return fmt.Errorf("TLS handshake: %w", err)
	}
	w.raw.SetDeadline(time.Time{})
	w.conn, w.tls, w.state = t, t, t.ConnectionState()
	return nil
}

// source reads from the network for the wire's buffer: after the replies that wait
// have been sent, and with a deadline that every read renews, up to the end that the
// body and the session have in total.
type source struct{ *wire }

func (w source) Read(p []byte) (int, error) {
	if err := w.flush(); err != nil {
		return 0, err
	}
	for {
		limit := time.Now().Add(w.world.cfg.Limits.Idle)
		if w.end.Before(limit) {
			limit = w.end
		}
		if w.mode != inCommands && w.bodyEnd.Before(limit) {
			limit = w.bodyEnd
		}
		w.raw.SetReadDeadline(limit)
		if w.relay.door.Draining() && w.mode == inCommands && !w.busy {
			return 0, errDraining
		}
		n, err := w.conn.Read(p)
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

func (w *wire) flush() error {
	if len(w.out) == 0 {
		return nil
	}
	w.raw.SetWriteDeadline(time.Now().Add(w.world.cfg.Limits.Idle))
	_, err := w.conn.Write(w.out)
	w.out = w.out[:0]
	return err
}

// say queues a reply of the wire's own.
func (w *wire) say(code int, text string) { w.send(answer(code, text)) }

func (w *wire) send(r Reply) {
	if r.Code >= 500 {
		w.errors++
	}
	w.out = r.appendTo(w.out)
	if len(w.out) > outLimit {
		w.flush()
	}
}

// hangUp queues a last reply; the connection closes after it.
func (w *wire) hangUp(code int, text string) {
	w.say(code, text)
	w.flush()
	w.mode = closed
}

// Read implements io.Reader for go-smtp.
func (w *wire) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(w.pending) == 0 {
		var err error
		switch w.mode {
		case inCommands:
			err = w.nextCommand()
		case inData, inChunks:
			err = w.drain()
		case skipping:
			err = w.skip()
		case aborting:
			return 0, errAborted
		case failed:
			return 0, io.ErrUnexpectedEOF
		default:
			return 0, net.ErrClosed
		}
		if err != nil {
			return 0, err
		}
	}
	n := copy(p, w.pending)
	w.pending = w.pending[n:]
	return n, nil
}

// nextLine reads one command line without its line end.
func (w *wire) nextLine() (string, error) {
	if w.resume != "" {
		line := w.resume
		w.resume = ""
		return line, nil
	}
	line, err := w.in.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull || err == nil && len(line) > commandLimit:
		w.hangUp(500, "5.5.6 Line too long")
		return "", net.ErrClosed
	case errors.Is(err, errDraining):
		w.hangUp(421, "4.3.2 "+w.world.cfg.Hostname+" is shutting down")
		return "", net.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.hangUp(421, "4.4.2 "+w.world.cfg.Hostname+" Idle for too long")
		return "", net.ErrClosed
	case err != nil:
		w.mode = closed
		return "", io.EOF
	}
	return string(bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))), nil
}

// nextCommand reads command lines until one is for go-smtp.
func (w *wire) nextCommand() error {
	for w.mode == inCommands && len(w.pending) == 0 {
		line, err := w.nextLine()
		if err != nil {
			return err
		}
		l := w.world.cfg.Limits
		w.commands++
		if w.commands > l.Commands || w.errors > l.Errors {
			w.relay.metrics.refused.WithLabelValues("abuse").Inc()
			w.hangUp(421, "4.7.0 "+w.world.cfg.Hostname+" Too many commands or errors")
			return net.ErrClosed
		}
		w.command(line)
	}
	return nil
}

// body is the content of a message as the client sent it, without framing. The session
// reads it in go-smtp's stead, which is then told that an empty body has ended.
type body struct{ *wire }

// Read implements io.Reader; p needs room for two bytes.
func (w body) Read(p []byte) (int, error) {
	for {
		switch w.mode {
		case inData:
			src, err := w.buffered()
			if err != nil {
				return 0, w.breakOff(err)
			}
			nd, ns, end := w.frame.data(p, src)
			w.in.Discard(ns)
			if end {
				w.endBody()
			}
			if nd > 0 {
				return nd, nil
			}
		case inChunks:
			if n, err := w.readChunk(p); n > 0 || err != nil {
				return n, err
			}
		case inCommands:
			return 0, io.EOF
		case aborting:
			return 0, errAborted
		default:
			return 0, io.ErrUnexpectedEOF
		}
	}
}

func (w *wire) endBody() {
	w.mode, w.chunk = inCommands, chunkState{}
	w.pending = []byte(".\r\n")
}

// drain reads what the session left of a body.
func (w *wire) drain() error {
	_, err := io.Copy(io.Discard, body{w})
	return err
}

// buffered returns what the client sent and is not read yet, at least a byte of it.
func (w *wire) buffered() ([]byte, error) {
	if w.in.Buffered() == 0 {
		if _, err := w.in.Peek(1); err != nil {
			return nil, err
		}
	}
	return w.in.Peek(w.in.Buffered())
}

// breakOff notes that a body will never be complete. A dropped connection must not look
// like the end of a message.
func (w *wire) breakOff(err error) error {
	w.mode = failed
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return os.ErrDeadlineExceeded
	}
	return io.ErrUnexpectedEOF
}

// instead sets the reply that the client gets in place of go-smtp's next one.
func (w *wire) instead(r Reply) { w.said = &r }

// Write implements io.Writer: it gets go-smtp's replies, one line or several at a time.
func (w *wire) Write(p []byte) (int, error) {
	if !w.started {
		w.start()
	}
	if w.mode == closed {
		return 0, net.ErrClosed
	}
	w.reply = append(w.reply, p...)
	for {
		r, n := completeReply(w.reply)
		if n == 0 {
			return len(p), nil
		}
		w.reply = append(w.reply[:0], w.reply[n:]...)
		w.replied(r)
	}
}

// completeReply returns the first whole reply in b and its length, or 0.
func completeReply(b []byte) (Reply, int) {
	var r Reply
	for n := 0; ; {
		i := bytes.IndexByte(b[n:], '\n')
		if i < 0 {
			return Reply{}, 0
		}
		line := strings.TrimRight(string(b[n:n+i]), "\r\n")
		n += i + 1
		if len(line) < 4 {
			line += "    "
		}
		fmt.Sscanf(line[:3], "%d", &r.Code)
		r.Lines = append(r.Lines, strings.TrimSpace(line[4:]))
		if line[3] != '-' {
			return r, n
		}
	}
}

// replied handles a whole reply of go-smtp.
func (w *wire) replied(r Reply) {
	if w.said != nil {
		r, w.said = *w.said, nil
	}
	swallow := w.swallow
	w.swallow = false
	switch {
	case w.mode == aborting:
		w.mode = inCommands
		w.chunk = chunkState{}
	case w.mode == failed:
		w.send(r)
		w.flush()
		w.mode = closed
		return
	case w.verb == "BDAT" && swallow && r.Code == 354:
		w.startBody(inChunks)
	case w.verb == "BDAT" && swallow: // refused: the chunk is on its way nevertheless
		w.startBody(skipping)
		swallow = false
	case w.verb == "DATA" && r.Code == 354:
		w.startBody(inData)
	case w.verb == "EHLO" && r.Code == 250:
		r = Reply{250, w.relay.keywords(w)}
	}
	if (w.verb == "DATA" || w.verb == "BDAT") && r.OK() {
		w.commands, w.errors = 0, 0
	}
	if !swallow {
		w.send(r)
	}
}

// startBody makes the wire ready for a body.
func (w *wire) startBody(m mode) {
	w.mode, w.frame = m, framer{}
	w.bodyEnd = time.Now().Add(w.world.cfg.Limits.BodyTime)
}
