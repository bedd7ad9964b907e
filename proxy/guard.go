package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
)

// guard lets only those requests through that every parser reads in the same way (RFC 9112, sections 2.2, 5.1, 6.3
// and 11.2): another server may take for a second request what net/http repairs in silence. It keeps a header back
// until it is whole.
type guard struct {
	net.Conn
	in  *bufio.Reader
	max int // bytes of a header

	state   guardState
	line    []byte // as far as it has come
	head    head
	out     []byte // let through, not yet read
	remain  int64  // bytes of a body or chunk
	trailer int    // bytes of a trailer

	linger
}

type guardState uint8

const (
	inHead guardState = iota
	inBody
	inChunkSize
	inChunk
	afterChunk
	inTrailer
	unguarded
	malformed
)

// poison is no request for any server: net/http refuses it and closes.
const poison = "?\r\n\r\n"

var errMalformed = errors.New("malformed body")

func newGuard(c net.Conn, max int) *guard {
	g := &guard{Conn: c, in: bufio.NewReader(c), max: max + 8<<10}
	g.change = make(chan struct{}, 1)
	return g
}

// open lets everything through from now on.
func (g *guard) open() {
	g.out = append(g.out, g.head.text...)
	g.out = append(g.out, g.line...)
	g.head, g.line, g.state = head{}, nil, unguarded
}

// rest ends the guard, and returns what was read of the connection and not yet of the guard.
func (g *guard) rest() []byte {
	g.open()
	b := g.out
	if n := g.in.Buffered(); n > 0 {
		more, _ := g.in.Peek(n)
		b = append(b, more...)
		g.in.Discard(n)
	}
	g.out = nil
	return b
}

// NetConn returns the connection beneath.
func (g *guard) NetConn() net.Conn { return g.Conn }

// Read implements net.Conn.
func (g *guard) Read(b []byte) (int, error) {
	for {
		if len(g.out) > 0 {
			n := copy(b, g.out)
			if g.out = g.out[n:]; len(g.out) == 0 {
				g.out = nil
			}
			return n, nil
		}
		switch g.state {
		case unguarded:
			return g.in.Read(b)
		case malformed:
			return 0, errMalformed
		case inBody, inChunk:
			n, err := g.in.Read(b[:min(int64(len(b)), g.remain)])
			if g.remain -= int64(n); g.remain == 0 && g.state == inBody {
				g.state = inHead
			} else if g.remain == 0 {
				g.state = afterChunk
			}
			return n, err
		}
		if err := g.readLine(); err != nil {
			return 0, err
		}
	}
}

// readLine reads a line and acts on it.
func (g *guard) readLine() error {
	piece, err := g.in.ReadSlice('\n')
	g.line = append(g.line, piece...)
	if len(g.line)+len(g.head.text) > g.max {
		g.open() // net/http says that it is too large
		return nil
	}
	if err == bufio.ErrBufferFull {
		return nil
	}
	if err == io.EOF && g.state == inHead && len(g.line) == 0 && !g.head.begun {
		return g.atEnd()
	}
	if err != nil {
		return err
	}
	line := g.line
	g.line = g.line[:0]
	text, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || bytes.ContainsAny(text, "\r\x00") {
		return g.refuse()
	}
	if g.state == inHead {
		return g.headLine(text, line)
	}
	g.out = append(g.out, line...)
	switch g.state {
	case inChunkSize:
		size, _, _ := bytes.Cut(text, []byte(";"))
		n, err := strconv.ParseUint(string(size), 16, 62)
		if err != nil || len(text) > 256 || size[0] == '+' {
			return g.refuse()
		}
		if g.remain, g.state = int64(n), inChunk; n == 0 {
			g.state, g.trailer = inTrailer, 0
		}
	case afterChunk:
		if g.state = inChunkSize; len(text) > 0 {
			return g.refuse()
		}
	case inTrailer:
		if g.trailer += len(line); g.trailer > 8<<10 {
			return g.refuse()
		}
		if len(text) == 0 {
			g.state = inHead
		}
	}
	return nil
}

