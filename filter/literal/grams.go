package literal

import (
	"math"
	"slices"
)

// A phrase is found by a window of eight bytes at some place of it, of which a few bytes are
// its gram: all of them in a long phrase, and the second to the fifth in a short one, of
// four to seven bytes. The sieve has the first five bytes of the window, and the five that
// begin at its second byte: one of the two begins at an even place of a text. A short window may
// begin a byte before the phrase. Phrases of three bytes and fewer are in neither.
const (
	longGram  = 8
	shortGram = 4
	tinyGram  = 3
)

const (
	longKey  key = math.MaxUint64
	shortKey key = (1<<(8*shortGram) - 1) << 8
	tinyKey  key = 1<<(8*tinyGram) - 1
)

// Of what begins where the sieve found something, the filters test what is in the window
// in both cases.
const (
	longSure  key = 1<<(8*(longGram-1)) - 1
	shortSure key = 1<<(8*sieveWindow) - 1
)

const (
	comparing  = 10     // how much more it costs to compare a phrase than to sift a window
	mostShared = 4      // phrases of one gram: bounds the work at one place
	mostBytes  = 256    // of a phrase that has a gram: bounds the work to compare it
	mostForms  = 8      // of a gram, for letters of which the cases are not alike
	mostSigned = 50_000 // grams of which signs are a part, all together
)

// chooser gives phrases their windows.
type chooser struct {
	m                 *Matcher
	common            commonness
	long, short, tiny shelf
	sieve             []uint64
	signed            int
}

// shelf is what goes into a table and its filter.
type shelf struct {
	key
	entries []entry
	sure    [2][]uint64    // windows of which the first byte is that of the entry's, and those one on
	shared  map[uint64]int // how many phrases have a gram, by its hash
}

// choose makes the tables of m for its folded phrases, and returns those that have no place
// in them.
func (m *Matcher) choose(texts []string) (rest map[uint32]string) {
	c := chooser{m: m, common: newCommonness(texts),
		long:  shelf{key: longKey, shared: map[uint64]int{}},
		short: shelf{key: shortKey, shared: map[uint64]int{}},
		tiny:  shelf{key: tinyKey, shared: map[uint64]int{}},
	}
	rest = map[uint32]string{}
	for _, i := range byLength(texts) {
		if !c.place(i, texts[i]) {
			rest[i] = texts[i]
		}
	}
	m.sieve = newSieve(c.sieve)
	m.longFilter, m.shortFilter, m.tinyFilter = newFilter(longSure, c.long.sure), newFilter(shortSure, c.short.sure),
		newFilter(tinyKey, c.tiny.sure)
	m.long, m.short, m.tiny = newTable(longKey, c.long.entries, 0), newTable(shortKey, c.short.entries, 2),
		newTable(tinyKey, c.tiny.entries, 2)
	return rest
}

// byLength returns the numbers of phrases, the shortest first: they have the least to choose
// from.
func byLength(texts []string) []uint32 {
	numbers := make([]uint32, len(texts))
	for i := range numbers {
		numbers[i] = uint32(i)
	}
	slices.SortStableFunc(numbers, func(a, b uint32) int { return len(texts[a]) - len(texts[b]) })
	return numbers
}

// place gives a phrase its window, if there is one for it.
func (c *chooser) place(number uint32, text string) bool {
	switch left, right := c.m.closed(int(number)); {
	case len(text) > mostBytes, text[0]&0xC0 == 0x80: // what half a letter is depends on what is before it
		return false
	case len(text) >= longGram:
		at, ok := c.rarest(text, 0, len(text)-longGram, c.roomLong)
		if ok {
			c.addLong(number, text, at)
		}
		return ok
	case len(text) >= shortGram:
		last := len(text) - shortGram - 1
		at, ok := c.rarest(text, min(0, last), last, c.roomShort)
		if !ok {
			at, ok = c.rarest(text, -1, -1, c.roomShort)
		}
		if ok {
			c.addShort(number, text, at, left)
		}
		return ok
	default:
		return c.addTiny(number, text, left, right)
	}
}

// rarest returns the place of the window that is likely to cost the least: that of which the
// least is found in a text that is something else.
func (c *chooser) rarest(text string, first, last int, room func(text string, at int) bool) (best int, ok bool) {
	least := math.Inf(1)
	for at := first; at <= last; at++ {
		from, end := max(at, 0), min(at+8, len(text))
		sifted := c.common.of(text[from:min(at+sieveWindow, end)]) + c.common.of(text[at+1:min(at+1+sieveWindow, end)])
		compared := c.common.of(text[from:end]) + float64(*c.common.count(text[from:end]))
		unseen := float64(min(8, len(text)) - (end - from)) // bytes that only a comparison reads
		cost := (sifted + comparing*compared) * (1 + unseen)
		if cost < least && room(text, at) {
			best, least = at, cost
		}
	}
	return best, !math.IsInf(least, 1)
}

