package content

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unescaper makes the text that was typed from that of a body, in whatever pieces it comes.
type unescaper interface {
	// push appends the text in a piece to dst.
	push(dst, piece []byte) []byte
}

// unescaperOf returns the unescaper of bodies of a type; nil for types that hold the text as it is.
func unescaperOf(kind string) unescaper {
	switch {
	case kind == "application/x-www-form-urlencoded":
		return &formEscapes{}
	case kind == "application/json", kind == "application/x-ndjson", kind == "text/json",
		strings.HasSuffix(kind, "+json"):
		return &jsonEscapes{}
	}
	return nil
}

// formEscapes are those of a form (WHATWG URL, section 5). Each field and value gets a line of its own.
type formEscapes struct {
	digits int // read of an escape, its sign among them
	high   byte
}

func (f *formEscapes) push(dst, piece []byte) []byte {
	for _, c := range piece {
		digit := unhex(c)
		switch {
		case f.digits == 1 && digit <= 15:
			f.digits, f.high = 2, digit
			continue
		case f.digits == 2 && digit <= 15:
			dst, f.digits = append(dst, f.high<<4|digit), 0
			continue
		case f.digits == 1: // the sign stands for itself
			dst = append(dst, '%')
		case f.digits == 2: // an escape that is cut off
			dst = append(dst, ' ')
		}
		f.digits = 0
		switch c {
		case '+':
			c = ' '
		case '&':
			c = '\n'
		case '%':
			f.digits = 1
			continue
		}
		dst = append(dst, c)
	}
	return dst
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

// jsonEscapes are those of strings (RFC 8259, section 7), wherever they stand.
type jsonEscapes struct {
	escaped bool // by the backslash before
	digits  int  // that are still to come of a \u
	unit    rune
	first   rune // of a surrogate pair; 0: none
}

func (j *jsonEscapes) push(dst, piece []byte) []byte {
	for _, c := range piece {
		if j.digits > 0 {
			if digit := unhex(c); digit <= 15 {
				j.unit = j.unit<<4 | rune(digit)
				if j.digits--; j.digits == 0 {
					dst = j.end(dst)
				}
				continue
			}
			j.digits = 0 // it has as many as there are
			dst = j.end(dst)
		}
		switch {
		case j.escaped && c == 'u':
			j.escaped, j.digits, j.unit = false, 4, 0
		case j.escaped:
			j.escaped = false
			if strings.IndexByte("nrtbf", c) >= 0 {
				c = '\n'
			}
			dst = append(dst, c)
		case c == '\\':
			j.escaped = true
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// end appends the character of a unit, with that before it if the two are a pair.
func (j *jsonEscapes) end(dst []byte) []byte {
	first := j.first
	j.first = 0
	switch {
	case first != 0:
		return utf8.AppendRune(dst, utf16.DecodeRune(first, j.unit))
	case utf16.IsSurrogate(j.unit):
		j.first = j.unit
		return dst
	}
	return utf8.AppendRune(dst, j.unit)
}
