package filter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"sluis/filter/detect"
	"sluis/filter/domains"
	"sluis/filter/literal"
	"sluis/filter/peopleindex"
	"sluis/filter/text"
	"sluis/rules"
)

// Options are what an Engine needs to know of the organisation.
type Options struct {
	OwnDomains []string           // for look-alikes of them
	People     *peopleindex.Index // of the organisation's own lists; may be nil
	Sites      *domains.Index     // hosts of phishing and malware; may be nil
	Limits     text.Limits        // zero: the defaults
	Witnessed  Witnessed          // nil: phrases are witnessed each time
}

// Engine inspects items. It is safe for concurrent use and does not change.
type Engine struct {
	set  *rules.Set
	opts Options

	mu       sync.Mutex
	scanners map[grounded]*scanner
	ownWords bool // a rule of the organisation's own looks for words
}

// Compile makes the scanners of the grounds that occur every day: security alone, with
// conduct, and with leak as well. Others are made when an order asks for them.
func Compile(set *rules.Set, opts Options) (*Engine, error) {
	everything := rules.SetOf(rules.Security, rules.Conduct, rules.Leak)
	e := &Engine{set: set, opts: opts, scanners: map[grounded]*scanner{}}
	e.ownWords = slices.ContainsFunc(set.Rules(), func(r rules.Rule) bool { return !r.Builtin && !r.ReadsNoText() })
	var searches []search
	var all *builder
	for _, ps := range []rules.Purposes{
		rules.SetOf(rules.Security),
		rules.SetOf(rules.Security, rules.Conduct),
		everything,
	} {
		s, b, err := buildScanner(set, grounded{purposes: ps}, opts.People)
		if err != nil {
			return nil, fmt.Errorf("compile rules for %v: %w", ps, err)
		}
		e.scanners[grounded{purposes: ps}], all = s, b
		searches = append(searches, search{s.matcher, b.patterns})
	}
	return e, e.witness(all, searches)
}

// witness has the phrases of all rules, from the builder of a scanner that has them, found a
// second time, unless that was done for the same rules before.
func (e *Engine) witness(all *builder, searches []search) error {
	known := e.opts.Witnessed
	if known != nil && known.Has(e.set.Fingerprint()) {
		return nil
	}
	if err := witnessAll(e.set, all, searches); err != nil {
		return err
	}
	if known != nil {
		known.Add(e.set.Fingerprint())
	}
	return nil
}

// Rules returns the rules that the engine was compiled from.
func (e *Engine) Rules() *rules.Set { return e.set }

// grounded is what a scanner is made for.
type grounded struct {
	purposes     rules.Purposes
	confidential bool // without rules of the organisation's own that look for words
}

func (g grounded) has(r rules.Rule) bool {
	return g.purposes.Has(r.Purpose) && (!g.confidential || r.Builtin || r.ReadsNoText())
}

// scanner returns the scanner that holds the rules of these grounds and no others.
func (e *Engine) scanner(g grounded) (*scanner, error) {
	g.confidential = g.confidential && e.ownWords
	e.mu.Lock()
	defer e.mu.Unlock()
	if s, ok := e.scanners[g]; ok {
		return s, nil
	}
	s, _, err := buildScanner(e.set, g, e.opts.People)
	if err != nil {
		return nil, fmt.Errorf("compile rules for %v: %w", g.purposes, err)
	}
	e.scanners[g] = s
	return s, nil
}

// scanner holds the compiled rules of a set of purposes.
type scanner struct {
	purposes   rules.Purposes
	rules      []compiled
	matcher    *literal.Matcher
	literals   []term // by pattern of the matcher
	longest    int    // of them, in bytes
	reach      int    // how far around a place what is there can matter, in bytes
	detectors  []detector
	people     *peopleindex.Index // of whom persons and names are found
	persons    []int              // rules that ask for them
	names      []int
	everywhere []int // rules whose regular expression has no keywords
	shapes     []int // rules that check the structure
}

// compiled is a rule, ready to run.
type compiled struct {
	rules.Rule
	re                         *regexp.Regexp
	near, also, unless, except literals
}

// literals is a set of patterns of the matcher.
type literals []uint64

func (l literals) has(pattern int) bool {
	return pattern>>6 < len(l) && l[pattern>>6]&(1<<(pattern&63)) != 0
}

func (l *literals) add(pattern int) {
	for pattern>>6 >= len(*l) {
		*l = append(*l, 0)
	}
	(*l)[pattern>>6] |= 1 << (pattern & 63)
}

// meets reports whether two sets have a pattern in common.
func (l literals) meets(other literals) bool {
	for i := range min(len(l), len(other)) {
		if l[i]&other[i] != 0 {
			return true
		}
	}
	return false
}

// use says what a literal is for, beside the context of rules.
type term struct {
	size      int
	phraseOf  []int  // rules
	keywordOf []int  // rules
	triggers  uint64 // detectors, by their numbers
}

