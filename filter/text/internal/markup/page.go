package markup

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"

	"golang.org/x/net/html/atom"

	"sluis/filter/text"
	"sluis/filter/text/internal/charsets"
	"sluis/filter/text/internal/walk"
)

// PageSegment and PageOverlap bound the size of the segments of a page, in bytes: small, so
// that a page can be judged while it passes.
const (
	PageSegment = 8 << 10
	PageOverlap = 512
)

// Page shows what a reader sees of a web page, together with what stands for it:
// alternative texts, titles, descriptions, and data that scripts show. Scripts, styles,
// comments and addresses are not shown, and invisible text is not set apart: a page is weighed, and not taken to
// pieces as mail is. Memory is bounded and the page is read once.
type Page struct {
	ctx     context.Context
	emit    func(text.Segment) error
	stop    error
	buf     []byte
	attrs   []Attr
	overlap int
	silent  bool // in a script or style
}

var pages = sync.Pool{New: func() any {
	return &Page{buf: make([]byte, 0, PageSegment), attrs: make([]Attr, 0, maxAttrs)}
}}

// NewPage returns a page that is shown to emit. It has to be read.
func NewPage(ctx context.Context, emit func(text.Segment) error) *Page {
	p := pages.Get().(*Page)
	p.ctx, p.emit = ctx, emit
	return p
}

// Read shows all of r, after which the page is not to be used any more. The character set
// is the one that the server named; empty: none. It returns emit's error, the context's or
// that of reading r.
func (p *Page) Read(r io.Reader, charset string) error {
	defer p.release()
	br, done := walk.Buffered(r)
	defer done()
	if decoded, _ := charsets.Decode(charset, true, br); decoded != io.Reader(br) {
		var free func()
		br, free = walk.Buffered(decoded)
		defer free()
	}
	s := Scanner{br: br, handler: p, attrs: p.attrs}
	err := s.scan()
	p.attrs = s.attrs[:0]
	p.flush(true)
	return walk.First(p.stop, err)
}

// Flush shows what has been read so far. Only the reader that is being read may call it,
// before it waits for more.
func (p *Page) Flush() { p.flush(false) }

func (p *Page) release() {
	clear(p.buf[:cap(p.buf)])
	clear(p.attrs[:cap(p.attrs)])
	*p = Page{buf: p.buf[:0], attrs: p.attrs[:0]}
	pages.Put(p)
}

func (p *Page) Stopped() bool { return p.stop != nil }

// Text takes a piece of text, of which runs of white space are one blank.
func (p *Page) Text(b []byte) {
	if !p.silent {
		p.add(b)
	}
}

func (p *Page) add(b []byte) {
	for len(b) > 0 {
		i := 0
		for i < len(b) {
			c := b[i]
			if c == ' ' && i > 0 && i+1 < len(b) && b[i+1] > ' ' {
				i += 2
			} else if c > ' ' {
				i++
			} else {
				break
			}
		}
		p.write(b[:i])
		if b = b[i:]; len(b) == 0 {
			return
		}
		p.blank()
		for i = 0; i < len(b) && b[i] <= ' '; i++ {
		}
		b = b[i:]
	}
}

func (p *Page) write(b []byte) {
	for len(b) > 0 && p.stop == nil {
		n := min(len(b), cap(p.buf)-len(p.buf))
		p.buf, b = append(p.buf, b[:n]...), b[n:]
		if len(p.buf) == cap(p.buf) {
			p.flush(false)
		}
	}
}

func (p *Page) blank() {
	if n := len(p.buf); n > 0 && p.buf[n-1] != ' ' {
		p.write([]byte{' '})
	}
}

// flush passes what there is on, and keeps its end for the next segment, unless this is
// the last.
func (p *Page) flush(last bool) {
	if p.stop == nil {
		p.stop = p.ctx.Err()
	}
	if p.stop != nil || len(p.buf) <= p.overlap && !last || len(p.buf) == 0 {
		return
	}
	keep := len(p.buf)
	if !last {
		keep = max(len(p.buf)-PageOverlap, 0)
		if i := bytes.IndexByte(p.buf[keep:min(keep+PageOverlap/2, len(p.buf))], ' '); i >= 0 && keep > 0 {
			keep += i // do not begin in the middle of a word
		}
	}
	p.stop = p.emit(text.Segment{Role: text.HTML, Text: p.buf, Overlap: p.overlap, Next: len(p.buf) - keep})
	p.overlap = copy(p.buf, p.buf[keep:])
	p.buf = p.buf[:p.overlap]
}

// word shows a text that stands by itself.
func (p *Page) word(value []byte) {
	if len(value) > 0 {
		p.blank()
		p.add(Unescape(value))
		p.blank()
	}
}

func (p *Page) Start(name []byte, attrs []Attr, _ bool) (raw string) {
	a := atomOf(name)
	if breaks(a) {
		p.blank()
	}
	for _, at := range attrs {
		if p.shows(a, at.Name) {
			p.word(at.Value)
		}
	}
	switch a {
	case atom.Script, atom.Style:
		p.silent = a == atom.Style || !data(attrs)
		return a.String()
	case atom.Title, atom.Textarea, atom.Xmp, atom.Plaintext:
		return a.String()
	}
	return ""
}

// data reports whether a script is none, but the data of which a page is made in the
// browser.
func data(attrs []Attr) bool {
	for _, at := range attrs {
		if strings.EqualFold(string(at.Name), "type") {
			return bytes.HasSuffix(bytes.ToLower(bytes.TrimSpace(at.Value)), []byte("json"))
		}
	}
	return false
}

// shows reports whether the value of an attribute is a text for readers.
func (p *Page) shows(a atom.Atom, name []byte) bool {
	switch len(name) {
	case 3:
		return (a == atom.Img || a == atom.Area) && strings.EqualFold(string(name), "alt")
	case 5:
		return strings.EqualFold(string(name), "title")
	case 7:
		return a == atom.Meta && strings.EqualFold(string(name), "content")
	}
	return false
}

func (p *Page) End(name []byte) {
	a := atomOf(name)
	if a == atom.Script || a == atom.Style {
		p.silent = false
	}
	if breaks(a) {
		p.blank()
	}
}

func (p *Page) Comment([]byte) {}
func (p *Page) CommentEnd()    {}
