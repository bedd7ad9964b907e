package document

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"io"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/charsets"
	"sluis/filter/text/internal/walk"
)

// PDF shows a PDF in two readings: its pages as the library understands them, and the
// strings of all its streams, whether a page uses them or not, as far as they are plain
// or deflated and in fonts whose codes are characters. One whose text neither can tell is
// named as uninspectable.
func PDF(w *walk.Walker, part, at int, r *io.SectionReader) error {
	whole := showPages(w, part, r)
	if w.Stop != nil {
		return w.Stop
	}
	p := pdfReader{w: w, at: at, o: w.Out(part, text.Contents)}
	defer p.o.Close()
	if err := w.Damage(p.streams(r)); err != nil {
		return err
	}
	switch {
	case whole:
	case p.encrypted:
		w.Encrypted(at)
	case p.unread || p.letters == 0:
		w.Doubt(text.UnknownFormat)
	}
	return p.o.Close()
}

type pdfReader struct {
	w  *walk.Walker
	at int
	o  *walk.Out

	encrypted bool
	unread    bool // there is text in a form that is not read
	letters   int
}

// outside reads what is in no stream: dictionaries, and texts about the document.
func (p *pdfReader) outside(b []byte) {
	p.encrypted = p.encrypted || bytes.Contains(b, []byte("/Encrypt"))
	for _, active := range []string{"/JavaScript", "/JS", "/Launch", "/EmbeddedFile", "/RichMedia"} {
		if bytes.Contains(b, []byte(active)) {
			p.w.Macros(p.at)
		}
	}
	for _, font := range []string{"/Type0", "/Type3", "/CIDFont", "/EmbeddedFile"} {
		p.unread = p.unread || bytes.Contains(b, []byte(font))
	}
}

// streams goes through the streams of a PDF, each with the dictionary before it.
func (p *pdfReader) streams(r *io.SectionReader) error {
	br, done := walk.Buffered(walk.Fresh(r))
	defer done()
	var at, begin int64
	var dict []byte
	in := false
	for {
		l, err := br.ReadSlice('\n')
		at += int64(len(l))
		switch {
		case in && bytes.Contains(l, []byte("endstream")):
			in = false
			if err := p.stream(dict, walk.Sub(r, begin,
				at-int64(len(l)-bytes.Index(l, []byte("endstream"))))); err != nil {
				return err
			}
			dict = dict[:0]
		case in:
		default:
			p.outside(l)
			if bytes.Contains(l, []byte(" obj")) {
				dict = dict[:0]
			}
			if len(dict) < 4096 {
				dict = append(dict, l...)
			}
			if i := bytes.LastIndex(l, []byte("stream")); i >= 0 && !bytes.Contains(l, []byte("endstream")) {
				in, begin = true, at
				if !bytes.HasSuffix(l, []byte("\n")) {
					begin = at - int64(len(l)-i-len("stream"))
				}
			}
			if !in && bytes.IndexByte(l, '(') >= 0 {
				p.text(bufio.NewReader(bytes.NewReader(l)))
			}
		}
		if err == io.EOF {
			return p.w.Stop
		}
		if err != nil && err != bufio.ErrBufferFull {
			return err
		}
	}
}

func (p *pdfReader) stream(dict []byte, s *io.SectionReader) error {
	for _, noise := range []string{"/Image", "/FontFile", "/Length1", "/ICCBased", "/XRef", "/Metadata"} {
		if bytes.Contains(dict, []byte(noise)) {
			return nil
		}
	}
	var body io.Reader = s
	switch {
	case bytes.Contains(dict, []byte("/FlateDecode")) || bytes.Contains(dict, []byte("/Fl ")):
		z, err := zlib.NewReader(s)
		if err != nil {
			p.unread = true
			return p.w.Stop
		}
		defer z.Close()
		body = p.w.Inflating(z, s.Size())
	case bytes.Contains(dict, []byte("/Filter")):
		p.unread = true
		return nil
	}
	br, done := walk.Buffered(body)
	defer done()
	head, _ := br.Peek(4096) // an error shows when it is read
	if bytes.Contains(head, []byte("begincmap")) {
		return p.w.Stop // a table of the codes of a font
	}
	if bytes.Contains(dict, []byte("/ObjStm")) {
		p.outside(head) // objects may be in a stream as well
	}
	p.unread = p.w.Damage(p.text(br)) != nil || p.unread
	return p.w.Stop
}

