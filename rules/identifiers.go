package rules

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"
)

// securityDigits is how many digits an expression of purpose security may match: enough for "binnen 24
// uur", and for no number of a person, date or postcode.
const securityDigits = 3

// identifiers keeps rules that run on every message from finding numbers and addresses of persons: these are
// data of persons, which are inspected for only in the sample, by leak rules (C3.3b).
func (w *wrongs) identifiers(r Rule) {
	const instead = "data of persons are inspected for only in the sample (C3.3b): use purpose: leak"
	tree, err := syntax.Parse(r.Regexp, syntax.Perl) // of no expression: one that matches nothing
	if err != nil {
		return // and is named
	}
	n := digits(tree)
	switch {
	case r.Purpose == Conduct && n > 0:
		w.add(".regexp", "this can match a digit, as . \\w \\S and [^...] do too, and conduct is a matter of words: "+
			"write [a-z] for what may stand between them; %s", instead)
	case r.Purpose == Conduct && matchesAt(tree):
		w.add(".regexp", "this can match an @, and so an address: %s", instead)
	case r.Purpose == Security && n > securityDigits:
		w.add(".regexp", "this can match more than %d digits, and so a number of a person: %s", securityDigits, instead)
	}
	if r.Purpose != Conduct {
		return
	}
	for _, list := range []struct {
		key   string
		words []string
	}{
		{".phrases", plain(r.Phrases)},
		{".near", plain(r.Near)},
		{".also", plain(r.Also)},
		{".keywords", r.Keywords},
	} {
		for i, word := range list.words {
			if strings.ContainsFunc(word, func(c rune) bool { return unicode.IsNumber(c) || isAt(c) }) {
				w.add(fmt.Sprintf("%s[%d]", list.key, i), "a phrase with a digit or an @ can be a number or an "+
					"address of a person, and conduct is a matter of words: %s", instead)
			}
		}
	}
}

func plain(ps []Phrase) (all []string) {
	for _, p := range ps {
		all = append(all, string(p))
	}
	return all
}

func isAt(r rune) bool { return r == '@' || r == '＠' }

// digits returns the most digits that a match of an expression has, at most unbounded.
func digits(re *syntax.Regexp) (n int) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if unicode.IsNumber(r) {
				n++
			}
		}
	case syntax.OpCharClass:
		if classHas(re, unicode.IsNumber) {
			n = 1
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		n = 1
	case syntax.OpCapture, syntax.OpQuest:
		n = digits(re.Sub[0])
	case syntax.OpStar, syntax.OpPlus:
		n = digits(re.Sub[0]) * unbounded
	case syntax.OpRepeat:
		times := re.Max
		if times < 0 {
			times = unbounded
		}
		n = digits(re.Sub[0]) * times
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			n = min(unbounded, n+digits(sub))
		}
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			n = max(n, digits(sub))
		}
	}
	return min(n, unbounded)
}

// matchesAt reports whether an expression can match an @.
func matchesAt(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return strings.ContainsFunc(string(re.Rune), isAt)
	case syntax.OpCharClass:
		return classHas(re, isAt)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	}
	for _, sub := range re.Sub {
		if matchesAt(sub) {
			return true
		}
	}
	return false
}

// classHas reports whether a class of characters has one of a kind, in the first planes of Unicode: text is folded
// to ASCII digits and signs before it is searched.
func classHas(re *syntax.Regexp, kind func(rune) bool) bool {
	for i := 0; i+1 < len(re.Rune); i += 2 {
		for r := re.Rune[i]; r <= min(re.Rune[i+1], 0xFFFF); r++ {
			if kind(r) {
				return true
			}
		}
	}
	return false
}
