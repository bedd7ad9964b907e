package markup

import (
	"bytes"
	"io"
	"strings"

	"golang.org/x/net/html/atom"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// HTML shows what a reader sees of HTML, words not cut by tags, and apart from it what
// only a machine sees: comments, alternative texts, targets, invisible text.
func HTML(w *walk.Walker, part int, r io.Reader) error {
	h := reader{w: w, visible: w.Out(part, text.HTML), hidden: w.Out(part, text.Hidden)}
	defer h.visible.Close()
	defer h.hidden.Close()
	err := h.read(r)
	h.endLink()
	return walk.First(h.visible.Close(), h.hidden.Close(), err)
}

// reader is the state of one HTML part.
type reader struct {
	w               *walk.Walker
	visible, hidden *walk.Out

	skip       atom.Atom // the element whose text is no text: script or style
	hiding     string    // the element that is invisible, with what is in it
	hidingDeep int       // how many of its name are open
	href       string    // of the link that is open
	linkText   strings.Builder
	spaced     bool   // the last that was shown is white space
	pre        int    // elements that are open in which white space counts
	outlook    []byte // a comment that Outlook reads as HTML
	inComment  bool
	nested     bool // this is one
}

func (h *reader) read(r io.Reader) error {
	br, done := walk.Buffered(r)
	defer done()
	s := Scanner{br: br, handler: h}
	return walk.First(s.scan(), h.w.Stop)
}

func (h *reader) Stopped() bool { return h.w.Stop != nil }

// Text takes a piece of text. Here and below an error of Write ends the work.
func (h *reader) Text(b []byte) {
	if h.skip != 0 || h.hiding != "" {
		h.hidden.Write(b)
		return
	}
	if h.href != "" && h.linkText.Len() < walk.MaxLink {
		h.linkText.Write(b)
	}
	if h.pre > 0 {
		h.visible.Write(b)
		h.spaced = false
		return
	}
	h.flow(b)
}

// flow shows text with one space for any run of white space, as it is displayed: a
// phrase may be cut by a line of the source.
func (h *reader) flow(b []byte) {
	for len(b) > 0 {
		i := 0
		for i < len(b) {
			c := b[i]
			if c == ' ' && i > 0 && i+1 < len(b) && b[i+1] > ' ' { // as nearly all are
				i += 2
			} else if c > ' ' || !htmlSpace(c) {
				i++
			} else {
				break
			}
		}
		if i > 0 {
			h.visible.Write(b[:i])
			h.spaced = false
			b = b[i:]
			continue
		}
		for i < len(b) && htmlSpace(b[i]) {
			i++
		}
		if !h.spaced {
			h.visible.Write([]byte{' '})
			h.spaced = true
		}
		b = b[i:]
	}
}

// space ends a word, in the text that is being read.
func (h *reader) space() {
	if h.skip != 0 || h.hiding != "" {
		h.hidden.Write([]byte{' '})
		return
	}
	h.visible.Write([]byte{'\n'})
	h.spaced = true
	if h.linkText.Len() > 0 {
		h.linkText.WriteByte(' ')
	}
}

// maxComment bounds a comment that is read as HTML, in bytes.
const maxComment = 64 << 10

// Comment takes a piece of a comment. Outlook reads one that begins with a condition.
func (h *reader) Comment(b []byte) {
	if !h.inComment {
		h.inComment = true
		h.hidden.Write([]byte{' '})
		if bytes.HasPrefix(bytes.TrimLeft(b, " "), []byte("[if")) && !h.nested {
			h.outlook = make([]byte, 0, 1024)
		}
	}
	h.hidden.Write(b)
	if h.outlook != nil && len(h.outlook)+len(b) <= maxComment {
		h.outlook = append(h.outlook, b...)
	}
}

func (h *reader) CommentEnd() {
	h.inComment = false
	h.hidden.Write([]byte{' '})
	if h.outlook == nil {
		return
	}
	inner := reader{w: h.w, visible: h.hidden, hidden: h.hidden, nested: true}
	inner.read(bytes.NewReader(h.outlook)) // cannot fail but by the end of the work
	inner.endLink()
	h.hidden.Write([]byte{' '})
	h.outlook = nil
}

// Start takes a tag, and returns its name if its content holds no tags.
func (h *reader) Start(name []byte, attrs []Attr, selfClosing bool) (raw string) {
	a := atomOf(name)
	invisible := false
	for _, at := range attrs {
		var small [16]byte
		switch string(walk.Lowered(small[:0], at.Name)) {
		case "href":
			v := Unescape(at.Value)
			walk.Word(h.hidden, v)
			if a == atom.A || a == atom.Area {
				h.endLink()
				h.href = string(v[:min(len(v), walk.MaxLink)])
			}
		case "src", "action", "data-href", "xlink:href", "background", "formaction", "data", "srcdoc", "alt", "title",
			"value", "placeholder", "content", "aria-label", "summary", "label", "download":
			walk.Word(h.hidden, Unescape(at.Value))
		case "style":
			invisible = invisible || invisibleStyle(at.Value)
		case "hidden":
			invisible = true
		}
	}
	if breaks(a) {
		h.space()
	}
	if a == atom.Pre {
		h.pre++
	}
	switch {
	case void(a) || selfClosing && a == 0:
		return ""
	case a == atom.Script || a == atom.Style || a == atom.Iframe:
		h.skip = a
		return a.String()
	case a == atom.Title || a == atom.Textarea || a == atom.Xmp || a == atom.Plaintext:
		return a.String()
	case h.hiding != "" && strings.EqualFold(h.hiding, string(name)):
		h.hidingDeep++
	case h.hiding == "" && (invisible || a == atom.Template):
		h.hidden.Write([]byte{' '})
		h.hiding, h.hidingDeep = string(name), 1
	}
	return ""
}

func (h *reader) End(name []byte) {
	a := atomOf(name)
	if a != 0 && a == h.skip {
		h.hidden.Write([]byte{' '})
		h.skip = 0
		return
	}
	if h.hiding != "" && strings.EqualFold(h.hiding, string(name)) {
		if h.hidingDeep--; h.hidingDeep == 0 {
			h.hidden.Write([]byte{' '})
			h.hiding = ""
			return
		}
	}
	if a == atom.A {
		h.endLink()
	}
	if a == atom.Pre {
		h.pre = max(h.pre-1, 0)
	}
	if breaks(a) {
		h.space()
	}
}

func atomOf(name []byte) atom.Atom {
	var small [16]byte
	if len(name) > len(small) {
		return 0
	}
	return atom.Lookup(walk.Lowered(small[:0], name))
}

// endLink lists the link that is open.
func (h *reader) endLink() {
	if h.href == "" {
		return
	}
	seen := strings.Join(strings.Fields(h.linkText.String()), " ")
	h.w.Link(text.Link{Text: text.Secret(seen), Target: text.Secret(h.href)})
	h.href = ""
	h.linkText.Reset()
}

// invisibleStyle reports whether a style hides what it is for.
func invisibleStyle(style []byte) bool {
	for len(style) > 0 {
		var d []byte
		d, style, _ = bytes.Cut(style, []byte{';'})
		property, value, ok := bytes.Cut(d, []byte{':'})
		if !ok {
			continue
		}
		property, value = bytes.TrimSpace(property), bytes.TrimSpace(value)
		if len(property) < 7 || len(property) > 10 || len(value) == 0 {
			continue
		}
		var small [10]byte
		switch string(walk.Lowered(small[:0], property)) {
		case "display":
			if hasFold(value, "none") {
				return true
			}
		case "visibility":
			if hasFold(value, "hidden") || hasFold(value, "collapse") {
				return true
			}
		case "mso-hide":
			if hasFold(value, "all") {
				return true
			}
		case "opacity", "font-size", "max-height":
			if nearZero(value) {
				return true
			}
		}
	}
	return false
}

func hasFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && strings.EqualFold(string(b[:len(prefix)]), prefix)
}

// nearZero reports whether a length is nothing, or one pixel.
func nearZero(v []byte) bool {
	n := 0
	for n < len(v) && (v[n] >= '0' && v[n] <= '9' || v[n] == '.') {
		n++
	}
	return n > 0 && (len(bytes.Trim(v[:n], "0.")) == 0 || string(v) == "1px")
}

// void reports whether an element has no end.
func void(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta,
		atom.Param, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}

// breaks reports whether an element ends a word. Between others a word goes on.
func breaks(a atom.Atom) bool {
	switch a {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Br, atom.Button, atom.Caption,
		atom.Center,
		atom.Dd, atom.Details, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer,
		atom.Form,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Head, atom.Header, atom.Hr, atom.Html, atom.Img,
		atom.Input,
		atom.Li, atom.Main, atom.Nav, atom.Ol, atom.Option, atom.P, atom.Pre, atom.Section, atom.Select, atom.Summary,
		atom.Table, atom.Tbody, atom.Td, atom.Textarea, atom.Tfoot, atom.Th, atom.Thead, atom.Title, atom.Tr, atom.Ul:
		return true
	}
	return false
}
