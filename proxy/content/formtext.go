package content

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// formText returns a function that makes the text that was typed from a body of a type; nil for types that hold the
// text as it is.
func formText(kind string) func(io.Reader) io.Reader {
	switch {
	case kind == "application/x-www-form-urlencoded":
		return func(r io.Reader) io.Reader { return &formReader{r: bufio.NewReader(r)} }
	case kind == "application/json", kind == "application/x-ndjson", kind == "text/json",
		strings.HasSuffix(kind, "+json"):
		return func(r io.Reader) io.Reader { return &jsonReader{r: bufio.NewReader(r)} }
	}
	return nil
}

// formReader reads the text typed into a form (WHATWG URL, section 5): each field and value on a line of its own.
type formReader struct{ r io.ByteReader }

// Read implements io.Reader.
func (f *formReader) Read(p []byte) (int, error) {
	for n := range p {
		c, err := f.r.ReadByte()
		if err != nil {
			return n, err
		}
		switch c {
		case '+':
			c = ' '
		case '&':
			c = '\n'
		case '%':
			c = f.escape()
		}
		p[n] = c
	}
	return len(p), nil
}

// escape reads the two digits after a percent sign. Without them the sign stands for itself.
func (f *formReader) escape() byte {
	s, ok := f.r.(io.ByteScanner)
	if !ok {
		return '%'
	}
	high, err := s.ReadByte()
	if err != nil {
		return '%'
	}
	if unhex(high) > 15 {
		s.UnreadByte()
		return '%'
	}
	low, err := s.ReadByte()
	if err != nil || unhex(low) > 15 {
		if err == nil {
			s.UnreadByte()
		}
		return ' ' // an escape that is cut off
	}
	return unhex(high)<<4 | unhex(low)
}

func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}

// jsonReader undoes the escapes of strings (RFC 8259, section 7), wherever they stand.
type jsonReader struct {
	r       *bufio.Reader
	pending []byte
	small   [utf8.UTFMax]byte
}

// Read implements io.Reader.
func (j *jsonReader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(j.pending) > 0 {
			k := copy(p[n:], j.pending)
			j.pending, n = j.pending[k:], n+k
			continue
		}
		c, err := j.r.ReadByte()
		if err != nil {
			return n, err
		}
		if c == '\\' {
			j.escape()
			continue
		}
		p[n] = c
		n++
	}
	return n, nil
}

// escape reads the rest of an escape after its backslash.
func (j *jsonReader) escape() {
	c, err := j.r.ReadByte()
	if err != nil {
		return
	}
	switch c {
	case 'n', 'r', 't', 'b', 'f':
		c = '\n'
	case 'u':
		u := j.unit()
		if utf16.IsSurrogate(u) {
			if next, _ := j.r.Peek(2); string(next) == `\u` {
				j.r.Discard(2)
				u = utf16.DecodeRune(u, j.unit())
			}
		}
		j.pending = utf8.AppendRune(j.small[:0], u)
		return
	}
	j.pending = append(j.small[:0], c)
}

// unit reads four hexadecimal digits, or as many as there are.
func (j *jsonReader) unit() (u rune) {
	for range 4 {
		c, err := j.r.ReadByte()
		if err != nil {
			return u
		}
		if unhex(c) > 15 {
			j.r.UnreadByte()
			return u
		}
		u = u<<4 | rune(unhex(c))
	}
	return u
}
