package markup

import (
	"bytes"
	"hash/fnv"

	"golang.org/x/net/html/atom"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// element is one that is open.
type element struct {
	name   uint32 // an atom, or the sum of another name
	own    marks
	within marks // of the elements around it
	inside marks // of the elements in it so far
	look   look
	hidden bool
	breaks bool // it ends the word before it, and the last in it
	apart  bool // it is a block that is not seen, in what is
}

// Bounds of the elements that are open, as browsers have them, and of the search for the one that ends.
const (
	maxOpen   = 4096
	maxSearch = 256
)

// nameOf returns what an element of a name is known by.
func nameOf(a atom.Atom, name []byte) uint32 {
	if a != 0 {
		return uint32(a)
	}
	h := fnv.New32a()
	h.Write(bytes.ToLower(name[:min(len(name), 64)]))
	return h.Sum32() | 1<<31
}

// styled are the attributes of an element that say how it looks.
type styled struct {
	style, class, id          []byte
	color, bgcolor, fontSize  []byte
	hidden, pictured, linking bool
}

// note keeps an attribute that says how an element looks.
func (s *styled) note(name string, value []byte) {
	switch name {
	case "style":
		s.style = plainCSS(Unescape(value))
	case "class":
		s.class = Unescape(value)
	case "id":
		s.id = value
	case "color", "text":
		s.color = value
	case "bgcolor":
		s.bgcolor = value
	case "size":
		s.fontSize = value
	case "background":
		s.pictured = len(value) > 0
	case "hidden":
		s.hidden = true
	case "href":
		s.linking = true
	}
}

// counts reports whether an attribute says how the element looks, but for its classes.
func (s *styled) counts() bool {
	return s.hidden || s.pictured || s.linking || len(s.style)+len(s.color)+len(s.bgcolor)+len(s.fontSize) > 0
}

// top returns the element that is open within all others.
func (h *reader) top() *element {
	if n := len(h.open); n > 0 {
		return &h.open[n-1]
	}
	return &h.root
}

// concealed reports whether what is shown now is not seen.
func (h *reader) concealed() bool { return h.top().hidden }

// element returns a new element within the one that is open.
func (h *reader) element(a atom.Atom, name []byte, attrs []Attr, s *styled) element {
	up := h.top()
	e := element{name: nameOf(a, name), look: up.look, hidden: up.hidden, breaks: breaks(a)}
	if len(h.sheet.rules) > 0 {
		e.within = up.within
		e.within.join(&up.own)
		e.own = h.sheet.marksOf(name, s.id, s.class, attrs)
		h.compared += len(h.sheet.attrs) * len(attrs)
	} else if !s.counts() && a != atom.Template {
		return e
	}
	b := box{parent: up.look}
	l := &e.look
	l.attributes(&b, a, s)
	h.matching(&e, &up.inside)
	up.inside.join(&e.own)
	if b.custom = h.custom || bytes.Contains(s.style, []byte("--")); b.custom {
		h.custom = true
		h.declare(l, &b, s.style)
		b.custom = false
	}
	h.declare(l, &b, s.style)
	l.settle(&b)
	e.breaks = e.breaks && !b.inline || b.block
	e.hidden = l.hidden()
	if e.hidden && !up.hidden {
		h.begin(e.breaks)
		e.apart = e.breaks
		e.breaks = e.breaks && !l.none && !b.placed
	}
	return e
}

// declare applies the rules that match, and the style of the element itself.
func (h *reader) declare(l *look, b *box, style []byte) {
	for _, important := range []bool{false, true} {
		b.important, b.rules = important, true
		for _, i := range h.matched {
			l.declare(b, h.sheet.rules[i].style)
		}
		if !important && len(style) > 0 {
			b.rules = false
			l.declare(b, style)
		}
	}
}

// readSheet reads the style element that ends. Custom properties of the page hold for what is open, since the elements
// of the page begin before the sheet.
func (h *reader) readSheet() {
	h.custom = h.custom || bytes.Contains(h.css, []byte("--"))
	h.sheet.read(bytes.Clone(h.css))
	if !h.custom {
		return
	}
	e := element{own: h.sheet.marksOf([]byte("html"), nil, nil, nil)}
	body := h.sheet.marksOf([]byte("body"), nil, nil, nil)
	e.own.join(&body)
	h.matching(&e, &marks{})
	h.declare(&e.look, &box{custom: true}, nil)
	h.root.look.vars = e.look.vars
	for i := range h.open {
		if h.open[i].look.vars == nil {
			h.open[i].look.vars = e.look.vars
		}
	}
}

// maxMatching bounds the matching of rules in one part: what is compared, and what matches many times that.
const (
	maxMatching = 20_000_000
	matchCost   = 20
)

// matching finds the rules of an element.
func (h *reader) matching(e *element, before *marks) {
	h.matched = h.matched[:0]
	for i := range h.sheet.rules {
		r := &h.sheet.rules[i]
		if e.own.has(&r.own) && e.within.has(&r.around) && before.has(&r.before) && !e.own.any(&r.none) {
			h.matched = append(h.matched, i)
		}
	}
	h.compared += len(h.sheet.rules) + matchCost*len(h.matched)
	if h.compared > maxMatching {
		h.sheet.rules = nil // what they hide is read as seen from here on
		h.matched = h.matched[:0]
		h.w.Overrun(text.TooMany)
	}
}

// attributes applies what attributes say of how an element looks.
func (l *look) attributes(b *box, a atom.Atom, s *styled) {
	if s.hidden || a == atom.Template {
		l.none = true
	}
	if s.pictured {
		l.unsure = true
	}
	var small [32]byte
	if len(s.bgcolor) > 0 && len(s.bgcolor) <= len(small) {
		l.papered(b, legacy(walk.Lowered(small[:0], s.bgcolor)))
	}
	if a == atom.A && s.linking {
		l.ink, l.clear = blue, false
	}
	if (a == atom.Font || a == atom.Body) && len(s.color) > 0 && len(s.color) <= len(small) {
		l.inked(b, legacy(walk.Lowered(small[:0], s.color)))
	}
	if a == atom.Font && len(s.fontSize) > 0 && l.size < leastSize {
		l.size = plain.size // none of its sizes is that small
	}
}

// legacy returns the colour of an attribute, which may have no mark before its digits.
func legacy(v []byte) string {
	s := string(bytes.TrimSpace(v))
	if _, _, ok := hexColour(s); ok {
		return "#" + s
	}
	return s
}

// push opens an element.
func (h *reader) push(e element) {
	if len(h.open) < maxOpen {
		h.open = append(h.open, e)
	}
}

// pop closes the innermost element of a name, and those in it; what is around a cell is not closed from within it.
func (h *reader) pop(name uint32) {
	for i := len(h.open) - 1; i >= max(len(h.open)-maxSearch, 0); i-- {
		if h.open[i].name == name {
			h.cut(i)
			return
		}
		if scoped(h.open[i].name) && !scoped(name) {
			return
		}
	}
}

// has reports whether an element is open.
func (h *reader) has(a atom.Atom) bool {
	for i := len(h.open) - 1; i >= max(len(h.open)-maxSearch, 0); i-- {
		if h.open[i].name == uint32(a) {
			return true
		}
	}
	return false
}

// cut closes the elements from one on.
func (h *reader) cut(i int) {
	ended := false
	for j := i; j < len(h.open); j++ {
		ended = ended || h.open[j].breaks
		if h.open[j].apart {
			h.line.text = append(h.line.text, ' ')
		}
	}
	if ended {
		h.space()
	}
	h.open = h.open[:i]
}

// scoped reports whether an element holds what is in it together (the WHATWG standard, section 13.2.4.2).
func scoped(name uint32) bool {
	switch atom.Atom(name) {
	case atom.Table, atom.Td, atom.Th, atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot, atom.Caption, atom.Template,
		atom.Html, atom.Object, atom.Marquee:
		return true
	}
	return false
}

// closes closes the elements that a tag ends without their own end (section 13.1.2.4).
func (h *reader) closes(a atom.Atom) {
	var ends, within []atom.Atom
	switch a {
	case atom.Li:
		ends, within = []atom.Atom{atom.Li}, []atom.Atom{atom.Ul, atom.Ol}
	case atom.Td, atom.Th:
		ends, within = []atom.Atom{atom.Td, atom.Th}, []atom.Atom{atom.Table}
	case atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot:
		ends, within = []atom.Atom{atom.Tr}, []atom.Atom{atom.Table}
	case atom.Dd, atom.Dt:
		ends, within = []atom.Atom{atom.Dd, atom.Dt}, []atom.Atom{atom.Dl}
	case atom.Option:
		ends, within = []atom.Atom{atom.Option}, []atom.Atom{atom.Select}
	default:
		if !breaks(a) || a == atom.Br || a == atom.Img || a == atom.Input || a == atom.Button || a == atom.Textarea ||
			a == atom.Select {
			return
		}
		ends, within = []atom.Atom{atom.P}, []atom.Atom{atom.Td, atom.Th, atom.Table, atom.Button, atom.Caption}
	}
	for i := len(h.open) - 1; i >= max(len(h.open)-maxSearch, 0); i-- {
		for _, e := range ends {
			if h.open[i].name == uint32(e) {
				h.cut(i)
				return
			}
		}
		for _, e := range within {
			if h.open[i].name == uint32(e) {
				return
			}
		}
	}
}
