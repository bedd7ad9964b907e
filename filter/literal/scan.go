package literal

import "encoding/binary"

// block is how much of a text is looked at before what was found is compared, in bytes.
const block = 2048

// Of a group of four places: where it begins in its block, shifted by groupBits, and a bit
// for each place at which a filter has a gram. Of long ones only even places count.
const (
	longAt0 = 1 << iota
	longAt2
	shortAt0 // and the three above it
	shortAt1
	shortAt2
	shortAt3
	groupBits = 6
)

// search is what one scan needs.
type search struct {
	*Matcher
	text   []byte
	emit   func(Hit) bool
	groups [block / 4]uint32
	long   [block]uint16 // places in the block
	short  [block]uint16
	left   [block]uint64    // what is left of them, with the slot that fits
	tail   [block + 16]byte // the end of a text, and blanks
}

// scanGrams looks for the phrases that have grams. It reports whether emit always returned
// true.
func (m *Matcher) scanGrams(text []byte, emit func(Hit) bool) bool {
	s := search{Matcher: m, text: text, emit: emit}
	// The ends of a text are boundaries of words: what is beyond is taken for blanks.
	if !s.compare(&m.short, -1) {
		return false
	}
	at := 0
	for ; at+block+8 <= len(text); at += block {
		if !s.block(at, text, at, block) {
			return false
		}
	}
	for ; at < len(text); at += block {
		for i := range s.tail {
			s.tail[i] = ' '
		}
		copy(s.tail[:], text[at:])
		if !s.block(at, s.tail[:], 0, min(block, len(text)-at)) {
			return false
		}
	}
	return true
}

// block looks for phrases in a block of some size, which begins at a place of the text, and
// also stands, with eight bytes more, in view. What can be a phrase is found out in steps that do
// not branch, as no processor foresees where a phrase begins: the filters, and then a look
// at the tables. What is left then is compared.
func (s *search) block(at int, view []byte, from, size int) bool {
	m := s.Matcher
	piece := (*[block + 8]byte)(view[from:])
	n := 0
	if len(m.longFilter.bits) == 1<<longBits/64 && len(m.shortFilter.bytes) == 1<<shortBytes {
		n = candidates((*[1 << longBits / 64]uint64)(m.longFilter.bits), (*[1 << shortBytes]byte)(m.shortFilter.bytes), piece, size, &s.groups)
	} else {
		n = m.candidates(piece, size, &s.groups)
	}
	long, short := s.spread(s.groups[:n])
	return s.found(&m.short, at, s.likely(&m.short, view, from, short)) && s.found(&m.long, at, s.likely(&m.long, view, from, long))
}

// found compares what likely returned.
func (s *search) found(t *table, at int, list []uint64) bool {
	for _, l := range list {
		p := at + int(uint16(l))
		if l&several != 0 {
			if !s.compare(t, p) {
				return false
			}
			continue
		}
		i := l >> slotAt
		if c := &t.slots[i>>1][i&1]; s.is(c, p) && !s.report(s.text, c, p-int(c.offset), s.emit) {
			return false
		}
	}
	return true
}

// candidates notes the groups that have a gram of a filter, whose sizes are the usual.
func candidates(long *[1 << longBits / 64]uint64, short *[1 << shortBytes]byte, text *[block + 8]byte, size int, groups *[block / 4]uint32) int {
	n := 0
	for i := 0; i < size && i < block; i += 4 {
		x := binary.LittleEndian.Uint64(text[i:]) | blur
		set := uint32(short[uint32(x)*multiplier32>>(32-shortBytes)])<<2 | uint32(short[uint32(x>>8)*multiplier32>>(32-shortBytes)])<<3 |
			uint32(short[uint32(x>>16)*multiplier32>>(32-shortBytes)])<<4 | uint32(short[uint32(x>>24)*multiplier32>>(32-shortBytes)])<<5
		l0 := x << 16 * multiplier >> (64 - longBits)
		set |= uint32(long[l0>>6] >> (l0 & 63) & 1)
		l2 := x >> 16 << 16 * multiplier >> (64 - longBits)
		set |= uint32(long[l2>>6]>>(l2&63)&1) << 1
		groups[n&(len(groups)-1)] = uint32(i)<<groupBits | set
		if set != 0 {
			n++
		}
	}
	return n
}

