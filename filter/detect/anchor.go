package detect

// anchors finds where one of several words may start, in one pass over the text: ASCII,
// case-insensitive, by the first two bytes. Most texts have few such places.
type anchors struct {
	pairs [1 << 16 / 64]uint64
	words []string // lower case
}

func newAnchors(words ...string) *anchors {
	a := &anchors{words: words}
	for _, w := range words {
		for _, first := range cases(w[0]) {
			for _, second := range cases(w[1]) {
				p := uint16(first)<<8 | uint16(second)
				a.pairs[p>>6] |= 1 << (p & 63)
			}
		}
	}
	return a
}

// cases returns both cases of a letter, and any other byte as it is.
func cases(c byte) []byte {
	if !letter(c) {
		return []byte{c}
	}
	return []byte{c | 0x20, c &^ 0x20}
}

// each calls visit with each place of a word, by its number. Places may overlap.
func (a *anchors) each(text []byte, visit func(at, word int)) {
	if len(text) == 0 {
		return
	}
	pair := uint16(text[0])
	for i, c := range text[1:] {
		pair = pair<<8 | uint16(c)
		if a.pairs[pair>>6]&(1<<(pair&63)) == 0 {
			continue
		}
		for n, w := range a.words {
			if startsWith(text[i:], w) {
				visit(i, n)
			}
		}
	}
}

// startsWith reports whether text starts with a word in lower case.
func startsWith(text []byte, word string) bool {
	if len(text) < len(word) {
		return false
	}
	for i := range len(word) {
		c := text[i]
		if upper(c) {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
