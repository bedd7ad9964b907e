package text

import (
	"bytes"
	"encoding/binary"
	"io"
)

// content is a file on its way to the reader of its format.
type content struct {
	Attachment
	part    int
	at      int // where it is listed; -1 if it is not
	charset string
	head    []byte
	r       *io.SectionReader
	depth   int
}

// file lists a file and shows it by its format.
func (w *walker) file(part int, a Attachment, charset string, r *io.SectionReader, depth int) error {
	head, _, _ := peek(r)
	if a.Kind == "" || a.Kind == KindText && beginsHTML(head) {
		a.Kind = w.formats.kindOf(head, a.Name.Reveal())
	}
	f := w.formats.of(a.Kind)
	if w.limits.Apart != nil && f.sandboxed && depth <= w.limits.Depth {
		return w.apart(part, a, r, depth)
	}
	at := w.list(a)
	if depth > w.limits.Depth {
		w.uninspectable(TooDeep)
		return nil
	}
	if endsAsZip(a.Kind, r) {
		w.doubt(BadArchive) // an archive to programs that look for its end
		if err := w.formats.of(KindZip).read(w, content{part: part, at: -1, r: r, depth: depth}); err != nil {
			return err
		}
	}
	return f.read(w, content{
		Attachment: a,
		part:       part,
		at:         at,
		charset:    charset,
		head:       head,
		r:          r,
		depth:      depth,
	})
}

// endsAsZip reports whether a file that is something else by its beginning ends as a zip
// does: with the record of its directory, and a comment of the length that this gives.
func endsAsZip(k FileKind, r *io.SectionReader) bool {
	if k == KindZip || k == KindOffice {
		return false
	}
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	n, _ := r.ReadAt(*buf, max(r.Size()-int64(len(*buf)), 0)) // an error shows when it is read
	end := (*buf)[:n]
	const record = 22
	i := bytes.LastIndex(end, []byte("PK\x05\x06"))
	return i >= 0 && len(end)-i >= record && int(binary.LittleEndian.Uint16(end[i+record-2:])) == len(end)-i-record
}

// member shows a file of an archive.
func (w *walker) member(name string, r io.Reader, depth int) error {
	part, err := w.part()
	if err != nil {
		return err
	}
	if err := w.show(part, FileName, []byte(name)); err != nil {
		return err
	}
	head, r, done := peek(r)
	defer done()
	a := Attachment{Name: Secret(shortName(name)), Depth: depth + 1, Kind: w.formats.kindOf(head, name)}
	if opaque(a) {
		w.list(a)
		return nil
	}
	return w.random(r, func(s *io.SectionReader) error { return w.file(part, a, "", s, depth+1) })
}

// peek returns the first bytes of r, and a reader that still has them.
func peek(r io.Reader) ([]byte, io.Reader, func()) {
	if s, ok := r.(*io.SectionReader); ok {
		b := make([]byte, min(headSize, s.Size()))
		n, _ := s.ReadAt(b, 0) // an error shows again when it is read
		return b[:n], s, nothing
	}
	br, done := buffered(r)
	b, _ := br.Peek(headSize) // as above
	return b, br, done
}

// shortName bounds a name in a report. Its end says what it is.
func shortName(name string) string { return name[max(0, len(name)-1024):] }
