package archive

import (
	"bufio"
	"errors"
	"io"
)

// inflater64 reads Deflate64, which Windows writes in a zip of large files and no library of Go reads. It is the format
// of RFC 1951 with distances up to 64 KiB and lengths up to 64 KiB (APPNOTE section 5.10).
type inflater64 struct {
	r    io.ByteReader
	err  error
	bits uint64
	n    uint // of bits

	window   [1 << 16]byte
	written  int64
	final    bool // no block follows
	stored   int  // bytes of a block that is not packed, still to come
	coded    bool // in a block that is packed
	literals codes
	offsets  codes
	length   int // of the copy that goes on
	distance int
}

// inflate64 returns a reader of Deflate64.
func inflate64(r io.Reader) io.Reader { return &inflater64{r: bufio.NewReader(r)} }

var errInflate64 = errors.New("malformed Deflate64")

// Read implements io.Reader.
func (d *inflater64) Read(p []byte) (n int, err error) {
	for n < len(p) && d.err == nil {
		switch {
		case d.length > 0:
			p[n] = d.put(d.window[(d.written-int64(d.distance))&(1<<16-1)])
			d.length--
			n++
		case d.stored > 0:
			if c := d.take(8); d.err == nil {
				p[n] = d.put(byte(c))
				n++
			}
			d.stored--
		case d.coded:
			if c := d.symbol(&d.literals); d.err == nil && c < endOfBlock {
				p[n] = d.put(byte(c))
				n++
			} else if d.err == nil {
				d.control(c)
			}
		case d.final:
			d.err = io.EOF
		default:
			d.block()
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, d.err
}

func (d *inflater64) put(c byte) byte {
	d.window[d.written&(1<<16-1)] = c
	d.written++
	return c
}

func (d *inflater64) fail() {
	if d.err == nil {
		d.err = errInflate64
	}
}

// fill has at least n bits read; behind the end of the input they are zeros.
func (d *inflater64) fill(n uint) {
	for d.n < n {
		c, err := d.r.ReadByte()
		if err != nil {
			return
		}
		d.bits |= uint64(c) << d.n
		d.n += 8
	}
}

// take returns the next n bits.
func (d *inflater64) take(n uint) int {
	d.fill(n)
	if d.n < n {
		if d.err == nil {
			d.err = io.ErrUnexpectedEOF
		}
		return 0
	}
	v := int(d.bits & (1<<n - 1))
	d.bits >>= n
	d.n -= n
	return v
}

// Numbers of the format (RFC 1951 section 3.2.5).
const (
	endOfBlock  = 256
	lastLength  = 285 // of which 16 bits follow, unlike in Deflate
	maxLiterals = 286
	maxOffsets  = 32
	longestCode = 15
)

// codes is a table of Huffman codes, by as many bits as the longest has: the symbol, and how many bits are of it.
type codes struct {
	table []uint16 // symbol<<4 | bits; 0: no code
	size  uint
}

// set makes the table of codes of these lengths, and reports whether they are no more than there can be.
func (c *codes) set(lengths []byte) bool {
	var count, next [longestCode + 2]int
	c.size = 1
	for _, n := range lengths {
		count[n]++
		c.size = max(c.size, uint(n))
	}
	count[0] = 0
	for n := 1; n <= longestCode; n++ {
		next[n+1] = (next[n] + count[n]) << 1
		if next[n]+count[n] > 1<<n {
			return false
		}
	}
	c.table = append(c.table[:0], make([]uint16, 1<<c.size)...)
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		code := 0 // with its first bit first
		for i := range n {
			code |= next[n] >> i & 1 << (n - 1 - i)
		}
		next[n]++
		for ; code < len(c.table); code += 1 << n {
			c.table[code] = uint16(symbol)<<4 | uint16(n)
		}
	}
	return true
}

func (d *inflater64) symbol(c *codes) int {
	d.fill(c.size)
	e := c.table[d.bits&(1<<c.size-1)]
	n := uint(e & 15)
	if n == 0 || n > d.n {
		d.fail()
		return 0
	}
	d.bits >>= n
	d.n -= n
	return int(e >> 4)
}

// block begins the next block.
func (d *inflater64) block() {
	d.final = d.take(1) == 1
	switch kind := d.take(2); {
	case d.err != nil:
	case kind == 0:
		d.take(d.n % 8)
		size, check := d.take(16), d.take(16)
		if d.stored = size; size != check^0xffff {
			d.fail()
		}
	case kind == 1:
		d.coded = d.fixed()
	case kind == 2:
		d.coded = d.dynamic()
	default:
		d.fail()
	}
}

func (d *inflater64) fixed() bool {
	var lengths [288]byte
	for i := range lengths {
		switch {
		case i < 144 || i >= 280:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		default:
			lengths[i] = 7
		}
	}
	var offsets [maxOffsets]byte
	for i := range offsets {
		offsets[i] = 5
	}
	return d.literals.set(lengths[:]) && d.offsets.set(offsets[:])
}

// codeOrder is the order of the lengths of the codes of lengths (section 3.2.7).
var codeOrder = [19]byte{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

func (d *inflater64) dynamic() bool {
	literals, offsets, n := d.take(5)+257, d.take(5)+1, d.take(4)+4
	var short [19]byte
	for _, i := range codeOrder[:n] {
		short[i] = byte(d.take(3))
	}
	var lengths [288 + maxOffsets]byte
	var c codes
	if d.err != nil || literals > maxLiterals || !c.set(short[:]) {
		d.fail()
		return false
	}
	for i := 0; i < literals+offsets && d.err == nil; {
		s := d.symbol(&c)
		again, v := 1, byte(s)
		switch {
		case s == 16 && i == 0:
			d.fail()
			return false
		case s == 16:
			again, v = d.take(2)+3, lengths[i-1]
		case s == 17:
			again, v = d.take(3)+3, 0
		case s == 18:
			again, v = d.take(7)+11, 0
		}
		if again > literals+offsets-i {
			d.fail()
			return false
		}
		for ; again > 0; again-- {
			lengths[i] = v
			i++
		}
	}
	if d.err != nil || !d.literals.set(lengths[:literals]) || !d.offsets.set(lengths[literals:literals+offsets]) {
		d.fail()
		return false
	}
	return true
}

// control follows a symbol that is no literal: the end of the block, or a copy.
func (d *inflater64) control(s int) {
	if s == endOfBlock {
		d.coded = false
		return
	}
	s -= endOfBlock + 1
	switch {
	case s < 8:
		d.length = s + 3
	case s == lastLength-endOfBlock-1:
		d.length = d.take(16) + 3
	case s < 28:
		extra := uint(s/4 - 1)
		d.length = (4+s%4)<<extra + 3 + d.take(extra)
	default:
		d.fail()
		return
	}
	o := d.symbol(&d.offsets)
	if d.distance = o + 1; o >= 4 {
		extra := uint(o/2 - 1)
		d.distance = (2+o%2)<<extra + 1 + d.take(extra)
	}
	if int64(d.distance) > d.written {
		d.fail()
	}
}
