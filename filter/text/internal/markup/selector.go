package markup

import (
	"bytes"
	"slices"
	"strings"
)

// rule is declarations for the elements that have all of own and none of none, within elements that have all of
// around, after ones that have all of before.
type rule struct {
	own, none, around, before marks
	weight                    int
	unsure                    bool // the selector asks for more
	style                     []byte
}

// attributeTest asks for an attribute of an element; so does the simple selector of a number.
type attributeTest struct {
	simple      int
	name, value string
	how         byte // 0: that there is one; or '=', '~', '^', '$', '*', '|' (Selectors 4, section 6)
}

// holds reports whether the attribute has such a value.
func (t *attributeTest) holds(value string) bool {
	switch t.how {
	case 0:
		return true
	case '=':
		return value == t.value
	case '|':
		return value == t.value || strings.HasPrefix(value, t.value+"-")
	case '~':
		return slices.Contains(strings.Fields(value), t.value)
	}
	switch {
	case t.value == "":
		return false
	case t.how == '^':
		return strings.HasPrefix(value, t.value)
	case t.how == '$':
		return strings.HasSuffix(value, t.value)
	}
	return strings.Contains(value, t.value)
}

// maxExpansions bounds the selectors that one with alternatives stands for.
const maxExpansions = 32

// oneOf are the pseudo-classes that hold for each of several selectors.
var oneOf = []string{":is(", ":where(", ":matches(", ":-webkit-any(", ":-moz-any("}

// element marks the name of an element that does not stand first.
const elementMark = "\x00"

// expand adds the rules of a selector, one for each of its alternatives, and returns how many more there may be.
func (s *sheet) expand(selector string, style []byte, left int) int {
	for _, word := range oneOf {
		before, rest, found := strings.Cut(selector, word)
		if !found {
			continue
		}
		args, after := argsOf([]byte(rest))
		for _, other := range alternatives(string(args)) {
			if left <= 0 {
				return 0
			}
			other = strings.TrimSpace(other)
			if len(other) > 0 && (other[0] >= 'a' && other[0] <= 'z') {
				other = elementMark + other
			}
			left = s.expand(before+other+string(after), style, left-1)
		}
		return left
	}
	s.rule(selector, style)
	return left
}

// alternatives splits a list of selectors at its commas.
func alternatives(list string) []string { return splitOutside(list, ",") }

// splitOutside splits a selector at characters that stand in no parentheses, brackets or quotes.
func splitOutside(s, at string) (parts []string) {
	depth, quote, begin := 0, byte(0), 0
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case depth == 0 && strings.IndexByte(at, c) >= 0:
			parts = append(parts, s[begin:i])
			begin = i + 1
		}
	}
	return append(parts, s[begin:])
}

// rule adds the rule of one selector.
func (s *sheet) rule(selector string, style []byte) {
	if len(s.rules) >= maxRules {
		return
	}
	selector = strings.TrimSpace(strings.NewReplacer("\n", " ", "\t", " ", "\r", " ").Replace(selector))
	steps := splitOutside(selector, " >+~")
	if len(steps) > 4*maxSteps {
		return
	}
	r := rule{style: style}
	at, left := len(selector), maxSteps
	last, beside := true, false // the step is the last; it stands beside the one after it
	for _, step := range slices.Backward(steps) {
		at -= len(step)
		if step != "" {
			to := &r.around
			switch {
			case last:
				to = &r.own
			case beside && left == maxSteps-1:
				to = &r.before
			case beside: // beside what the element is in
				to = &marks{}
				r.unsure = true
			}
			if left--; left < 0 || !s.step(step, to, &r, last) {
				return
			}
			last, beside = false, false
		}
		if at--; at >= 0 && (selector[at] == '+' || selector[at] == '~') {
			beside = true
		}
	}
	if !last && (!r.unsure || hides(style)) {
		s.rules = append(s.rules, r)
	}
}

// hides reports whether declarations hide a text by themselves, or decide on what another ink hides it.
func hides(style []byte) bool {
	l, b := plain, box{parent: plain, rules: true}
	l.declare(&b, style)
	b.important = true
	l.declare(&b, style)
	l.settle(&b)
	return l.hidden() || strings.Contains(strings.ToLower(string(style)), "background")
}

// step adds the simple selectors of a step, such as "td.small"; false if it holds for no element that is known here.
func (s *sheet) step(step string, to *marks, r *rule, own bool) bool {
	if strings.ContainsAny(step, "@%\\&|") && !strings.Contains(step, "[") {
		return false
	}
	for len(step) > 0 {
		var name string
		name, step = nextSimple(step)
		switch name[0] {
		case '*':
			continue
		case ':':
			if !s.pseudo(name, to, r, own) {
				return false
			}
			continue
		case '#':
			r.weight += 10_000
		case '.', '[':
			r.weight += 100
		default:
			r.weight++
		}
		if !s.add(name, to) {
			return false
		}
	}
	return true
}

