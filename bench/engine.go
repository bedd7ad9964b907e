package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	trie "github.com/BobuSumisu/aho-corasick"
	"github.com/cloudflare/ahocorasick"
	dfa "github.com/petar-dambovaliev/aho-corasick"

	"sluis/filter/literal"
)

// The work: phrases as a web filter has them, over text in pieces.
const (
	engineText   = 32 << 20
	enginePiece  = 64 << 10
	engineRounds = 5
)

// engineList is a list of phrases to measure.
type engineList struct {
	name    string
	phrases []string
}

// engineLists are what web filters have, and two longer: the second has pairs of words as
// well, which are as rare as what is on a list tends to be, the third a quarter of a
// dictionary, of which a text is full.
func engineLists(words []string) []engineList {
	const small, large = 11_000, 100_000
	few := enginePhrases(words, nil, small, 4)
	return []engineList{
		{"11000", few},
		{"100000", enginePhrases(words, few, large, 1)},
		{"100000 words", enginePhrases(words, few, large, 4)},
	}
}

// engine is one system with the phrases in it.
type engine struct {
	name string
	scan func(piece []byte) (hits int) // nil: another program does it
	size int64                         // bytes, measured; 0 if unknown
	took time.Duration

	rates map[string][]float64 // MB/s, by text
	hits  map[string]int
}

// benchEngine compares the multi-phrase search with Hyperscan, a C library, and with
// Aho-Corasick automatons in Go, on the same phrases and texts, on one core. What they do
// differs: Sluis gives each hit with both its ends, Hyperscan its end, both whatever the case;
// the others heed case, and Cloudflare's gives which phrases are in a piece, without places.
func benchEngine(ctx context.Context, o options, res *Result) error {
	words, err := dictionaryWords(ctx, o)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sluis-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	scanner, err := buildHyperscan(ctx, o, dir)
	if err != nil {
		res.Missing = append(res.Missing, "libhyperscan-dev")
		fmt.Fprintln(o.log, err)
	}
	lists := engineLists(words)
	texts := engineTexts(words, lists[0].phrases)
	own := make([]*engine, len(lists))
	for i, l := range lists {
		if own[i], err = newSluis(l.phrases); err != nil {
			return err
		}
		all := []*engine{own[i]}
		if i == 0 { // the longer ones take gigabytes
			all = append(all, newCloudflare(l.phrases), newTrie(l.phrases), newDFA(l.phrases))
		}
		if scanner != "" {
			all = append(all, newEngine("hyperscan", nil))
		}
		if err := measure(ctx, o, all, scanner, dir, l, texts); err != nil {
			return err
		}
		for _, e := range all {
			e.report(res, texts, l.name)
		}
		if i == 0 {
			ratios(res, all)
		}
		least := attacked(res, own[i], l)
		if i == 0 {
			res.Ratios["sluis_hostile_to_text"] = least / middle(own[i].rates["text"])
		}
	}
	res.Ratios["sluis_100000_to_11000"] = middle(own[1].rates["text"]) / middle(own[0].rates["text"])
	return nil
}

// measure measures the systems in turn, round after round, so that a machine whose speed
// drifts is as slow for one as for the other.
func measure(ctx context.Context, o options, all []*engine, scanner, dir string, l engineList, texts []attack) error {
	for round := range engineRounds {
		fmt.Fprintf(o.log, "%s phrases: round %d of %d\n", l.name, round+1, engineRounds)
		for _, t := range texts {
			for _, e := range all {
				if e.scan == nil {
					if err := hyperscan(ctx, e, scanner, dir, l.phrases, t); err != nil {
						return err
					}
					continue
				}
				e.hits[t.name] = count(e.scan, t.text)
				e.rates[t.name] = append(e.rates[t.name], rate(e.scan, t.text))
			}
		}
	}
	return nil
}

// attacked measures a system with texts that are made to be slow, and returns the rate of
// the slowest.
func attacked(res *Result, e *engine, l engineList) (least float64) {
	attacks := append(hostile(l.phrases), worst(e.scan, l.phrases))
	rates := map[string][]float64{}
	for range engineRounds {
		for _, a := range attacks {
			rates[a.name] = append(rates[a.name], rate(e.scan, a.text))
		}
	}
	least = math.Inf(1)
	for _, a := range attacks {
		r := middle(rates[a.name])
		res.add(e.name+" "+l.name, a.name, r, "MB/s")
		least = min(least, r)
	}
	return least
}

func newEngine(name string, scan func([]byte) int) *engine {
	return &engine{name: name, scan: scan, rates: map[string][]float64{}, hits: map[string]int{}}
}

// build makes a system, and measures the memory that it takes: what stays in use after the garbage
// has been collected.
func build[T any](name string, prepare func() T, scan func(T) func([]byte) int) *engine {
	before, begun := heap(), time.Now()
	v := prepare()
	took := time.Since(begun)
	e := newEngine(name, scan(v))
	e.took, e.size = took, heap()-before
	runtime.KeepAlive(v)
	return e
}

