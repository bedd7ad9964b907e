package rules

import (
	_ "embed"
	"strings"
	"unicode"
)

//go:embed spelling.txt
var realWords string

// properWords are words that look like a misspelling of another and are not.
var properWords = func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(realWords) {
		if w := strings.TrimSpace(line); w != "" && w[0] != '#' {
			m[w] = true
		}
	}
	return m
}()

// minMisspelt is how long a word has to be for its misspellings to differ from other
// words, in letters.
const minMisspelt = 6

// Misspelt returns a phrase as people mistype it, or write it so that a filter does not see
// it: with a letter too few, two letters swapped, a space too many, or the space before it
// or behind it left out; a phrase of several words with two of them written as one. A short
// word has none. What is a proper word of its own is left out.
func Misspelt(p Phrase) []Phrase {
	if strings.Contains(string(p), " ") {
		return joined(p)
	}
	open, closed := strings.HasPrefix(string(p), "*"), strings.HasSuffix(string(p), "*")
	word := []rune(strings.ToLower(strings.Trim(string(p), "*")))
	if len(word) < minMisspelt {
		return nil
	}
	for _, r := range word {
		if !unicode.IsLetter(r) {
			return nil
		}
	}
	var all []Phrase
	seen := map[string]bool{string(word): true}
	take := func(parts ...[]rune) {
		var b strings.Builder
		for _, part := range parts {
			b.WriteString(string(part))
		}
		w := b.String()
		if seen[w] || properWords[w] {
			return
		}
		seen[w] = true
		if open {
			w = "*" + w
		}
		if closed {
			w += "*"
		}
		all = append(all, Phrase(w))
	}
	last := len(word) - 1
	for i := 1; i < last; i++ {
		take(word[:i], word[i+1:])
		if i+1 < last {
			take(word[:i], word[i+1:i+2], word[i:i+1], word[i+2:])
		}
	}
	for i := 1; i <= last; i++ {
		take(word[:i], []rune{' '}, word[i:])
	}
	if w := "*" + string(word); !open && len(word) > minMisspelt && !properWords[w] {
		if closed {
			w += "*"
		}
		all = append(all, Phrase(w))
	}
	if !closed && len(word) >= minCompound {
		all = append(all, Phrase(strings.TrimSuffix(string(p), "*")+"*"))
	}
	return all
}

// minCompound is how long a word has to be to count at the beginning of others.
const minCompound = 9

// joined returns a phrase of several words with each two of them as one.
func joined(p Phrase) []Phrase {
	var all []Phrase
	words := strings.Split(strings.ToLower(string(p)), " ")
	for i := range len(words) - 1 {
		if joined := words[i] + words[i+1]; len(joined) >= minMisspelt && !properWords[joined] {
			all = append(all, Phrase(strings.Join(append(append(append([]string{}, words[:i]...), joined),
				words[i+2:]...), " ")))
		}
	}
	return all
}
