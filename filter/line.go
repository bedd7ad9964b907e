package filter

import (
	"encoding/binary"
	"slices"
)

// line is a text on one line, with single blanks: mail programs break lines where they like,
// so that what is between two words is one blank of a phrase, whatever it is.
type line struct {
	text []byte
	cuts []cut // in their order
}

// cut is a place in the text from which on so many bytes of the original are left out.
type cut struct{ at, out int }

// set makes the line of a text.
func (l *line) set(b []byte) {
	if cap(l.text) < len(b) {
		l.text = make([]byte, len(b))
	}
	out, cuts := l.text[:len(b)], l.cuts[:0]
	n, i, blank := 0, 0, false
	for i < len(b) {
		// Eight bytes at a time, as long as there are no blanks but single spaces.
		for i+8 <= len(b) {
			x := binary.LittleEndian.Uint64(b[i:])
			spaces := ^(x&low7 + (0x7f-' ')*ones | x) & high // bytes up to a space
			others := x ^ ' '*ones
			others = (others&low7 + low7 | others) & high // bytes that are no space
			if spaces&others != 0 || spaces&(spaces<<8) != 0 || blank && spaces&0x80 != 0 {
				break
			}
			binary.LittleEndian.PutUint64(out[n:], x)
			n, i, blank = n+8, i+8, spaces>>63 != 0
		}
		if i == len(b) {
			break
		}
		c := b[i]
		i++
		if c > ' ' {
			out[n] = c
			n++
			blank = false
			continue
		}
		if !blank {
			out[n] = ' '
			n++
			blank = true
			continue
		}
		if k := len(cuts); k > 0 && cuts[k-1].at == n {
			cuts[k-1].out = i - n
		} else {
			cuts = append(cuts, cut{n, i - n})
		}
	}
	l.text, l.cuts = out[:n], cuts
}

// Of eight bytes: the lowest bit of each, the highest, and the others.
const (
	ones = 0x0101010101010101
	high = 0x80 * ones
	low7 = 0x7f * ones
)

// origin returns where a place of the line is in the text.
func (l *line) origin(at int) int {
	i, found := slices.BinarySearchFunc(l.cuts, at, func(c cut, at int) int { return c.at - at })
	if found {
		i++
	}
	if i == 0 {
		return at
	}
	return at + l.cuts[i-1].out
}

// place returns where a piece of the text is in the line.
func (l *line) place(p place) place {
	at := func(t int) int {
		i, _ := slices.BinarySearchFunc(l.cuts, t, func(c cut, t int) int { return c.at + c.out - t - 1 })
		if i > 0 {
			t -= l.cuts[i-1].out
		}
		if i < len(l.cuts) {
			t = min(t, l.cuts[i].at)
		}
		return min(t, len(l.text))
	}
	return place{at(p.start), at(p.end)}
}

// clear forgets the text.
func (l *line) clear() {
	clear(l.text[:cap(l.text)])
	l.text, l.cuts = l.text[:0], l.cuts[:0]
}
