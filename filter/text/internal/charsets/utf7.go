package charsets

import (
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// utf7 decodes UTF-7 (RFC 2152). The library for it gives up at the first byte that is
// not allowed, and a reader does not: what is no sequence stays as it is.
type utf7 struct {
	shifted bool
	bits    uint32
	n       int  // bits
	high    rune // of a surrogate pair
	any     bool // the sequence is not empty
}

// Reset implements transform.Transformer.
func (d *utf7) Reset() { *d = utf7{} }

// Transform implements transform.Transformer.
func (d *utf7) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for ; nSrc < len(src); nSrc++ {
		if len(dst)-nDst < 2*utf8.UTFMax {
			return nDst, nSrc, transform.ErrShortDst
		}
		c := src[nSrc]
		if !d.shifted {
			if c == '+' {
				*d = utf7{shifted: true}
				continue
			}
			dst[nDst] = c
			nDst++
			continue
		}
		if v := Base64Values[c]; v != 0xff {
			d.any = true
			d.bits, d.n = d.bits<<6|uint32(v), d.n+6
			if d.n >= 16 {
				d.n -= 16
				nDst += d.unit(dst[nDst:], rune(d.bits>>d.n&0xffff))
			}
			continue
		}
		switch {
		case !d.any: // "+-" is a plus
			dst[nDst] = '+'
			nDst++
			if c == '-' {
				break
			}
			fallthrough
		case c != '-':
			dst[nDst] = c
			nDst++
		}
		d.Reset()
	}
	return nDst, nSrc, nil
}

// unit writes what a unit of UTF-16 stands for, if it is whole.
func (d *utf7) unit(dst []byte, u rune) int {
	switch {
	case d.high != 0:
		r := utf16.DecodeRune(d.high, u)
		d.high = 0
		return utf8.EncodeRune(dst, r)
	case u >= 0xd800 && u < 0xdc00:
		d.high = u
		return 0
	}
	return utf8.EncodeRune(dst, u)
}

// Base64Values are the values of the letters of base64, 0xff for other bytes.
var Base64Values = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = byte(i)
	}
	return t
}()