// candidates is the same for filters of any size.
func (m *Matcher) candidates(text *[block + 8]byte, size int, groups *[block / 4]uint32) int {
	long, longShift := m.longFilter.bits, m.longFilter.shift&63
	short, shortShift := m.shortFilter.bytes, m.shortFilter.shift&31
	n := 0
	for i := 0; i < size && i < block; i += 4 {
		x := binary.LittleEndian.Uint64(text[i:]) | blur
		set := uint32(short[uint32(x)*multiplier32>>shortShift])<<2 | uint32(short[uint32(x>>8)*multiplier32>>shortShift])<<3 |
			uint32(short[uint32(x>>16)*multiplier32>>shortShift])<<4 | uint32(short[uint32(x>>24)*multiplier32>>shortShift])<<5
		l0 := x << 16 * multiplier >> longShift
		set |= uint32(long[l0>>6] >> (l0 & 63) & 1)
		l2 := x >> 16 << 16 * multiplier >> longShift
		set |= uint32(long[l2>>6]>>(l2&63)&1) << 1
		groups[n&(len(groups)-1)] = uint32(i)<<groupBits | set
		if set != 0 {
			n++
		}
	}
	return n
}

// spread makes lists of the places of groups.
func (s *search) spread(groups []uint32) (long, short []uint16) {
	nl, ns := 0, 0
	for _, g := range groups {
		p := uint16(g >> groupBits)
		s.long[nl&(block-1)] = p
		nl += int(g & longAt0)
		s.long[nl&(block-1)] = p + 2
		nl += int(g & longAt2 / longAt2)
		s.short[ns&(block-1)] = p
		ns += int(g & shortAt0 / shortAt0)
		s.short[ns&(block-1)] = p + 1
		ns += int(g & shortAt1 / shortAt1)
		s.short[ns&(block-1)] = p + 2
		ns += int(g & shortAt2 / shortAt2)
		s.short[ns&(block-1)] = p + 3
		ns += int(g & shortAt3 / shortAt3)
	}
	return s.long[:nl], s.short[:ns]
}

// What likely returns is a place, of 16 bits, then whether several slots may fit, and the
// number of the one that does.
const (
	several = 1 << 16
	slotAt  = 17
)

// likely returns the places of a block at which a table has a phrase that begins as the
// text does, and some at which it may have one.
func (s *search) likely(t *table, view []byte, from int, list []uint16) []uint64 {
	if len(t.buckets) == 0 {
		return nil
	}
	n, buckets, last := 0, t.buckets, uint64(len(t.buckets)-1)
	for _, p := range list {
		w := binary.LittleEndian.Uint64(view[from+int(p):]) | blur
		i := t.home(w) & last
		b := &buckets[i]
		var first, second uint64
		if (w^b.window[0])<<(b.shift[0]&63) == 0 {
			first = 1
		}
		if (w^b.window[1])<<(b.shift[1]&63) == 0 {
			second = 1
		}
		more := uint64(b.more)
		s.left[n&(block-1)] = uint64(p) | (first&second|more)*several | (i<<1|second)<<slotAt
		n += int(first | second | more)
	}
	return s.left[:n]
}

// compare compares the phrases that have the gram at a place.
func (s *search) compare(t *table, at int) bool {
	if len(t.buckets) == 0 {
		return true
	}
	w := window(s.text, at)
	for i := t.home(w); ; i = (i + 1) & uint64(len(t.buckets)-1) {
		b := &t.buckets[i]
		for k := range b.window {
			if (w^b.window[k])<<(b.shift[k]&63) != 0 {
				continue
			}
			if p := &t.slots[i][k]; s.is(p, at) && !s.report(s.text, p, at-int(p.offset), s.emit) {
				return false
			}
		}
		if b.more == 0 {
			return true
		}
	}
}

// is reports whether a phrase whose gram is at a place stands there.
func (s *search) is(p *slot, at int) bool {
	start, size := at-int(p.offset), int(p.size)
	if start < 0 || start+size > len(s.text) {
		return false
	}
	if !p.plain || size < 8 {
		return equalFolded(s.text, start, s.folded[p.at:p.at+p.size])
	}
	text, phrase := s.text[start:start+size], s.folded[p.at:p.at+p.size]
	for i := 0; i+8 < size; i += 8 {
		if binary.LittleEndian.Uint64(text[i:])|blur != binary.LittleEndian.Uint64(phrase[i:]) {
			return false
		}
	}
	return binary.LittleEndian.Uint64(text[size-8:])|blur == binary.LittleEndian.Uint64(phrase[size-8:])
}

// window returns eight bytes of a text, blurred. What is beyond it is taken for blanks,
// since its end is a boundary of words.
func window(text []byte, at int) uint64 {
	if at >= 0 && at+8 <= len(text) {
		return binary.LittleEndian.Uint64(text[at:]) | blur
	}
	w := uint64(blur)
	for i := max(at, 0); i < min(at+8, len(text)); i++ {
		w |= uint64(text[i]) << (8 * (i - at))
	}
	return w
}
