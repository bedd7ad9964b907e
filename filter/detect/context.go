package detect

import "bytes"

// window is how far around a value words count as its context, in bytes.
const window = 160

// context is what stands around a value, in lower case.
type context struct {
	scratch       [2 * window]byte
	before, after int // lengths
}

// around returns the context of text[start:end].
func around(text []byte, start, end int) (c context) {
	c.before = copyLower(c.scratch[:window], text[max(0, start-window):start])
	c.after = copyLower(c.scratch[window:], text[end:min(len(text), end+window)])
	return c
}

func copyLower(dst, src []byte) int {
	n := copy(dst, src)
	for i, b := range dst[:n] {
		if b >= 'A' && b <= 'Z' {
			dst[i] = b + 'a' - 'A'
		}
	}
	return n
}

// labels are words, in lower case, that count as a word or the beginning of one.
type labels struct {
	list  []string
	first [256]bool // bytes that one begins with
}

func newLabels(list ...string) *labels {
	l := &labels{list: list}
	for _, w := range list {
		l.first[w[0]] = true
	}
	return l
}

// begin reports whether b begins with one of the words.
func (l *labels) begin(b []byte) bool {
	if !l.first[b[0]] {
		return false
	}
	for _, w := range l.list {
		if len(b) >= len(w) && string(b[:len(w)]) == w {
			return true
		}
	}
	return false
}

// has reports whether one of the words stands before or after.
func (c *context) has(l *labels) bool {
	return c.in(c.scratch[:c.before], l) || c.in(c.scratch[window:window+c.after], l)
}

func (*context) in(b []byte, l *labels) bool {
	for i := range b {
		if (i == 0 || !inWord(b[i-1])) && l.begin(b[i:]) {
			return true
		}
	}
	return false
}

// anywhere reports whether a piece of a word stands before or after.
func (c *context) anywhere(pieces ...string) bool {
	for _, p := range pieces {
		if bytes.Contains(c.scratch[:c.before], []byte(p)) ||
			bytes.Contains(c.scratch[window:window+c.after], []byte(p)) {
			return true
		}
	}
	return false
}

// last returns where the last of these words begins that stand shortly before the value, on
// the same line or the one above: its label. It is negative if there is none.
func (c *context) last(l *labels) int {
	near := c.scratch[max(0, c.before-40):c.before]
	for i := len(near) - 1; i >= 0; i-- {
		if (i == 0 || !letter(near[i-1])) && l.begin(near[i:]) {
			return i
		}
	}
	return -1
}

// otherNumbers are words before numbers that are no one's identity.
var otherNumbers = newLabels("bestelnummer", "ordernummer", "factuurnummer", "factuur nr", "factuurnr", "isbn",
	"artikelnummer", "klantnummer",
	"kenmerk", "ticket", "order", "invoice", "telefoon", "tel.", "tel:", "mobiel", "fax", "kvk", "zaaknummer",
	"dossiernummer", "serienummer", "trackingnummer", "barcode", "ean")

// examples are words shortly before values that are given as examples.
var examples = newLabels("voorbeeld", "bijvoorbeeld", "example", "fictief", "testnummer", "dummy", "sample")

// score adjusts a confidence by context.
func score(base int, c *context, names, related *labels) int {
	label, other := c.last(names), c.last(otherNumbers)
	switch {
	case label >= 0 && label >= other:
		base += 50
	case other >= 0: // the label next to it says that it is another number
		base -= 40
	case c.has(names):
		base += 40
	case c.has(related):
		base += 25
	}
	if c.last(examples) >= 0 {
		base -= 50
	}
	return min(100, max(0, base))
}
