package text

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxToken bounds one token of HTML, in bytes. A longer one is shown in pieces.
const maxToken = 128 << 10

// html shows what a reader sees of HTML, words not cut by tags, and apart from it what
// only a machine sees: comments, alternative texts, targets, invisible text.
func (w *walker) html(part int, r io.Reader) error {
	h := htmlReader{w: w, visible: w.out(part, HTML), hidden: w.out(part, Hidden), in: rewinder{r: r}}
	defer h.visible.Close()
	defer h.hidden.Close()
	for {
		long, err := h.tokens()
		if err != nil {
			return err
		}
		if !long {
			break
		}
	}
	h.endLink()
	return first(h.visible.Close(), h.hidden.Close())
}

// htmlReader is the state of one HTML part.
type htmlReader struct {
	w               *walker
	in              rewinder
	visible, hidden *out

	skip       atom.Atom // the element whose text is no text: script or style
	hiding     string    // the element that is invisible, with what is in it
	hidingDeep int       // how many of its name are open
	href       string    // of the link that is open
	linkText   strings.Builder
}

// tokens shows tokens to the end, or to one that is too long; of that it shows what was
// read, and leaves the rest to be read.
func (h *htmlReader) tokens() (long bool, err error) {
	z := html.NewTokenizer(&h.in)
	z.SetMaxBuf(maxToken)
	comment := ""
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		comment = ""
		if kind == html.CommentToken {
			comment = ">"
			if bytes.HasPrefix(z.Raw(), []byte("<!--")) {
				comment = "-->"
			}
		}
		h.token(kind, z)
		if h.w.stop != nil {
			return false, h.w.stop
		}
	}
	end := z.Err()
	if end != io.EOF && !errors.Is(end, html.ErrBufferExceeded) {
		return false, end
	}
	unfinished := len(z.Raw()) > 0
	word(h.hidden, z.Raw()) // a tag without an end
	if end == io.EOF {
		return false, h.w.stop
	}
	h.in.unread(z.Buffered())
	switch {
	case unfinished:
		err = h.in.until(">", h.hidden)
	case comment != "":
		err = h.in.until(comment, h.hidden)
	}
	return true, first(h.w.stop, err)
}

func (h *htmlReader) token(kind html.TokenType, z *html.Tokenizer) {
	switch kind {
	case html.TextToken:
		h.text(z.Text())
	case html.CommentToken:
		word(h.hidden, z.Text())
	case html.StartTagToken, html.SelfClosingTagToken:
		name, more := z.TagName()
		h.start(name, more, kind == html.SelfClosingTagToken, z)
	case html.EndTagToken:
		name, _ := z.TagName()
		h.end(name)
	}
}

func (h *htmlReader) text(b []byte) {
	if h.skip != 0 || h.hiding != "" {
		h.hidden.Write(b) // here and below: an error ends the work
		return
	}
	if h.href != "" && h.linkText.Len() < maxLink {
		h.linkText.Write(b)
	}
	h.visible.Write(b)
}

// space ends a word, in the text that is being read.
func (h *htmlReader) space() {
	if h.skip != 0 || h.hiding != "" {
		h.hidden.Write([]byte{' '})
		return
	}
	h.visible.Write([]byte{'\n'})
	if h.linkText.Len() > 0 {
		h.linkText.WriteByte(' ')
	}
}