func (c *chooser) roomLong(text string, at int) bool {
	// The grams of a phrase that is a few bytes again and again stand everywhere in it.
	return c.long.room(spellings(text, at, longGram)) && (len(text) < 4*longGram || !periodic(text[at:at+longGram]))
}

func (c *chooser) roomShort(text string, at int) bool {
	return c.short.room(slices.Insert(spellings(text, at+1, shortGram), 0, []byte{' '}))
}

// room reports whether a gram has few forms, and few phrases have it.
func (s *shelf) room(window [][]byte) bool {
	n := 1
	for _, bytes := range window {
		n *= len(bytes)
	}
	return n <= mostForms && !slices.ContainsFunc(spell(window),
		func(w uint64) bool { return s.shared[s.hash(w)] >= mostShared })
}

func (c *chooser) addLong(number uint32, text string, at int) {
	c.m.phrases[number].window = int16(at)
	for _, w := range spell(spellings(text, at, longGram)) {
		c.long.add(entry{window: w, phrase: number, known: longGram})
	}
	for i := range 2 {
		c.sieve = append(c.sieve, spell(spellings(text, at+i, sieveWindow))...)
		c.long.sure[i] = append(c.long.sure[i], spell(spellings(text, at+i, longGram-1))...)
	}
}

func (c *chooser) addShort(number uint32, text string, at int, closed bool) {
	c.m.phrases[number].window = int16(at)
	window, known := spellings(text, at, 8), uint8(0)
	if window[0] == nil {
		window[0], known = []byte{' '}, 8 // counts for nothing
	}
	for _, bytes := range window[known/8:] {
		// Of what is beyond the gram each byte is to have one form.
		if bytes == nil || len(bytes) > 1 && known%8 > shortGram {
			break
		}
		known++
	}
	for _, w := range spell(window[:known%8+known/8]) {
		c.short.add(entry{window: w, phrase: number, known: known})
	}
	for i := range 2 {
		window := spellings(text, at+i, sieveWindow)
		if window[0] == nil {
			window[0] = anything
			if closed && wordByte[text[0]] {
				window[0] = signs
			}
		}
		if last := len(window) - 1; window[last] == nil {
			window[last] = anything
		}
		all := spell(window)
		c.sieve, c.short.sure[i] = append(c.sieve, all...), append(c.short.sure[i], all...)
	}
}

// addTiny takes a phrase of three bytes, or of fewer with the signs that may stand around it.
func (c *chooser) addTiny(number uint32, text string, left, right bool) bool {
	gram, before := spellings(text, 0, len(text)), int16(0)
	if len(gram) < tinyGram && right && wordByte[text[len(text)-1]] {
		gram = append(gram, signs)
	}
	if len(gram) < tinyGram && left && wordByte[text[0]] {
		gram, before = slices.Insert(gram, 0, signs), -1
	}
	if len(gram) < tinyGram {
		return false
	}
	all := spell(gram)
	if c.signed += len(all); c.signed > mostSigned ||
		slices.ContainsFunc(all, func(w uint64) bool { return c.tiny.shared[tinyKey.hash(w)] >= mostShared }) {
		return false
	}
	c.m.phrases[number].window = before
	for _, w := range all {
		c.tiny.add(entry{window: w, phrase: number, known: tinyGram})
	}
	c.tiny.sure[0] = append(c.tiny.sure[0], all...)
	return true
}

func (s *shelf) add(e entry) {
	s.entries = append(s.entries, e)
	s.shared[s.hash(e.window)]++
}

// spellings returns what each of some bytes of a phrase may be in a text, blurred: one, or
// two if blurring leaves its cases apart; nil if it is not in the phrase.
func spellings(text string, at, n int) [][]byte {
	window := make([][]byte, n)
	for i := max(0, -at); i < min(n, len(text)-at); i++ {
		c := text[at+i]
		window[i] = []byte{c | 0x20}
		if c >= 0x80 && at+i > 0 {
			if u := upper(text[at+i-1], c) | 0x20; u != c|0x20 {
				window[i] = append(window[i], u)
			}
		}
	}
	return window
}

// spell returns the windows of which each byte may be one of several.
func spell(window [][]byte) []uint64 {
	all := []uint64{0}
	for i, bytes := range window {
		var longer []uint64
		for _, w := range all {
			for _, b := range bytes {
				longer = append(longer, w|uint64(b)<<(8*i))
			}
		}
		all = longer
	}
	return all
}

// signs are the bytes of no word, and anything all bytes, blurred, each once.
var signs, anything = func() (signs, anything []byte) {
	for c := range 0x100 {
		b := byte(c) | 0x20
		if !slices.Contains(anything, b) {
			anything = append(anything, b)
		}
		if !wordByte[c] && !slices.Contains(signs, b) {
			signs = append(signs, b)
		}
	}
	return signs, anything
}()

// periodic reports whether a gram is half of it or less again and again.
func periodic(gram string) bool {
	for n := 1; n <= len(gram)/2; n++ {
		if gram[n:] == gram[:len(gram)-n] {
			return true
		}
	}
	return false
}
