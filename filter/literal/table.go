package literal

import (
	"math"
	"math/bits"
)

// key is a mask of the bytes of a window of eight that count for a hash.
type key uint64

func (k key) hash(window uint64) uint64 { return window & uint64(k) * multiplier }

// filter is two sets of windows. Of each window there are two pairs of bits in a word, of
// each pair a bit for either set; now and then a window that is not in a set has its bits too.
type filter struct {
	key
	words []uint64
	shift uint // of a hash, to the number of its word
}

func newFilter(k key, sets [2][]uint64) filter {
	size := min(max(bits.Len(uint(len(sets[0]))), 1), 20) // some 20 pairs for a window
	f := filter{k, make([]uint64, 1<<size), uint(64 - size)}
	for i, set := range sets {
		for _, w := range set {
			h := k.hash(w)
			f.words[h>>f.shift] |= (1<<(h>>firstPair&62) | 1<<(h>>secondPair&62)) << i
		}
	}
	return f
}

// The bits of a hash that say which pairs.
const (
	firstPair  = 37
	secondPair = 32
)

// has returns two bits: 1 if the first set may have a window, and 2 if the second may.
func (f *filter) has(window uint64) int {
	h := f.hash(window)
	word := f.words[h>>(f.shift&63)]
	return int(word >> (h >> firstPair & 62) & (word >> (h >> secondPair & 62)) & 3)
}

// table has phrases by the grams of their windows.
type table struct {
	key
	buckets []bucket // a power of two; nil if there are no phrases
	shift   uint     // of a hash, to the number of the bucket where it belongs
}

// bucket is two phrases. More that belong in it are in the next.
type bucket [2]entry

// entry is a phrase with a window of it.
type entry struct {
	window uint64 // blurred
	phrase uint32
	known  uint8 // of masks: the bytes of the window that count; 0 if there is no phrase
	more   uint8 // in the first of a bucket, 1: look on in the next bucket
}

// masks leave bytes of a window: as many as the number of the mask, from the first on, or,
// eight numbers on, from the second on.
var masks = func() (m [16]uint64) {
	for n := 1; n < 8; n++ {
		m[n] = 1<<(8*n) - 1
		m[n+8] = m[n] << 8
	}
	m[0], m[8] = math.MaxUint64, math.MaxUint64 // no text is a window of zeros
	return m
}()

// fits returns 1 if the phrase has the window of a text, as far as it counts, otherwise 0.
func (e *entry) fits(window uint64) (is uint64) {
	if (window^e.window)&masks[e.known%16] == 0 {
		is = 1
	}
	return is
}

func newTable(k key, of []entry, sparse int) table {
	if len(of) == 0 {
		return table{key: k}
	}
	size := bits.Len(uint(len(of))) + sparse // at most a phrase for a bucket of two
	t := table{k, make([]bucket, 1<<size), uint(64 - size)}
	for _, e := range of {
		t.add(e)
	}
	return t
}

func (t *table) add(e entry) {
	for i := t.home(e.window); ; i = (i + 1) & uint64(len(t.buckets)-1) {
		b := &t.buckets[i]
		for k := range b {
			if b[k].known == 0 {
				e.more = b[k].more
				b[k] = e
				return
			}
		}
		b[0].more = 1
	}
}

// home returns where a window belongs. A filter can live with windows that are alike having
// hashes that are; here they would stand in each other's way.
func (t *table) home(window uint64) uint64 {
	h := t.hash(window)
	return (h ^ h>>32) * multiplier >> (t.shift & 63)
}