// nextSimple cuts the first simple selector from a step.
func nextSimple(step string) (name, rest string) {
	step = strings.TrimPrefix(step, elementMark)
	if step == "" {
		return "*", ""
	}
	depth := 0
	for i := range len(step) {
		switch c := step[i]; {
		case c == '(' || c == '[' && i == 0:
			depth++
		case (c == ')' || c == ']') && depth > 0:
			if depth--; depth == 0 {
				return step[:i+1], step[i+1:]
			}
		case depth == 0 && i > 0 && strings.IndexByte(".#[:"+elementMark, c) >= 0 && step[:i] != ":":
			return step[:i], step[i:]
		}
	}
	return step, ""
}

// add adds a simple selector to marks; false if there are too many, or it is none.
func (s *sheet) add(name string, to *marks) bool {
	n, known := s.simple[name]
	if !known {
		if n = len(s.simple); n == maxSelectors {
			return false
		}
		if s.simple == nil {
			s.simple = map[string]int{}
		}
		if name[0] == '[' {
			t, ok := parseAttribute(name)
			if !ok {
				return false
			}
			t.simple = n
			s.attrs = append(s.attrs, t)
		}
		s.simple[name] = n
	}
	to.add(n)
	return true
}

// parseAttribute parses a selector of an attribute.
func parseAttribute(name string) (t attributeTest, ok bool) {
	inner, closed := strings.CutSuffix(name[1:], "]")
	if !closed {
		return t, false
	}
	key, value, has := strings.Cut(inner, "=")
	if !has {
		t.name = strings.TrimSpace(key)
		return t, t.name != ""
	}
	t.how = '='
	if n := len(key); n > 0 && strings.IndexByte("~^$*|", key[n-1]) >= 0 {
		t.how, key = key[n-1], key[:n-1]
	}
	t.name = strings.TrimSpace(key)
	value = strings.TrimSpace(value)
	if len(value) > 0 && (value[0] == '"' || value[0] == '\'') {
		value, _, _ = strings.Cut(value[1:], value[:1])
	} else {
		value, _, _ = strings.Cut(value, " ")
	}
	t.value = value
	return t, t.name != ""
}

// structural are the pseudo-classes that ask where an element stands, or what it holds or is.
var structural = []string{"first-", "last-", "only-", "nth-", "empty", "link", "any-link", "lang", "dir", "enabled",
	"read-only", "defined", "scope", "has", "contains", "optional", "valid"}

// pseudo adds a pseudo-class; false if it does not hold while nobody does anything, or names no element.
func (s *sheet) pseudo(name string, to *marks, r *rule, own bool) bool {
	kind, args, has := strings.Cut(strings.TrimPrefix(name, ":"), "(")
	r.weight += 100
	switch {
	case kind == "root":
		return s.add("html", to)
	case kind == "not" && has:
		r.weight -= 100
		for _, other := range alternatives(strings.TrimSuffix(args, ")")) {
			s.unless(strings.TrimSpace(other), r, own)
		}
		return true
	case slices.ContainsFunc(structural, func(p string) bool { return strings.HasPrefix(kind, p) }):
		r.unsure = true
		return true
	}
	return false
}

// unless adds what an element must not be. What a person does is no bar.
func (s *sheet) unless(other string, r *rule, own bool) {
	name, rest := "", ""
	if other != "" {
		name, rest = nextSimple(other)
	}
	switch {
	case name == "", name[0] == ':' && !strings.HasPrefix(name, ":root"):
		r.unsure = r.unsure || name == "" ||
			slices.ContainsFunc(structural, func(p string) bool { return strings.HasPrefix(name[1:], p) })
	case rest != "" || !own || strings.ContainsAny(name, "* >+~") && name[0] != '[':
		r.unsure = true
	case name == ":root":
		s.add("html", &r.none)
	default:
		s.add(name, &r.none) // one too many is no bar
	}
}

// marksOf returns the simple selectors that an element has.
func (s *sheet) marksOf(name, id, class []byte, attrs []Attr) (m marks) {
	if len(s.simple) == 0 {
		return m
	}
	has := func(kind byte, b []byte) {
		var small [64]byte
		key := small[:0]
		if kind != 0 {
			key = append(key, kind)
		}
		for _, c := range b[:min(len(b), len(small)-1)] {
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			key = append(key, c)
		}
		if n, ok := s.simple[string(key)]; ok {
			m.add(n)
		}
	}
	has(0, name)
	if len(id) > 0 {
		has('#', bytes.TrimSpace(id))
	}
	for c := range bytes.FieldsSeq(class) {
		has('.', c)
	}
	for i := range s.attrs {
		t := &s.attrs[i]
		for _, at := range attrs {
			if strings.EqualFold(t.name, string(at.Name)) && (t.how == 0 || t.holds(valueOf(at))) {
				m.add(t.simple)
			}
		}
	}
	return m
}

// maxAttribute bounds the value of an attribute that is compared, in bytes.
const maxAttribute = 256

func valueOf(at Attr) string {
	v := Unescape(at.Value)
	return strings.ToLower(string(v[:min(len(v), maxAttribute)]))
}
