package filter

import "slices"

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
	l.text, l.cuts = append(l.text[:0], b...), l.cuts[:0]
	n, blank := 0, false
	for i, c := range b {
		if c > ' ' {
			l.text[n] = c
			n++
			blank = false
			continue
		}
		if !blank {
			l.text[n] = ' '
			n++
			blank = true
			continue
		}
		if k := len(l.cuts); k > 0 && l.cuts[k-1].at == n {
			l.cuts[k-1].out = i + 1 - n
		} else {
			l.cuts = append(l.cuts, cut{n, i + 1 - n})
		}
	}
	l.text = l.text[:n]
}

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

// clear forgets the text.
func (l *line) clear() {
	clear(l.text[:cap(l.text)])
	l.text, l.cuts = l.text[:0], l.cuts[:0]
}
