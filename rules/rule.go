package rules

import "sluis/internal/lang"

// Rule is one thing to look for. Its fields are the keys of a rule in a pack.
//
// A rule matches by phrases, by a regular expression near its keywords, by a
// detector of package filter/detect, or by a check of the item's structure: exactly
// one of the four, narrowed by Near and Unless.
type Rule struct {
	ID         ID
	Purpose    Purpose
	Clause     Clause
	Category   Category
	Directions Directions // empty in a pack: the purpose's usual directions
	Title      lang.Text  // for a reviewer

	Phrases    []Phrase
	Misspelt   bool     // Phrases and Near are found misspelt as well: see Misspelt
	Regexp     string   // RE2; runs only within Window bytes of a keyword
	Keywords   []string // literals of which one has to be near; without any they are extracted from Regexp
	Unanchored bool     // Regexp has no keywords, on purpose: it runs over all text
	Detect     string   // a detector of filter/detect, such as "bsn"
	Structure  string   // a check of the item's shape, such as "executable-attachment"

	Near     []Phrase // at least one has to be within Window of the hit
	Also     []Phrase // and one of these, if there are any
	Unless   []Phrase // none may be within Window of the hit
	Sentence bool     // Near and Also have to be in the sentence of the hit
	Except   []Phrase // the hit may not lie within one: see Exception
	Window   int      // bytes; 0 means 200
	Min      int      // distinct hits needed before the rule counts; 0 means 1
	Score    int      // points per distinct hit, 1 to 100

	Match   []Example // at least two, caught
	NoMatch []Example // at least two, left alone

	File    string // the pack, for messages
	Line    int
	Builtin bool // it comes with Sluis
}

// ReadsNoText reports whether a rule judges the shape of an item and the hosts in it, and no words.
func (r Rule) ReadsNoText() bool { return r.Structure != "" }

// Threshold is the number of points at which a category's findings lead to action:
// a rule of 100 points decides alone, weaker ones have to come together.
const Threshold = 100

// Phrase is a literal, matched without regard to case. It matches whole words unless
// it starts or ends with *, which leaves that side open.
type Phrase string

// Example is text, or a whole message, that a rule has to catch or leave alone.
type Example struct {
	Text      string
	Message   string // an RFC 5322 message; line feeds stand for CR LF
	Direction Direction
}
