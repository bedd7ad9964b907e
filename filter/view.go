package filter

import (
	"cmp"
	"slices"

	"sluis/filter/literal"
)

// view is a text with the literals that stand in it. Places of literals are in the line of
// the text, so that white space does not count.
type view struct {
	*scanner
	text      []byte
	from, to  int // between which hits end that are judged here
	line      line
	places    []uint64 // of literals: where it begins << 32 | its number
	sorted    bool
	there     literals // that are in the text
	found     []named  // phrases
	keywords  []named  // of regular expressions, in their order once sorted
	triggers  uint64   // detectors of which a word is in the text
	compared  int      // places that were inspected for the context of others
	exhausted bool
	note      func(literal.Hit) bool
}

// named is a place of a literal that a rule looks for.
type named struct {
	rule int
	at   uint64
}

func (v *view) init() {
	v.note = func(h literal.Hit) bool { // made once, as it would be on the heap for each text
		at := uint64(h.Start)<<32 | uint64(h.Pattern)
		v.places = append(v.places, at)
		v.there[h.Pattern>>6] |= 1 << (h.Pattern & 63)
		l := &v.literals[h.Pattern]
		v.triggers |= l.triggers
		for _, i := range l.phraseOf {
			v.found = append(v.found, named{i, at})
		}
		for _, i := range l.keywordOf {
			v.keywords = append(v.keywords, named{i, at})
		}
		return len(v.places) < maxPlaces*len(v.line.text)+spare
	}
}

// look finds the literals of a text.
func (v *view) look(b []byte, from, to int) {
	v.text, v.from, v.to = b, from, to
	v.line.set(b)
	v.places, v.found, v.keywords, v.triggers, v.compared, v.sorted = v.places[:0], v.found[:0], v.keywords[:0], 0, 0,
		false
	if n := (len(v.literals) + 63) / 64; cap(v.there) < n {
		v.there = make(literals, n)
	} else {
		v.there = v.there[:n]
		clear(v.there)
	}
	v.matcher.Scan(v.line.text, v.note)
	v.exhausted = len(v.places) >= maxPlaces*len(v.line.text)+spare
}

// judges reports whether a hit that ends at a place of the text is judged in this view.
func (v *view) judges(end int) bool { return end > v.from && end <= v.to }

// possible reports whether the text has what the context of a rule asks for, wherever.
func (v *view) possible(r *compiled) bool {
	return (len(r.Near) == 0 || r.near.meets(v.there)) && (len(r.Also) == 0 || r.also.meets(v.there))
}

// sort puts places in their order. Few texts have anything whose context matters.
func (v *view) sort() {
	if !v.sorted {
		slices.Sort(v.places)
		slices.SortFunc(v.keywords, func(a, b named) int { return cmp.Compare(a.at, b.at) })
		v.sorted = true
	}
}

// fits reports whether a rule's context is as it asks around a place of the line.
func (v *view) fits(r *compiled, p place) bool {
	near, also := len(r.Near) == 0, len(r.Also) == 0
	if near && also && len(r.Unless)+len(r.Except) == 0 {
		return true
	}
	v.sort()
	first := max(0, p.start-r.Window-v.longest)
	at, _ := slices.BinarySearch(v.places, uint64(first)<<32)
	for _, q := range v.places[at:] {
		start, number := int(q>>32), int(uint32(q))
		if start > p.end+r.Window {
			break
		}
		if v.compared++; v.compared > maxCompared*len(v.line.text)+spare {
			v.exhausted = true
			return false
		}
		end := start + v.literals[number].size
		switch {
		case r.except.has(number) && start <= p.start && p.end <= end:
			return false
		case end < p.start-r.Window || start < p.end && end > p.start: // too far, or in the hit
			continue
		case r.unless.has(number):
			return false
		}
		wanted := !near && r.near.has(number) || !also && r.also.has(number)
		if wanted && !(r.Sentence && v.ends(min(p.end, end), max(p.start, start))) {
			near = near || r.near.has(number)
			also = also || r.also.has(number)
		}
	}
	return near && also
}

// ends reports whether a sentence ends between two places of the line.
func (v *view) ends(from, to int) bool {
	if from == 0 || from >= to {
		return false
	}
	return ends(v.text[v.line.origin(from-1)+1 : v.line.origin(to)])
}

// ends reports whether a sentence ends in what stands between two places: with its mark,
// or an empty line.
func ends(between []byte) bool {
	lines := 0
	for i, c := range between {
		switch c {
		case '.', '!', '?', ';':
			if i+1 == len(between) || between[i+1] <= ' ' {
				return true
			}
			lines = 0
		case '\n':
			if lines++; lines == 2 {
				return true
			}
		case ' ', '\t', '\r':
		default:
			lines = 0
		}
	}
	return false
}

// clear forgets the text.
func (v *view) clear() {
	v.line.clear()
	v.scanner, v.text, v.exhausted = nil, nil, false
	v.places, v.found, v.keywords = v.places[:0], v.found[:0], v.keywords[:0]
}
