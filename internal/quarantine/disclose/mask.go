package disclose

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluis/internal/quarantine"
)

// Mask is a kind of identifier.
type Mask string

// The kinds.
const (
	Address  Mask = "address" // of mail
	Account  Mask = "account" // IBAN
	Number   Mask = "number"  // BSN, telephone, card, pupil: seven digits or more
	Date     Mask = "date"    // of birth, perhaps
	Postcode Mask = "postcode"
)

// Masks are all kinds.
var Masks = []Mask{Address, Account, Date, Number, Postcode}

// identifier finds identifiers: one group for each of Masks, in their order. It masks too much rather
// than too little. The length of a match is bounded, so that no text takes more time than another.
var identifier = regexp.MustCompile(`([^\s@<>()\[\]",;:]{1,64}@[^\s@<>()\[\]",;:]{0,190}[\pL\pN])` +
	`|\b([A-Za-z]{2}[0-9]{2}(?:[ .-]?[A-Za-z0-9]{4}){2,7}(?:[ .-]?[A-Za-z0-9]{1,3})?)\b` +
	`|\b([0-3]?[0-9][-/. ](?:[01]?[0-9]|[a-z]{3,9})[-/. ](?:19|20)[0-9]{2}` +
	`|(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9])\b` +
	`|(\+?\(?\p{Nd}(?:[\p{Zs}\p{Cf}./()-]{0,2}\p{Nd}){6,})` + // all digits of Unicode, invisible characters between
	`|\b([1-9][0-9]{3} ?[A-Z]{2}(?: ?[0-9]+)?)\b`)

// covered stands for a masked identifier.
const covered = "•••"

// masker cuts texts in pieces, and numbers their identifiers.
type masker struct {
	revealed func(int) bool // nil: none is
	hits     []*regexp.Regexp
	n        int
}

// pieces returns a text with its identifiers masked and its hits marked.
func (k *masker) pieces(s string) []Piece {
	marked := k.marks(s)
	var ps []Piece
	add := func(from, to int) {
		for from < to { // a piece is a hit as a whole, or not at all
			hit, end := inside(marked, from, to)
			ps = append(ps, Piece{Text: s[from:end], Hit: hit})
			from = end
		}
	}
	at := 0
	for _, m := range identifier.FindAllStringSubmatchIndex(s, -1) {
		add(at, m[0])
		k.n++
		p := Piece{Text: covered, N: k.n, Open: k.revealed != nil && k.revealed(k.n)}
		for i, kind := range Masks {
			if m[2+2*i] >= 0 {
				p.Mask = kind
			}
		}
		for _, h := range marked {
			p.Hit = p.Hit || h[0] < m[1] && m[0] < h[1]
		}
		if p.Open {
			p.Text = s[m[0]:m[1]]
		}
		ps = append(ps, p)
		at = m[1]
	}
	add(at, len(s))
	return ps
}

// inside reports whether a place is in a hit, and where the hit or the text before the next one ends.
func inside(marked [][2]int, from, to int) (hit bool, end int) {
	end = to
	for _, h := range marked {
		switch {
		case h[0] <= from && from < h[1]:
			return true, min(to, h[1])
		case h[0] > from:
			end = min(end, h[0])
		}
	}
	return false, end
}

// around is how much of the text an excerpt of the filter shows on each side of a hit, in
// bytes.
const around = 32

// maxHits bounds the excerpts that are searched for.
const maxHits = 32

// hits returns patterns that find excerpts again: a star stands for a character that the filter
// masked, a space for one that is no letter.
func hits(es []quarantine.Evidence) (all []*regexp.Regexp) {
	for _, e := range es {
		for _, x := range e.Excerpts {
			if len(all) == maxHits || len(x) > 1000 {
				return all
			}
			pattern := strings.NewReplacer(`\*`, `.`, ` `, `\s`).Replace(regexp.QuoteMeta(x))
			if re, err := regexp.Compile(`(?s)` + pattern); err == nil {
				all = append(all, re)
			}
		}
	}
	return all
}

// marks returns the places of the hits, in order and without overlap.
func (k *masker) marks(s string) (marked [][2]int) {
	for _, re := range k.hits {
		for _, m := range re.FindAllStringIndex(s, maxHits) {
			from, to := m[0], m[1]
			if to-from > 2*around { // the text around the hit is no hit
				from, to = runeAt(s, from+around), runeAt(s, to-around)
			}
			marked = append(marked, [2]int{from, to})
		}
	}
	slices.SortFunc(marked, func(a, b [2]int) int { return a[0] - b[0] })
	joined := marked[:0]
	for _, h := range marked {
		if n := len(joined); n > 0 && h[0] <= joined[n-1][1] {
			joined[n-1][1] = max(joined[n-1][1], h[1])
			continue
		}
		joined = append(joined, h)
	}
	return joined
}

// runeAt returns the start of the character at a place.
func runeAt(s string, i int) int {
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

// printable replaces characters that change how the page itself reads: control characters, and those
// that turn the direction of writing.
func printable(b []byte) string {
	s := strings.ReplaceAll(strings.ToValidUTF8(string(b), "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}
