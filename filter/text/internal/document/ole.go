package document

import (
	"bufio"
	"encoding/binary"
	"io"
	"path"
	"strings"

	"github.com/richardlehane/mscfb"
	"golang.org/x/text/encoding/unicode"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// OLE shows the streams of an OLE document (doc, xls, ppt, msg): what of them reads as
// text, the numbers of sheets, and the body and the files of a message of Outlook.
// Macros and encryption are recognised by the names of streams and their first bytes.
func OLE(w *walk.Walker, part, at int, r *io.SectionReader, depth int) error {
	d, err := mscfb.New(r)
	if err != nil {
		if !thumbnails(w, at) {
			w.Doubt(text.Damaged)
		}
		return walk.First(w.Stop, w.Strings(part, walk.Fresh(r)))
	}
	names := oleNames(d.File)
	for i, e := range d.File {
		if i >= w.Limits.Parts {
			w.Overrun(text.TooMany)
			break
		}
		switch e.Name {
		case "VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros":
			w.Macros(at)
		case "EncryptedPackage", "EncryptionInfo", "EncryptedSummary":
			w.Encrypted(at)
		}
		if e.Size <= 0 {
			continue
		}
		if err := w.Damage(oleStream(w, part, at, e, names, depth)); err != nil {
			return err
		}
	}
	return w.Stop
}

// thumbnails reports whether a file has the name of the pictures that Windows keeps of a folder, which nothing else
// opens, and which are often cut off.
func thumbnails(w *walk.Walker, at int) bool {
	return at >= 0 && strings.EqualFold(path.Base(w.Report.Attachments[at].Name.Reveal()), "thumbs.db")
}

func oleStream(w *walk.Walker, part, at int, e *mscfb.File, names map[string]string, depth int) error {
	// A chain of sectors may run in a circle.
	br, done := walk.Buffered(w.Inflating(io.LimitReader(e, e.Size)))
	defer done()
	property, _ := strings.CutPrefix(e.Name, "__substg1.0_")
	if n := len(e.Path); n > 0 && strings.HasPrefix(e.Path[n-1], "__nameid") {
		property = "" // a table of names, by the same numbers
	}
	switch {
	case strings.HasPrefix(property, "3701"):
		return w.Member(names[strings.Join(e.Path, "/")], br, depth)
	case e.Name == "Ole10Native":
		return native(w, part, br, depth)
	case e.Name == "Package", e.Name == "CONTENTS":
		return w.Member("", br, depth)
	case strings.HasPrefix(property, "1013"):
		return showProperty(w, part, mapiBodyHTML, br, e.Size, depth)
	case strings.HasPrefix(property, "1009"):
		return showProperty(w, part, mapiRTF, br, e.Size, depth)
	case e.Name == "WordDocument":
		if h, _ := br.Peek(12); len(h) == 12 && h[11]&1 != 0 { // [MS-DOC] section 2.5.2, fEncrypted
			w.Encrypted(at)
		}
		return w.Random(br, func(s *io.SectionReader) error {
			again, done := walk.Buffered(walk.Fresh(s))
			defer done()
			return walk.First(w.Strings(part, walk.Fresh(s)), wordFields(w, at, again))
		})
	case e.Name == "Workbook" || e.Name == "Book":
		return w.Random(br, func(s *io.SectionReader) error {
			return walk.First(w.Strings(part, walk.Fresh(s)), showWorkbook(w, part, at, walk.Fresh(s)))
		})
	}
	return w.Strings(part, br)
}

// native shows a file that was dropped into a document: sizes, a label, two paths, and
// the file ([MS-OLEDS] section 2.3.6; within, the form of Windows' Object Packager).
func native(w *walk.Walker, part int, r io.Reader, depth int) error {
	br, done := walk.Buffered(r)
	defer done()
	var b [8]byte
	if _, err := io.ReadFull(br, b[:6]); err != nil {
		return walk.NotEOF(err)
	}
	label, err := cString(br)
	if err != nil {
		return walk.NotEOF(err)
	}
	path, err := cString(br)
	if err != nil {
		return walk.NotEOF(err)
	}
	if _, err := io.ReadFull(br, b[:]); err != nil { // kind, length of the next path
		return walk.NotEOF(err)
	}
	temporary, err := cString(br)
	if err != nil {
		return walk.NotEOF(err)
	}
	size, err := br.Peek(4)
	if err != nil {
		return walk.NotEOF(err)
	}
	br.Discard(4) // cannot fail: they were just seen
	if err := w.Show(part, text.FileName, []byte(path+" "+temporary)); err != nil {
		return err
	}
	return w.Member(label, io.LimitReader(br, int64(binary.LittleEndian.Uint32(size))), depth)
}

// cString reads a string of Windows-1252 up to a zero.
func cString(br *bufio.Reader) (string, error) {
	var b []byte
	for len(b) < 1024 {
		c, err := br.ReadByte()
		if err != nil || c == 0 {
			return string(b), err
		}
		b = append(b, c)
	}
	return string(b), nil
}

// oleNames returns the names of the files of a message, by the storage that holds each:
// the long one (3707) rather than that of DOS (3704).
func oleNames(files []*mscfb.File) map[string]string {
	names := map[string]string{}
	for _, e := range files {
		long := strings.HasPrefix(e.Name, "__substg1.0_3707")
		storage := strings.Join(e.Path, "/")
		if !long && (!strings.HasPrefix(e.Name, "__substg1.0_3704") || names[storage] != "") {
			continue
		}
		b := make([]byte, min(max(e.Size, 0), 1024))
		n, _ := io.ReadFull(e, b) // as far as there is
		b = b[:n]
		e.Seek(0, io.SeekStart) // it is shown in its turn; a fault shows then
		if strings.HasSuffix(e.Name, "1F") {
			b, _ = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Bytes(b) // faults become U+FFFD
		}
		names[storage], _, _ = strings.Cut(string(b), "\x00")
	}
	return names
}