// text shows the strings of a content stream. A position, or a wide gap between
// strings, ends a word.
func (p *pdfReader) text(br *bufio.Reader) error {
	var b []byte
	defer func() { p.o.Write([]byte{'\n'}) }()
	for p.w.Stop == nil {
		c, err := br.ReadByte()
		if err != nil {
			return walk.NotEOF(err)
		}
		switch {
		case c == '(':
			if b, err = pdfString(br, b[:0]); err != nil {
				return walk.NotEOF(err)
			}
			p.show(b)
		case c == '<':
			if b, err = pdfHex(br, b[:0]); err != nil {
				return walk.NotEOF(err)
			}
			p.show(b)
		case c == '-':
			if n, _ := br.Peek(3); len(n) == 3 && strings.Trim(string(n), "0123456789") == "" {
				p.o.Write([]byte{' '})
			}
		case c == 'T':
			if n, _ := br.Peek(1); len(n) == 1 && strings.IndexByte("dDm*", n[0]) >= 0 {
				p.o.Write([]byte{'\n'})
			}
		case c == 'E':
			if n, _ := br.Peek(1); len(n) == 1 && n[0] == 'T' {
				p.o.Write([]byte{'\n'})
			}
		}
	}
	return p.w.Stop
}

// show shows a string in Windows-1252, or in UTF-16 if it says so. What is mostly no
// text is in a font of its own codes.
func (p *pdfReader) show(b []byte) {
	if e := charsets.UTF16(b); e != nil && bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
		b, _ = e.NewDecoder().Bytes(b) // what cannot be decoded becomes U+FFFD
		p.o.Write(b)
		return
	}
	controls := 0
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' {
			controls++
		} else if c|0x20 >= 'a' && c|0x20 <= 'z' {
			p.letters++
		}
	}
	if controls*4 > len(b) {
		p.unread = true
		return
	}
	p.o.Write(b)
}

// maxPDFString bounds a string of a PDF, in bytes.
const maxPDFString = 64 << 10

// pdfString reads a string to its closing parenthesis.
func pdfString(br *bufio.Reader, b []byte) ([]byte, error) {
	for depth := 1; len(b) < maxPDFString; {
		c, err := br.ReadByte()
		if err != nil {
			return b, err
		}
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return b, nil
			}
		case '\\':
			if c, err = pdfEscape(br); err != nil {
				return b, err
			}
			if c == 0 {
				continue
			}
		}
		b = append(b, c)
	}
	return b, nil
}

// pdfEscape reads what follows a backslash: a letter, an octal code, or the end of a
// line, which is nothing.
func pdfEscape(br *bufio.Reader) (byte, error) {
	c, err := br.ReadByte()
	if err != nil {
		return 0, err
	}
	switch c {
	case 'n', 'r':
		return '\n', nil
	case 't':
		return '\t', nil
	case 'b', 'f', '\n', '\r':
		return 0, nil
	}
	if c < '0' || c > '7' {
		return c, nil
	}
	n := c - '0'
	for range 2 {
		if d, err := br.Peek(1); err != nil || d[0] < '0' || d[0] > '7' {
			break
		}
		d, _ := br.ReadByte() // was just seen
		n = n<<3 | (d - '0')
	}
	return n, nil
}

// pdfHex reads a hexadecimal string; nothing if it is a dictionary.
func pdfHex(br *bufio.Reader, b []byte) ([]byte, error) {
	half, n := false, byte(0)
	for len(b) < maxPDFString {
		c, err := br.ReadByte()
		if err != nil || c == '<' || c == '>' {
			return b, err
		}
		v := walk.Unhex(c)
		if v > 15 {
			continue
		}
		if half {
			b = append(b, n<<4|v)
		}
		half, n = !half, v
	}
	return b, nil
}
