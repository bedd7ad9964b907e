package markup

import "bytes"

// variable is a custom property (CSS Custom Properties 1), in the list of those that hold for an element: what is in
// the element has them as well.
type variable struct {
	name, value string
	up          *variable
	number      int // in the list
}

// Bounds of custom properties, and of other values: an element's, their sizes in bytes, and how often one leads to
// another.
const (
	maxVariables     = 128
	maxValue         = 160
	maxSubstitutions = 16
)

var varFunction = []byte("var(")

// variable returns what the name of a custom property stands for.
func (l *look) variable(name string) (string, bool) {
	for v := l.vars; v != nil; v = v.up {
		if v.name == name {
			return v.value, true
		}
	}
	return "", false
}

// define gives the element a custom property. What is beyond the bounds has no value.
func (l *look) define(name, value []byte) {
	number := 1
	if l.vars != nil {
		number = l.vars.number + 1
	}
	if len(value) > maxValue || len(name) > maxValue || number > maxVariables {
		return
	}
	if known, ok := l.variable(string(name)); !ok || known != string(value) {
		l.vars = &variable{string(name), string(value), l.vars, number}
	}
}

// substitute returns a value with the custom properties in it, nothing if one has no value (section 3).
func (l *look) substitute(value []byte) []byte {
	for range maxSubstitutions {
		at := bytes.LastIndex(value, varFunction) // none is within it
		if at < 0 {
			return value
		}
		args, rest := argsOf(value[at+len(varFunction):])
		name, other, has := bytes.Cut(args, []byte{','})
		instead, ok := l.variable(string(bytes.TrimSpace(name)))
		if !ok && has {
			instead, ok = string(bytes.TrimSpace(other)), true
		}
		if !ok || at+len(instead)+len(rest) > 4*maxValue {
			return nil
		}
		value = append(append(bytes.Clone(value[:at]), instead...), rest...)
	}
	return nil
}

// argsOf cuts the arguments of a function from what follows it.
func argsOf(b []byte) (args, rest []byte) {
	depth := 0
	for i, c := range b {
		switch {
		case c == '(':
			depth++
		case c == ')' && depth == 0:
			return b[:i], b[i+1:]
		case c == ')':
			depth--
		}
	}
	return b, nil
}
