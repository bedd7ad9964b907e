package mail

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"slices"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// Map adds the dangerous files of a message to a report on it that is incomplete, whatever the bound that was reached.
// It takes one pass over the lines: each header after a line that could be a boundary, and the first bytes after it,
// are judged; nesting, repeated fields and the number of parts cost nothing. What of the files can be inspected within
// bounds is; of the rest the names and kinds count.
func Map(ctx context.Context, to *text.Report, formats walk.Formats, r io.ReaderAt, size int64, l text.Limits) error {
	l.Work, l.Parts, l.Text = 16*size+mapWork, 1<<30, 1<<40
	w := walk.NewWalker(ctx, formats, size, l, nowhere)
	m := mapper{w: w, inflated: mapInflated, parts: mapParts}
	err := m.message(w.Section(r, size), 0)
	report, err := w.Finish(err)
	if err != nil {
		return err
	}
	to.Dangerous(report)
	return nil
}

// Bounds of a map, together: what it reads beside the message, in bytes; what it inflates of files; and their files.
const (
	mapWork     = 256 << 20
	mapInflated = 64 << 20
	mapParts    = 10_000
	maxMapped   = 64 << 10 // of a header, in bytes
	mapDepth    = 8        // of messages that are encoded
)

func nowhere(text.Segment) error { return nil }

// mapper is the state of a map.
type mapper struct {
	w        *walk.Walker
	inflated int64 // that may still be
	parts    int   // files in files that may still be opened
}

// message maps a message, or one within it that is encoded.
func (m *mapper) message(r *io.SectionReader, depth int) error {
	br, done := walk.Buffered(walk.Fresh(r))
	defer done()
	var header []byte // with its lines unfolded
	heading, begins := true, true
	at, body := int64(0), int64(-1) // where the line is, and where the body of the part begins
	var e entity
	for {
		line, err := br.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return err
		}
		whole := bytes.TrimRight(line, "\r\n")
		switch {
		case begins && len(whole) > 2 && whole[0] == '-' && whole[1] == '-':
			if err := m.part(e, r, body, at, depth); err != nil {
				return err
			}
			heading, body, header = true, -1, header[:0]
		case heading && begins && len(whole) == 0:
			e = mapHeader(header)
			header, body = header[:0], at+int64(len(line))
			heading = slices.ContainsFunc(e.types, MediaType.message)
			if heading { // a header follows, and it is a part in its own right
				if err := m.part(e, r, body, r.Size(), depth); err != nil {
					return err
				}
			}
		case heading && len(header) < maxMapped:
			if begins && len(whole) > 0 && whole[0] != ' ' && whole[0] != '\t' {
				header = append(header, '\n')
			}
			header = append(header, whole...)
		case begins && (bytes.HasPrefix(line, []byte("begin ")) || bytes.HasPrefix(line, []byte(binHexLine))):
			if f := beginFile(br, line); f != nil {
				m.w.List(text.Attachment{Name: text.Secret(walk.ShortName(f.name)), Kind: text.KindUnknown}, nil)
			}
		}
		at += int64(len(line))
		if begins = err == nil; err == io.EOF {
			return m.part(e, r, body, at, depth)
		}
	}
}

// mapHeader reads the fields of a header that say what its part is.
func mapHeader(header []byte) entity {
	var e entity
	for line := range bytes.Lines(header) {
		name, value, _ := bytes.Cut(line, []byte{':'})
		var small [32]byte
		switch string(walk.Lowered(small[:0], bytes.TrimSpace(name))) {
		case "content-type":
			t, _ := parseMediaType(string(value))
			if len(e.types) < maxReadings {
				e.types = append(e.types, t)
			}
			e.addName(t.params, "name")
		case "content-disposition":
			d, _ := parseMediaType(string(value))
			e.addName(d.params, "filename")
		case "content-transfer-encoding":
			all, _ := encodingsOf(value)
			e.encodings = append(e.encodings, all...)
			slices.Sort(e.encodings)
			e.encodings = slices.Compact(e.encodings)
		}
	}
	return e
}

// message reports whether a message may follow.
func (t MediaType) message() bool { return strings.HasPrefix(t.Name, "message/") }

// part maps a part, given its header and where its body stands.
func (m *mapper) part(e entity, r *io.SectionReader, begin, end int64, depth int) error {
	if begin < 0 || len(e.types)+len(e.encodings)+len(e.names) == 0 {
		return m.w.Stop
	}
	body := walk.Sub(r, begin, end)
	name, t := "", MediaType{}
	for i, n := range e.names {
		if i == 0 || text.NamesProgram(n) {
			name = n
		}
	}
	if len(e.types) > 0 {
		t = e.types[0]
	}
	if len(e.encodings) == 0 {
		e.encodings = []encoding{identity}
	}
	for _, c := range e.encodings {
		var err error
		if t.composite() {
			err = m.composite(c, body, depth)
		} else {
			err = m.file(name, t, c, body)
		}
		if err != nil {
			return err
		}
	}
	return m.w.Stop
}

// composite maps what is encoded as a whole. Else its parts follow, line by line.
func (m *mapper) composite(c encoding, body *io.SectionReader, depth int) error {
	if c == identity || depth >= mapDepth {
		return m.w.Stop
	}
	decoded, done := decodeTransfer(m.w, c, body)
	defer done()
	return m.w.Damage(m.w.Random(decoded, func(s *io.SectionReader) error { return m.message(s, depth+1) }))
}

// file lists a file by its name and first bytes, and inspects it if it could hold another one.
func (m *mapper) file(name string, t MediaType, c encoding, body *io.SectionReader) error {
	open := func() (io.Reader, func()) { return decodeTransfer(m.w, c, walk.Fresh(body)) }
	decoded, done := open()
	head, _, release := walk.Peek(decoded)
	a := text.Attachment{Name: text.Secret(walk.ShortName(name)), Kind: m.w.Formats.KindOf(head, name)}
	m.w.List(a, head)
	release()
	done()
	if m.w.Stop != nil || m.inflated <= 0 || m.parts <= 0 {
		return m.w.Stop
	}
	switch a.Kind {
	case text.KindText, text.KindScript, text.KindProgram, text.KindOpener:
		return m.w.Stop
	}
	l := m.w.Limits
	l.Inflated, l.Parts, l.Work = m.inflated, m.parts, 4*body.Size()+m.inflated
	inner := walk.NewWalker(m.w.Ctx, m.w.Formats, body.Size(), l, nowhere)
	report, err := inner.Finish(readLeaf(inner, 0, name, t, open, 0))
	if err != nil {
		return m.w.Fail(err)
	}
	m.inflated -= inner.Inflated
	m.parts -= report.Parts
	m.w.Report.Dangerous(report)
	return m.w.Stop
}
