package mail

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/charsets"
	"sluis/filter/text/internal/markup"
	"sluis/filter/text/internal/walk"
)

// Message shows a message that stands by itself. Line endings that readers see differently
// are made the same for a second reading.
func Message(w *walk.Walker, r *io.SectionReader, depth int) error {
	mixed, bareCR, err := lineEndings(walk.Fresh(r))
	if err != nil {
		return err
	}
	if mixed {
		w.Doubt(text.MixedEndings)
	}
	if err := showMessage(w, r, depth, nil); err != nil {
		return err
	}
	if n := emptyLines(r); n > 0 {
		w.Doubt(text.BadHeader) // some readers look for a header after them
		if err := showMessage(w, walk.Sub(r, n, r.Size()), depth, nil); err != nil {
			return err
		}
	}
	if !bareCR {
		return nil
	}
	if disputed, err := disputedEndings(walk.Fresh(r)); err != nil {
		return err
	} else if disputed {
		w.Doubt(text.DisputedEndings)
	}
	return w.Random(&crReader{r: walk.Fresh(r)},
		func(s *io.SectionReader) error { return showMessage(w, s, depth, nil) })
}

// emptyLines returns the size of the empty lines that a message begins with, 0 if what
// follows them is no header.
func emptyLines(r *io.SectionReader) int64 {
	buf := walk.CopyBuffers.Get().(*[]byte)
	defer walk.CopyBuffers.Put(buf)
	n, _ := r.ReadAt((*buf)[:walk.HeadSize], 0) // an error shows when it is read
	rest := bytes.TrimLeft((*buf)[:n], "\r\n")
	if len(rest) == n || nameLength(rest) == 0 {
		return 0
	}
	return int64(n - len(rest))
}

