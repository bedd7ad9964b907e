package rules

import (
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// RequiredLiterals returns texts of which at least one is in everything that the regular
// expression matches, without regard to case, and whether there are such texts of at
// least three ASCII characters each. It would rather find none than miss a match:
// letters that fold to others outside ASCII (k to the Kelvin sign, s to the long s) end
// a literal.
func RequiredLiterals(re string) ([]string, bool) {
	parsed, err := syntax.Parse(re, syntax.Perl)
	if err != nil {
		return nil, false
	}
	best := required(parsed.Simplify())
	return best, len(best) > 0
}

// Bounds of the literals that are extracted.
const (
	mostLiterals    = 64 // alternatives in a set
	shortestLiteral = 3  // bytes
)

// required returns the best set of required literals of a node, or none.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if l := longestLiteral(re); len(l) >= shortestLiteral {
			return []string{l}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if c := required(sub); shortest(c) > shortest(best) {
				best = c
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			c := required(sub)
			if len(c) == 0 || len(all)+len(c) > mostLiterals {
				return nil
			}
			all = append(all, c...)
		}
		return all
	}
	return nil
}

// longestLiteral returns the longest run of a literal whose case folding stays in ASCII.
func longestLiteral(re *syntax.Regexp) string {
	fold := re.Flags&syntax.FoldCase != 0
	best, run := "", ""
	for _, r := range re.Rune {
		if r >= utf8.RuneSelf || fold && strings.ContainsRune("kKsS", r) {
			run = ""
			continue
		}
		if run += string(r); len(run) > len(best) {
			best = run
		}
	}
	return strings.ToLower(best)
}

// shortest returns the length of the shortest: the rarity of a set is that of its most
// common member.
func shortest(s []string) int {
	n := 0
	for i, l := range s {
		if i == 0 || len(l) < n {
			n = len(l)
		}
	}
	return n
}

// unbounded is the length of what may go on for ever.
const unbounded = 1 << 20

// lengths returns the fewest characters and the most bytes that a regular
// expression matches.
func lengths(re *syntax.Regexp) (least, most int) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			least++
			if re.Flags&syntax.FoldCase != 0 {
				most += foldedLen(r)
			} else {
				most += utf8.RuneLen(r)
			}
		}
	case syntax.OpCharClass:
		if len(re.Rune) == 0 {
			return 0, 0
		}
		return 1, utf8.RuneLen(re.Rune[len(re.Rune)-1])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1, utf8.UTFMax
	case syntax.OpCapture:
		return lengths(re.Sub[0])
	case syntax.OpQuest:
		_, most = lengths(re.Sub[0])
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		return repeated(re)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			l, m := lengths(sub)
			least, most = least+l, min(unbounded, most+m)
		}
	case syntax.OpAlternate:
		least = unbounded
		for _, sub := range re.Sub {
			l, m := lengths(sub)
			least, most = min(least, l), max(most, m)
		}
	}
	return least, most
}

func repeated(re *syntax.Regexp) (least, most int) {
	l, m := lengths(re.Sub[0])
	switch {
	case re.Op == syntax.OpStar:
		return 0, unbounded
	case re.Op == syntax.OpPlus:
		return l, unbounded
	case re.Max < 0:
		return l * re.Min, unbounded
	}
	return l * re.Min, min(unbounded, m*re.Max)
}

// foldedLen returns the most bytes that a letter takes in any case: k is also the Kelvin
// sign, s the long s.
func foldedLen(r rune) int {
	n := utf8.RuneLen(r)
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		n = max(n, utf8.RuneLen(f))
	}
	return n
}

// anchored reports whether an expression asks for the beginning or the end of the text.
func anchored(re *syntax.Regexp) bool {
	if re.Op == syntax.OpBeginText || re.Op == syntax.OpEndText {
		return true
	}
	for _, sub := range re.Sub {
		if anchored(sub) {
			return true
		}
	}
	return false
}
