package literal

import (
	"encoding/binary"
	"math/bits"
)

// sieve is a set of windows of five bytes, of which a text is read from every second
// place: four of the bytes choose a word, and the fifth a bit of it. It is the first that a
// text meets, and the only one that all of a text does.
type sieve struct {
	words []uint32
	shift uint // of a hash, to the number of a word
}

const sieveWindow = 5

// The bounds of a sieve in words, as powers of two. The larger it is, the fewer places it
// lets through, as long as it fits in the second cache of a processor.
const (
	leastWords = 10
	mostWords  = 18
)

func newSieve(windows []uint64) sieve {
	size := min(max(bits.Len(uint(len(windows))), leastWords), mostWords)
	s := sieve{make([]uint32, 1<<size), uint(32 - size)}
	for _, w := range windows {
		s.words[uint32(w)*multiplier32>>s.shift] |= 1 << (w >> 32 & 31)
	}
	return s
}

// places lists the even places of a block at which the sieve has what stands there.
func (s *sieve) places(v *view, size int, list *[block]uint16) []uint16 {
	words, shift, n := s.words, s.shift&31, 0
	for i := uint(0); i < uint(size); i += 4 {
		x := binary.LittleEndian.Uint64(v[1+i&(block-1):]) | blur
		list[n&(block-1)] = uint16(i)
		n += int(words[uint32(x)*multiplier32>>shift] >> (x >> 32 & 31) & 1)
		list[n&(block-1)] = uint16(i + 2)
		n += int(words[uint32(x>>16)*multiplier32>>shift] >> (x >> 48 & 31) & 1)
	}
	return list[:n]
}
