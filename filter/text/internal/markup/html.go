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
// only a machine sees: comments, alternative texts, targets, and each line that has hidden
// text in it with that text where it stands.
func HTML(w *walk.Walker, part int, r io.Reader) error {
	h := reader{w: w, visible: w.Out(part, text.HTML), hidden: w.Out(part, text.Hidden), root: element{look: plain},
		part: part, acts: &acts{w: w}}
	defer h.visible.Close()
	defer h.hidden.Close()
	err := h.read(r)
	h.acts.end()
	h.acts.finish()
	h.endLink()
	h.endLine()
	return walk.First(h.visible.Close(), h.hidden.Close(), err)
}

// reader is the state of one HTML part.
type reader struct {
	w               *walk.Walker
	visible, hidden *walk.Out
	part            int
	acts            *acts

	skip      atom.Atom // the element whose text is no text: script or style
	css       []byte    // of the style element that is open
	sheet     sheet
	matched   []int // rules of the sheet, for the element that begins
	compared  int   // with elements
	custom    bool  // custom properties are declared
	root      element
	open      []element
	href      string // of the link that is open
	linkText  strings.Builder
	line      line
	spaced    bool   // the last that was shown is white space
	pre       int    // elements that are open in which white space counts
	outlook   []byte // a comment that Outlook reads as HTML
	inComment bool
	nested    bool // this is one
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
	if h.skip != 0 {
		h.hidden.Write(b)
		if h.skip == atom.Script {
			h.acts.text(h.part, b)
		}
		if h.skip == atom.Style && len(h.css)+len(b) <= maxStyles {
			h.css = append(h.css, b...)
		}
		return
	}
	if h.concealed() {
		h.conceal(b)
		return
	}
	h.reveal(b)
	if h.top().name != uint32(atom.Title) {
		h.acts.leads.words(b)
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
	if h.skip != 0 {
		h.hidden.Write([]byte{' '})
		return
	}
	if h.concealed() {
		h.conceal([]byte{'\n'})
		return
	}
	h.endLine()
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
	inner := reader{w: h.w, visible: h.hidden, hidden: h.hidden, nested: true, root: element{look: plain},
		part: h.part, acts: &acts{w: h.w, begun: true}}
	inner.read(bytes.NewReader(h.outlook)) // cannot fail but by the end of the work
	inner.acts.end()
	inner.endLink()
	inner.endLine()
	h.hidden.Write([]byte{' '})
	h.outlook = nil
}

// Start takes a tag, and returns its name if its content holds no tags.
func (h *reader) Start(name []byte, attrs []Attr, selfClosing bool) (raw string) {
	a := atomOf(name)
	h.acts.start(h.part, name, a, attrs)
	var looks styled
	for _, at := range attrs {
		var small [24]byte
		key := walk.Lowered(small[:0], at.Name)
		looks.note(string(key), at.Value)
		switch string(key) {
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
		}
	}
	h.closes(a)
	e := h.element(a, name, attrs, &looks)
	if e.breaks {
		h.space()
	}
	if a == atom.Pre {
		h.pre++
	}
	switch {
	case void(a) || selfClosing && a == 0:
		return ""
	case a == atom.Script || a == atom.Style || a == atom.Iframe:
		h.skip, h.css = a, h.css[:0]
		return a.String()
	}
	h.push(e)
	if a == atom.Title || a == atom.Textarea || a == atom.Xmp || a == atom.Plaintext {
		return a.String()
	}
	return ""
}

// End takes the end of an element.
func (h *reader) End(name []byte) {
	a := atomOf(name)
	if a != 0 && a == h.skip {
		h.hidden.Write([]byte{' '})
		if h.skip == atom.Script {
			h.acts.end()
		}
		if h.skip == atom.Style {
			h.readSheet()
		}
		h.skip = 0
		return
	}
	if a == atom.A {
		h.endLink()
	}
	if a == atom.Pre {
		h.pre = max(h.pre-1, 0)
	}
	if a == atom.Br || a == atom.P && !h.has(a) { // an end that is read as a beginning
		h.space()
		return
	}
	h.pop(nameOf(a, name))
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
