package markup

import (
	"math"
	"strconv"
	"strings"
)

// quantity parses a number and its unit.
func quantity(s string) (v float64, unit string, ok bool) {
	n := number(s)
	v, err := strconv.ParseFloat(s[:n], 64)
	return v, s[n:], err == nil
}

// number returns the size of the number that s begins with.
func number(s string) (n int) {
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] == '.' || n == 0 && (s[n] == '-' || s[n] == '+')) {
		n++
	}
	return n
}

// pixels are the units of CSS, in pixels.
var pixels = map[string]float64{"": 1, "px": 1, "pt": 4.0 / 3, "pc": 16, "in": 96, "cm": 37.8, "mm": 3.78, "q": 0.945,
	"rem": 16, "vw": 10, "vh": 8, "vmin": 8, "vmax": 10}

// scale is what units are worth where a quantity stands.
type scale struct {
	number bool    // it is a number, a share of one, or an angle
	em     float64 // pixels
	share  float64 // of a hundredth, in pixels; 0: unknown, and it counts only if it is nothing or leads far
}

// fraction is the scale of numbers and shares of one.
var fraction = scale{number: true}

// worth returns what a quantity is worth: a number, an angle in radians, or pixels.
func (s scale) worth(v float64, unit string) (float64, bool) {
	if s.number {
		switch unit {
		case "%":
			return v / 100, true
		case "deg":
			return v * math.Pi / 180, true
		case "turn":
			return v * 2 * math.Pi, true
		}
		return v, unit == ""
	}
	if u, known := pixels[unit]; known {
		return v * u, true
	}
	switch unit {
	case "em":
		return v * s.em, true
	case "ex", "ch":
		return v * s.em / 2, true
	case "%":
		if s.share > 0 {
			return v * s.share, true
		}
		return v * 10, v == 0 || v <= -100
	}
	return 0, v == 0
}

// length returns a length in pixels. A share of something else is none, but if it is nothing, or far.
func (l *look) length(s string) (float64, bool) { return measure(s, scale{em: l.size}) }

// measure returns what a quantity, or a function of several, comes to (CSS Values 4, section 10), given what units are
// worth.
func measure(s string, in scale) (float64, bool) {
	if v, unit, ok := quantity(s); ok && !strings.ContainsAny(unit, " *(") {
		return in.worth(v, unit)
	}
	if !strings.HasSuffix(s, ")") {
		return 0, false
	}
	a := arithmetic{s: s, in: in, ok: true}
	v := a.sum(0)
	return v, a.ok && a.s == ""
}

// arithmetic is the state of a calculation.
type arithmetic struct {
	s  string // what is left of it
	in scale
	ok bool
}

// maxNesting bounds functions in functions.
const maxNesting = 8

// next returns the next character that is no blank, 0 at the end.
func (a *arithmetic) next() byte {
	if a.s = strings.TrimLeft(a.s, " \t\r\n"); a.s == "" {
		return 0
	}
	return a.s[0]
}

// takes passes over a character, if it is the next.
func (a *arithmetic) takes(c byte) bool {
	if a.next() != c {
		return false
	}
	a.s = a.s[1:]
	return true
}

func (a *arithmetic) sum(depth int) float64 {
	v := a.product(depth)
	for a.ok {
		switch {
		case a.takes('+'):
			v += a.product(depth)
		case a.takes('-'):
			v -= a.product(depth)
		default:
			return v
		}
	}
	return v
}

func (a *arithmetic) product(depth int) float64 {
	v := a.value(depth)
	for a.ok {
		switch {
		case a.takes('*'):
			v *= a.value(depth)
		case a.takes('/'):
			by := a.value(depth)
			a.ok = a.ok && by != 0
			v /= by
		default:
			return v
		}
	}
	return v
}

// value reads a quantity, or a function.
func (a *arithmetic) value(depth int) float64 {
	a.next()
	if n := number(a.s); n > 0 {
		end := n
		for end < len(a.s) && (a.s[end] >= 'a' && a.s[end] <= 'z' || a.s[end] == '%') {
			end++
		}
		v, unit, ok := quantity(a.s[:end])
		a.s = a.s[end:]
		a.ok = a.ok && ok
		if unit != "" { // else it is a factor as a rule
			v, ok = a.in.worth(v, unit)
			a.ok = a.ok && ok
		}
		return v
	}
	name, rest, found := strings.Cut(a.s, "(")
	a.s = rest
	if a.ok = a.ok && found && depth < maxNesting; !a.ok {
		return 0
	}
	args := []float64{a.sum(depth + 1)}
	for a.ok && a.takes(',') {
		args = append(args, a.sum(depth+1))
	}
	a.ok = a.ok && a.takes(')')
	return a.apply(name, args)
}

// apply returns the value of a function.
func (a *arithmetic) apply(name string, args []float64) float64 {
	v := args[0]
	switch name {
	case "", "calc", "-webkit-calc":
	case "min":
		for _, arg := range args {
			v = min(v, arg)
		}
	case "max":
		for _, arg := range args {
			v = max(v, arg)
		}
	case "clamp":
		if a.ok = a.ok && len(args) == 3; a.ok {
			v = max(args[0], min(args[1], args[2]))
		}
	default:
		a.ok = false
	}
	return v
}
