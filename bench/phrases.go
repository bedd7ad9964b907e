package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"unicode/utf8"
)

// dictionaryWords are the words of Debian's Dutch list, of four bytes and more, in lower
// case.
func dictionaryWords(ctx context.Context, o options) ([]string, error) {
	if o.install {
		if err := exec.CommandContext(ctx, "apt-get", "install", "-qy", "--no-install-recommends",
			"wdutch").Run(); err != nil {
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

// enginePhrases are n phrases that begin with those given: words, and one in pairs is two
// words.
func enginePhrases(words, phrases []string, n, pairs int) []string {
	r := rand.New(rand.NewPCG(11, uint64(pairs)))
	phrases = slices.Clone(phrases)
	seen := map[string]bool{}
	for _, p := range phrases {
		seen[p] = true
	}
	for len(phrases) < n {
		p := words[r.IntN(len(words))]
		if r.IntN(pairs) == 0 {
			p += " " + words[r.IntN(len(words))]
		}
		if !seen[p] {
			seen[p] = true
			phrases = append(phrases, p)
		}
	}
	return phrases
}

// engineTexts are two: one in which about seven bytes in a thousand begin a phrase, as
// web filters meet it, and one of the words that the phrases are made of, with five times
// as many phrases put in.
func engineTexts(words, phrases []string) []attack {
	listed := map[string]bool{}
	for _, p := range phrases {
		for w := range strings.FieldsSeq(p) {
			listed[w] = true
		}
	}
	others := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return listed[w] })
	return []attack{{"text", engineProse(others, phrases, 15)}, {"dense", engineProse(words, phrases, 80)}}
}

// engineProse is text in which some words are frequent and most are rare, as in any
// language, with capitals and signs, and of a thousand words at least rate are phrases.
func engineProse(words, phrases []string, rate int) []byte {
	r := rand.New(rand.NewPCG(13, 14))
	small := strings.Fields(
		"de het een en van in is op te dat die voor met zijn er aan niet om ook als bij door naar uit dan nog maar " +
			"over of wel kan tot the of and to a in is it that for was on are with as be at this have from or had by",
	)
	zipf := rand.NewZipf(r, 1.3, 20, uint64(len(words)-1))
	order := r.Perm(len(words))
	var b bytes.Buffer
	for n := 0; b.Len() < engineText; n++ {
		w := small[r.IntN(len(small))]
		switch k := r.IntN(1000); {
		case k < 500:
			w = words[order[zipf.Uint64()]]
		case k < 500+rate:
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
		{
			"cut phrases",
			cut.Bytes(),
		}, {"pieces", pieces.Bytes()}, {"one phrase cut", bytes.Repeat([]byte(one), size/len(one))},
		{"one letter", bytes.Repeat([]byte("e"), size)},
	}
}

// worst looks for the piece of a phrase that is the slowest text when it is repeated, as one
// who knows the list would. A machine is slow for a moment now and then: what seemed slow is
// tried again, and the best of several counts.
func worst(scan func([]byte) int, phrases []string) attack {
	const trial, retrial, size, tried, suspects = 4 << 10, 64 << 10, 4 << 20, 11_000, 300
	var all []string
	for _, p := range phrases[:min(len(phrases), tried)] {
		for width := 5; width <= 10; width++ {
			for i := 0; i+width <= len(p); i++ {
				all = append(all, p[i:i+width])
			}
		}
	}
	slices.Sort(all)
	all = slowest(scan, slices.Compact(all), trial, 2)
	all = slowest(scan, all[:min(len(all), suspects)], retrial, 5)
	return attack{"worst piece", bytes.Repeat([]byte(all[0]), size/len(all[0]))}
}

// slowest sorts pieces by how slow they are when repeated, the slowest first.
func slowest(scan func([]byte) int, pieces []string, size, times int) []string {
	rates := make(map[string]float64, len(pieces))
	for _, p := range pieces {
		text := bytes.Repeat([]byte(p), size/len(p))
		for range times {
			rates[p] = max(rates[p], rate(scan, text))
		}
	}
	return slices.SortedFunc(maps.Keys(rates), func(a, b string) int { return cmp.Compare(rates[a], rates[b]) })
}
