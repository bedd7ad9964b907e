package parties

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"sync"
)

// part is what a header field says.
type part uint8

const (
	other      part = iota
	author          // whom the message is from
	answers         // others who sent it, or get its answers
	recipients      // whom it is to
	delivered       // whose mailbox or list it has gone through
	received
	results // of authentication
	identity
)

// parts are the fields that count. A field Resent-X is one of the same kind as X (RFC 5322 section
// 3.6.6).
var parts = map[string]part{
	"from": author, "sender": answers, "reply-to": answers,
	"to": recipients, "cc": recipients,
	"bcc": delivered, "delivered-to": delivered, "x-original-to": delivered, "return-path": delivered,
	"received": received, "authentication-results": results, "message-id": identity,
}

func partOf(name []byte) part {
	if len(name) > 40 {
		return other
	}
	lower := strings.ToLower(string(name))
	if base, resent := strings.CutPrefix(lower, "resent-"); resent {
		switch p := parts[base]; p {
		case author, answers:
			return answers
		case recipients, delivered:
			return p
		}
		return other
	}
	return parts[lower]
}

// Bounds of what is read at once. A longer value is read in pieces that overlap by more than an address
// has.
const (
	maxPiece = 64 << 10
	overlap  = 2 << 10
)

var lines = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 16<<10) }}

// walk reads a header and yields the values of the fields that want names, with their folds, until yield
// returns false. A line that is no field belongs to the one before it.
func walk(r io.Reader, want func(part) bool, yield func(p part, value []byte) bool) {
	br := lines.Get().(*bufio.Reader)
	br.Reset(r)
	defer func() { br.Reset(nil); lines.Put(br) }()
	var buf []byte
	field, wanted, continued := other, false, false
	for {
		line, err := br.ReadSlice('\n')
		if !continued {
			if len(bytes.TrimRight(line, "\r\n")) == 0 {
				break
			}
			if name, ok := fieldName(line); ok {
				if wanted && !yield(field, buf) {
					return
				}
				buf, field = buf[:0], partOf(name)
				wanted = want(field)
				line = line[bytes.IndexByte(line, ':')+1:]
			}
		}
		if wanted {
			if len(buf)+len(line) > maxPiece {
				if !yield(field, buf) {
					return
				}
				buf = append(buf[:0], buf[max(0, len(buf)-overlap):]...)
			}
			buf = append(buf, line...)
		}
		continued = err == bufio.ErrBufferFull
		if err != nil && !continued {
			break
		}
	}
	if wanted {
		yield(field, buf)
	}
}

// fieldName returns the name that a line begins with, if it begins a field: what could be part of an
// address list does not.
func fieldName(line []byte) ([]byte, bool) {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || line[0] == ' ' || line[0] == '\t' {
		return nil, false
	}
	name := bytes.TrimRight(line[:colon], " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`<>()[];,@"\`, c) >= 0 {
			return nil, false
		}
	}
	return name, len(name) > 0
}
