package smtpd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"sluis/internal/admit"
	"sluis/smtpd/wire"
)

// nextHop is a connection to a next hop, after EHLO, TLS and AUTH.
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
	who   admit.Party // whom it counts for
	stop  func() bool // stops watching the context of its use
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

// understood leaves out parameters that say nothing to a next hop without the extension.
func (h *nextHop) understood(ps []string) []string {
	keep := []string{"SMTPUTF8", "REQUIRETLS", "RET", "ENVID"}
	if h.caps.eightBit {
		keep = append(keep, "BODY")
	}
	if h.caps.sized {
		keep = append(keep, "SIZE")
	}
	return wire.Params(ps).Only(keep...)
}

// recipients gives a next hop all recipients, in one go if it can take that (RFC 2920),
// and returns the first refusal.
func (h *nextHop) recipients(to []Recipient) (Reply, error) {
	worst := wire.NewReply(250, "2.1.5 Ok")
	group := 1
	if h.caps.pipelining {
		group = 100
	}
	for len(to) > 0 {
		n := min(group, len(to))
		for _, r := range to[:n] {
			if err := h.send(rcptLine(r)); err != nil {
				return Reply{}, err
			}
		}
		for range n {
			rep, err := h.read(h.route.Command)
			if err != nil {
				return Reply{}, err
			}
			if !rep.OK() && worst.OK() {
				worst = refused(rep)
			}
		}
		to = to[n:]
	}
	return worst, nil
}

// reset ends a transaction, within a time.
func (h *nextHop) reset(within time.Duration) error {
	if err := h.send("RSET"); err != nil {
		return err
	}
	rep, err := h.read(within)
	if err == nil && !rep.OK() {
		err = rep
	}
	return err
}

// errSpool says that a message could not be read, so that it was cut off on its way.
var errSpool = errors.New("reading spool")

// message sends a message after 354, head first, and returns the final reply. After
// an error it is not known what the next hop made of it, and the connection has to be closed:
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
