package text

import (
	"bytes"
	"encoding/binary"
	"io"
)

// list adds an attachment to the report and returns its number there.
func (w *walker) list(a Attachment) int {
	a.Executable = a.Executable || a.Kind == KindProgram || programExtensions[extension(a.Name.Reveal())]
	return w.report.list(a)
}

// file lists a file and shows it by what it is.
func (w *walker) file(part int, a Attachment, charset string, r *io.SectionReader, depth int) error {
	head, _, _ := peek(r)
	name := a.Name.Reveal()
	if a.Kind == "" || a.Kind == KindText && beginsHTML(head) {
		a.Kind = kindOf(head, name)
	}
	if w.limits.Apart != nil && a.Kind.treacherous() && depth <= w.limits.Depth {
		return w.apart(part, a, r, depth)
	}
	at := w.list(a)
	if depth > w.limits.Depth {
		w.report.uninspectable(TooDeep)
		return nil
	}
	if endsAsZip(a.Kind, r) {
		w.report.doubt(BadArchive) // an archive to programs that look for its end
		if err := w.zip(part, -1, r, depth); err != nil {
			return err
		}
	}
	switch a.Kind {
	case KindText, KindScript, KindHTML:
		return w.text(part, Contents, typeOf(a.Kind, name, head), charset, nil, opened(r), depth)
	case KindMessage:
		if looksLikeHeader(head) {
			return w.root(r, depth+1)
		}
		return first(w.raw(part, fresh(r)), w.root(r, depth+1))
	case KindZip, KindOffice:
		return w.zip(part, at, r, depth)
	case KindOLE:
		return w.ole(part, at, r, depth)
	case KindRTF:
		return w.rtf(part, at, fresh(r))
	case KindGzip, KindBzip2, KindXZ, KindZstd:
		return w.packed(name, r, depth, openers[a.Kind])
	case KindCab:
		return w.cab(part, r, depth)
	case KindTar:
		return w.tar(part, r, depth)
	case Kind7z:
		return w.sevenZip(part, at, r, depth)
	case KindRar:
		return w.rar(part, at, r, depth)
	case KindTNEF:
		return w.tnef(part, r, depth)
	case KindPDF:
		return w.pdf(part, at, r)
	}
	if a.opaque() {
		return nil
	}
	w.report.uninspectable(UnknownFormat)
	return w.strings(part, fresh(r))
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
	a := Attachment{Name: Secret(shortName(name)), Depth: depth + 1, Kind: kindOf(head, name)}
	if a.opaque() {
		w.list(a)
		return nil
	}
	return w.random(r, func(s *io.SectionReader) error { return w.file(part, a, "", s, depth+1) })
}

// looksLikeHeader reports whether a file begins as messages do.
func looksLikeHeader(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.HasPrefix(line, []byte("From ")) || nameLength(line) > 0
}