// detector is a detector with the rules that ask for it.
type detector struct {
	detect.Detector
	rules []int
}

// buildScanner makes a scanner, and returns the builder with its patterns.
func buildScanner(set *rules.Set, g grounded, people *peopleindex.Index) (*scanner, *builder, error) {
	b := newBuilder(g.purposes, people, detect.All())
	s := b.scanner
	for _, r := range set.Rules() {
		if !g.has(r) {
			continue
		}
		if err := b.add(r); err != nil {
			return nil, nil, fmt.Errorf("rule %s: %w", r.ID, err)
		}
	}
	for _, r := range s.rules {
		s.reach = max(s.reach, r.Window+s.longest)
	}
	m, err := literal.Compile(b.list)
	s.matcher = m
	return s, b, err
}

// builder gathers literals, so that each is searched for once.
type builder struct {
	*scanner
	patterns  map[literal.Pattern]int
	list      []literal.Pattern
	detectors map[string]int
	known     []detect.Detector
}

func newBuilder(ps rules.Purposes, people *peopleindex.Index, known []detect.Detector) *builder {
	return &builder{
		scanner:   &scanner{purposes: ps, people: people},
		patterns:  map[literal.Pattern]int{},
		detectors: map[string]int{},
		known:     known,
	}
}

func (b *builder) add(r rules.Rule) error {
	i := len(b.scanner.rules)
	c := compiled{Rule: r}
	for _, p := range spelt(r, r.Phrases) {
		u := b.literal(p)
		if of := b.literals[u].phraseOf; len(of) == 0 || of[len(of)-1] != i {
			b.literals[u].phraseOf = append(of, i)
		}
	}
	for _, list := range []struct {
		phrases []rules.Phrase
		set     *literals
	}{{spelt(r, r.Near), &c.near}, {r.Also, &c.also}, {r.Unless, &c.unless}, {r.Except, &c.except}} {
		for _, p := range list.phrases {
			list.set.add(b.literal(p))
		}
	}
	if r.Regexp != "" {
		re, err := regexp.Compile(r.Regexp)
		if err != nil {
			return err
		}
		c.re = re
		for _, k := range r.Keywords {
			u := b.literal(rules.Phrase("*" + k + "*"))
			b.literals[u].keywordOf = append(b.literals[u].keywordOf, i)
		}
		if len(r.Keywords) == 0 {
			b.everywhere = append(b.everywhere, i)
		}
	}
	if r.Detect != "" {
		if err := b.detector(r.Detect, i); err != nil {
			return err
		}
	}
	if r.Structure != "" {
		if _, ok := structures[r.Structure]; !ok {
			return fmt.Errorf("there is no check %q", r.Structure)
		}
		b.shapes = append(b.shapes, i)
	}
	b.scanner.rules = append(b.scanner.rules, c)
	return nil
}

// spelt returns phrases of a rule, misspelt as well if it asks for that.
func spelt(r rules.Rule, ps []rules.Phrase) []rules.Phrase {
	if !r.Misspelt {
		return ps
	}
	all := slices.Clone(ps)
	for _, p := range ps {
		all = append(all, rules.Misspelt(p)...)
	}
	return all
}

func (b *builder) detector(name string, rule int) error {
	switch name {
	case indexedPerson:
		b.persons = append(b.persons, rule)
		return nil
	case indexedName:
		b.names = append(b.names, rule)
		return nil
	}
	i := slices.IndexFunc(b.known, func(d detect.Detector) bool { return d.Name == name })
	if i < 0 {
		return fmt.Errorf("there is no detector %q", name)
	}
	d := b.known[i]
	at, ok := b.detectors[name]
	if !ok {
		at = len(b.scanner.detectors)
		b.detectors[name] = at
		b.scanner.detectors = append(b.scanner.detectors, detector{Detector: d})
		for _, w := range d.Words {
			b.literals[b.literal(rules.Phrase(w+"*"))].triggers |= 1 << at
		}
	}
	b.scanner.detectors[at].rules = append(b.scanner.detectors[at].rules, rule)
	return nil
}

// literal adds a phrase as the line of a folded text has it, and returns its number.
func (b *builder) literal(p rules.Phrase) int {
	body, left := strings.CutPrefix(string(p), "*")
	body, right := strings.CutSuffix(body, "*")
	var l line
	l.set(text.Fold(nil, []byte(strings.ToLower(body))))
	body = string(l.text)
	pattern := literal.Pattern{Text: body, OpenLeft: left, OpenRight: right}
	at, ok := b.patterns[pattern]
	if !ok {
		at = len(b.list)
		b.patterns[pattern] = at
		b.list = append(b.list, pattern)
		b.literals = append(b.literals, term{size: len(body)})
		b.longest = max(b.longest, len(body))
	}
	return at
}
