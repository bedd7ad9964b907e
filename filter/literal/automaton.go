package literal

import (
	"errors"
	"math"
)

// automaton is an Aho-Corasick automaton, made into a table of states by classes of bytes.
// It finds the phrases that the table of grams has no room for, and is slower.
type automaton struct {
	class   [256]uint8 // of a folded byte, 0 for all that are in no phrase
	classes int
	next    []uint32 // state*classes+class; states are multiplied by classes beforehand
	outputs []uint32 // by state: index in lists of the phrases that end there, 0 for none
	lists   [][]uint32
}

// maxStates bounds the size of an automaton.
const maxStates = 1 << 22

// newAutomaton makes an automaton of folded phrases. Their numbers are those that scan
// gives.
func newAutomaton(phrases map[uint32]string) (*automaton, error) {
	a := &automaton{}
	total := 1
	for _, p := range phrases {
		total += len(p)
	}
	if total > maxStates || total > math.MaxInt32/256 {
		return nil, errors.New("too much text in patterns")
	}
	a.classify(phrases)
	a.build(phrases)
	return a, nil
}

// classify gives a class of its own to each byte that is in a phrase.
func (a *automaton) classify(phrases map[uint32]string) {
	a.classes = 1
	for _, p := range phrases {
		for i := range len(p) {
			if c := p[i]; a.class[c] == 0 {
				a.class[c] = uint8(a.classes)
				a.classes++
			}
		}
	}
}

// build makes the trie, and then the automaton in the order of depth.
func (a *automaton) build(phrases map[uint32]string) {
	n := a.classes
	a.next = make([]uint32, n)
	a.lists = [][]uint32{nil}
	ends := map[uint32][]uint32{} // by state
	for i, p := range phrases {
		state := uint32(0)
		for j := range len(p) {
			at := state + uint32(a.class[p[j]])
			if a.next[at] == 0 {
				a.next[at] = uint32(len(a.next))
				a.next = append(a.next, make([]uint32, n)...)
			}
			state = a.next[at]
		}
		ends[state] = append(ends[state], i)
	}
	a.outputs = make([]uint32, len(a.next)/n)
	fail := make([]uint32, len(a.next)/n)
	var queue []uint32
	for c := range n {
		if s := a.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		f := fail[s/uint32(n)]
		a.output(s, f, ends[s])
		for c := range uint32(n) {
			if t := a.next[s+c]; t != 0 {
				fail[t/uint32(n)] = a.next[f+c]
				queue = append(queue, t)
			} else {
				a.next[s+c] = a.next[f+c]
			}
		}
	}
}

// output joins the patterns that end in a state with those of its failure state.
func (a *automaton) output(s, f uint32, own []uint32) {
	n := uint32(a.classes)
	inherited := a.outputs[f/n]
	if len(own) == 0 {
		a.outputs[s/n] = inherited
		return
	}
	a.outputs[s/n] = uint32(len(a.lists))
	a.lists = append(a.lists, append(own, a.lists[inherited]...))
}

// scan calls visit with each occurrence of a phrase, by its number and end, until it
// returns false.
func (a *automaton) scan(text []byte, visit func(phrase uint32, end int) bool) bool {
	state, n, prev := uint32(0), uint32(a.classes), byte(0)
	for i, c := range text {
		state = a.next[state+uint32(a.class[fold(prev, c)])]
		prev = c
		if state == 0 {
			continue
		}
		if o := a.outputs[state/n]; o != 0 {
			for _, p := range a.lists[o] {
				if !visit(p, i+1) {
					return false
				}
			}
		}
	}
	return true
}

func (a *automaton) size() int {
	size := 4*len(a.next) + 4*len(a.outputs)
	for _, l := range a.lists {
		size += 24 + 4*len(l)
	}
	return size
}