func (h *htmlReader) start(name []byte, more, selfClosing bool, z *html.Tokenizer) {
	a := atom.Lookup(name)
	invisible := false
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch string(k) {
		case "href", "src", "action", "data-href", "xlink:href", "background", "formaction", "data", "srcdoc":
			word(h.hidden, v)
			if string(k) == "href" && (a == atom.A || a == atom.Area) {
				h.endLink()
				h.href = string(v[:min(len(v), maxLink)])
			}
		case "alt", "title", "value", "placeholder", "content", "aria-label", "summary", "label", "download":
			word(h.hidden, v)
		case "style":
			invisible = invisible || invisibleStyle(v)
		case "hidden":
			invisible = true
		}
	}
	switch a {
	case atom.Noscript, atom.Noembed, atom.Noframes, atom.Iframe, atom.Xmp, atom.Plaintext:
		z.NextIsNotRawText() // mail programs run no scripts, and show what is inside
	}
	if breaks(a) {
		h.space()
	}
	if void(a) || selfClosing && a == 0 {
		return
	}
	switch {
	case a == atom.Script || a == atom.Style:
		h.skip = a
	case h.hiding != "" && h.hiding == string(name):
		h.hidingDeep++
	case h.hiding == "" && (invisible || a == atom.Template):
		h.hidden.Write([]byte{' '})
		h.hiding, h.hidingDeep = string(name), 1
	}
}

func (h *htmlReader) end(name []byte) {
	a := atom.Lookup(name)
	if a != 0 && a == h.skip {
		h.hidden.Write([]byte{' '})
		h.skip = 0
		return
	}
	if h.hiding != "" && h.hiding == string(name) {
		if h.hidingDeep--; h.hidingDeep == 0 {
			h.hidden.Write([]byte{' '})
			h.hiding = ""
			return
		}
	}
	if a == atom.A {
		h.endLink()
	}
	if breaks(a) {
		h.space()
	}
}

// maxLink bounds the text and the target of a link in a report, maxLinks all together.
const (
	maxLink  = 2 << 10
	maxLinks = 256 << 10
)

// endLink lists the link that is open.
func (h *htmlReader) endLink() {
	if h.href == "" {
		return
	}
	text := strings.Join(strings.Fields(h.linkText.String()), " ")
	if h.w.links += len(text) + len(h.href); len(h.w.report.Links) < maxListed && h.w.links < maxLinks {
		h.w.report.Links = append(h.w.report.Links, Link{Secret(text), Secret(h.href)})
	} else {
		h.w.report.Incomplete = true
	}
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
		switch string(lower(property)) {
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
	digits := bytes.TrimRight(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%!; ")
	s := string(digits)
	return s != "" && strings.Trim(s, "0.") == "" || s == "1" && len(v) > 1
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
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Br, atom.Button, atom.Caption, atom.Center,
		atom.Dd, atom.Details, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Form,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Head, atom.Header, atom.Hr, atom.Html, atom.Img, atom.Input,
		atom.Li, atom.Main, atom.Nav, atom.Ol, atom.Option, atom.P, atom.Pre, atom.Section, atom.Select, atom.Summary,
		atom.Table, atom.Tbody, atom.Td, atom.Textarea, atom.Tfoot, atom.Th, atom.Thead, atom.Title, atom.Tr, atom.Ul:
		return true
	}
	return false
}

// rewinder is a reader to which bytes can be given back.
type rewinder struct {
	pre []byte
	r   io.Reader
}

// Read implements io.Reader.
func (r *rewinder) Read(p []byte) (int, error) {
	if len(r.pre) > 0 {
		n := copy(p, r.pre)
		r.pre = r.pre[n:]
		return n, nil
	}
	return r.r.Read(p)
}

func (r *rewinder) unread(b []byte) { r.pre = append(bytes.Clone(b), r.pre...) }

// until writes to o up to and with the first mark, or to the end.
func (r *rewinder) until(mark string, o *out) error {
	buf := make([]byte, 4096)
	kept := 0 // bytes at the start that a mark could begin in
	for {
		n, err := r.Read(buf[kept:])
		b := buf[:kept+n]
		if i := bytes.Index(b, []byte(mark)); i >= 0 {
			o.Write(b[:i+len(mark)]) // an error ends the work
			r.unread(b[i+len(mark):])
			return nil
		}
		if err != nil {
			o.Write(b)
			return notEOF(err)
		}
		pass := max(0, len(b)-len(mark)+1)
		o.Write(b[:pass])
		kept = copy(buf, b[pass:])
	}
}
