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
		w.doubt(MixedEndings)
	}
	if err := w.message(r, depth, nil); err != nil {
		return err
	}
	if n := emptyLines(r); n > 0 {
		w.doubt(BadHeader) // some readers look for a header after them
		if err := w.message(sub(r, n, r.Size()), depth, nil); err != nil {
			return err
		}
	}
	if !bareCR {
		return nil
	}
	return w.random(&crReader{r: fresh(r)}, func(s *io.SectionReader) error { return w.message(s, depth, nil) })
}

// emptyLines returns the size of the empty lines that a message begins with, 0 if what
// follows them is no header.
func emptyLines(r *io.SectionReader) int64 {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	n, _ := r.ReadAt((*buf)[:headSize], 0) // an error shows when it is read
	rest := bytes.TrimLeft((*buf)[:n], "\r\n")
	if len(rest) == n || nameLength(rest) == 0 {
		return 0
	}
	return int64(n - len(rest))
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
		w.uninspectable(TooDeep)
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
		if t.value("boundary") != "" && !strings.HasPrefix(t.name, "multipart/") {
			w.doubt(BadContentType) // it may be taken for what has one
			t.name = "multipart/mixed"
			if err := w.body(part, e, t, e.encodings[0], r, depth); err != nil {
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
		w.doubt(NestedEncoding)
		decoded, done := w.transfer(encoding, body)
		defer done()
		return w.damage(w.random(decoded, func(s *io.SectionReader) error { return w.composite(part, t, s, depth) }))
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
		if i == 0 || NamesProgram(n) {
			name = n // the worst of what a reader may take
		}
	}
	open := func() (io.Reader, func()) { return w.transfer(encoding, fresh(body)) }
	if err := w.leafReading(part, name, t, open, depth); err != nil {
		return err
	}
	if strings.Contains(encoding, "base64") && slices.Contains(w.report.Doubts, BadEncoding) {
		return w.joined(part, name, t, body, depth)
	}
	return nil
}

// joined shows a part in base64 once more if readers may disagree on it: as if padding
// in the middle were not there.
func (w *walker) joined(part int, name string, t mediaType, body *io.SectionReader, depth int) error {
	b, done := w.base64(fresh(body), false)
	_, err := io.Copy(io.Discard, b)
	odd := b.decoder.misplaced || b.decoder.junk
	done()
	if err != nil || !odd {
		return w.damage(err)
	}
	open := func() (io.Reader, func()) { return w.base64(fresh(body), true) }
	return w.leafReading(part, name, t, open, depth)
}

func (w *walker) leafReading(part int, name string, t mediaType, open opener, depth int) error {
	r, done := open()
	defer done()
	head, r, release := peek(r)
	defer release()
	a := Attachment{Name: Secret(shortName(name)), Declared: Secret(shortName(t.name)), Depth: depth}
	a.Kind = w.formats.kindOf(head, name)
	if a.Kind == KindText && t.html() {
		a.Kind = KindHTML
	}
	if name == "" && (strings.HasPrefix(t.name, "text/") || strings.HasPrefix(t.name, "message/") || !strings.Contains(t.name, "/")) {
		if err := w.texts(part, t, r, open, depth); err != nil {
			return err
		}
		if a.Kind == KindHTML && !t.html() {
			return w.text(part, Plain, mediaType{name: "text/html"}, t.value("charset"), nil, open, depth)
		}
		if a.Kind == KindUnknown || w.formats.of(a.Kind).textual {
			return nil
		}
		r2, done := open() // a file after all
		defer done()
		r = r2
	}
	if opaque(a) {
		w.list(a)
		return nil
	}
	return w.damage(w.random(r, func(s *io.SectionReader) error { return w.file(part, a, t.value("charset"), s, depth) }))
}

// texts shows a text in each character set that its header names. What is in r is read
// first.
func (w *walker) texts(part int, t mediaType, r io.Reader, open opener, depth int) error {
	charsets := t.values("charset")
	if len(charsets) == 0 {
		charsets = []string{""}
	}
	for _, c := range charsets[:min(len(charsets), maxReadings)] {
		if err := w.text(part, Plain, t, c, r, open, depth); err != nil {
			return err
		}
		r = nil
	}
	return nil
}

// text shows a text in one character set, from r or else from open.
func (w *walker) text(part int, role Role, t mediaType, charset string, r io.Reader, open opener, depth int) error {
	if r == nil {
		fresh, done := open()
		defer done()
		r = fresh
	}
	br, release := buffered(r)
	defer release()
	u, c := decodeCharset(charset, t.html(), br)
	if !c.known {
		w.doubt(BadCharset)
	}
	if t.html() {
		if err := w.damage(w.html(part, u)); err != nil {
			return err
		}
		return w.again(part, c, false, open, depth)
	}
	o := w.out(part, role)
	defer o.Close()
	spotter := fileSpotter{Writer: o}
	var to io.Writer = &spotter
	if t.card() {
		to = &unfolder{Writer: to}
	}
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	_, err := io.CopyBuffer(onlyWriter{to}, onlyReader{u}, *buf)
	if err := w.damage(first(o.Close(), err)); err != nil {
		return err
	}
	return w.again(part, c, spotter.found, open, depth)
}

// again reads a text once more if there is reason to: its character set is one that
// some readers do not know, or a file stands in it.
func (w *walker) again(part int, c charsetOf, file bool, open opener, depth int) error {
	if c.odd {
		r, done := open()
		defer done()
		if err := w.damage(w.raw(part, r)); err != nil {
			return err
		}
	}
	if file {
		r, done := open()
		defer done()
		return w.damage(w.embedded(r, depth))
	}
	return nil
}

func (t mediaType) html() bool {
	switch t.name {
	case "text/html", "text/xml", "text/xhtml", "application/xhtml+xml", "application/xml", "image/svg+xml":
		return true
	}
	return false
}

// card reports whether lines are folded as in calendars and address cards.
func (t mediaType) card() bool {
	switch t.name {
	case "text/calendar", "text/vcard", "text/x-vcard", "text/directory":
		return true
	}
	return false
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

// looksLikeHeader reports whether a file begins as messages do.
func looksLikeHeader(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.HasPrefix(line, []byte("From ")) || nameLength(line) > 0
}
