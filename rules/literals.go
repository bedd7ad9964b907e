package rules

import (
	"regexp/syntax"
	"strings"
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

// most is how many alternatives a set of literals may have.
const most = 64

// required returns the best set of required literals of a node, or none.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return usable(longestLiteral(re))
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if c := required(sub); better(c, best) {
				best = c
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			c := required(sub)
			if len(c) == 0 || len(all)+len(c) > most {
				return nil
			}
			all = append(all, c...)
		}
		return all
	}
	return nil
}

func usable(s string) []string {
	if len(s) < 3 {
		return nil
	}
	return []string{s}
}

// longestLiteral returns the longest run of a literal whose case folding stays in ASCII.
func longestLiteral(re *syntax.Regexp) string {
	fold := re.Flags&syntax.FoldCase != 0
	best, run := "", ""
	for _, r := range re.Rune {
		if r >= 0x80 || fold && strings.ContainsRune("kKsS", r) {
			run = ""
			continue
		}
		if run += string(r); len(run) > len(best) {
			best = run
		}
	}
	return strings.ToLower(best)
}

// better reports whether literals a are rarer than b: the shortest of them decides.
func better(a, b []string) bool {
	return shortest(a) > shortest(b)
}

func shortest(s []string) int {
	n := 0
	for i, l := range s {
		if i == 0 || len(l) < n {
			n = len(l)
		}
	}
	return n
}
