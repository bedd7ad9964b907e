package literal

import "encoding/binary"

// block is how much of a text is read before finds are compared, in bytes.
const block = 2048

// view is a block with the byte before it and eight after it.
type view [1 + block + 8]byte

// at returns eight bytes of a view, blurred.
func (v *view) at(place uint16) uint64 {
	return binary.LittleEndian.Uint64(v[place&(block-1):]) | blur
}

// search is what one scan needs.
type search struct {
	*Matcher
	text  []byte
	emit  func(Hit) bool
	edge  view // for a block at an end of the text
	lists [3][block]uint16
	left  [block]uint64 // what is left of a list, with the entry that fits
}

// scanGrams looks for the phrases that have grams. It reports whether emit always returned
// true.
func (m *Matcher) scanGrams(text []byte, emit func(Hit) bool) bool {
	s := search{Matcher: m, text: text, emit: emit}
	for at := 0; at < len(text); at += block {
		if !s.block(at-1, s.around(at), min(block, len(text)-at)) {
			return false
		}
	}
	return true
}

// around returns the view of the block at a place of the text. The ends of a text are
// boundaries of words: what is beyond is taken for blanks.
func (s *search) around(at int) *view {
	if at > 0 && at+block+8 <= len(s.text) {
		return (*view)(s.text[at-1:])
	}
	for i := range s.edge {
		s.edge[i] = ' '
	}
	copy(s.edge[max(0, 1-at):], s.text[max(0, at-1):])
	return &s.edge
}

// block looks for phrases in a view, which begins at a place of the text, with a block of
// some size. What can be a phrase is found out in steps that do not branch, as no processor
// foresees where a phrase begins: the sieve, the filters of the tables, and then a look at
// the tables. What is left then is compared.
func (s *search) block(from int, v *view, size int) bool {
	long, short := s.sift(v, s.sieve.places(v, size, &s.lists[0]))
	return s.found(from, &s.long, s.likely(&s.long, v, long)) &&
		s.found(from, &s.short, s.likely(&s.short, v, short)) &&
		(len(s.tiny.buckets) == 0 || s.found(from, &s.tiny, s.likely(&s.tiny, v, s.everywhere(v, size))))
}

// sift lists the places where a long and where a short window may begin: at those of the
// sieve, which are numbered from the second of the view, and just before them.
func (s *search) sift(v *view, places []uint16) (long, short []uint16) {
	l, t, nl, nt := &s.lists[1], &s.lists[2], 0, 0
	for _, p := range places {
		w := v.at(p + 1)
		has := s.longFilter.has(w)
		l[nl&(block-1)] = p + 1
		nl += has & 1
		l[nl&(block-1)] = p
		nl += has >> 1
		has = s.shortFilter.has(w)
		t[nt&(block-1)] = p + 1
		nt += has & 1
		t[nt&(block-1)] = p
		nt += has >> 1
	}
	return l[:nl], t[:nt]
}

// everywhere lists the places where a tiny gram may begin.
func (s *search) everywhere(v *view, size int) []uint16 {
	list, n := &s.lists[0], 0
	for p := range uint16(size) {
		list[n&(block-1)] = p
		n += s.tinyFilter.has(v.at(p))
	}
	return list[:n]
}

// likely returns a place, of 16 bits, then whether several entries may fit, and the
// number of the one that does.
const (
	several = 1 << 16
	entryAt = 17
)

// likely returns the places at which a table has a phrase whose window is that of the text,
// and some at which it may have one, of those listed.
func (s *search) likely(t *table, v *view, list []uint16) []uint64 {
	n, buckets := 0, t.buckets
	for _, p := range list {
		w := v.at(p)
		i := t.home(w)
		b := &buckets[i]
		first, second, more := b[0].fits(w), b[1].fits(w), uint64(b[0].more)
		s.left[n&(block-1)] = uint64(p) | (first&second|more)*several | (i<<1|second)<<entryAt
		n += int(first | second | more)
	}
	return s.left[:n]
}

// found compares what likely returned.
func (s *search) found(from int, t *table, list []uint64) bool {
	for _, l := range list {
		at := from + int(uint16(l))
		i := l >> entryAt
		if l&several != 0 {
			if !s.compare(t, i>>1, at) {
				return false
			}
			continue
		}
		if !s.phrase(t.buckets[i>>1][i&1].phrase, at) {
			return false
		}
	}
	return true
}

// compare compares the phrases of a bucket, and of those after it where more of them are,
// whose window is that at a place.
func (s *search) compare(t *table, i uint64, at int) bool {
	for w := window(s.text, at); ; i = (i + 1) & uint64(len(t.buckets)-1) {
		b := &t.buckets[i]
		for k := range b {
			if b[k].fits(w) != 0 && !s.phrase(b[k].phrase, at) {
				return false
			}
		}
		if b[0].more == 0 {
			return true
		}
	}
}

// phrase reports a phrase whose window is at a place, if it stands there. It returns false
// once emit has.
func (s *search) phrase(number uint32, at int) bool {
	p := &s.phrases[number]
	start := at - int(p.window)
	return !s.is(p, start) || s.report(s.text, number, start, s.emit)
}

// is reports whether a phrase stands at a place.
func (s *search) is(p *phrase, start int) bool {
	size := int(p.size)
	if start < 0 || start+size > len(s.text) {
		return false
	}
	phrase := s.folded[p.at:]
	if !p.plain || start+8 > len(s.text) {
		return equalFolded(s.text, start, phrase[:size])
	}
	text := s.text[start:]
	if (lower(binary.LittleEndian.Uint64(text))^binary.LittleEndian.Uint64(phrase))&masks[min(size, 8)] != 0 {
		return false
	}
	for i := size - 8; i > 0; i -= 8 {
		if lower(binary.LittleEndian.Uint64(text[i:])) != binary.LittleEndian.Uint64(phrase[i:]) {
			return false
		}
	}
	return true
}

// window returns eight bytes of a text, blurred, and blanks for what is beyond it.
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
