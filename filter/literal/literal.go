// Package literal finds thousands of phrases in one pass over a text.
//
// It promises:
//
//   - Every occurrence of every phrase is reported once, with its position, overlapping
//     ones too, in no order. Case does not matter for ASCII letters and for Latin letters
//     with diacritics.
//   - A Stream over pieces of a text reports what Scan reports over the whole.
//   - Time is linear in the length of the text and the number of hits, whatever the text.
//   - A Matcher does not change: any number of goroutines may scan with it at the same
//     time, without locks and without allocating.
//
// A text goes through steps that each read less and cost more: a sieve of what phrases
// have in some place of them, chosen because it is rare, then filters, then tables, and what
// is left is compared. The phrases that share such places are few, whatever was given to
// Compile: the others, and those that have none, are left to an Aho-Corasick automaton.
package literal

import (
	"errors"
	"fmt"
)

// Pattern is a phrase to find. It matches whole words, unless a side is open.
type Pattern struct {
	Text      string
	OpenLeft  bool // may be the end of a longer word
	OpenRight bool // may be the beginning of a longer word
}

// Hit is an occurrence of a pattern: text[Start:End].
type Hit struct {
	Pattern    int // index in what was given to Compile
	Start, End int
}

// Matcher finds the patterns that it was compiled for.
type Matcher struct {
	sieve                               sieve
	longFilter, shortFilter, tinyFilter filter
	long, short, tiny                   table
	rest                                *automaton // of the phrases that are in none; nil if there are none

	phrases []phrase
	folded  []byte   // the phrases, and eight bytes more
	uses    []uint32 // patterns of the phrases, with their open sides
	longest int
}

// phrase is a text that one or more patterns have.
type phrase struct {
	at     uint32 // in folded
	size   uint32
	uses   uint32 // in Matcher.uses
	n      uint32 // how many
	only   uint32 // one more than the use, if it has one only
	window int16  // where its window is in it; -1 is a byte before it
	plain  bool   // ASCII only
}

const (
	openLeft  = 1 << 31
	openRight = 1 << 30
)

// Bounds of what Compile takes.
const (
	maxPatterns = 1 << 24
	maxText     = 1 << 28
)

// Compile makes a matcher. It fails on an empty pattern, and on more text than it can hold.
func Compile(patterns []Pattern) (*Matcher, error) {
	if len(patterns) > maxPatterns {
		return nil, fmt.Errorf("%d patterns are more than %d", len(patterns), maxPatterns)
	}
	m := &Matcher{}
	byText := make(map[string][]uint32, len(patterns))
	var texts []string
	total := 0
	for i, p := range patterns {
		if p.Text == "" {
			return nil, fmt.Errorf("pattern %d is empty", i)
		}
		total += len(p.Text)
		if total > maxText {
			return nil, errors.New("too much text in patterns")
		}
		ref := uint32(i)
		if p.OpenLeft {
			ref |= openLeft
		}
		if p.OpenRight {
			ref |= openRight
		}
		text := string(appendFolded(nil, p.Text))
		if byText[text] == nil {
			texts = append(texts, text)
		}
		byText[text] = append(byText[text], ref)
		m.longest = max(m.longest, len(text))
	}
	for _, t := range texts {
		uses := byText[t]
		p := phrase{at: uint32(len(m.folded)), size: uint32(len(t)), uses: uint32(len(m.uses)), n: uint32(len(uses)),
			plain: true}
		if p.n == 1 {
			p.only = uses[0] + 1
		}
		for i := range len(t) {
			p.plain = p.plain && t[i] < 0x80
		}
		m.phrases = append(m.phrases, p)
		m.uses = append(m.uses, uses...)
		m.folded = append(m.folded, t...)
	}
	m.folded = append(m.folded, make([]byte, 8)...)
	var err error
	if rest := m.choose(texts); len(rest) > 0 {
		m.rest, err = newAutomaton(rest)
	}
	return m, err
}

// closed returns which sides of a phrase are closed for all its patterns.
func (m *Matcher) closed(phrase int) (left, right bool) {
	left, right = true, true
	p := m.phrases[phrase]
	for _, u := range m.uses[p.uses : p.uses+p.n] {
		left, right = left && u&openLeft == 0, right && u&openRight == 0
	}
	return left, right
}

// Scan reports the occurrences in text, in no order, until emit returns false.
func (m *Matcher) Scan(text []byte, emit func(Hit) bool) {
	if !m.scanGrams(text, emit) || m.rest == nil {
		return
	}
	m.rest.scan(text, func(p uint32, end int) bool {
		return m.reportAll(text, p, end-int(m.phrases[p].size), end, emit)
	})
}

// report calls emit for the patterns of a phrase that stands at start.
func (m *Matcher) report(text []byte, number uint32, start int, emit func(Hit) bool) bool {
	p := &m.phrases[number]
	if p.only != 0 {
		return m.reportOne(text, p.only-1, start, start+int(p.size), emit)
	}
	return m.reportAll(text, number, start, start+int(p.size), emit)
}

func (m *Matcher) reportAll(text []byte, number uint32, start, end int, emit func(Hit) bool) bool {
	p := &m.phrases[number]
	for _, u := range m.uses[p.uses : p.uses+p.n] {
		if !m.reportOne(text, u, start, end, emit) {
			return false
		}
	}
	return true
}

// reportOne calls emit for a pattern, if it stands as the word that it has to be.
func (m *Matcher) reportOne(text []byte, ref uint32, start, end int, emit func(Hit) bool) bool {
	if ref&openLeft == 0 && start > 0 && wordByte[text[start-1]] && wordByte[text[start]] ||
		ref&openRight == 0 && end < len(text) && wordByte[text[end]] && wordByte[text[end-1]] {
		return true
	}
	return emit(Hit{int(ref &^ (openLeft | openRight)), start, end})
}

// Size returns the memory that the matcher takes, in bytes.
func (m *Matcher) Size() int {
	size := 4*cap(m.sieve.words) + 24*cap(m.phrases) + cap(m.folded) + 4*cap(m.uses)
	for _, f := range []filter{m.longFilter, m.shortFilter, m.tinyFilter} {
		size += 8 * cap(f.words)
	}
	for _, t := range []table{m.long, m.short, m.tiny} {
		size += 32 * cap(t.buckets)
	}
	if m.rest != nil {
		size += m.rest.size()
	}
	return size
}
