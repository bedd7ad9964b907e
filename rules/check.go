package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Detectors are the names that a rule's detect may have; package filter/detect has one
// for each.
var Detectors = []string{
	"bsn", "onderwijsnummer", "iban", "card", "passport", "driving-licence",
	"phone", "birth-date", "postcode", "email", "secret", "private-key",
}

// Structures are the names that a rule's structure may have; package filter has a check
// for each.
var Structures = []string{
	"executable-attachment", "macro-attachment", "double-extension", "disguised-attachment",
	"lying-link", "lookalike-domain",
}

// categories says which categories each purpose may find, and for which clauses (C2.8e:
// what the code does not forbid is not looked for).
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

// check says what is wrong with a rule.
func check(r Rule) []problem {
	var ps []problem
	wrong := func(key, format string, args ...any) { ps = append(ps, problem{key, fmt.Sprintf(format, args...)}) }
	if r.ID == (ID{}) {
		wrong("", "no id: name it purpose.category.what, such as leak.identity.bsn")
	}
	checkPurpose(r, wrong)
	checkMatcher(r, wrong)
	if r.Score < 1 || r.Score > 100 {
		wrong(".score", "score has to be 1 to 100; at %d points in a category there is action", Threshold)
	}
	if r.Window < 1 || r.Window > 1000 {
		wrong(".window", "window has to be 1 to 1000 bytes")
	}
	if r.Title.NL == "" || r.Title.EN == "" {
		wrong(".title", "no title in both languages: write title: {nl: ..., en: ...}")
	}
	if len(r.Match) < 2 {
		wrong(".match", "a rule needs at least two examples of what it catches under match")
	}
	if len(r.NoMatch) < 2 {
		wrong(".no-match", "a rule needs at least two examples of what it leaves alone under no-match")
	}
	return ps
}

func checkPurpose(r Rule, wrong func(key, format string, args ...any)) {
	found := categories[r.Purpose]
	switch {
	case r.Purpose == NoPurpose:
		wrong("", "no purpose: every rule serves one goal of the code (C3.2a): security, conduct or leak")
		return
	case r.Purpose == Capacity:
		wrong(".purpose", "capacity is controlled with traffic and storage data, never with content (C3.3c)")
		return
	case r.Purpose == Imagery:
		wrong(".purpose", "imagery is controlled on a complaint or in public pages, never in mail or web traffic (C3.3d)")
		return
	case r.Clause == (Clause{}):
		wrong("", "no clause: name the clause of the code that it serves (C3.2a)")
		return
	}
	clauses, ok := found[r.Category]
	if !ok {
		wrong(".category", "category %s is not one that the code forbids for purpose %s (C2.8e)", r.Category, r.Purpose)
	} else if !slices.Contains(clauses, r.Clause.String()) {
		wrong(".clause", "clause %s does not forbid %s: use one of %s", r.Clause, r.Category, strings.Join(clauses, ", "))
	}
	if r.Purpose == Leak && r.Directions != DirectionsOf(Out) {
		wrong(".directions", "leaks are looked for in what leaves the organisation, in the sample (C3.3b): use [out]")
	}
}

func checkMatcher(r Rule, wrong func(key, format string, args ...any)) {
	matchers := 0
	for _, used := range []bool{len(r.Phrases) > 0, r.Regexp != "", r.Detect != "", r.Structure != ""} {
		if used {
			matchers++
		}
	}
	if matchers != 1 {
		wrong("", "a rule matches by exactly one of phrases, regexp, detect and structure")
	}
	if r.Detect != "" && !slices.Contains(Detectors, r.Detect) {
		wrong(".detect", "there is no detector %q: use one of %s", r.Detect, strings.Join(Detectors, ", "))
	}
	if r.Structure != "" && !slices.Contains(Structures, r.Structure) {
		wrong(".structure", "there is no check %q: use one of %s", r.Structure, strings.Join(Structures, ", "))
	}
	for _, list := range []struct {
		key     string
		phrases []Phrase
	}{{".phrases", r.Phrases}, {".near", r.Near}, {".unless", r.Unless}} {
		for i, p := range list.phrases {
			if n := len(strings.Trim(string(p), "* ")); n < 2 || n > 200 {
				wrong(fmt.Sprintf("%s[%d]", list.key, i), "a phrase has 2 to 200 characters beside its *")
			}
		}
	}
	if r.Regexp != "" {
		checkRegexp(r, wrong)
	}
}

func checkRegexp(r Rule, wrong func(key, format string, args ...any)) {
	if len(r.Regexp) > 1000 {
		wrong(".regexp", "a regular expression has at most 1000 characters: make two rules of it")
		return
	}
	re, err := regexp.Compile(r.Regexp)
	switch {
	case err != nil:
		wrong(".regexp", "this is no regular expression (RE2): %v", err)
	case re.MatchString(""):
		wrong(".regexp", "this matches the empty text, and so everything")
	case len(r.Keywords) == 0:
		wrong(".regexp", "no letters that always are in what this finds: add keywords, of which one has to be near")
	}
	for i, k := range r.Keywords {
		if len(k) < 3 {
			wrong(fmt.Sprintf(".keywords[%d]", i), "a keyword has at least three characters")
		}
	}
}
