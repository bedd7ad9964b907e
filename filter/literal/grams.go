package literal

import (
	"math"
	"slices"
)

// A gram is a few bytes that stand for a phrase. For long ones only every second place of a
// text is looked at, so that a phrase has a gram and the one beside it; for short ones every
// place is.
const (
	longGram  = 6
	shortGram = 4
	longFrom  = longGram + 1 // bytes of a phrase that has two long grams
)

// chooser gives phrases their grams.
type chooser struct {
	filters [2]map[uint64]struct{} // of short and of long grams
	places  [2][]candidate         // by short and by long grams
	shared  map[uint64]uint8       // phrases of a gram
	around  int                    // grams with the signs around a phrase
	m       *Matcher
	common  map[string]int // how often a gram is in all phrases: so it is, about, in a text
}

// maxShared is how many phrases may have one gram: it bounds the work at one place.
const maxShared = 8

// choose makes the tables of m for its folded phrases, and returns those that have no place
// in them.
func (m *Matcher) choose(texts []string) (rest map[uint32]string) {
	c := chooser{m: m, shared: map[uint64]uint8{}, common: map[string]int{}}
	for i := range c.filters {
		c.filters[i] = map[uint64]struct{}{}
	}
	for _, t := range texts {
		width := widthFor(t)
		for i := 0; i+width <= len(t); i++ {
			c.common[t[i:i+width]]++
		}
	}
	rest = map[uint32]string{}
	for i, t := range texts {
		ok := false
		if len(t) >= shortGram {
			ok = c.place(uint32(i), t)
		} else {
			left, right := m.closed(i)
			ok = c.word(uint32(i), t, left, right)
		}
		if !ok {
			rest[uint32(i)] = t
		}
	}
	m.shortFilter, m.longFilter = newByteFilter(c.filters[0]), newBitFilter(c.filters[1])
	m.short, m.long = newTable(c.places[0], shortGram), newTable(c.places[1], longGram)
	return rest
}

func widthFor(text string) int {
	if len(text) >= longFrom {
		return longGram
	}
	return shortGram
}

// place takes the gram of a phrase that is rarest and has room, with the one beside it for a
// long phrase.
func (c *chooser) place(number uint32, text string) bool {
	width := widthFor(text)
	beside := 0
	if width == longGram {
		beside = 1
	}
	best, least := -1, math.MaxInt
	for i := 0; i+width+beside <= len(text) && i < math.MaxInt16; i++ {
		cost := 4 * (c.common[text[i:i+width]] + c.common[text[i+beside:i+beside+width]])
		cost += max(0, 8-(len(text)-i)) // those with eight bytes to compare are found out sooner
		if cost < least && c.room(text, i, width, beside) {
			best, least = i, cost
		}
	}
	if best < 0 {
		return false
	}
	for at := best; at <= best+beside; at++ {
		c.add(number, text, at, width)
	}
	return true
}

// add enters a phrase by its gram at a place, in all forms of the gram.
func (c *chooser) add(number uint32, text string, at, width int) {
	p := candidate{slot: c.slot(number, text, at)}
	n := 0
	for ; n < min(8, len(text)-at) && (n < width || !twoForms(text, at+n)); n++ {
		p.window |= uint64(text[at+n]|0x20) << (8 * n)
	}
	p.shift = uint8(64 - 8*n)
	which := 0
	if width == longGram {
		which = 1
	}
	for _, k := range forms(text, at, width) {
		c.shared[k]++
		c.filters[which][k] = struct{}{}
		p.window = p.window>>(8*width)<<(8*width) | k
		c.places[which] = append(c.places[which], p)
	}
}

func (c *chooser) slot(number uint32, text string, offset int) slot {
	p := c.m.phrases[number]
	s := slot{phrase: number, at: p.at, size: p.size, offset: int16(offset), plain: true}
	if p.n == 1 {
		s.only = c.m.uses[p.uses] + 1
	}
	for i := range len(text) {
		s.plain = s.plain && text[i] >= 'a' && text[i] <= 'z'
	}
	return s
}

