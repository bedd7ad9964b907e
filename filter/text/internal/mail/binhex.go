package mail

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"strings"
)

// A file in BinHex 4.0 (RFC 1741) stands in a text between two colons, after a line that says so: old programs of the
// Mac write it, and mail programs still read it.

// binHexLine begins the line before the file, and binHexName stands in it as well.
const (
	binHexLine = "(This file must be conv"
	binHexName = "BinHex"
)

// binHexValues are the values of its digits, 0xff of other characters.
var binHexValues = func() (values [256]byte) {
	for i := range values {
		values[i] = 0xff
	}
	const digits = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
	for i, c := range []byte(digits) {
		values[c] = byte(i)
	}
	return values
}()

// beginBinHex returns the file that a line announces, nil if none follows it.
func beginBinHex(br *bufio.Reader, line string) *fileLines {
	if !strings.HasPrefix(line, binHexLine) || !strings.Contains(line, binHexName) {
		return nil
	}
	ahead, _ := br.Peek(1024) // an error shows when it is read
	if !bytes.HasPrefix(bytes.TrimLeft(ahead, " \t\r\n"), []byte{':'}) {
		return nil
	}
	first := binHex{}
	first.line(nil, ahead)
	if !first.headed {
		return nil
	}
	var d binHex
	return &fileLines{r: br, name: first.name, end: "\x00", decode: d.line, over: func() bool { return d.over }, swells: true}
}

// binHex decodes the lines of a file.
type binHex struct {
	bits   uint32
	n      uint
	open   bool // within the colons
	over   bool // behind them, or behind the file
	last   byte
	marked bool   // a mark of repetition was read
	header []byte // as far as it is read
	headed bool
	name   string
	left   int64 // of the file, in bytes
}

// repeats is the mark of repetition: a number follows, of how often the byte before it stands there.
const repeats = 0x90

func (d *binHex) line(dst, s []byte) []byte {
	for _, c := range s {
		switch v := binHexValues[c]; {
		case d.over:
			return dst
		case c == ':':
			d.over = d.open
			d.open = true
		case !d.open || v == 0xff:
		default:
			d.bits, d.n = d.bits<<6|uint32(v), d.n+6
			if d.n >= 8 {
				d.n -= 8
				dst = d.packed(dst, byte(d.bits>>d.n))
			}
		}
	}
	return dst
}

// packed takes a byte that may be a mark of repetition, or the number after it.
func (d *binHex) packed(dst []byte, c byte) []byte {
	switch {
	case d.marked && c == 0:
		d.marked = false
		return d.plain(dst, repeats)
	case d.marked:
		d.marked = false
		for range int(c) - 1 {
			dst = d.plain(dst, d.last)
		}
		return dst
	case c == repeats:
		d.marked = true
		return dst
	}
	return d.plain(dst, c)
}

// plain takes a byte of the header, or of the file after it.
func (d *binHex) plain(dst []byte, c byte) []byte {
	d.last = c
	if d.headed {
		if d.left > 0 {
			dst = append(dst, c)
		}
		d.left--
		d.over = d.over || d.left <= 0
		return dst
	}
	const rest = 1 + 4 + 4 + 2 + 4 + 4 + 2 // after the name: version, kind, maker, flags, two sizes, a sum
	d.header = append(d.header, c)
	name := int(d.header[0])
	if len(d.header) == 1+name+rest {
		d.headed, d.name = true, string(d.header[1:1+name])
		d.left = int64(binary.BigEndian.Uint32(d.header[1+name+11:]))
		d.over = d.over || d.left == 0
	}
	return dst
}
