package markup

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"golang.org/x/net/html"

	"sluis/filter/text/internal/walk"
)

// Scanner reads HTML as browsers do (the WHATWG standard, section 13.2.5), and never
// holds more than its buffer: golang.org/x/net/html holds a token whole, allocates for
// each name and attribute, and was half of the cost of a mail. FuzzHTML holds this
// scanner to showing the text that that one shows. The XML of office documents is read
// by it as well.
type Scanner struct {
	br      *bufio.Reader
	handler Handler
	raw     string // the element whose content holds no tags: script, style, title …
	xml     bool   // sections of characters are text
	attrs   []Attr
}

// Handler takes what the scanner sees. Slices are valid during the call only.
type Handler interface {
	Text(b []byte)
	Start(name []byte, attrs []Attr, selfClosing bool) (raw string)
	End(name []byte)
	Comment(b []byte) // a piece of one
	CommentEnd()
	Stopped() bool
}

type Attr struct{ Name, Value []byte }

// maxAttrs bounds the attributes of a tag that are handed on.
const maxAttrs = 64

// scan reads to the end.
func (s *Scanner) scan() error {
	for !s.handler.Stopped() {
		if s.br.Buffered() == 0 {
			if _, err := s.br.Peek(1); err != nil {
				return walk.NotEOF(err)
			}
		}
		b, _ := s.br.Peek(s.br.Buffered()) // cannot fail
		if b[0] != '<' {
			s.text(b)
			continue
		}
		head, _ := s.br.Peek(4) // less at the end
		var err error
		switch {
		case s.raw != "":
			err = s.rawEnd()
		case len(head) < 2:
			s.handler.Text(head)
			s.skip(len(head))
		case walk.Letter(head[1]):
			err = s.tag(1)
		case head[1] == '/' && len(head) > 2 && walk.Letter(head[2]):
			err = s.tag(2)
		case head[1] == '/' && len(head) > 2 && head[2] == '>':
			s.skip(3)
		case string(head) == "<!--":
			s.skip(4)
			err = s.comment()
		case s.xml && s.section():
			s.skip(len(cdata))
			err = s.until("]]>", s.handler.Text)
		case head[1] == '!' || head[1] == '?' || head[1] == '/':
			s.skip(2)
			err = s.until(">", s.handler.Comment)
			s.handler.CommentEnd()
		default:
			s.handler.Text(head[:1])
			s.skip(1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const cdata = "<![CDATA["

// section reports whether a section of characters begins here.
func (s *Scanner) section() bool {
	b, _ := s.br.Peek(len(cdata)) // less at the end
	return string(b) == cdata
}

// skip passes over what has been peeked at.
func (s *Scanner) skip(n int) { s.br.Discard(n) }

func htmlSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// text hands on the text that b begins with, up to a tag, or one entity of it.
func (s *Scanner) text(b []byte) {
	if i := bytes.IndexByte(b, '<'); i >= 0 {
		b = b[:i]
	}
	entity := -1
	if s.raw == "" || s.raw == "title" || s.raw == "textarea" {
		entity = bytes.IndexByte(b, '&')
	}
	if entity == 0 {
		e, _ := s.br.Peek(40) // less at the end
		s.entity(e)
		return
	}
	if entity > 0 {
		b = b[:entity]
	}
	for rest := b; len(rest) > 0; {
		piece := rest
		if i := bytes.IndexByte(rest, 0); i >= 0 { // which browsers pass over
			piece, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		s.handler.Text(piece)
	}
	s.skip(len(b))
}

// entity hands on the character that b begins with.
func (s *Scanner) entity(b []byte) {
	n := 1
	if n < len(b) && b[n] == '#' {
		n++
	}
	for n < len(b) && (walk.Letter(b[n]) || b[n] >= '0' && b[n] <= '9') {
		n++
	}
	if n < len(b) && b[n] == ';' {
		n++
	}
	switch string(b[:n]) {
	case "&":
		s.handler.Text(b[:1])
	case "&amp;":
		s.handler.Text([]byte{'&'})
	case "&nbsp;":
		s.handler.Text([]byte("\u00a0"))
	case "&lt;":
		s.handler.Text([]byte{'<'})
	case "&gt;":
		s.handler.Text([]byte{'>'})
	default:
		s.handler.Text([]byte(html.UnescapeString(string(b[:n]))))
	}
	s.skip(n)
}

// tag reads a tag whose name begins at from.
func (s *Scanner) tag(from int) error {
	b, _ := s.br.Peek(s.br.Buffered())
	name, size, selfClosing := s.parseTag(b, from)
	if size < 0 { // more may be to come
		b, _ = s.br.Peek(s.br.Size())
		if name, size, selfClosing = s.parseTag(b, from); size < 0 {
			return s.longTag(b, name, from)
		}
	}
	s.handOn(name, from, selfClosing)
	s.skip(size)
	return nil
}

// longTag hands on a tag that is longer than the buffer, or has no end. What is beyond the
// buffer comes as a comment: it may be a picture, and may be words.
func (s *Scanner) longTag(b, name []byte, from int) error {
	whole := len(b) < s.br.Size() // the end of the text
	if !whole {
		s.handOn(name, from, false)
	}
	s.handler.Comment(b)
	s.skip(len(b))
	mark := ">"
	if q := openQuote(b); q != 0 && !whole {
		if err := s.until(string(q), s.handler.Comment); err != nil {
			return err
		}
	}
	if !whole {
		if err := s.until(mark, s.handler.Comment); err != nil {
			return err
		}
	}
	s.handler.CommentEnd()
	return nil
}

// openQuote returns the quote that a tag is cut within, 0 if it is not.
func openQuote(b []byte) byte {
	var q byte
	for i, c := range b {
		switch {
		case q != 0 && c == q:
			q = 0
		case q == 0 && (c == '"' || c == '\'') && i > 0 && (b[i-1] == '=' || htmlSpace(b[i-1])):
			q = c
		}
	}
	return q
}

func (s *Scanner) handOn(name []byte, from int, selfClosing bool) {
	if from == 2 {
		s.handler.End(name)
		return
	}
	s.raw = s.handler.Start(name, s.attrs, selfClosing)
}

// parseTag parses a tag and returns its size, -1 if it does not end in b.
func (s *Scanner) parseTag(b []byte, from int) (name []byte, size int, selfClosing bool) {
	s.attrs = s.attrs[:0]
	i := from
	for i < len(b) && !htmlSpace(b[i]) && b[i] != '>' && b[i] != '/' {
		i++
	}
	name = b[from:i]
	for {
		for i < len(b) && (htmlSpace(b[i]) || b[i] == '/') {
			i++
		}
		if i >= len(b) {
			return name, -1, false
		}
		if b[i] == '>' {
			return name, i + 1, b[i-1] == '/'
		}
		var a Attr
		start := i
		for i++; i < len(b) && !htmlSpace(b[i]) && b[i] != '>' && b[i] != '/' && b[i] != '='; i++ {
		}
		a.Name = b[start:i]
		for i < len(b) && htmlSpace(b[i]) {
			i++
		}
		if i < len(b) && b[i] == '=' {
			if i = s.value(&a, b, i+1); i < 0 {
				s.add(a)
				return name, -1, false
			}
		}
		s.add(a)
	}
}

func (s *Scanner) add(a Attr) {
	if len(s.attrs) < maxAttrs {
		s.attrs = append(s.attrs, a)
	}
}

// value parses the value of an attribute and returns where it ends, -1 if it does not.
func (s *Scanner) value(a *Attr, b []byte, i int) int {
	for i < len(b) && htmlSpace(b[i]) {
		i++
	}
	if i >= len(b) {
		return -1
	}
	if q := b[i]; q == '"' || q == '\'' {
		end := bytes.IndexByte(b[i+1:], q)
		if end < 0 {
			a.Value = b[i+1:]
			return -1
		}
		a.Value = b[i+1 : i+1+end]
		return i + end + 2
	}
	start := i
	for i < len(b) && !htmlSpace(b[i]) && b[i] != '>' {
		i++
	}
	a.Value = b[start:i]
	return i
}

// Unescape returns the value of an attribute with its entities decoded.
func Unescape(v []byte) []byte {
	if bytes.IndexByte(v, '&') < 0 {
		return v
	}
	return []byte(html.UnescapeString(string(v)))
}

// comment reads a comment after its beginning.
func (s *Scanner) comment() error {
	defer s.handler.CommentEnd()
	head, _ := s.br.Peek(2)
	switch {
	case len(head) > 0 && head[0] == '>':
		s.skip(1)
		return nil
	case string(head) == "->":
		s.skip(2)
		return nil
	}
	return s.until("-->", s.handler.Comment)
}

// until hands on what comes before a mark, in pieces, and passes over the mark. A comment
// may end in --!> as well.
func (s *Scanner) until(mark string, emit func([]byte)) error {
	for !s.handler.Stopped() {
		b, err := s.br.Peek(max(len(mark)+1, s.br.Buffered()))
		size := len(mark)
		i := bytes.Index(b, []byte(mark))
		if mark == "-->" {
			if j := bytes.Index(b, []byte("--!>")); j >= 0 && (i < 0 || j < i) {
				i, size = j, len("--!>")
			}
		}
		if i >= 0 {
			emit(b[:i])
			s.skip(i + size)
			return nil
		}
		if err != nil {
			emit(b)
			s.skip(len(b))
			return walk.NotEOF(err)
		}
		n := len(b) - len(mark)
		emit(b[:n])
		s.skip(n)
	}
	return nil
}

// rawEnd reads the end tag of a raw element, or one character that is none.
func (s *Scanner) rawEnd() error {
	head, err := s.br.Peek(len(s.raw) + 3)
	if n := len(s.raw) + 2; s.raw != "plaintext" && len(head) > n && head[1] == '/' &&
		strings.EqualFold(string(head[2:n]), s.raw) &&
		(htmlSpace(head[n]) || head[n] == '>' || head[n] == '/') {
		s.raw = ""
		return s.tag(2)
	}
	s.handler.Text([]byte{'<'})
	s.skip(1)
	if err == io.EOF {
		err = nil
	}
	return err
}