// room reports whether the grams of a phrase at a place and the next are in every text that
// has the phrase, and few other phrases have them.
func (c *chooser) room(text string, at, width, beside int) bool {
	for i := at; i <= at+beside; i++ {
		all := forms(text, i, width)
		if len(all) == 0 || slices.ContainsFunc(all, func(k uint64) bool { return c.shared[k] >= maxShared }) {
			return false
		}
	}
	// A long phrase of one letter again and again would be compared at every place.
	return len(text) <= 4*longGram || !repeats(text[at:at+width])
}

// forms returns the gram at a place of a phrase, blurred, in all cases that blurring leaves
// apart; none if that cannot be said.
func forms(text string, at, width int) []uint64 {
	all := []uint64{0}
	for i := range width {
		all[0] |= uint64(text[at+i]|0x20) << (8 * i)
	}
	for i := range width {
		if !twoForms(text, at+i) {
			continue
		}
		if i == 0 || len(all) > 4 {
			return nil
		}
		other := uint64(upper(text[at+i-1], text[at+i])|0x20) << (8 * i)
		for _, k := range all {
			all = append(all, k&^(0xFF<<(8*i))|other)
		}
	}
	return all
}

// twoForms reports whether blurring leaves the cases of a folded byte apart.
func twoForms(text string, at int) bool {
	return at > 0 && upper(text[at-1], text[at])|0x20 != text[at]|0x20
}

// repeats reports whether a gram is one byte again and again: it can stand at every place
// of a text.
func repeats(gram string) bool {
	for i := 1; i < len(gram); i++ {
		if gram[i] != gram[0] {
			return false
		}
	}
	return true
}

// maxAround bounds the grams with signs around phrases, all together.
const maxAround = 50_000

// word takes the grams of a word of two or three bytes: with the signs that may stand
// around it. A phrase that may be part of a word has none.
func (c *chooser) word(number uint32, text string, left, right bool) bool {
	for i := range len(text) {
		if twoForms(text, i) {
			return false
		}
	}
	left, right = left && wordByte[text[0]], right && wordByte[text[len(text)-1]]
	gram, offset := exactly(text), 0
	switch {
	case len(text) == 3 && right:
		gram = append(gram, signs)
	case len(text) == 3 && left:
		gram, offset = slices.Insert(gram, 0, signs), -1
	case len(text) == 2 && left && right:
		gram, offset = append(slices.Insert(gram, 0, signs), signs), -1
	default:
		return false
	}
	all := spell(gram)
	full := func(k uint64) bool { return c.shared[k] >= maxShared }
	if c.around += len(all); c.around > maxAround || slices.ContainsFunc(all, full) {
		return false
	}
	s := c.slot(number, text, offset)
	for _, k := range all {
		c.shared[k]++
		c.filters[0][k] = struct{}{}
		c.places[0] = append(c.places[0], candidate{k, 64 - 8*shortGram, s})
	}
	return true
}

// exactly returns a text as what each of its bytes may be: blurred, one.
func exactly(text string) (bytes [][]byte) {
	for i := range len(text) {
		bytes = append(bytes, []byte{text[i] | 0x20})
	}
	return bytes
}

// spell returns the grams of which each byte may be one of several.
func spell(of [][]byte) []uint64 {
	all := []uint64{0}
	for i, bytes := range of {
		var longer []uint64
		for _, k := range all {
			for _, b := range bytes {
				longer = append(longer, k|uint64(b)<<(8*i))
			}
		}
		all = longer
	}
	return all
}

// signs are the bytes of no word, blurred, each once.
var signs = func() (all []byte) {
	for c := range 0x80 {
		if b := byte(c) | 0x20; !wordByte[c] && !slices.Contains(all, b) {
			all = append(all, b)
		}
	}
	return all
}()
