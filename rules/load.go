package rules

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"sluis/internal/strictyaml"
)

//go:embed packs/*.yaml
var builtin embed.FS

// Builtin returns the rule packs that come with Sluis.
func Builtin() fs.FS {
	sub, err := fs.Sub(builtin, "packs")
	if err != nil {
		panic(err) // the name is fixed at build time
	}
	return sub
}

// Set is a number of rules that load together. It does not change.
type Set struct {
	rules       []Rule
	byID        map[ID]int
	fingerprint string
}

// Rules returns the rules in the order of their packs.
func (s *Set) Rules() []Rule { return s.rules }

// Rule returns the rule with the given id.
func (s *Set) Rule(id ID) (Rule, bool) {
	i, ok := s.byID[id]
	if !ok {
		return Rule{}, false
	}
	return s.rules[i], true
}

// Fingerprint tells one set from another: it changes with any byte of a pack.
func (s *Set) Fingerprint() string { return s.fingerprint }

// Without returns the set with some rules left out. It fails on an id that is not in
// the set: a rule that was to be left out may have been renamed.
func (s *Set) Without(ids ...ID) (*Set, error) {
	for _, id := range ids {
		if _, ok := s.byID[id]; !ok {
			return nil, fmt.Errorf("there is no rule %s to leave out", id)
		}
	}
	left := slices.DeleteFunc(slices.Clone(s.rules), func(r Rule) bool { return slices.Contains(ids, r.ID) })
	return newSet(left, s.fingerprint+fmt.Sprint(ids))
}

func newSet(rs []Rule, source string) (*Set, error) {
	s := &Set{rules: rs, byID: map[ID]int{}}
	for i, r := range rs {
		if first, twice := s.byID[r.ID]; twice {
			return nil, fmt.Errorf("%s:%d: rule %s is in %s:%d already: give it another id", r.File, r.Line, r.ID, rs[first].File, rs[first].Line)
		}
		s.byID[r.ID] = i
	}
	sum := sha256.Sum256([]byte(source))
	s.fingerprint = hex.EncodeToString(sum[:8])
	return s, nil
}

// Load reads every *.yaml file of the given file systems. All that is wrong with the
// rules is told together.
func Load(packs ...fs.FS) (*Set, error) {
	var all []Rule
	var errs []error
	source := ""
	for _, p := range packs {
		names, err := fs.Glob(p, "*.yaml")
		if err != nil {
			return nil, fmt.Errorf("list rule packs: %w", err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(p, name)
			if err != nil {
				return nil, fmt.Errorf("read rule pack: %w", err)
			}
			source += name + "\x00" + string(text)
			rs, err := parsePack(path.Base(name), text)
			all = append(all, rs...)
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return newSet(all, source)
}

// pack is a file of rules on one subject.
type pack struct {
	Subject string  `yaml:"subject"`
	About   Text    `yaml:"about"`
	Rules   []entry `yaml:"rules"`
}

// entry is a rule as a pack has it.
type entry struct {
	ID         ID          `yaml:"id"`
	Purpose    Purpose     `yaml:"purpose"`
	Clause     Clause      `yaml:"clause"`
	Category   Category    `yaml:"category"`
	Directions []Direction `yaml:"directions"`
	Title      Text        `yaml:"title"`
	Phrases    []Phrase    `yaml:"phrases"`
	Regexp     string      `yaml:"regexp"`
	Keywords   []string    `yaml:"keywords"`
	Detect     string      `yaml:"detect"`
	Structure  string      `yaml:"structure"`
	Near       []Phrase    `yaml:"near"`
	Unless     []Phrase    `yaml:"unless"`
	Window     int         `yaml:"window"`
	Min        int         `yaml:"min"`
	Score      int         `yaml:"score"`
	Match      []example   `yaml:"match"`
	NoMatch    []example   `yaml:"no-match"`
}

// example is a text, or a mapping that says more.
type example Example

// UnmarshalYAML implements the interface of goccy/go-yaml.
func (e *example) UnmarshalYAML(unmarshal func(any) error) error {
	if err := unmarshal(&e.Text); err == nil {
		return nil
	}
	var m struct {
		Text      string    `yaml:"text"`
		Message   string    `yaml:"message"`
		Direction Direction `yaml:"direction"`
	}
	if err := unmarshal(&m); err != nil {
		return err
	}
	e.Text, e.Message, e.Direction = m.Text, m.Message, m.Direction
	return nil
}

func parsePack(name string, text []byte) ([]Rule, error) {
	f := strictyaml.File{Name: name, Text: text}
	var p pack
	if err := f.Decode(&p); err != nil {
		return nil, err
	}
	if p.Subject == "" {
		return nil, f.Errorf("$.subject", "no subject: say what the rules of this file are about")
	}
	var rs []Rule
	var errs []error
	for i, e := range p.Rules {
		at := fmt.Sprintf("$.rules[%d]", i)
		r := e.rule()
		r.File, r.Line = name, f.Line(at+".id")
		for _, problem := range check(r) {
			errs = append(errs, f.Errorf(at+problem.key, "rule %s: %s", r.ID, problem.what))
		}
		rs = append(rs, r)
	}
	return rs, errors.Join(errs...)
}

func (e entry) rule() Rule {
	r := Rule{
		ID: e.ID, Purpose: e.Purpose, Clause: e.Clause, Category: e.Category, Title: e.Title,
		Directions: DirectionsOf(e.Directions...),
		Phrases:    e.Phrases, Regexp: e.Regexp, Keywords: e.Keywords, Detect: e.Detect, Structure: e.Structure,
		Near: e.Near, Unless: e.Unless, Window: e.Window, Min: max(1, e.Min), Score: e.Score,
	}
	if r.Window == 0 {
		r.Window = 200
	}
	if r.Directions == 0 {
		r.Directions = AnyDirection
		if r.Purpose == Leak {
			r.Directions = DirectionsOf(Out)
		}
	}
	for _, x := range e.Match {
		r.Match = append(r.Match, Example(x))
	}
	for _, x := range e.NoMatch {
		r.NoMatch = append(r.NoMatch, Example(x))
	}
	if r.Regexp != "" && len(r.Keywords) == 0 {
		r.Keywords, _ = RequiredLiterals(r.Regexp)
	}
	for i, k := range r.Keywords {
		r.Keywords[i] = strings.ToLower(k)
	}
	return r
}
