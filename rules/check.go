package rules

import (
	"errors"
	"fmt"
	"maps"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Vocabulary is what a filter finds beside phrases and patterns, by the names that a rule's
// detect and structure may have.
type Vocabulary struct {
	Detectors  []string
	Structures []string
}

// categories says which categories each purpose may find, and for which clauses (C2.8e:
// what the code does not forbid is not inspected for).
var categories = map[Purpose]map[Category][]string{
	Security: {
		Malware:    {"C3.3a", "C2.9a"},
		Phishing:   {"C3.3a", "C2.9a"},
		Attachment: {"C3.3a", "C2.9a"},
	},
	Conduct: {
		Pornography:    {"C2.2a", "C2.8a", "C2.8d", "C3.3a"},
		Intimidation:   {"C2.2a", "C2.8d", "C3.3a"},
		Racism:         {"C2.2a", "C2.8a", "C2.8d", "C3.3a"},
		Discrimination: {"C2.2a", "C2.8a", "C2.8d", "C3.3a"},
		Insult:         {"C2.2a", "C2.8a", "C3.3a"},
		Threat:         {"C2.2a", "C2.8d", "C3.3a"},
		Incitement:     {"C2.2a", "C2.8d", "C3.3a"},
		FileSharing:    {"C2.1a"},
	},
	Leak: {
		Credentials:  {"C2.1b", "C3.3b"},
		Identity:     {"C2.4a", "C3.3b"},
		Financial:    {"C2.4a", "C3.3b"},
		Personal:     {"C2.4a", "C3.3b"},
		Care:         {"C2.4a", "C3.3b"},
		Confidential: {"C3.3b"},
	},
}

// problem is what is wrong with a rule, and at which key.
type problem struct{ key, what string }

// wrongs gathers problems.
type wrongs []problem

func (w *wrongs) add(key, format string, args ...any) {
	*w = append(*w, problem{key, fmt.Sprintf(format, args...)})
}

// check returns what is wrong with a rule, for a filter that knows these detectors and structures.
func check(r Rule, known Vocabulary) []problem {
	var w wrongs
	if r.ID == (ID{}) {
		w.add("", "no id: name the rule purpose.category.what, such as leak.identity.bsn")
	}
	if err := r.Title.Check(); err != nil {
		w.add(".title", "title: %v", err)
	}
	w.purpose(r)
	w.matcher(r, known)
	w.context(r)
	w.identifiers(r)
	if r.Score < 1 || r.Score > 100 {
		w.add(".score", "score has to be 1 to 100; a category leads to action at %d points", Threshold)
	}
	if r.Min < 1 || r.Min > 1000 {
		w.add(".min", "min has to be 1 to 1000 different hits")
	}
	if len(r.Match) < 2 {
		w.add(".match", "under match, give at least two examples of what the rule catches")
	}
	if len(r.NoMatch) < 2 {
		w.add(".no-match", "under no-match, give at least two examples of what the rule leaves alone")
	}
	return w
}

// purpose holds a rule to section 3.3 of the code.
func (w *wrongs) purpose(r Rule) {
	switch {
	case r.Purpose == NoPurpose:
		w.add("", "no purpose: every rule serves one goal of the code (C3.2a): write purpose: security, conduct or "+
			"leak")
		return
	case r.Purpose == Capacity:
		w.add(".purpose", "capacity is controlled with traffic and storage data, never with content (C3.3c)")
		return
	case r.Purpose == Imagery:
		w.add(".purpose", "imagery is controlled on a complaint or in public imagery, never in mail or web traffic "+
			"(C3.3d)")
		return
	}
	clauses, forbidden := categories[r.Purpose][r.Category]
	switch {
	case r.Category == NoCategory:
		w.add("", "no category: say what the rule finds; for purpose %s, one of %s (C2.8e)", r.Purpose,
			names(categories[r.Purpose]))
	case !forbidden:
		w.add(".category", "the code does not forbid %s for purpose %s (C2.8e): use one of %s", r.Category, r.Purpose,
			names(categories[r.Purpose]))
	case r.Clause == (Clause{}):
		w.add("", "no clause: name the clause of the code that the rule enforces (C3.2a): %s",
			strings.Join(clauses, " or "))
	case !slices.Contains(clauses, r.Clause.String()):
		w.add(".clause", "clause %s does not forbid %s (C2.8e): use %s", r.Clause, r.Category,
			strings.Join(clauses, " or "))
	}
	if r.Purpose == Leak && r.Directions != DirectionsOf(Out) {
		w.add(".directions", "leaks are inspected for only in a sample of what leaves the organisation (C3.3b): write "+
			"directions: [out], or leave the key out")
	}
	if r.Purpose != Leak && r.Detect != "" {
		w.add(".detect", "a detector finds data of persons and secrets, which are inspected for only in the sample "+
			"(C3.3b): use purpose: leak")
	}
}

// names returns the names of categories in the order of their declaration.
func names(cs map[Category][]string) string {
	var ns []string
	for _, c := range slices.Sorted(maps.Keys(cs)) {
		ns = append(ns, c.String())
	}
	return strings.Join(ns, ", ")
}

// matcher checks what a rule looks for.
func (w *wrongs) matcher(r Rule, known Vocabulary) {
	var used []string
	for _, m := range []struct {
		name string
		used bool
	}{
		{"phrases", len(r.Phrases) > 0},
		{"regexp", r.Regexp != ""},
		{"detect", r.Detect != ""},
		{"structure", r.Structure != ""},
	} {
		if m.used {
			used = append(used, m.name)
		}
	}
	switch {
	case len(used) == 0:
		w.add("", "nothing to look for: give phrases, or a regexp, or detect, or structure")
	case len(used) > 1:
		w.add("."+used[1], "a rule looks in one way, and this one has %s: make a rule of each",
			strings.Join(used, " and "))
	}
	if r.Detect != "" && !slices.Contains(known.Detectors, r.Detect) {
		w.add(".detect", "there is no detector %q: use one of %s", r.Detect, strings.Join(known.Detectors, ", "))
	}
	if r.Structure != "" && !slices.Contains(known.Structures, r.Structure) {
		w.add(".structure", "there is no check %q: use one of %s", r.Structure, strings.Join(known.Structures, ", "))
	}
	w.phrases(".phrases", r.Phrases)
	if r.Misspelt && len(r.Phrases) == 0 {
		w.add(".misspelt", "misspelt is about phrases: there are none")
	}
	if r.Regexp != "" {
		w.regexp(r)
	}
}

// context checks what has to stand around a hit, or must not.
func (w *wrongs) context(r Rule) {
	w.phrases(".near", r.Near)
	w.phrases(".also", r.Also)
	if r.Sentence && len(r.Near) == 0 {
		w.add(".sentence", "sentence says that near is in the same sentence: there is no near")
	}
	if len(r.Also) > 0 && len(r.Near) == 0 {
		w.add(".also", "also is a second list beside near: with one list use near")
	}
	w.phrases(".unless", r.Unless)
	if r.Window < 1 || r.Window > 1000 {
		w.add(".window", "window has to be 1 to 1000 bytes")
	}
	if r.Structure != "" && len(r.Near)+len(r.Also)+len(r.Unless) > 0 {
		w.add(".structure", "a check of the structure has no place in the text: leave out near and unless")
	}
}

func (w *wrongs) phrases(key string, ps []Phrase) {
	seen := map[string]int{}
	for i, p := range ps {
		at := fmt.Sprintf("%s[%d]", key, i)
		body := strings.TrimSuffix(strings.TrimPrefix(string(p), "*"), "*")
		switch n := utf8.RuneCountInString(body); {
		case n < 2 || n > 200:
			w.add(at, "a phrase has 2 to 200 characters beside its *")
		case strings.TrimSpace(body) != body:
			w.add(at, "a phrase has no space at its ends: it matches whole words of itself")
		case strings.Contains(body, "*"):
			w.add(at, "a * leaves open the beginning or the end of a phrase: it cannot be inside")
		case strings.ContainsFunc(body, unicode.IsControl):
			w.add(at, "a phrase is on one line")
		}
		low := strings.ToLower(string(p))
		if first, twice := seen[low]; twice {
			w.add(at, "this phrase is in the list already, as number %d", first+1)
		} else {
			seen[low] = i
		}
	}
}

// Bounds of a regular expression.
const (
	maxRegexp       = 1000 // characters
	maxInstructions = 2000 // of its program
)

// regexp checks that an expression can run fast, in a window, over folded text.
func (w *wrongs) regexp(r Rule) {
	if len(r.Regexp) > maxRegexp {
		w.add(".regexp", "a regular expression has at most %d characters: make two rules of it", maxRegexp)
		return
	}
	tree, err := syntax.Parse(r.Regexp, syntax.Perl)
	if err != nil {
		w.add(".regexp", "%s", plainSyntax(err))
		return
	}
	w.reach(r, tree)
	if program, err := syntax.Compile(tree.Simplify()); err != nil || len(program.Inst) > maxInstructions {
		w.add(".regexp", "the expression is too big once its repetitions are written out: use smaller numbers in "+
			"{}, or make two rules of it")
	}
	if strings.ContainsFunc(r.Regexp, func(c rune) bool { return c >= utf8.RuneSelf && unicode.IsLetter(c) }) {
		w.add(".regexp", "letters lose their accents before the search: write e for é")
	}
	if len(r.Keywords) == 0 && !r.Unanchored {
		w.add(".regexp", "nothing fixed of three letters is in all that this finds, and without it the search is "+
			"slow: add keywords, of which one is always near, or unanchored: true to search everywhere nevertheless")
	}
	for i, k := range r.Keywords {
		if len(k) < shortestLiteral {
			w.add(fmt.Sprintf(".keywords[%d]", i), "a keyword has at least three characters")
		}
	}
}

// reach checks where an expression looks, and how far.
func (w *wrongs) reach(r Rule, tree *syntax.Regexp) {
	least, most := lengths(tree)
	switch {
	case least < 2:
		w.add(".regexp", "this can match fewer than two characters, and so nearly everything")
	case most >= unbounded:
		w.add(".regexp", "this can match without end: write a most in place of * and +, such as {0,40}")
	case most > r.Window && r.Window > 0:
		w.add(".regexp", "this can match %d bytes, more than the window of %d: use smaller numbers in {}, or a "+
			"larger window", most, r.Window)
	}
	if anchored(tree) {
		w.add(".regexp", "the text comes in pieces, so that ^ and $ mean nothing: leave them out, or write (?m) in "+
			"front for those of a line")
	}
}

// plainSyntax words a fault of a regular expression.
func plainSyntax(err error) string {
	var fault *syntax.Error
	if !errors.As(err, &fault) {
		return "this is no regular expression (RE2)"
	}
	if fault.Code == syntax.ErrInvalidPerlOp {
		return fmt.Sprintf("there is no %s in these regular expressions (RE2): use near and unless for what stands "+
			"around", fault.Expr)
	}
	return fmt.Sprintf("this is no regular expression (RE2): %s: %s", fault.Code, fault.Expr)
}
