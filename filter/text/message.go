package text

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// message shows a message or a part of one: header, then body by its media type.
func (w *walker) message(r *io.SectionReader, depth int) error {
	part, err := w.part()
	if err != nil {
		return err
	}
	if depth > w.limits.Depth {
		w.report.uninspectable(TooDeep)
		return w.raw(r)
	}
	h, err := w.readHeader(r)
	if err != nil {
		return err
	}
	if err := w.showHeader(part, h); err != nil {
		return err
	}
	body := io.NewSectionReader(r, min(h.size, r.Size()), max(0, r.Size()-h.size))
	return w.body(part, h, body, depth)
}

// body shows a body under each content type that its header gives: there may be none,
// or several.
func (w *walker) body(part int, h header, body *io.SectionReader, depth int) error {
	types := w.values(h, "Content-Type")
	if len(types) == 0 {
		types = []string{"text/plain"}
	}
	for i, value := range types {
		if i == 3 {
			break // more than anybody reads
		}
		t, params := w.mediaType(value)
		if err := w.typed(part, h, t, params, body, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) typed(part int, h header, t string, params map[string]string, body *io.SectionReader, depth int) error {
	encodings := w.values(h, "Content-Transfer-Encoding")
	if len(encodings) == 0 {
		encodings = []string{""}
	}
	composite := strings.HasPrefix(t, "multipart/") || t == "message/rfc822" || t == "message/global" || t == "message/partial"
	for _, e := range encodings[:min(2, len(encodings))] {
		e = strings.ToLower(strings.TrimSpace(e))
		switch {
		case composite && identity(e):
			if err := w.composite(t, params, body, depth); err != nil {
				return err
			}
		case composite:
			// Not allowed (RFC 2045 section 6.4), and opened by some mail programs.
			w.report.doubt(NestedEncoding)
			err := w.spooled(w.transfer(e, body), func(r *io.SectionReader) error { return w.composite(t, params, r, depth) })
			if err != nil {
				return err
			}
		default:
			if err := w.leaf(part, h, t, params, w.transfer(e, body), depth); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walker) composite(t string, params map[string]string, body *io.SectionReader, depth int) error {
	if !strings.HasPrefix(t, "multipart/") {
		return w.message(body, depth+1)
	}
	return w.multipart(params["boundary"], body, depth)
}

// leaf shows a part that holds no parts. Texts are shown as texts, whatever their name;
// everything else is a file.
func (w *walker) leaf(part int, h header, t string, params map[string]string, r io.Reader, depth int) error {
	name := w.fileName(h, params)
	if err := w.show(part, FileName, name); err != nil {
		return err
	}
	if strings.HasPrefix(t, "text/") && name == "" {
		return w.text(part, t, params["charset"], r)
	}
	return w.spooled(r, func(s *io.SectionReader) error {
		a := Attachment{Name: Secret(name)}
		return w.file(a, params["charset"], s, s.Size(), depth)
	})
}

// fileName returns the name of an attachment from wherever a mail program takes it.
func (w *walker) fileName(h header, params map[string]string) string {
	for _, d := range h.all("Content-Disposition") {
		_, dp := w.mediaType(d)
		if n := dp["filename"]; n != "" {
			return decodeWords(n)
		}
	}
	return decodeWords(params["name"])
}

// text shows a text part.
func (w *walker) text(part int, t, charset string, r io.Reader) error {
	decoded, known := decodeCharset(charset, r)
	if !known {
		w.report.doubt(BadCharset)
	}
	if t == "text/html" || t == "text/xml" || t == "text/xhtml" {
		return w.html(part, decoded)
	}
	o := w.out(part, Plain)
	if _, err := io.Copy(o, decoded); err != nil {
		return err
	}
	return o.Close()
}

// multipart shows the parts between boundaries, and what stands before the first and
// after the last. Where a boundary is missing or malformed, one is guessed.
func (w *walker) multipart(boundary string, body *io.SectionReader, depth int) error {
	if boundary == "" || len(boundary) > 250 {
		w.report.doubt(BadBoundary)
		boundary = guessBoundary(body)
	}
	var start int64 = -1 // of the part that is being read
	closed := false
	err := delimiters(body, boundary, func(d delimiter) error {
		piece := io.NewSectionReader(body, max(0, start), max(0, d.begin-max(0, start)))
		var err error
		if start < 0 {
			err = w.preamble(piece)
		} else if !closed {
			err = w.message(piece, depth+1)
		} else {
			w.report.doubt(BadBoundary) // parts go on after the end: some programs show them
			err = w.message(piece, depth+1)
		}
		start, closed = d.end, closed || d.last
		return err
	})
	if err != nil {
		return err
	}
	rest := io.NewSectionReader(body, max(0, start), body.Size()-max(0, start))
	switch {
	case start < 0:
		w.report.doubt(BadBoundary)
		return w.message(rest, depth+1)
	case !closed:
		w.report.doubt(NoEnd)
		return w.message(rest, depth+1)
	}
	return w.preamble(rest)
}

// preamble shows what a reader of MIME does not see, and another program does.
func (w *walker) preamble(r *io.SectionReader) error {
	if r.Size() <= 2 {
		return nil
	}
	o := w.out(0, Hidden)
	if _, err := io.Copy(o, r); err != nil {
		return err
	}
	return o.Close()
}

// delimiter is a boundary line: where it begins, and where what follows it does.
type delimiter struct {
	begin, end int64
	last       bool
}

// delimiters finds the boundary lines of a multipart body, with any line ending. A line
// that begins with the boundary and goes on is one as well, since readers disagree
// (RFC 2046 section 5.1.1 allows white space only).
func delimiters(body *io.SectionReader, boundary string, found func(delimiter) error) error {
	br := bufio.NewReaderSize(io.NewSectionReader(body, 0, body.Size()), 8<<10)
	dash := []byte("--" + boundary)
	var at int64
	begin := true // of a line
	for {
		line, err := br.ReadSlice('\n')
		if begin && bytes.HasPrefix(line, dash) {
			rest := bytes.TrimRight(line[len(dash):], " \t\r\n")
			last := bytes.HasPrefix(rest, []byte("--"))
			if len(rest) == 0 || last && len(rest) == 2 {
				end := at + int64(len(line))
				if e := found(delimiter{at, end, last}); e != nil {
					return e
				}
			}
		}
		at += int64(len(line))
		begin = err == nil
		if err == io.EOF {
			return nil
		}
		if err != nil && err != bufio.ErrBufferFull {
			return err
		}
	}
}

// guessBoundary returns what follows the dashes of the first line that begins with two.
func guessBoundary(body *io.SectionReader) string {
	br := bufio.NewReaderSize(io.NewSectionReader(body, 0, body.Size()), 4096)
	for {
		line, err := br.ReadSlice('\n')
		if text, ok := bytes.CutPrefix(line, []byte("--")); ok {
			if b := strings.TrimRight(string(text), " \t\r\n"); b != "" && b != "--" {
				return b
			}
		}
		if err != nil && err != bufio.ErrBufferFull {
			return "\x00" // no line has it
		}
	}
}
