package filter

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/cloudflare/ahocorasick"
	"golang.org/x/sync/errgroup"

	"sluis/filter/literal"
	"sluis/filter/text"
	"sluis/rules"
)

// searcher finds patterns in a text, as literal.Matcher does.
type searcher interface {
	Scan(text []byte, emit func(literal.Hit) bool)
}

// witnessPiece is how many phrases a matcher of the witness has at most: its memory grows
// steeply with their number.
const witnessPiece = 256

// Witnessed remembers, by fingerprint, for which rules search and witness agreed. What it
// forgets costs time, and nothing else.
type Witnessed interface {
	Has(fingerprint string) bool
	Add(fingerprint string)
}

// witnessAll has the phrases of every rule found a second time, by a library that shares
// nothing with package literal: in the rule's examples, and in its phrases joined. What one
// finds and the other does not is an error with the rule and the phrase: a phrase that the
// search misses would otherwise be missed unseen.
func witnessAll(set *rules.Set, b *builder, m searcher) error {
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, r := range set.Rules() {
		texts := b.textsOf(r)
		work.Go(func() error { return witnessRule(r, texts, b, m) })
	}
	return work.Wait()
}

// witnessRule has the phrases of one rule, which have these texts, found a second time.
func witnessRule(r rules.Rule, texts []string, b *builder, m searcher) error {
	examples := exampleTexts(r)
	for piece := range slices.Chunk(texts, witnessPiece) {
		w := newWitness(b, piece)
		joined := [][]byte{[]byte(strings.Join(piece, " ")), []byte(strings.Join(piece, ", "))}
		for _, t := range slices.Concat(examples, joined) {
			if p, ok := w.agrees(m, t); !ok {
				return fmt.Errorf("%s:%d: rule %s: the search and its witness do not agree about the phrase %q: "+
					"please report this, and write the phrase otherwise", r.File, r.Line, r.ID, p.Text)
			}
		}
	}
	return nil
}

// textsOf returns the texts of all phrases of a rule, as the scanner has them.
func (b *builder) textsOf(r rules.Rule) []string {
	all := slices.Concat(spelt(r, r.Phrases), spelt(r, r.Near), r.Also, r.Unless, r.Except)
	for _, k := range r.Keywords {
		all = append(all, rules.Phrase("*"+k+"*"))
	}
	var texts []string
	for _, p := range all {
		texts = append(texts, b.list[b.literal(p)].Text)
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// exampleTexts are the examples of a rule, as the line of a folded text.
func exampleTexts(r rules.Rule) [][]byte {
	var texts [][]byte
	for _, x := range slices.Concat(r.Match, r.NoMatch) {
		var l line
		l.set(text.Fold(nil, []byte(strings.ToLower(x.Text+x.Message))))
		texts = append(texts, l.text)
	}
	return texts
}

// witness looks for some of the patterns of a scanner.
type witness struct {
	patterns []literal.Pattern
	texts    []string
	of       map[string][]int // patterns of a text: they differ in their open sides
	matcher  *ahocorasick.Matcher
}

// newWitness returns a witness of all patterns that have one of the texts.
func newWitness(b *builder, texts []string) *witness {
	w := &witness{patterns: b.list, texts: texts, of: map[string][]int{}, matcher: ahocorasick.NewStringMatcher(texts)}
	for _, t := range texts {
		for open := range 4 {
			p := literal.Pattern{Text: t, OpenLeft: open&1 != 0, OpenRight: open&2 != 0}
			if n, ok := b.patterns[p]; ok {
				w.of[t] = append(w.of[t], n)
			}
		}
	}
	return w
}

// agrees reports whether a searcher finds the patterns that the witness finds in a text; if
// not it returns one about which they differ.
func (w *witness) agrees(m searcher, text []byte) (literal.Pattern, bool) {
	found := map[int]bool{}
	m.Scan(text, func(h literal.Hit) bool {
		found[h.Pattern] = true
		return true
	})
	seen := map[string]bool{}
	for _, hit := range w.matcher.Match(text) {
		seen[w.texts[hit]] = true
	}
	for _, t := range w.texts {
		for _, n := range w.of[t] {
			p := w.patterns[n]
			if found[n] != (seen[t] && standsIn(text, p)) {
				return p, false
			}
		}
	}
	return literal.Pattern{}, true
}

// standsIn reports whether a pattern is somewhere in a text as the word that it has to be.
func standsIn(text []byte, p literal.Pattern) bool {
	word := []byte(p.Text)
	for from := 0; ; {
		i := bytes.Index(text[from:], word)
		if i < 0 {
			return false
		}
		start := from + i
		end := start + len(word)
		left := p.OpenLeft || start == 0 || !inWord(text[start-1]) || !inWord(text[start])
		right := p.OpenRight || end == len(text) || !inWord(text[end]) || !inWord(text[end-1])
		if left && right {
			return true
		}
		from = start + 1
	}
}

// inWord reports whether a byte is part of a word: a letter, a digit, or of a character
// beyond ASCII.
func inWord(c byte) bool {
	return c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
