package text

import (
	"bytes"
	"io"
	"slices"
	"strings"
)

// root shows a message that stands by itself. Line endings that readers see differently
// are made the same for a second reading.
func (w *walker) root(r *io.SectionReader, depth int) error {
	mixed, bareCR, err := lineEndings(fresh(r))
	if err != nil {
		return err
	}
	if mixed {
		w.report.doubt(MixedEndings)
	}
	if err := w.message(r, depth, nil); err != nil || !bareCR {
		return err
	}
	return w.random(&crReader{r: fresh(r)}, func(s *io.SectionReader) error { return w.message(s, depth, nil) })
}

// lineEndings reports whether lines end in more than one way, and whether any ends in CR.
func lineEndings(r io.Reader) (mixed, bareCR bool, err error) {
	var crs, crlfs, lfs int
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	last := byte(0)
	for {
		n, err := r.Read(*buf)
		b := (*buf)[:n]
		crs += bytes.Count(b, []byte{'\r'})
		for i := bytes.IndexByte(b, '\n'); i >= 0; {
			if i > 0 && b[i-1] == '\r' || i == 0 && last == '\r' {
				crlfs++
			} else {
				lfs++
			}
			next := bytes.IndexByte(b[i+1:], '\n')
			if next < 0 {
				break
			}
			i += 1 + next
		}
		if n > 0 {
			last = b[n-1]
		}
		if err == io.EOF {
			return crs > crlfs || lfs > 0 && crlfs > 0, crs > crlfs, nil
		}
		if err != nil {
			return false, false, err
		}
	}
}

// crReader makes a line feed of every carriage return that is not before one.
type crReader struct{ r io.Reader }

// Read implements io.Reader.
func (c *crReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i, b := range p[:n] {
		if b == '\r' && (i+1 == n || p[i+1] != '\n') {
			p[i] = '\n' // before a line feed it makes an empty line at worst
		}
	}
	return n, err
}

