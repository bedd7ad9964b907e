package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cloudflare/ahocorasick"

	"sluis/filter/literal"
)

// The work: phrases as a web filter has them, over text in pieces.
const (
	engineText   = 32 << 20
	enginePiece  = 64 << 10
	engineRounds = 3
)

// engineLists is what is measured: how many phrases.
var engineLists = []int{11_000, 100_000}

// benchEngine compares the multi-phrase search with Hyperscan, a C library, and with the
// Aho-Corasick of Cloudflare, on the same phrases and text.
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
	for _, n := range engineLists {
		if err := engineRound(ctx, o, res, scanner, dir, n, words); err != nil {
			return err
		}
	}
	return nil
}

// engineRound measures all systems with n phrases.
func engineRound(ctx context.Context, o options, res *Result, scanner, dir string, n int, words []string) error {
	phrases := enginePhrases(words, n)
	text := engineProse(words, phrases)
	begun := time.Now()
	m, err := literal.Compile(patternsOf(phrases))
	if err != nil {
		return err
	}
	compiled := time.Since(begun)
	var own, theirs, hyper []float64
	var hits int
	var size int64
	// Cloudflare's takes gigabytes for the longer list.
	var cf *ahocorasick.Matcher
	if n <= engineLists[0] {
		before := heap()
		cf = ahocorasick.NewStringMatcher(phrases)
		size = heap() - before
	}
	for range engineRounds {
		fmt.Fprintf(o.log, "%d phrases: a round\n", n)
		var rate float64
		rate, hits = scanRate(m, text)
		own = append(own, rate)
		if cf != nil {
			theirs = append(theirs, cloudflareRate(cf, text))
		}
		if scanner != "" {
			rate, err := hyperscanRate(ctx, scanner, dir, phrases, text)
			if err != nil {
				return err
			}
			hyper = append(hyper, rate)
		}
	}
	name := fmt.Sprintf("sluis_%d", n)
	res.add(name, "text", middle(own), "MB/s")
	res.add(name, "memory", float64(m.Size())/1e6, "MB")
	res.add(name, "compiled in", float64(compiled.Microseconds())/1000, "ms")
	res.add(name, "hits", float64(hits), "")
	for _, h := range hostile(phrases) {
		rate, _ := scanRate(m, h.text)
		res.add(name, h.name, rate, "MB/s")
	}
	if n != engineLists[0] {
		return nil
	}
	res.add("cloudflare", "text", middle(theirs), "MB/s")
	res.add("cloudflare", "memory", float64(size)/1e6, "MB")
	res.Ratios["cloudflare"] = middle(own) / middle(theirs)
	res.Ratios["cloudflare_memory"] = float64(m.Size()) / float64(size)
	if len(hyper) > 0 {
		res.add("hyperscan", "text", middle(hyper), "MB/s")
		res.Ratios["hyperscan"] = middle(own) / middle(hyper)
	}
	return nil
}

func middle(v []float64) float64 { slices.Sort(v); return v[len(v)/2] }

func patternsOf(phrases []string) []literal.Pattern {
	ps := make([]literal.Pattern, len(phrases))
	for i, p := range phrases {
		ps[i] = literal.Pattern{Text: p, OpenLeft: true, OpenRight: true}
	}
	return ps
}

// scanRate returns megabytes a second, and how many hits there were.
func scanRate(m *literal.Matcher, text []byte) (rate float64, hits int) {
	best := time.Hour
	for range 3 {
		hits = 0
		begun := time.Now()
		for piece := range slices.Chunk(text, enginePiece) {
			m.Scan(piece, func(literal.Hit) bool { hits++; return true })
		}
		best = min(best, time.Since(begun))
	}
	return float64(len(text)) / 1e6 / best.Seconds(), hits
}

func cloudflareRate(m *ahocorasick.Matcher, text []byte) float64 {
	begun := time.Now()
	for piece := range slices.Chunk(text, enginePiece) {
		m.MatchThreadSafe(piece)
	}
	return float64(len(text)) / 1e6 / time.Since(begun).Seconds()
}

func hyperscanRate(ctx context.Context, scanner, dir string, phrases []string, text []byte) (float64, error) {
	list, file := filepath.Join(dir, "phrases"), filepath.Join(dir, "text")
	if err := errors.Join(os.WriteFile(list, []byte(strings.Join(phrases, "\n")), 0o600), os.WriteFile(file, text, 0o600)); err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, scanner, list, file).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("hyperscan: %w: %s", err, out)
	}
	var rate float64
	var hits, size int
	if _, err := fmt.Sscan(string(out), &rate, &hits, &size); err != nil {
		return 0, fmt.Errorf("hyperscan: %w", err)
	}
	return rate, nil
}

