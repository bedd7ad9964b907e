// Package clienthello reads the ClientHello (RFC 8446, section 4.1.2), the first message of a TLS client, and nothing
// more: it names the site in plain text (SNI, RFC 6066).
//
// It promises that the bytes read can be passed on as they came, whether they were TLS or not, and that reading is
// bounded. How records and messages are cut does not matter: the parser is that of crypto/tls. It does not see a name
// that Encrypted ClientHello hides; it reports that there may be one.
package clienthello

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// MaxSize bounds what Read reads of a client, in bytes. A hello with several post-quantum
// key shares has a few thousand.
const MaxSize = 64 << 10

// ErrNotTLS is returned for bytes that do not begin as TLS does, or are no valid ClientHello.
var ErrNotTLS = errors.New("the client does not speak TLS")

// Hello is what a ClientHello says.
type Hello struct {
	Name string   // host name, in lower case; empty: none
	ALPN []string // protocols that it offers
	ECH  bool     // it has the extension that can hide another name, or says nothing (GREASE, RFC 9849, section 6.2)
	Dot  bool     // a dot follows the name, which crypto/tls refuses: no server of it can answer
	Raw  []byte   // all that was read
}

// ech is the extension encrypted_client_hello, and its draft.
var ech = []uint16{0xfe0d, 0xffce}

// Read reads a ClientHello from a connection, which has a deadline. Raw holds the bytes read even if there is an error:
// ErrNotTLS, or the connection's own.
func Read(c net.Conn) (Hello, error) {
	t := &tap{Conn: c}
	var h Hello
	first := make([]byte, 1)
	if _, err := io.ReadFull(c, first); err != nil {
		return h, err
	}
	if t.raw = append(t.raw, first[0]); first[0] != recordHandshake {
		h.Raw = t.raw
		return h, ErrNotTLS
	}
	t.pending = first
	seen := t.parse(&h)
	if !seen && t.err == nil {
		if dotless := withoutDot(t.raw); dotless != nil {
			again := &tap{pending: dotless, raw: dotless}
			seen = again.parse(&h)
			h.Dot = seen
		}
	}
	h.Raw = t.raw
	switch {
	case seen:
		return h, nil
	case t.err != nil && !errors.Is(t.err, io.EOF):
		return h, t.err
	}
	return h, ErrNotTLS
}

// parse has crypto/tls read the hello, and reports whether there is one.
func (t *tap) parse(h *Hello) (seen bool) {
	tls.Server(t, &tls.Config{
		GetConfigForClient: func(i *tls.ClientHelloInfo) (*tls.Config, error) {
			seen = true
			h.Name = strings.ToLower(strings.TrimSuffix(i.ServerName, "."))
			h.ALPN = i.SupportedProtos
			h.ECH = slices.ContainsFunc(i.Extensions, func(e uint16) bool { return slices.Contains(ech, e) })
			return nil, errSeen
		},
	}).HandshakeContext(context.Background())
	return seen
}

// recordHandshake is the type of a ClientHello's record (RFC 8446, section 5.1).
const recordHandshake = 22

var errSeen = errors.New("the hello was read")

// tap keeps the bytes read, and writes nothing.
type tap struct {
	net.Conn
	pending []byte // read already
	raw     []byte
	err     error
}

func (t *tap) Read(b []byte) (int, error) {
	if len(t.pending) > 0 {
		n := copy(b, t.pending)
		t.pending = t.pending[n:]
		return n, nil
	}
	if len(t.raw) >= MaxSize || t.Conn == nil {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := t.Conn.Read(b[:min(len(b), MaxSize-len(t.raw))])
	t.raw = append(t.raw, b[:n]...)
	if err != nil {
		t.err = err
	}
	return n, err
}

func (t *tap) Write(b []byte) (int, error)      { return len(b), nil }
func (t *tap) Close() error                     { return nil }
func (t *tap) SetDeadline(time.Time) error      { return nil }
func (t *tap) SetReadDeadline(time.Time) error  { return nil }
func (t *tap) SetWriteDeadline(time.Time) error { return nil }

// Replayed is a connection that reads bytes again that were read before, and then the rest.
type Replayed struct {
	net.Conn
	again []byte
}

// Replay returns a connection that reads raw first.
func Replay(c net.Conn, raw []byte) *Replayed { return &Replayed{c, raw} }

// Read implements net.Conn.
func (r *Replayed) Read(b []byte) (int, error) {
	if len(r.again) == 0 {
		return r.Conn.Read(b)
	}
	n := copy(b, r.again)
	if r.again = r.again[n:]; len(r.again) == 0 {
		r.again = nil
	}
	return n, nil
}

// NetConn returns the connection beneath.
func (r *Replayed) NetConn() net.Conn { return r.Conn }

// Done reports whether all of it was read again: from now on the connection itself can be read.
func (r *Replayed) Done() bool { return len(r.again) == 0 }