// message shows a message or a part of one: header, then body. Without a Content-Type
// it is plain text, or what kind says.
func (w *walker) message(r *io.SectionReader, depth int, kind *mediaType) error {
	part, err := w.part()
	if err != nil {
		return err
	}
	if depth > w.limits.Depth {
		w.report.uninspectable(TooDeep)
		return w.raw(part, fresh(r))
	}
	e, err := w.readHeader(part, r)
	if err != nil {
		return err
	}
	if len(e.types) == 0 {
		if kind == nil {
			kind = &mediaType{name: "text/plain"}
		}
		e.types = append(e.types, *kind)
	}
	if len(e.encodings) == 0 {
		e.encodings = append(e.encodings, "")
	}
	for _, t := range e.types {
		for _, encoding := range e.encodings {
			if err := w.body(part, e, t, encoding, r, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// body shows a body in one reading of its header.
func (w *walker) body(part int, e entity, t mediaType, encoding string, r *io.SectionReader, depth int) error {
	begin := e.size
	if strings.HasPrefix(t.name, "multipart/") || t.name == "message/rfc822" || t.name == "message/global" || t.name == "message/partial" {
		if e.broken >= 0 && strings.HasPrefix(t.name, "multipart/") {
			begin = e.broken
		}
		body := sub(r, begin, r.Size())
		if identity(encoding) {
			return w.composite(part, t, body, depth)
		}
		// Not allowed (RFC 2045 section 6.4), and opened by some mail programs.
		w.report.doubt(NestedEncoding)
		return w.random(w.transfer(encoding, body), func(s *io.SectionReader) error { return w.composite(part, t, s, depth) })
	}
	if err := w.leaf(part, e, t, encoding, sub(r, begin, r.Size()), depth); err != nil {
		return err
	}
	if e.broken >= 0 {
		// A reader that stops at the line that is no field sees more of the body.
		return w.leaf(part, e, t, encoding, sub(r, e.broken, r.Size()), depth)
	}
	return nil
}

func (w *walker) composite(part int, t mediaType, body *io.SectionReader, depth int) error {
	if strings.HasPrefix(t.name, "multipart/") {
		return w.multipart(part, t, body, depth)
	}
	return w.message(body, depth+1, nil)
}

// leaf shows a part that holds no parts. A text without a name is a text, whatever its
// content; everything else, and a text that is a file by its content, is a file.
func (w *walker) leaf(part int, e entity, t mediaType, encoding string, body *io.SectionReader, depth int) error {
	name := ""
	for i, n := range e.names {
		if err := w.show(part, FileName, []byte(n)); err != nil {
			return err
		}
		if i == 0 || programExtensions[extension(n)] {
			name = n // the worst of what a reader may take
		}
	}
	open := func() io.Reader { return w.transfer(encoding, fresh(body)) }
	if err := w.leafReading(part, name, t, open, depth); err != nil {
		return err
	}
	if b, ok := open().(*base64Reader); ok && slices.Contains(w.report.Doubts, BadEncoding) {
		// Readers disagree on padding in the middle: once more, as if it were not there.
		_, err := io.Copy(io.Discard, b)
		if w.stop != nil || err != nil || !b.decoder.misplaced && !b.decoder.junk {
			return w.stop
		}
		joined := func() io.Reader {
			return &base64Reader{r: fresh(body), w: w, decoder: base64Decoder{joined: true}}
		}
		return w.leafReading(part, name, t, joined, depth)
	}
	return nil
}

func (w *walker) leafReading(part int, name string, t mediaType, open func() io.Reader, depth int) error {
	head, err := peek(open())
	if err != nil {
		return w.damage(err)
	}
	a := Attachment{Name: Secret(shortName(name)), Declared: Secret(shortName(t.name)), Depth: depth}
	a.Kind = kindOf(head, name)
	isText := name == "" && (strings.HasPrefix(t.name, "text/") || strings.HasPrefix(t.name, "message/") || !strings.Contains(t.name, "/"))
	if isText {
		if err := w.texts(part, t, open, depth); err != nil || a.Kind.textual() {
			return err
		}
	}
	if a.opaque() {
		w.list(a)
		return nil
	}
	r := open()
	if s, ok := r.(*io.SectionReader); ok && s.Size() == 0 && name == "" {
		return nil
	}
	err = w.random(r, func(s *io.SectionReader) error { return w.file(part, a, t.value("charset"), s, depth) })
	return w.damage(err)
}

// texts shows a text in each character set that its header names.
func (w *walker) texts(part int, t mediaType, open func() io.Reader, depth int) error {
	charsets := t.values("charset")
	if len(charsets) == 0 {
		charsets = []string{""}
	}
	for _, c := range charsets[:min(len(charsets), maxReadings)] {
		if err := w.text(part, Plain, t, c, open, depth); err != nil {
			return err
		}
	}
	return nil
}

// text shows a text in one character set.
func (w *walker) text(part int, role Role, t mediaType, charset string, open func() io.Reader, depth int) error {
	html := t.name == "text/html" || t.name == "text/xml" || t.name == "text/xhtml" || t.name == "application/xhtml+xml"
	spotter := fileSpotter{}
	err := w.decoded(charset, html, open(), func(r io.Reader) error {
		if html {
			return w.html(part, r)
		}
		o := w.out(part, role)
		defer o.Close()
		spotter.Writer = o
		var to io.Writer = &spotter
		if t.name == "text/calendar" || t.name == "text/vcard" || t.name == "text/x-vcard" || t.name == "text/directory" {
			to = &unfolder{Writer: to}
		}
		buf := copyBuffers.Get().(*[]byte)
		defer copyBuffers.Put(buf)
		_, err := io.CopyBuffer(to, onlyReader{r}, *buf)
		return first(o.Close(), err)
	})
	if w.damage(err) != nil {
		return w.stop
	}
	if c := charsetByName(charset); !c.known {
		w.report.doubt(BadCharset)
	} else if c.odd {
		if err := w.damage(w.raw(part, open())); err != nil {
			return err
		}
	}
	if spotter.found {
		return w.damage(w.embedded(open(), depth))
	}
	return nil
}

// decoded calls use with r in UTF-8.
func (w *walker) decoded(charset string, html bool, r io.Reader, use func(io.Reader) error) error {
	br, done := buffered(r)
	defer done()
	u, _ := decodeCharset(charset, html, br)
	return use(u)
}

// unfolder joins the folded lines of calendars and cards (RFC 5545 section 3.1) and
// undoes the escapes that could cut a word.
type unfolder struct {
	io.Writer
	held []byte // the beginning of what may be a fold or an escape
}

var folds = strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "", `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";")

// Write implements io.Writer.
func (u *unfolder) Write(p []byte) (int, error) {
	b := append(u.held, p...)
	end := len(b)
	for end > 0 && len(b)-end < 2 && (b[end-1] == '\r' || b[end-1] == '\n' || b[end-1] == '\\') {
		end--
	}
	_, err := folds.WriteString(u.Writer, string(b[:end]))
	u.held = bytes.Clone(b[end:])
	return len(p), err
}

// peek returns the first bytes of r.
func peek(r io.Reader) ([]byte, error) {
	if s, ok := r.(*io.SectionReader); ok {
		b := make([]byte, min(headSize, s.Size()))
		n, err := s.ReadAt(b, 0)
		if err == io.EOF {
			err = nil
		}
		return b[:n], err
	}
	b := make([]byte, headSize)
	n, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return b[:n], err
}

// shortName bounds a name in a report. Its end says what it is.
func shortName(name string) string { return name[max(0, len(name)-1024):] }
