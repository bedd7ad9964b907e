package literal

import (
	"math/bits"
	"strings"
)

// commonness counts the pieces of all phrases, of three, four and eight bytes: as common as
// they are there, they are, about, in a text. Pieces whose hashes are alike count as one.
type commonness struct {
	counts []uint32
	shift  uint
}

func newCommonness(texts []string) commonness {
	total := 0
	for _, t := range texts {
		total += len(t)
	}
	size := min(bits.Len(uint(total))+1, 22)
	c := commonness{make([]uint32, 1<<size), uint(64 - size)}
	for _, t := range texts {
		for i := range len(t) {
			for _, n := range [...]int{3, 4, 8} {
				if i+n <= len(t) {
					*c.count(t[i : i+n])++
				}
			}
		}
	}
	return c
}

func (c commonness) count(piece string) *uint32 {
	w := uint64(0)
	for i := range len(piece) {
		w = w<<8 | uint64(piece[i])
	}
	return &c.counts[w*multiplier>>c.shift]
}

// blanks is how much more common blanks are in a text than in phrases.
const blanks = 3

// of estimates how often a piece of four bytes or more occurs in a text.
func (c commonness) of(piece string) float64 {
	often := float64(*c.count(piece[:4]))
	for i := 1; i+4 <= len(piece); i++ {
		often *= float64(*c.count(piece[i : i+4])) / float64(*c.count(piece[i : i+3]))
	}
	if strings.Contains(piece, " ") {
		often *= blanks
	}
	return often
}
