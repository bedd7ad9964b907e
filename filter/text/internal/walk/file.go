package walk

import (
	"bytes"
	"encoding/binary"
	"io"

	"sluis/filter/text"
)

// Content is a file on its way to the reader of its format.
type Content struct {
	text.Attachment
	Part    int
	At      int // where it is listed; -1 if it is not
	Charset string
	Head    []byte
	R       *io.SectionReader
	Depth   int
}

// File lists a file and shows it by its format.
func (w *Walker) File(part int, a text.Attachment, charset string, r *io.SectionReader, depth int) error {
	head, _, _ := Peek(r)
	if a.Kind == "" || a.Kind == text.KindText && BeginsHTML(head) {
		a.Kind = w.Formats.KindOf(head, a.Name.Reveal())
	}
	if a.Kind != text.KindDisk && isDisk(a.Kind, r) {
		a.Kind = text.KindDisk
	}
	f := w.Formats.Of(a.Kind)
	if w.Limits.Apart != nil && f.Sandboxed && depth <= w.Limits.Depth {
		return w.apart(part, a, r, depth)
	}
	at := w.List(a, head)
	if depth > w.Limits.Depth {
		w.Overrun(text.TooDeep)
		return nil
	}
	if endsAsZip(a.Kind, r) {
		w.Doubt(text.BadArchive) // an archive to programs that look for its end
		if err := w.Formats.Of(text.KindZip).Read(w, Content{Part: part, At: -1, R: r, Depth: depth}); err != nil {
			return err
		}
	}
	defer func(at int) { w.At = at }(w.At)
	w.At = at
	return f.Read(w, Content{
		Attachment: a,
		Part:       part,
		At:         at,
		Charset:    charset,
		Head:       head,
		R:          r,
		Depth:      depth,
	})
}

// isDisk reports whether a file is the image of a disk by what stands beyond its first bytes: the volumes of a disc,
// which begin at its seventeenth sector (ECMA-119, ECMA-167), or what ends a disk of Windows or macOS.
func isDisk(k text.FileKind, r *io.SectionReader) bool {
	var b [8]byte
	if n, _ := r.ReadAt(b[:6], 16*2048); n == 6 { // here and below an error shows when it is read
		switch string(b[1:6]) {
		case "CD001", "BEA01", "NSR02", "NSR03":
			return true
		}
	}
	if k != text.KindUnknown {
		return false
	}
	n, _ := r.ReadAt(b[:], r.Size()-512)
	return n == len(b) && (string(b[:]) == "conectix" || string(b[:4]) == "koly")
}

// endsAsZip reports whether a file that is something else by its beginning ends as a zip does: with a directory and the
// record of it, after which a comment or other bytes may stand.
func endsAsZip(k text.FileKind, r *io.SectionReader) bool {
	if k == text.KindZip || k == text.KindOffice {
		return false
	}
	const record, longest = 22, 1<<16 - 1 // of a comment
	exact := false                        // other kinds hold files as they are, also as their last part
	switch k {
	case text.KindOLE, text.KindTNEF, text.KindTar, text.KindMessage, text.KindRTF:
		exact = true
	}
	buf := CopyBuffers.Get().(*[]byte)
	defer CopyBuffers.Put(buf)
	closed := false // the end of a PDF comes after
	for end := r.Size(); end > max(r.Size()-record-longest, 0); {
		begin := max(end-int64(len(*buf)), 0)
		n, _ := r.ReadAt((*buf)[:end-begin], begin) // an error shows when it is read
		b := (*buf)[:n]
		for i := bytes.Index(b, directoryEnd); i >= 0; {
			if at := begin + int64(i); hasDirectory(r, at) {
				var comment [2]byte
				r.ReadAt(comment[:], at+record-2) // as above
				last := at+record+int64(binary.LittleEndian.Uint16(comment[:])) == r.Size()
				if last || !exact && !closed && !bytes.Contains(b[i:], pdfEnd) { // else a file of a PDF
					return true
				}
			}
			next := bytes.Index(b[i+1:], directoryEnd)
			if next < 0 {
				break
			}
			i += 1 + next
		}
		if closed = closed || bytes.Contains(b, pdfEnd); begin == 0 {
			break
		}
		end = begin + int64(len(directoryEnd)) - 1
	}
	return false
}

var directoryEnd, pdfEnd = []byte("PK\x05\x06"), []byte("%%EOF")

// hasDirectory reports whether the record of a directory has that of a file before it, as far as it says.
func hasDirectory(r io.ReaderAt, at int64) bool {
	var record [22]byte
	if n, _ := r.ReadAt(record[:], at); n < len(record) { // an error shows when it is read
		return false
	}
	var first [4]byte
	n, _ := r.ReadAt(first[:], at-int64(binary.LittleEndian.Uint32(record[12:]))) // as above
	return n == len(first) && string(first[:]) == "PK\x01\x02"
}

// Member shows a file of an archive.
func (w *Walker) Member(name string, r io.Reader, depth int) error {
	return w.member(text.Attachment{Name: text.Secret(ShortName(name))}, name, r, depth)
}

// Script shows a script of a package, which only the program that opens the package runs.
func (w *Walker) Script(name string, r io.Reader, depth int) error {
	return w.member(text.Attachment{Name: text.Secret(ShortName(name)), Packaged: true}, name, r, depth)
}

func (w *Walker) member(a text.Attachment, name string, r io.Reader, depth int) error {
	w.EnterFile()
	defer w.Leave()
	part, err := w.Part()
	if err != nil {
		return err
	}
	if err := w.Show(part, text.FileName, []byte(name)); err != nil {
		return err
	}
	head, r, done := Peek(r)
	defer done()
	a.Depth, a.Kind = depth+1, w.Formats.KindOf(head, name)
	if Opaque(a) {
		w.List(a, head)
		return nil
	}
	read := false
	err = w.Random(r, func(s *io.SectionReader) error {
		read = true
		return w.File(part, a, "", s, depth+1)
	})
	if !read && w.Stop == nil {
		w.List(a, head) // nothing of it can be read, but its name
	}
	return err
}

// Unread lists a file of an archive whose content cannot be read, by its name.
func (w *Walker) Unread(part int, name string, depth int) error {
	w.List(text.Attachment{Name: text.Secret(ShortName(name)), Depth: depth + 1, Kind: text.KindUnknown}, nil)
	return w.Show(part, text.FileName, []byte(name))
}

// Peek returns the first bytes of r, and a reader that still has them.
func Peek(r io.Reader) ([]byte, io.Reader, func()) {
	if s, ok := r.(*io.SectionReader); ok {
		b := make([]byte, min(HeadSize, s.Size()))
		n, _ := s.ReadAt(b, 0) // an error shows again when it is read
		return b[:n], s, Nothing
	}
	br, done := Buffered(r)
	b, _ := br.Peek(HeadSize) // as above
	return b, br, done
}

// ShortName bounds a name in a report. Its end says what it is.
func ShortName(name string) string { return name[max(0, len(name)-1024):] }
