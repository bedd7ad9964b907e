package literal

import "math/bits"

// blur makes the cases of ASCII letters one, roughly: it also does so for letters of U+00C0
// to U+00FE, and for some signs. What it lets through is compared exactly.
const blur = 0x2020202020202020

// multiplier spreads what is hashed (2^64 over the golden ratio): the upper bits count.
const (
	multiplier   = 0x9E3779B97F4A7C15
	multiplier32 = 0x9E3779B1 // for grams of four bytes
)

// hash of the first bytes of a window of eight.
func hash(window uint64, width int) uint64 { return window << (64 - 8*width) * multiplier }

// bitFilter is a set of grams: a bit for each hash. Of a gram that is not in it the bit is
// set now and then as well.
type bitFilter struct {
	bits  []uint64
	shift uint // of a hash, to the number of its bit
}

// byteFilter is the same with a byte of 0 or 1 for each hash: quicker, and good for fewer.
type byteFilter struct {
	bytes []byte
	shift uint // of a hash of 32 bits
}

// The sizes, as powers of two, of filters that are not very large. They are known when this
// is compiled, which makes the search faster: one fits in the second cache of a processor,
// the other in the first.
const (
	longBits   = 20
	shortBytes = 15
)

func newBitFilter(grams map[uint64]struct{}) bitFilter {
	size := min(max(bits.Len(uint(len(grams)))+4, longBits), 27) // some 20 bits for a gram
	f := bitFilter{make([]uint64, 1<<size/64), uint(64 - size)}
	for g := range grams {
		h := hash(g, longGram) >> f.shift
		f.bits[h>>6] |= 1 << (h & 63)
	}
	return f
}

func newByteFilter(grams map[uint64]struct{}) byteFilter {
	size := min(max(bits.Len(uint(len(grams)))+4, shortBytes), 24)
	f := byteFilter{make([]byte, 1<<size), uint(32 - size)}
	for g := range grams {
		f.bytes[uint32(g)*multiplier32>>f.shift] = 1
	}
	return f
}

// table has phrases by their grams.
type table struct {
	width   int
	buckets []bucket  // a power of two; nil if there are no phrases
	slots   [][2]slot // of the buckets
	shift   uint      // of a hash, to the number of the bucket where it belongs
}

// bucket is two phrases, with up to eight bytes from their grams on to compare. More that
// belong in it are in the next.
type bucket struct {
	window [2]uint64 // blurred; zero, which no text is, if there is none
	shift  [2]uint8  // of a window: leaves the bytes that count
	more   uint8     // 1: look on in the next bucket
}

// slot says which phrase it is.
type slot struct {
	phrase uint32
	only   uint32 // one more than the use of the phrase, if it has one only
	at     uint32 // in Matcher.folded
	size   uint32
	offset int16 // of the gram in the phrase; -1 for a sign before it
	plain  bool  // letters of ASCII only: what is the same blurred is the same
}

// candidate is a phrase that is to have a place in a table.
type candidate struct {
	window uint64
	shift  uint8
	slot
}

func newTable(of []candidate, width int) table {
	if len(of) == 0 {
		return table{width: width}
	}
	size := max(1, bits.Len(uint(len(of)))) // at most a phrase for a bucket of two
	t := table{width: width, buckets: make([]bucket, 1<<size), slots: make([][2]slot, 1<<size), shift: uint(64 - size)}
	for _, c := range of {
		t.add(c)
	}
	return t
}

func (t *table) add(c candidate) {
	for i := t.home(c.window); ; i = (i + 1) & uint64(len(t.buckets)-1) {
		b := &t.buckets[i]
		for k := range b.window {
			if b.window[k] == 0 {
				b.window[k], b.shift[k], t.slots[i][k] = c.window, c.shift, c.slot
				return
			}
		}
		b.more = 1
	}
}

// home returns where the gram of a window belongs. A filter can live with grams that are
// alike having hashes that are; here they would stand in each other's way.
func (t *table) home(window uint64) uint64 {
	h := hash(window, t.width)
	return (h ^ h>>32) * multiplier >> (t.shift & 63)
}

func (t *table) size() int { return (24 + 40) * cap(t.buckets) }
