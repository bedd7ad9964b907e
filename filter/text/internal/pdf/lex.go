package pdf

import (
	"bytes"
	"io"
	"strconv"
	"sync"
)

// Objects of a PDF (ISO 32000-2, 7.3): nil, bool, float64, and these.
type (
	Name   string
	String string
	Array  []any
	Dict   map[Name]any
	Ref    struct{ Num, Gen int }
	Stream struct {
		Dict   Dict
		raw    []byte
		number Ref
	}
	// operator is what is none of these: an operator of a page, or a word of the file.
	operator string
)

// Bounds of one object.
const (
	maxNesting = 64
	maxItems   = 1 << 16
	maxString  = 1 << 20
)

// lexer reads objects from memory, or from a stream through a buffer.
type lexer struct {
	buf []byte
	pos int
	src io.Reader // after buf; nil: there is no more
	err error     // of src
	cut bool      // a bound left something out
}

var windows = sync.Pool{New: func() any { b := make([]byte, 16<<10); return &b }}

// lexStream has a lexer read a stream.
func lexStream(r io.Reader, read func(*lexer)) {
	window := windows.Get().(*[]byte)
	defer windows.Put(window)
	read(&lexer{buf: (*window)[:0], src: r})
}

// peek returns the next byte, -1 at the end.
func (l *lexer) peek() int {
	if l.pos < len(l.buf) {
		return int(l.buf[l.pos])
	}
	for l.src != nil {
		n, err := l.src.Read(l.buf[:cap(l.buf)])
		l.buf, l.pos = l.buf[:n], 0
		if err != nil {
			l.src = nil
			if err != io.EOF {
				l.err = err
			}
		}
		if n > 0 {
			return int(l.buf[0])
		}
	}
	return -1
}

func (l *lexer) next() int {
	c := l.peek()
	if c >= 0 {
		l.pos++
	}
	return c
}

func isSpace(c int) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c int) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

// blank passes over white space and comments.
func (l *lexer) blank() {
	for {
		c := l.peek()
		switch {
		case isSpace(c):
			l.pos++
		case c == '%':
			for c >= 0 && c != '\n' && c != '\r' {
				l.pos++
				c = l.peek()
			}
		default:
			return
		}
	}
}

// object reads the next object, or an operator; false at the end.
func (l *lexer) object(depth int) (any, bool) {
	l.blank()
	c := l.next()
	switch {
	case c < 0:
		return nil, false
	case c == '/':
		return l.name(), true
	case c == '(':
		return l.literal(), true
	case depth > maxNesting && (c == '[' || c == '<' && l.peek() == '<'):
		l.cut = true
		return operator([]byte{byte(c)}), true
	case c == '<' && l.peek() == '<':
		l.pos++
		return dictOf(l.list(">>", depth+1)), true
	case c == '<':
		return l.hex(), true
	case c == '>' && l.peek() == '>':
		l.pos++
		return operator(">>"), true
	case c == '[':
		return Array(l.list("]", depth+1)), true
	case isDelimiter(c):
		return operator([]byte{byte(c)}), true
	}
	return l.word(byte(c)), true
}

// list reads objects up to an end. References are joined from their three words.
func (l *lexer) list(end operator, depth int) []any {
	var items []any
	for {
		o, ok := l.object(depth)
		if !ok || o == end {
			return items
		}
		if op, is := o.(operator); is {
			switch op {
			case "endobj", "endstream": // the end was forgotten
				return items
			case "R":
				items = joinRef(items)
			}
			continue
		}
		if len(items) >= maxItems {
			l.cut = true
			continue
		}
		items = append(items, o)
	}
}

// joinRef makes a reference of the two numbers at the end of a list.
func joinRef(items []any) []any {
	if n := len(items); n >= 2 {
		num, ok1 := items[n-2].(float64)
		gen, ok2 := items[n-1].(float64)
		if ok1 && ok2 {
			return append(items[:n-2], Ref{int(num), int(gen)})
		}
	}
	return items
}

// doubled is the key under which the value of a key that is given twice stays to be judged.
const doubled Name = "\x00doubled"

