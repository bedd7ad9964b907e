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

// search is a searcher with the numbers that its patterns have.
type search struct {
	searcher
	patterns map[literal.Pattern]int
}

// witnessPiece is how many phrases a matcher of the witness has at most: its memory grows
// with their letters, by four kilobytes each.
const witnessPiece = 32

// Witnessed remembers, by fingerprint, for which rules search and witness agreed. What it
// forgets costs time, and nothing else.
type Witnessed interface {
	Has(fingerprint string) bool
	Add(fingerprint string)
}

// witnessAll has the phrases of every rule found a second time, by a library that shares
// nothing with package literal: in the rule's examples, and in its phrases joined. What a
// search finds and the witness does not, or the reverse, is an error with the rule and the
// phrase: a phrase that the search misses would otherwise be missed unseen.
func witnessAll(set *rules.Set, b *builder, searches []search) error {
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, r := range set.Rules() {
		texts := b.textsOf(r)
		work.Go(func() error { return witnessRule(r, texts, searches) })
	}
	return work.Wait()
}

// witnessRule has the phrases of one rule, which have these texts, found a second time.
func witnessRule(r rules.Rule, texts []string, searches []search) error {
	examples := exampleTexts(r)
	for piece := range slices.Chunk(texts, witnessPiece) {
		w := newWitness(piece)
		joined := [][]byte{[]byte(strings.Join(piece, " ")), []byte(strings.Join(piece, ", "))}
		for _, t := range slices.Concat(examples, joined) {
			seen := w.sees(t)
			for _, s := range searches {
				if p, ok := s.agrees(w.texts, seen, t); !ok {
					return fmt.Errorf("%s:%d: rule %s: the search and its witness do not agree about the phrase %q: "+
						"please report this, and write the phrase otherwise", r.File, r.Line, r.ID, p.Text)
				}
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

// witness finds texts of phrases, wherever they stand.
type witness struct {
	texts   []string
	matcher *ahocorasick.Matcher
}

func newWitness(texts []string) *witness {
	return &witness{texts: texts, matcher: ahocorasick.NewStringMatcher(texts)}
}

// sees returns which of the texts of phrases stand in a text.
func (w *witness) sees(text []byte) map[string]bool {
	seen := map[string]bool{}
	for _, hit := range w.matcher.Match(text) {
		seen[w.texts[hit]] = true
	}
	return seen
}

// agrees reports whether a search finds, of the patterns with these texts, those that the
// witness has seen in a text; if not it returns one about which they differ.
func (s search) agrees(texts []string, seen map[string]bool, text []byte) (literal.Pattern, bool) {
	found := map[int]bool{}
	s.Scan(text, func(h literal.Hit) bool {
		found[h.Pattern] = true
		return true
	})
	for _, t := range texts {
		for open := range 4 {
			p := literal.Pattern{Text: t, OpenLeft: open&1 != 0, OpenRight: open&2 != 0}
			if n, ok := s.patterns[p]; ok && found[n] != (seen[t] && standsIn(text, p)) {
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