// refuse ends the conversation: with a reply if a request was to begin.
func (g *guard) refuse() error {
	if g.state != inHead {
		g.state, g.out = malformed, nil
		return errMalformed
	}
	g.state, g.out, g.head = malformed, []byte(poison), head{}
	return nil
}

func (g *guard) headLine(text, line []byte) error {
	if len(text) == 0 && !g.head.begun && !g.head.empty { // RFC 9112, section 2.2
		g.head.empty = true
		return nil
	}
	if !g.head.take(text) {
		return g.refuse()
	}
	g.head.text = append(g.head.text, line...)
	if len(text) > 0 {
		return nil
	}
	length, chunked, ok := g.head.framing()
	if !ok {
		return g.refuse()
	}
	g.out, g.head = g.head.forServer(), head{}
	g.owed.Add(1)
	switch {
	case chunked:
		g.state = inChunkSize
	case length > 0:
		g.state, g.remain = inBody, length
	}
	return nil
}

// head is the header of a request, as far as it says where the request goes and where it ends.
type head struct {
	text    []byte
	empty   bool // a line without text came before it
	begun   bool
	target  string
	method  string
	http10  bool
	hosts   []string
	lengths []string
	codings []string
}

// take takes a line without its end. It reports whether it may stand there.
func (h *head) take(line []byte) bool {
	if !h.begun {
		h.begun = true
		return h.requestLine(string(line))
	}
	if len(line) == 0 {
		return true
	}
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t\"(),/;<=>?@[\\]{}") { // a space begins a folded line
		return false
	}
	v := strings.Trim(string(value), " \t")
	switch strings.ToLower(string(name)) {
	case "host":
		if strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r == 127 }) {
			return false
		}
		h.hosts = append(h.hosts, v)
	case "content-length":
		h.lengths = append(h.lengths, v)
	case "transfer-encoding":
		h.codings = append(h.codings, v)
	}
	return true
}

func (h *head) requestLine(line string) bool {
	parts := strings.Split(line, " ")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" ||
		strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return false
	}
	h.method, h.target, h.http10 = parts[0], parts[1], parts[2] == "HTTP/1.0"
	return h.http10 || parts[2] == "HTTP/1.1"
}

// forServer returns the header as net/http gets it.
func (h *head) forServer() []byte {
	if h.method == "CONNECT" {
		return h.text
	}
	line, fields, _ := bytes.Cut(h.text, []byte("\r\n"))
	version := line[bytes.LastIndexByte(line, ' '):]
	out := make([]byte, 0, len(h.text)+16)
	out = append(out, h.method...)
	out = append(out, ' ')
	out = append(out, carry(h.target)...)
	out = append(out, version...)
	out = append(out, "\r\n"...)
	return append(out, fields...)
}

// framing returns how long the body is. It reports whether all parsers would agree on that,
// and on the host.
func (h *head) framing() (length int64, chunked, ok bool) {
	if len(h.hosts) > 1 || len(h.hosts) == 0 && !h.http10 || len(h.lengths) > 1 || len(h.codings) > 1 ||
		len(h.lengths)+len(h.codings) > 1 || !h.sameHost() {
		return 0, false, false
	}
	if len(h.codings) == 1 {
		return 0, true, !h.http10 && strings.EqualFold(h.codings[0], "chunked")
	}
	if len(h.lengths) == 1 {
		n, err := strconv.ParseUint(h.lengths[0], 10, 62)
		return int64(n), false, err == nil && h.lengths[0][0] != '+'
	}
	return 0, false, true
}

// sameHost reports whether CONNECT names no other host than the Host field does. In other requests a host in the target
// replaces that of the field (RFC 9112, section 3.2.2).
func (h *head) sameHost() bool {
	return h.method != "CONNECT" || len(h.hosts) == 0 || strings.EqualFold(hostOf(h.target), hostOf(h.hosts[0]))
}
