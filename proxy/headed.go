package proxy

import (
	"bytes"
	"errors"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/http/httpguts"
)

// headed is a connection to a site that speaks HTTP/1.1, as net/http is to read it. Two things of a header are lost on
// net/http, or too much for it:
//
//   - It drops a Connection field that holds close, and with it the names of other fields that are about one hop (RFC
//     9110, section 7.6.1): headed keeps them.
//   - It refuses a response for one line that is no field, where every browser leaves that line out: headed leaves it
//     out. A line that could say where the body ends is refused (RFC 9112, section 11.2).
type headed struct {
	net.Conn
	max int // bytes of a header

	mu    sync.Mutex
	state headState
	size  int      // bytes of the header
	line  []byte   // as far as it has come
	out   []byte   // to be read
	err   error    // after it
	last  headKind // of the line before
	named []string // the fields that Connection names
}

type headState uint8

const (
	headOver headState = iota
	headStatus
	headInterim // a field of an interim response
	headFields
)

// errHead is returned for a header of which parsers could read another end of the body.
var errHead = errors.New("the header of the response is malformed where it says how long the body is")

func newHeaded(c net.Conn, l Limits) *headed { return &headed{Conn: c, max: maxHeaderOf(l)} }

// NetConn returns the connection beneath.
func (h *headed) NetConn() net.Conn { return h.Conn }

// expect notes that a request is about to be sent: a header comes next.
func (h *headed) expect() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state, h.size, h.line, h.named, h.last = headStatus, 0, h.line[:0], nil, headLeftOut
}

// fieldsOfHop returns the fields that the last header names in Connection.
func (h *headed) fieldsOfHop() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.named
}

// Read implements net.Conn.
func (h *headed) Read(b []byte) (int, error) {
	for {
		if n, err, ok := h.ready(b); ok {
			return n, err
		}
		n, err := h.Conn.Read(b)
		if h.passes(b[:n], err) {
			return n, err
		}
	}
}

// ready reads what waits.
func (h *headed) ready(b []byte) (int, error, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.out) == 0 {
		return 0, h.err, h.err != nil
	}
	n := copy(b, h.out)
	h.out = h.out[n:]
	return n, nil, true
}

// passes takes what was read. It reports whether that may pass as it is: no header is expected.
func (h *headed) passes(piece []byte, err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == headOver {
		return true
	}
	h.out, h.err = h.out[:0], err
	for h.state != headOver && len(piece) > 0 {
		end := bytes.IndexByte(piece, '\n') + 1
		whole := end > 0
		if !whole {
			end = len(piece)
		}
		h.line = append(h.line, piece[:end]...)
		piece = piece[end:]
		switch h.size += end; {
		case h.size > h.max: // net/http says that it is too large
			h.state = headOver
			h.flush()
		case whole:
			h.take()
		}
	}
	switch {
	case h.err == errHead: // nothing after it counts
		return false
	case err != nil:
		h.flush()
	}
	h.out = append(h.out, piece...)
	return false
}

// flush lets a line pass as far as it has come.
func (h *headed) flush() { h.out, h.line = append(h.out, h.line...), h.line[:0] }

// take takes a line with its end.
func (h *headed) take() {
	text := string(bytes.TrimSuffix(bytes.TrimSuffix(h.line, []byte("\n")), []byte("\r")))
	switch {
	case h.state == headStatus:
		_, status, _ := strings.Cut(text, " ")
		if h.state = headFields; strings.HasPrefix(status, "1") && !strings.HasPrefix(status, "101") {
			h.state = headInterim
		}
		h.last = headLeftOut // nothing may be continued yet
		h.flush()
	case text == "" && h.state == headInterim:
		h.state = headStatus
		h.flush()
	case text == "":
		h.state = headOver
		h.flush()
	default:
		h.line = h.line[:0]
		h.field(text)
	}
}

// field takes a line of a field.
func (h *headed) field(line string) {
	field, kind := "", h.last
	if line[0] != ' ' && line[0] != '\t' {
		field, kind = fieldIn(line)
	} else if field = plainText(line); kind == headFraming { // it continues the line before (RFC 9112, section 5.2)
		kind = headMalformed
	}
	switch h.last = kind; kind {
	case headMalformed:
		h.err, h.state = errHead, headOver
		return
	case headLeftOut:
		return
	}
	if field == "" {
		return
	}
	h.out = append(append(h.out, field...), "\r\n"...)
	if h.state == headFields {
		h.names(field)
	}
}

// names keeps the fields that Connection names.
func (h *headed) names(field string) {
	name, value, _ := strings.Cut(field, ":")
	if !strings.EqualFold(name, "Connection") {
		return
	}
	for token := range strings.SplitSeq(value, ",") {
		if token = textproto.TrimString(token); token != "" && !slices.Contains(h.named, token) {
			h.named = append(h.named, token)
		}
	}
}

// headKind is what a line of a header is.
type headKind uint8

const (
	headField headKind = iota
	headLeftOut
	headFraming   // it says where the body ends
	headMalformed // it could say so
)

// fieldIn returns the field in a line as browsers read it; none where it says nothing.
func fieldIn(line string) (string, headKind) {
	name, value, ok := strings.Cut(line, ":")
	name = strings.TrimRight(name, " \t") // RFC 9112, section 5.1
	plain := plainText(value)
	if !ok || !httpguts.ValidHeaderFieldName(name) {
		if strings.HasPrefix(letters(name), "contentlength") || strings.HasPrefix(letters(name), "transferencoding") {
			return "", headMalformed
		}
		return "", headLeftOut
	}
	coding := strings.EqualFold(name, "Transfer-Encoding")
	switch {
	case !coding && !strings.EqualFold(name, "Content-Length"):
		return name + ":" + plain, headField
	case plain != value:
		return "", headMalformed
	case coding && strings.EqualFold(strings.Trim(value, " \t"), "identity"): // of RFC 2616, where it says nothing
		return "", headFraming
	}
	return name + ":" + value, headFraming
}

// letters returns the letters of a name, in small.
func letters(name string) string {
	b := make([]byte, 0, 32)
	for i := range len(name) {
		if c := name[i] | 0x20; c >= 'a' && c <= 'z' {
			b = append(b, c)
		}
	}
	return string(b)
}

// plainText returns a value with a space for each character that may not stand in one.
func plainText(value string) string {
	wrong := func(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }
	var plain []byte
	for i := range len(value) {
		if wrong(value[i]) {
			if plain == nil {
				plain = []byte(value)
			}
			plain[i] = ' '
		}
	}
	if plain == nil {
		return value
	}
	return string(plain)
}
