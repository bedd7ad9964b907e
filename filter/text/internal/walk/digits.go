package walk

import (
	"sluis/filter/text/internal/charsets"
)

// decoder turns digits into bytes. What may stand between two strings of a script, and at the end of a line, is passed
// over.
type decoder interface {
	// append adds what p stands for to dst, and says how much of p is of it, and whether it ends there.
	append(dst, p []byte) (out []byte, n int, ended bool)
	fresh() decoder
}

// strand follows the quotes around the pieces that a script puts together.
type strand struct{ outside bool }

// passes reports whether a character stands between digits or pieces of them, and whether it could be a digit else.
func (s *strand) passes(c byte) bool {
	switch c {
	case '"', '\'', '`':
		s.outside = !s.outside
		return true
	case '+':
		return s.outside
	case ' ', '\t', '\r', '\n', '\\', ',':
		return true
	}
	return false
}

// base64Digits decodes base64, of either alphabet.
type base64Digits struct {
	strand
	bits uint32
	n    int
	tail bool // the padding was seen
}

func (*base64Digits) fresh() decoder { return &base64Digits{} }

func (d *base64Digits) append(dst, p []byte) ([]byte, int, bool) {
	for i, c := range p {
		v := charsets.Base64Values[c]
		switch {
		case c == '-':
			v = charsets.Base64Values['+']
		case c == '_':
			v = charsets.Base64Values['/']
		}
		switch {
		case d.passes(c):
		case d.outside || d.tail && c != '=':
			return dst, i, true
		case v != 0xff:
			d.bits, d.n = d.bits<<6|uint32(v), d.n+1
			if d.n == 4 {
				dst = append(dst, byte(d.bits>>16), byte(d.bits>>8), byte(d.bits))
				d.bits, d.n = 0, 0
			}
		case c == '=':
			d.tail = true
			switch d.n {
			case 2:
				dst = append(dst, byte(d.bits>>4))
			case 3:
				dst = append(dst, byte(d.bits>>10), byte(d.bits>>2))
			}
			d.bits, d.n = 0, 0
		default:
			return dst, i, true
		}
	}
	return dst, len(p), false
}

// hexDigits decodes hexadecimal digits.
type hexDigits struct {
	strand
	high byte
	half bool
}

func (*hexDigits) fresh() decoder { return &hexDigits{} }

func (d *hexDigits) append(dst, p []byte) ([]byte, int, bool) {
	for i, c := range p {
		v := Unhex(c)
		switch {
		case d.passes(c):
		case d.outside:
			return dst, i, true
		case v < 16 && d.half:
			dst, d.half = append(dst, d.high<<4|v), false
		case v < 16:
			d.high, d.half = v, true
		default:
			return dst, i, true
		}
	}
	return dst, len(p), false
}
