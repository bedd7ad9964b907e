// Package literal finds thousands of phrases in one pass over a text.
//
// It promises:
//
//   - Every occurrence of every phrase is reported, with its position, overlapping ones
//     too. ASCII letters match without regard to case.
//   - Time is linear in the length of the text and the number of hits, whatever the text.
//   - A Matcher does not change: any number of goroutines may scan with it at the same
//     time, without locks and without allocating.
//
// It is an Aho-Corasick automaton, made into a table of states by classes of bytes.
package literal

import (
	"errors"
	"fmt"
	"math"
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
	class   [256]uint8 // of a byte, 0 for all that are in no pattern
	classes int
	next    []uint32 // state*classes+class; states are multiplied by classes beforehand
	outputs []uint32 // by state: index in lists of the patterns that end there, 0 for none
	lists   [][]uint32
	length  []int32
	open    []uint8 // of a pattern: bit 0 left, bit 1 right
}

// maxStates bounds the size of a matcher.
const maxStates = 1 << 22

// Compile makes a matcher. It fails on an empty pattern and on more text than 4 million
// states hold.
func Compile(patterns []Pattern) (*Matcher, error) {
	m := &Matcher{length: make([]int32, len(patterns)), open: make([]uint8, len(patterns))}
	total := 1
	for i, p := range patterns {
		if p.Text == "" {
			return nil, fmt.Errorf("pattern %d is empty", i)
		}
		m.length[i] = int32(len(p.Text))
		if p.OpenLeft {
			m.open[i] |= 1
		}
		if p.OpenRight {
			m.open[i] |= 2
		}
		total += len(p.Text)
	}
	if total > maxStates || total > math.MaxInt32/256 {
		return nil, errors.New("too much text in patterns")
	}
	m.classify(patterns)
	m.build(patterns)
	return m, nil
}

// classify gives a class of its own to each byte that is in a pattern; both cases of a
// letter share one.
func (m *Matcher) classify(patterns []Pattern) {
	m.classes = 1
	for _, p := range patterns {
		for i := range len(p.Text) {
			c := lower(p.Text[i])
			if m.class[c] == 0 {
				m.class[c] = uint8(m.classes)
				m.classes++
			}
		}
	}
	for c := byte('a'); c <= 'z'; c++ {
		m.class[c-'a'+'A'] = m.class[c]
	}
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// build makes the trie, and then the automaton in the order of depth.
func (m *Matcher) build(patterns []Pattern) {
	n := m.classes
	m.next = make([]uint32, n)
	m.lists = [][]uint32{nil}
	ends := map[uint32][]uint32{} // by state
	for i, p := range patterns {
		state := uint32(0)
		for j := range len(p.Text) {
			at := state + uint32(m.class[lower(p.Text[j])])
			if m.next[at] == 0 {
				m.next[at] = uint32(len(m.next))
				m.next = append(m.next, make([]uint32, n)...)
			}
			state = m.next[at]
		}
		ends[state] = append(ends[state], uint32(i))
	}
	m.outputs = make([]uint32, len(m.next)/n)
	fail := make([]uint32, len(m.next)/n)
	var queue []uint32
	for c := range n {
		if s := m.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		f := fail[s/uint32(n)]
		m.output(s, f, ends[s])
		for c := range uint32(n) {
			if t := m.next[s+c]; t != 0 {
				fail[t/uint32(n)] = m.next[f+c]
				queue = append(queue, t)
			} else {
				m.next[s+c] = m.next[f+c]
			}
		}
	}
}

// output joins the patterns that end in a state with those of its failure state.
func (m *Matcher) output(s, f uint32, own []uint32) {
	n := uint32(m.classes)
	inherited := m.outputs[f/n]
	if len(own) == 0 {
		m.outputs[s/n] = inherited
		return
	}
	m.outputs[s/n] = uint32(len(m.lists))
	m.lists = append(m.lists, append(own, m.lists[inherited]...))
}

// Scan reports the occurrences in text in the order of their ends, until emit returns
// false.
func (m *Matcher) Scan(text []byte, emit func(Hit) bool) {
	state, n := uint32(0), uint32(m.classes)
	if len(m.length) == 0 {
		return
	}
	next := m.next
	for i, c := range text {
		state = next[state+uint32(m.class[c])]
		if state == 0 {
			continue
		}
		if o := m.outputs[state/n]; o != 0 && !m.report(text, i+1, m.lists[o], emit) {
			return
		}
	}
}

func (m *Matcher) report(text []byte, end int, patterns []uint32, emit func(Hit) bool) bool {
	for _, p := range patterns {
		start := end - int(m.length[p])
		if m.open[p]&1 == 0 && start > 0 && wordByte(text[start-1]) && wordByte(text[start]) {
			continue
		}
		if m.open[p]&2 == 0 && end < len(text) && wordByte(text[end]) && wordByte(text[end-1]) {
			continue
		}
		if !emit(Hit{int(p), start, end}) {
			return false
		}
	}
	return true
}

// wordByte reports whether a byte is of a word: a letter, a digit, or of a character
// outside ASCII.
func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// Size returns the memory that the matcher takes, in bytes.
func (m *Matcher) Size() int {
	size := 4*len(m.next) + 4*len(m.outputs) + 5*len(m.length)
	for _, l := range m.lists {
		size += 24 + 4*len(l)
	}
	return size
}
