package markup

import (
	"bytes"
	"slices"
	"strings"

	"sluis/filter/text/internal/walk"
)

// sheet is what the style elements of a page say, as far as it decides whether a text is seen. A selector that asks for
// more than is known of an element, such as its number, is taken to hold if it can only hide: what is hidden is read in
// both ways. One that asks what a person does, such as pointing at something, does not hold.
type sheet struct {
	simple map[string]int // the simple selectors of rules, with their numbers
	attrs  []attributeTest
	rules  []rule
	size   int // of the styles read
}

// Bounds of the styles of a page.
const (
	maxStyles    = 256 << 10 // bytes
	maxSelectors = 256
	maxRules     = 2000
	maxSteps     = 4 // of a selector
)

// marks is a set of simple selectors.
type marks [maxSelectors / 64]uint64

func (m *marks) add(n int) { m[n/64] |= 1 << (n % 64) }

func (m *marks) join(o *marks) {
	for i := range m {
		m[i] |= o[i]
	}
}

// has reports whether all of o are in m.
func (m *marks) has(o *marks) bool {
	for i := range m {
		if m[i]&o[i] != o[i] {
			return false
		}
	}
	return true
}

// any reports whether any of o is in m.
func (m *marks) any(o *marks) bool {
	for i := range m {
		if m[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// read adds the rules of a style element.
func (s *sheet) read(css []byte) {
	if s.size += len(css); s.size > maxStyles {
		return
	}
	css = plainCSS(withoutComments(css))
	s.block(css, 0)
	slices.SortStableFunc(s.rules, func(a, b rule) int { return a.weight - b.weight })
}

func withoutComments(css []byte) []byte {
	css = bytes.ReplaceAll(bytes.ReplaceAll(css, []byte("<!--"), nil), []byte("-->"), nil)
	if !bytes.Contains(css, []byte("/*")) {
		return css
	}
	var out []byte
	for {
		before, rest, found := bytes.Cut(css, []byte("/*"))
		out = append(out, before...)
		if !found {
			return out
		}
		_, css, _ = bytes.Cut(rest, []byte("*/"))
	}
}

// plainCSS decodes escapes of letters, digits and hyphens (CSS Syntax 3, 4.3.7). Those of other characters stay: they
// are no part of what styles say here.
func plainCSS(css []byte) []byte {
	if bytes.IndexByte(css, '\\') < 0 {
		return css
	}
	out := make([]byte, 0, len(css))
	for i := 0; i < len(css); i++ {
		c, n := css[i], 1
		v := 0
		for ; c == '\\' && n <= 6 && i+n < len(css) && walk.Unhex(css[i+n]) < 16; n++ {
			v = v<<4 | int(walk.Unhex(css[i+n]))
		}
		switch {
		case c != '\\' || i+1 == len(css):
			out = append(out, c)
		case n == 1 && named(int(css[i+1])):
			out = append(out, css[i+1])
			i++
		case n > 1 && named(v):
			out = append(out, byte(v))
			if i += n - 1; i+1 < len(css) && htmlSpace(css[i+1]) { // it ends the escape
				i++
			}
		default:
			out = append(out, css[i:min(i+max(n, 2), len(css))]...)
			i += max(n, 2) - 1
		}
	}
	return out
}

// named reports whether a character may stand in a name.
func named(c int) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-'
}

// block reads rules, and those of conditions that hold on an ordinary screen.
func (s *sheet) block(css []byte, depth int) {
	for len(css) > 0 && depth < 4 {
		open := bytes.IndexAny(css, "{;")
		if open < 0 {
			return
		}
		head := bytes.TrimSpace(css[:open])
		if css[open] == ';' { // @import and the like
			css = css[open+1:]
			continue
		}
		end := closing(css[open+1:])
		body := css[open+1 : open+1+end]
		css = css[min(open+1+end+1, len(css)):]
		switch {
		case len(head) > 0 && head[0] == '@':
			if onScreen(string(bytes.ToLower(head))) {
				s.block(body, depth+1)
			}
		case decides(body):
			for _, selector := range alternatives(strings.ToLower(string(head))) {
				s.expand(selector, body, maxExpansions)
			}
		}
	}
}

// closing returns where the block that css is in ends.
func closing(css []byte) int {
	depth := 0
	for i, c := range css {
		switch c {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return len(css)
}

// onScreen reports whether a condition holds on an ordinary screen.
func onScreen(head string) bool {
	if strings.HasPrefix(head, "@supports") || strings.HasPrefix(head, "@layer") {
		return true
	}
	if !strings.HasPrefix(head, "@media") {
		return false
	}
	for _, other := range []string{"max-", "print", "prefers", "orientation", "pixel-ratio", "resolution", "hover",
		"pointer", "speech", "not ", "<"} {
		if strings.Contains(head, other) {
			return false
		}
	}
	if _, width, has := strings.Cut(head, "min-width:"); has {
		v, _, ok := quantity(strings.TrimSpace(width))
		return ok && v <= 800
	}
	return true
}

// deciding are the properties that can hide.
var deciding = [][]byte{[]byte("display"), []byte("visibility"), []byte("opacity"), []byte("font"), []byte("color"),
	[]byte("background"), []byte("height"), []byte("width"), []byte("position"), []byte("indent"), []byte("margin"),
	[]byte("clip"), []byte("transform"), []byte("mso-hide"), []byte("left"), []byte("top"), []byte("inset"),
	[]byte("scale"), []byte("translate"), []byte("zoom"), []byte("filter"), []byte("mask"), []byte("--")}

// decides reports whether declarations can hide a text, or show it.
func decides(style []byte) bool {
	style = bytes.ToLower(style)
	return slices.ContainsFunc(deciding, func(p []byte) bool { return bytes.Contains(style, p) })
}