// lineEndings reports whether lines end in more than one way, and whether any ends in CR.
func lineEndings(r io.Reader) (mixed, bareCR bool, err error) {
	var crs, crlfs, lfs int
	buf := walk.CopyBuffers.Get().(*[]byte)
	defer walk.CopyBuffers.Put(buf)
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

// disputedEndings reports whether a carriage return that ends a line by itself comes before a boundary, or before a
// field that says what a part is: readers that take it for the end of a line find there what others do not.
func disputedEndings(r io.Reader) (bool, error) {
	br, done := walk.Buffered(r)
	defer done()
	for {
		_, err := br.ReadSlice('\r')
		if err != nil && err != bufio.ErrBufferFull {
			return false, walk.NotEOF(err)
		}
		next, _ := br.Peek(len("content-")) // an error shows when it is read
		if err == nil && (bytes.HasPrefix(next, []byte("--")) || walk.HasPrefixFold(next, "content-")) {
			return true, nil
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

// showMessage shows a message or a part of one: header, then body. Without a Content-Type
// it is plain text, or what kind says.
func showMessage(w *walk.Walker, r *io.SectionReader, depth int, kind *MediaType) error {
	part, err := w.Part()
	if err != nil {
		return err
	}
	if depth > w.Limits.Depth {
		w.Overrun(text.TooDeep)
		return w.Raw(part, walk.Fresh(r))
	}
	e, err := readHeader(w, part, r)
	if err != nil {
		return err
	}
	if len(e.types) == 0 {
		if kind == nil {
			kind = &MediaType{Name: "text/plain"}
		}
		e.types = append(e.types, *kind)
	}
	if len(e.encodings) == 0 {
		e.encodings = append(e.encodings, identity)
	}
	for _, t := range e.types {
		for _, c := range e.encodings {
			if err := showBody(w, part, e, t, c, r, depth); err != nil {
				return err
			}
		}
		if t.value("boundary") != "" && !strings.HasPrefix(t.Name, "multipart/") {
			if err := showHiddenParts(w, part, e, t, r, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// showHiddenParts shows the parts between boundaries of a part that does not call itself a multipart: some readers take
// it for what has a boundary.
func showHiddenParts(w *walk.Walker, part int, e entity, t MediaType, r *io.SectionReader, depth int) error {
	w.Doubt(text.BadContentType)
	body := walk.Sub(r, e.size, r.Size())
	for _, b := range t.values("boundary") {
		found, err := splitParts(w, part, strings.TrimRight(b, " \t"), false, nil, body, depth)
		if err != nil {
			return err
		}
		if found {
			w.Doubt(text.HiddenParts)
		}
	}
	return nil
}

// showBody shows a body in one reading of its header.
func showBody(w *walk.Walker, part int, e entity, t MediaType, c encoding, r *io.SectionReader, depth int) error {
	body := walk.Sub(r, e.size, r.Size())
	more := body // to a reader that stops at a line that is no field
	if e.broken >= 0 {
		more = walk.Sub(r, e.broken, r.Size())
	}
	switch {
	case strings.HasPrefix(t.Name, "multipart/") && c == identity:
		return showComposite(w, part, t, c, more, depth)
	case strings.HasPrefix(t.Name, "multipart/"):
		seen, err := showMultipart(w, part, t, more, depth)
		if err != nil || seen && c == quoted {
			return err // it is not encoded, whatever its header says
		}
		return showDecoded(w, part, t, c, body, seen, depth)
	case t.composite():
		return showComposite(w, part, t, c, body, depth)
	}
	if err := showLeaf(w, part, e, t, c, body, depth); err != nil || more == body {
		return err
	}
	return showLeaf(w, part, e, t, c, more, depth)
}

// showComposite shows a part that holds parts. One that is encoded as a whole is not allowed (RFC 2045 section 6.4):
// some readers decode it, others pass over what its header says.
func showComposite(w *walk.Walker, part int, t MediaType, c encoding, body *io.SectionReader, depth int) error {
	multi := strings.HasPrefix(t.Name, "multipart/")
	switch {
	case c == identity && !multi:
		if w.InReport {
			w.InReport = false
			w.Returned++
			defer func() { w.InReport = true; w.Returned-- }()
		}
		return showMessage(w, body, depth+1, nil)
	case c == identity:
		if seen, err := showMultipart(w, part, t, body, depth); seen || err != nil {
			return err
		}
		return showUnparted(w, body, depth)
	}
	return showDecoded(w, part, t, c, body, false, depth)
}

// showDecoded shows a part that holds parts as if it were encoded as a whole. If seen is set it was shown as it is, and
// what is no multipart is nothing.
func showDecoded(w *walk.Walker, part int, t MediaType, c encoding, body *io.SectionReader, seen bool,
	depth int) error {
	w.Doubt(text.NestedEncoding)
	decoded, done := decodeTransfer(w, c, body)
	defer done()
	return w.Damage(w.Random(decoded, func(s *io.SectionReader) error {
		if !strings.HasPrefix(t.Name, "multipart/") {
			if err := showMessage(w, s, depth+1, nil); err != nil || !beginsMessage(body) {
				return err
			}
			return showMessage(w, body, depth+1, nil) // it is not encoded, whatever its header says
		}
		found, err := showMultipart(w, part, t, s, depth)
		if found || err != nil {
			w.Doubt(text.DisputedEncoding)
			return err
		}
		if seen {
			return nil
		}
		return showUnparted(w, s, depth)
	}))
}

// showLeaf shows a part that holds no parts. A text without a name is a text, whatever its
// content; everything else, and a text that is a file by its content, is a file.
func showLeaf(w *walk.Walker, part int, e entity, t MediaType, c encoding, body *io.SectionReader,
	depth int) error {
	name := ""
	for i, n := range e.names {
		if err := w.Show(part, text.FileName, []byte(n)); err != nil {
			return err
		}
		if i == 0 || text.NamesProgram(n) {
			name = n // the worst of what a reader may take
		}
	}
	open := func() (io.Reader, func()) { return decodeTransfer(w, c, walk.Fresh(body)) }
	if err := readLeaf(w, part, name, t, open, depth); err != nil {
		return err
	}
	if c == base64 && w.Report.Has(text.BadEncoding) {
		return showJoined(w, part, name, t, body, depth)
	}
	return nil
}

// showJoined shows a part in base64 once more if readers may disagree on it: as if padding
// in the middle were not there.
func showJoined(w *walk.Walker, part int, name string, t MediaType, body *io.SectionReader, depth int) error {
	b, done := decodeBase64(w, walk.Fresh(body), false)
	_, err := io.Copy(io.Discard, b)
	doubtful := b.decoder.misplaced || b.decoder.junk
	done()
	if err != nil || !doubtful {
		return w.Damage(err)
	}
	open := func() (io.Reader, func()) { return decodeBase64(w, walk.Fresh(body), true) }
	return readLeaf(w, part, name, t, open, depth)
}

func readLeaf(w *walk.Walker, part int, name string, t MediaType, open Opener, depth int) error {
	r, done := open()
	defer done()
	head, r, release := walk.Peek(r)
	defer release()
	a := text.Attachment{Name: text.Secret(walk.ShortName(name)), Declared: text.Secret(walk.ShortName(t.Name)),
		Depth: depth}
	a.Kind = w.Formats.KindOf(head, name)
	if a.Kind == text.KindText && t.html() {
		a.Kind = text.KindHTML
	}
	if name == "" && (strings.HasPrefix(t.Name, "text/") || strings.HasPrefix(t.Name, "message/") ||
		!strings.Contains(t.Name, "/")) {
		if err := showTexts(w, part, t, r, open, depth); err != nil {
			return err
		}
		if strings.HasPrefix(t.Name, "message/") && LooksLikeHeader(head) {
			r, done := open() // to some readers every such part is a message
			defer done()
			return w.Damage(w.Random(r, func(s *io.SectionReader) error { return showMessage(w, s, depth+1, nil) }))
		}
		if a.Kind == text.KindHTML && !t.html() {
			return Text(w, part, text.Plain, MediaType{Name: "text/html"}, t.value("charset"), nil, open, depth)
		}
		if a.Kind == text.KindUnknown || w.Formats.Of(a.Kind).Textual {
			return nil
		}
		r2, done := open() // a file after all
		defer done()
		r = r2
	}
	if walk.Opaque(a) {
		return w.Beneath(part, a, head, r, open, depth)
	}
	return w.Damage(w.Random(r, func(s *io.SectionReader) error {
		defer w.CutOff(a.Kind, s)()
		return w.Damage(w.File(part, a, t.value("charset"), s, depth))
	}))
}

// showTexts shows a text in each character set that its header names. What is in r is read
// first.
func showTexts(w *walk.Walker, part int, t MediaType, r io.Reader, open Opener, depth int) error {
	charsets := t.charsets()
	if len(charsets) == 0 {
		charsets = []string{""}
	}
	for _, c := range charsets[:min(len(charsets), maxReadings)] {
		if err := Text(w, part, text.Plain, t, c, r, open, depth); err != nil {
			return err
		}
		r = nil
	}
	return nil
}

// Text shows a text in one character set, from r or else from open.
func Text(w *walk.Walker, part int, role text.Role, t MediaType, charset string, r io.Reader, open Opener,
	depth int) error {
	if r == nil {
		fresh, done := open()
		defer done()
		r = fresh
	}
	br, release := walk.Buffered(r)
	defer release()
	u, c := charsets.Decode(charset, t.html(), br)
	if !c.Known {
		w.Doubt(text.BadCharset)
	}
	if t.html() {
		var armour armourSpotter
		if err := w.Damage(markup.HTML(w, part, io.TeeReader(u, &armour))); err != nil {
			return err
		}
		if armour.found {
			if err := showArmourOfPage(w, charset, open, depth); err != nil {
				return err
			}
		}
		return showAgain(w, part, c, false, open, depth)
	}
	o := w.Out(part, role)
	defer o.Close()
	spotter := fileSpotter{Writer: o}
	var to io.Writer = &spotter
	var card cardWriter
	attach := attachSpotter{Writer: to, w: w}
	if t.card() {
		card.Writer = &attach
		to = &card
	}
	_, err := walk.Pipe(to, u)
	attach.end()
	if err := w.Damage(walk.First(o.Close(), err)); err != nil {
		return err
	}
	if card.quoted {
		if err := showQuotedCard(w, part, role, charset, open); err != nil {
			return err
		}
	}
	if flows, delsp := t.flowed(); flows {
		if err := showFlowed(w, part, role, charset, delsp, open); err != nil {
			return err
		}
	}
	return showAgain(w, part, c, spotter.found, open, depth)
}

// showAgain reads a text once more if there is reason to: its character set is one that
// some readers do not know, or a file stands in it.
func showAgain(w *walk.Walker, part int, c charsets.Charset, file bool, open Opener, depth int) error {
	if c.Foreign {
		r, done := open()
		defer done()
		if err := w.Damage(w.Raw(part, r)); err != nil {
			return err
		}
	}
	if file {
		r, done := open()
		defer done()
		return w.Damage(showEmbedded(w, r, depth))
	}
	return nil
}

func (t MediaType) html() bool {
	switch t.Name {
	case "text/html", "text/xml", "text/xhtml", "application/xhtml+xml", "application/xml", "image/svg+xml":
		return true
	}
	return false
}

// beginsMessage reports whether r begins as messages do.
func beginsMessage(r *io.SectionReader) bool {
	head, _, _ := walk.Peek(walk.Fresh(r))
	return LooksLikeHeader(head)
}

// LooksLikeHeader reports whether a file begins as messages do.
func LooksLikeHeader(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.HasPrefix(line, []byte("From ")) || nameLength(line) > 0
}