func buildHyperscan(ctx context.Context, o options, dir string) (string, error) {
	if o.install {
		if err := exec.CommandContext(ctx, "apt-get", "install", "-qy", "--no-install-recommends", "libhyperscan-dev", "gcc", "libc6-dev").Run(); err != nil {
			return "", fmt.Errorf("install hyperscan: %w", err)
		}
	}
	_, here, _, _ := runtime.Caller(0)
	program := filepath.Join(dir, "hyperscan")
	out, err := exec.CommandContext(ctx, "gcc", "-O2", "-o", program, filepath.Join(filepath.Dir(here), "hyperscan", "scan.c"), "-I/usr/include/hs", "-lhs").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("hyperscan cannot be built: %w: %s", err, out)
	}
	return program, nil
}

// dictionaryWords are the words of Debian's Dutch list, of four bytes and more, in lower
// case.
func dictionaryWords(ctx context.Context, o options) ([]string, error) {
	if o.install {
		if err := exec.CommandContext(ctx, "apt-get", "install", "-qy", "--no-install-recommends", "wdutch").Run(); err != nil {
			return nil, fmt.Errorf("install word list: %w", err)
		}
	}
	b, err := os.ReadFile("/usr/share/dict/dutch")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the word list is missing: install the package wdutch, or use --install")
	}
	if err != nil {
		return nil, err
	}
	var words []string
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		if w := strings.ToLower(s.Text()); len(w) >= 4 && len(w) <= 24 && utf8.ValidString(w) {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	return slices.Compact(words), nil
}

// enginePhrases are n phrases: words, and pairs of words.
func enginePhrases(words []string, n int) []string {
	r := rand.New(rand.NewPCG(11, 12))
	seen := map[string]bool{}
	var phrases []string
	for len(phrases) < n {
		p := words[r.IntN(len(words))]
		if r.IntN(4) == 0 {
			p += " " + words[r.IntN(len(words))]
		}
		if !seen[p] {
			seen[p] = true
			phrases = append(phrases, p)
		}
	}
	return phrases
}

// engineProse is text in which some words are frequent and most are rare, as in any
// language, with capitals and signs, and the phrases now and then.
func engineProse(words, phrases []string) []byte {
	r := rand.New(rand.NewPCG(13, 14))
	small := strings.Fields("de het een en van in is op te dat die voor met zijn er aan niet om ook als bij door naar uit dan nog maar over of wel kan tot the of and to a in is it that for was on are with as be at this have from or had by")
	zipf := rand.NewZipf(r, 1.3, 20, uint64(len(words)-1))
	order := r.Perm(len(words))
	var b bytes.Buffer
	for n := 0; b.Len() < engineText; n++ {
		w := small[r.IntN(len(small))]
		switch k := r.IntN(100); {
		case k < 50:
			w = words[order[zipf.Uint64()]]
		case k < 54:
			w = phrases[r.IntN(len(phrases))]
		}
		if r.IntN(12) == 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		b.WriteString(w)
		switch r.IntN(14) {
		case 0:
			b.WriteString(". ")
		case 1:
			b.WriteString(",\r\n")
		default:
			b.WriteByte(' ')
		}
	}
	return b.Bytes()[:engineText]
}

// attack is a text that is made to be slow.
type attack struct {
	name string
	text []byte
}

// hostile are texts of what the search has to look at more closely: phrases that are cut
// short, their pieces, and one letter.
func hostile(phrases []string) []attack {
	const size = 8 << 20
	var cut, pieces bytes.Buffer
	for i := 0; cut.Len() < size; i++ {
		p := phrases[i%len(phrases)]
		cut.WriteString(p[:len(p)-1])
	}
	for i := 0; pieces.Len() < size; i++ {
		p := phrases[i%len(phrases)]
		at := i / len(phrases) % max(1, len(p)-4)
		pieces.WriteString(p[at:min(len(p), at+4)])
	}
	one := phrases[0][:len(phrases[0])-1]
	return []attack{
		{"cut phrases", cut.Bytes()}, {"pieces", pieces.Bytes()}, {"one phrase cut", bytes.Repeat([]byte(one), size/len(one))},
		{"one letter", bytes.Repeat([]byte("e"), size)},
	}
}