// dictOf pairs keys and values. Of a key that is given twice the last value counts.
func dictOf(items []any) Dict {
	d := make(Dict, len(items)/2)
	for i := 0; i < len(items); i++ {
		key, ok := items[i].(Name)
		if !ok {
			continue
		}
		var v any
		if i++; i < len(items) {
			v = items[i]
		}
		if old, twice := d[key]; twice {
			more, _ := d[doubled].(Array)
			d[doubled] = append(more, Dict{key: old})
		}
		d[key] = v
	}
	return d
}

// name reads a name after its slash.
func (l *lexer) name() Name {
	var small [64]byte
	b := small[:0]
	for {
		c := l.peek()
		if c < 0 || isSpace(c) || isDelimiter(c) {
			return Name(b)
		}
		l.pos++
		if c == '#' {
			if hi := unhex(l.peek()); hi >= 0 {
				l.pos++
				if lo := unhex(l.peek()); lo >= 0 {
					l.pos++
					c = hi<<4 | lo
				} else {
					b = append(b, '#', "0123456789abcdef"[hi])
					continue
				}
			}
		}
		if len(b) < maxString {
			b = append(b, byte(c))
		}
	}
}

func unhex(c int) int {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return -1
}

// literal reads a string after its parenthesis.
func (l *lexer) literal() String {
	var b []byte
	for depth := 1; ; {
		c := l.next()
		switch c {
		case -1:
			return String(b)
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return String(b)
			}
		case '\\':
			if c = l.escape(); c < 0 {
				continue
			}
		case '\r':
			if c = '\n'; l.peek() == '\n' {
				l.pos++
			}
		}
		if len(b) >= maxString {
			l.cut = true
			continue
		}
		b = append(b, byte(c))
	}
}

// escape reads what follows a backslash: -1 if it stands for nothing.
func (l *lexer) escape() int {
	c := l.next()
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case '\r':
		if l.peek() == '\n' {
			l.pos++
		}
		return -1
	case '\n':
		return -1
	}
	if c < '0' || c > '7' {
		return c
	}
	n := c - '0'
	for range 2 {
		d := l.peek()
		if d < '0' || d > '7' {
			break
		}
		l.pos++
		n = n<<3 | (d - '0')
	}
	return n & 0xff
}

// hex reads a hexadecimal string after its bracket.
func (l *lexer) hex() String {
	var b []byte
	half := -1
	for {
		c := l.next()
		if c < 0 || c == '>' {
			break
		}
		v := unhex(c)
		switch {
		case v < 0:
		case half < 0:
			half = v
		case len(b) >= maxString:
			l.cut = true
			half = -1
		default:
			b = append(b, byte(half<<4|v))
			half = -1
		}
	}
	if half >= 0 {
		b = append(b, byte(half<<4))
	}
	return String(b)
}

// word reads a number, a word of the language or an operator that begins with c.
func (l *lexer) word(c byte) any {
	var small [32]byte
	b := append(small[:0], c)
	for {
		n := l.peek()
		if n < 0 || isSpace(n) || isDelimiter(n) {
			break
		}
		l.pos++
		if len(b) < 256 {
			b = append(b, byte(n))
		}
	}
	if c <= '9' {
		if v, ok := number(b); ok {
			return v
		}
	}
	switch string(b) {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	return operator(b)
}

// number reads a number as readers of PDF do, who take doubled signs.
func number(b []byte) (float64, bool) {
	for len(b) > 1 && b[0] == '-' && b[1] == '-' {
		b = b[1:]
	}
	digits := bytes.TrimLeft(b, "+-")
	if len(digits) == 0 || digits[0] != '.' && (digits[0] < '0' || digits[0] > '9') {
		return 0, false
	}
	whole, short := 0, len(digits) <= 9
	for _, c := range digits {
		if c < '0' || c > '9' {
			short = false
			break
		}
		whole = whole*10 + int(c-'0')
	}
	if short {
		if b[0] == '-' {
			whole = -whole
		}
		return float64(whole), true
	}
	if i := bytes.LastIndexByte(digits, '-'); i > 0 { // "12-34", which some writers leave
		digits = digits[:i]
	}
	v, err := strconv.ParseFloat(string(digits), 64)
	if err != nil {
		return 0, false
	}
	if b[0] == '-' {
		v = -v
	}
	return v, true
}