func newSluis(phrases []string) (*engine, error) {
	patterns := make([]literal.Pattern, len(phrases))
	for i, p := range phrases {
		patterns[i] = literal.Pattern{Text: p, OpenLeft: true, OpenRight: true}
	}
	var err error
	e := build("sluis", func() (m *literal.Matcher) { m, err = literal.Compile(patterns); return m },
		func(m *literal.Matcher) func([]byte) int {
			return func(piece []byte) (n int) {
				m.Scan(piece, func(literal.Hit) bool { n++; return true })
				return n
			}
		})
	runtime.KeepAlive(patterns)
	return e, err
}

// newCloudflare uses Match, which is not safe for concurrent use: MatchThreadSafe is slower.
func newCloudflare(phrases []string) *engine {
	return build("cloudflare", func() *ahocorasick.Matcher { return ahocorasick.NewStringMatcher(phrases) },
		func(m *ahocorasick.Matcher) func([]byte) int {
			return func(piece []byte) int { return len(m.Match(piece)) }
		})
}

func newTrie(phrases []string) *engine {
	return build("BobuSumisu", func() *trie.Trie { return trie.NewTrieBuilder().AddStrings(phrases).Build() },
		func(m *trie.Trie) func([]byte) int {
			return func(piece []byte) (n int) {
				m.Walk(piece, func(_, _, _ int64) bool { n++; return true })
				return n
			}
		})
}

func newDFA(phrases []string) *engine {
	return build("petar-dambovaliev", func() dfa.AhoCorasick {
		b := dfa.NewAhoCorasickBuilder(dfa.Opts{MatchKind: dfa.StandardMatch, DFA: true})
		return b.Build(phrases)
	}, func(m dfa.AhoCorasick) func([]byte) int {
		return func(piece []byte) (n int) {
			for i := m.IterOverlappingByte(piece); i.Next() != nil; n++ {
			}
			return n
		}
	})
}

// report adds the figures of a system with a list.
func (e *engine) report(res *Result, texts []attack, list string) {
	name := e.name + " " + list
	for _, t := range texts {
		res.add(name, t.name, middle(e.rates[t.name]), "MB/s")
		res.add(name, "hits in "+t.name, float64(e.hits[t.name]), "")
	}
	if e.size > 0 {
		res.add(name, "memory", float64(e.size)/1e6, "MB")
	}
	if e.took > 0 {
		res.add(name, "compiled in", float64(e.took.Microseconds())/1000, "ms")
	}
}

// ratios compares the first system with the others.
func ratios(res *Result, all []*engine) {
	own := all[0]
	for _, e := range all[1:] {
		for t := range own.rates {
			ratio := middle(own.rates[t]) / middle(e.rates[t])
			if t == "text" {
				res.Ratios[e.name] = ratio
			} else {
				res.Ratios[e.name+"_"+t] = ratio
			}
		}
		if e.size > 0 {
			res.Ratios[e.name+"_memory"] = float64(own.size) / float64(e.size)
		}
	}
}

func middle(v []float64) float64 { v = slices.Sorted(slices.Values(v)); return v[len(v)/2] }

func count(scan func([]byte) int, text []byte) (hits int) {
	for piece := range slices.Chunk(text, enginePiece) {
		hits += scan(piece)
	}
	return hits
}

// rate returns megabytes a second, once through the text.
func rate(scan func([]byte) int, text []byte) float64 {
	begun := time.Now()
	count(scan, text)
	return float64(len(text)) / 1e6 / time.Since(begun).Seconds()
}

// hyperscan measures the C program the same way: once to warm up, once that counts.
func hyperscan(ctx context.Context, e *engine, scanner, dir string, phrases []string, t attack) error {
	list, file := filepath.Join(dir, "phrases"), filepath.Join(dir, "text")
	if err := errors.Join(os.WriteFile(list, []byte(strings.Join(phrases, "\n")), 0o600),
		os.WriteFile(file, t.text, 0o600)); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, scanner, list, file).CombinedOutput()
	if err != nil {
		return fmt.Errorf("hyperscan: %w: %s", err, out)
	}
	var rate float64
	var hits int
	if _, err := fmt.Sscan(string(out), &rate, &hits, &e.size); err != nil {
		return fmt.Errorf("hyperscan: %w", err)
	}
	e.rates[t.name], e.hits[t.name] = append(e.rates[t.name], rate), hits
	return nil
}

func buildHyperscan(ctx context.Context, o options, dir string) (string, error) {
	if o.install {
		if err := exec.CommandContext(ctx, "apt-get", "install", "-qy", "--no-install-recommends",
			"libhyperscan-dev", "gcc", "libc6-dev").Run(); err != nil {
			return "", fmt.Errorf("install hyperscan: %w", err)
		}
	}
	_, here, _, _ := runtime.Caller(0)
	program := filepath.Join(dir, "hyperscan")
	out, err := exec.CommandContext(ctx, "gcc", "-O2", "-o", program,
		filepath.Join(filepath.Dir(here), "hyperscan", "scan.c"), "-I/usr/include/hs", "-lhs").
		CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("hyperscan cannot be built: %w: %s", err, out)
	}
	return program, nil
}
