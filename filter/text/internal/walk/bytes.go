package walk

import (
	"io"
	"strings"
)

// Letter reports whether c is a letter of ASCII.
func Letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// Unhex returns the value of a hexadecimal digit, 0xff if it is none.
func Unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

// NotEOF returns err, nil if it is the end.
func NotEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// Lowered appends b in lower case, as far as dst has room: no name that counts is longer.
func Lowered(dst, b []byte) []byte {
	for _, c := range b {
		if len(dst) == cap(dst) {
			break
		}
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// HasPrefixFold reports whether b begins with a prefix in lower case, whatever the case of b.
func HasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && strings.EqualFold(string(b[:len(prefix)]), prefix)
}
