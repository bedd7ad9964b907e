package rules

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"sluis/internal/lang"
	"sluis/internal/strictyaml"
)

// pack is a file of rules on one subject.
type pack struct {
	Subject string    `yaml:"subject"`
	About   lang.Text `yaml:"about"`
	Rules   []entry   `yaml:"rules"`

	file strictyaml.File
}

// entry is a rule as a pack has it.
type entry struct {
	ID         ID          `yaml:"id"`
	Purpose    Purpose     `yaml:"purpose"`
	Clause     Clause      `yaml:"clause"`
	Category   Category    `yaml:"category"`
	Directions []Direction `yaml:"directions"`
	Title      lang.Text   `yaml:"title"`
	Phrases    []string    `yaml:"phrases"`
	Misspelt   bool        `yaml:"misspelt"`
	Regexp     string      `yaml:"regexp"`
	Keywords   []string    `yaml:"keywords"`
	Unanchored bool        `yaml:"unanchored"`
	Detect     string      `yaml:"detect"`
	Structure  string      `yaml:"structure"`
	Also       []string    `yaml:"also"`
	Sentence   bool        `yaml:"sentence"`
	Near       []string    `yaml:"near"`
	Unless     []string    `yaml:"unless"`
	Window     *whole      `yaml:"window"`
	Min        *whole      `yaml:"min"`
	Score      whole       `yaml:"score"`
	Match      []example   `yaml:"match"`
	NoMatch    []example   `yaml:"no-match"`
}

// parsePack reads a pack. The rules in it are still to be checked.
func parsePack(name string, text []byte) (*pack, error) {
	p := &pack{file: strictyaml.File{Name: name, Text: text}}
	if line := secondDocument(text); line > 0 {
		return nil, fmt.Errorf("%s:%d:1: a second document begins here and would not be read: take out the line "+
			"with ---", name, line)
	}
	if err := p.file.Decode(p); err != nil {
		return nil, err
	}
	if strings.TrimSpace(p.Subject) == "" {
		return nil, p.file.Errorf("$.subject", "no subject: say at the top what the rules of this file are about")
	}
	if len(p.Rules) == 0 {
		return nil, p.file.Errorf("$.rules", "no rules: list at least one under rules, or take the file away")
	}
	return p, nil
}

// secondDocument returns the line on which another YAML document begins; 0 if there is
// none.
func secondDocument(text []byte) int {
	began := false
	n := 0
	for line := range bytes.Lines(text) {
		n++
		line = bytes.TrimRight(line, " \t\r\n")
		switch {
		case bytes.Equal(line, []byte("---")) || bytes.HasPrefix(line, []byte("--- ")):
			if began {
				return n
			}
			began = true
		case len(line) > 0 && line[0] != '#' && line[0] != '%':
			began = true
		}
	}
	return 0
}

// at returns the path of a rule in the file.
func (p *pack) at(i int) string { return fmt.Sprintf("$.rules[%d]", i) }

// called returns how an error begins that is about a rule.
func (p *pack) called(i int) string {
	if id := p.Rules[i].ID; id != (ID{}) {
		return "rule " + id.String() + ": "
	}
	return ""
}

// rule returns a rule with what it leaves out filled in.
func (p *pack) rule(i int) Rule {
	e := p.Rules[i]
	r := Rule{
		ID: e.ID, Purpose: e.Purpose, Clause: e.Clause, Category: e.Category, Title: e.Title,
		Directions: DirectionsOf(e.Directions...),
		Phrases:    phrases(e.Phrases), Misspelt: e.Misspelt, Regexp: e.Regexp, Unanchored: e.Unanchored,
		Detect: e.Detect, Structure: e.Structure,
		Near: phrases(e.Near), Also: phrases(e.Also), Sentence: e.Sentence, Unless: phrases(e.Unless),
		Window: e.Window.or(200), Min: e.Min.or(1), Score: int(e.Score),
		File: p.file.Name, Line: p.file.Line(p.at(i)),
	}
	if r.Directions == 0 {
		r.Directions = AnyDirection
		if r.Purpose == Leak {
			r.Directions = DirectionsOf(Out)
		}
	}
	for _, k := range e.Keywords {
		r.Keywords = append(r.Keywords, strings.ToLower(k))
	}
	if r.Regexp != "" && len(r.Keywords) == 0 && !r.Unanchored {
		r.Keywords, _ = RequiredLiterals(r.Regexp)
	}
	r.Match, r.NoMatch = examples(e.Match, r.Directions), examples(e.NoMatch, r.Directions)
	return r
}

func phrases(list []string) []Phrase {
	var ps []Phrase
	for _, s := range list {
		ps = append(ps, Phrase(s))
	}
	return ps
}

// examples gives those that name no direction the first of the rule's.
func examples(list []example, ds Directions) []Example {
	usual := In
	for _, d := range []Direction{Internal, Out, In} {
		if ds.Has(d) {
			usual = d
		}
	}
	var xs []Example
	for _, e := range list {
		x := Example{Text: e.text, Message: e.message, Direction: usual}
		if e.direction != nil {
			x.Direction = *e.direction
		}
		xs = append(xs, x)
	}
	return xs
}

// check says what is wrong with the form of a rule that became r.
func (e entry) check(r Rule) []problem {
	var ps []problem
	for _, list := range []struct {
		key      string
		examples []example
	}{{".match", e.Match}, {".no-match", e.NoMatch}} {
		for i, x := range list.examples {
			key := fmt.Sprintf("%s[%d]", list.key, i)
			if (x.text == "") == (x.message == "") {
				ps = append(ps, problem{key, "an example has either a text or a message"})
			}
			if x.direction != nil && !r.Directions.Has(*x.direction) {
				ps = append(ps, problem{key, "the rule does not look in the direction of this example"})
			}
		}
	}
	if len(e.Keywords) > 0 && e.Regexp == "" {
		ps = append(ps, problem{".keywords", "keywords go with a regexp: use near for words around a phrase"})
	}
	if e.Unanchored && (e.Regexp == "" || len(e.Keywords) > 0) {
		ps = append(ps, problem{".unanchored", "unanchored is for a regexp that has no keywords"})
	}
	return ps
}

// example is a text, or a mapping that says more.
type example struct {
	text, message string
	direction     *Direction
}

// UnmarshalYAML implements the interface of goccy/go-yaml.
func (e *example) UnmarshalYAML(unmarshal func(any) error) error {
	if err := unmarshal(&e.text); err == nil {
		return nil
	}
	var m struct {
		Text      string     `yaml:"text"`
		Message   string     `yaml:"message"`
		Direction *Direction `yaml:"direction"`
	}
	if err := unmarshal(&m); err != nil {
		return err
	}
	e.text, e.message, e.direction = m.Text, m.Message, m.Direction
	return nil
}

// whole is a number without a fraction, which the library would cut off in silence.
type whole int

// UnmarshalYAML implements the interface of goccy/go-yaml.
func (n *whole) UnmarshalYAML(unmarshal func(any) error) error {
	var v any
	if err := unmarshal(&v); err != nil {
		return err
	}
	switch v := v.(type) {
	case uint64:
		*n = whole(min(v, 1<<30))
	case int64:
		*n = whole(max(v, -1<<30))
	case float64:
		return fmt.Errorf("\"%v\" is no whole number", v)
	case string:
		return fmt.Errorf("%q is no number: write one without quotes", v)
	default:
		return errors.New("expected a whole number")
	}
	return nil
}

// or returns the number, or what it is if a pack leaves it out.
func (n *whole) or(usual int) int {
	if n == nil {
		return usual
	}
	return int(*n)
}
