package document

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// storedFile begins a file that stands in a section of OneNote ([MS-ONESTORE] section 2.6.13), and storedHeader is the
// size of what comes before its content.
var storedFile = []byte("\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac")

const storedHeader = 16 + 8 + 4 + 8

// OneNote shows what reads as text in a section of OneNote, and the files that stand in it.
func OneNote(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	buf := walk.CopyBuffers.Get().(*[]byte)
	defer walk.CopyBuffers.Put(buf)
	for from := int64(0); from < r.Size() && w.Stop == nil; {
		n, err := r.ReadAt(*buf, from)
		if err != nil && err != io.EOF {
			return err
		}
		i := bytes.Index((*buf)[:n], storedFile)
		if i < 0 {
			if err == io.EOF || n < len(storedFile) {
				break
			}
			from += int64(n - len(storedFile) + 1)
			continue
		}
		at := from + int64(i)
		var header [storedHeader]byte
		if n, err := r.ReadAt(header[:], at); n < len(header) {
			return walk.First(w.Stop, walk.NotEOF(err))
		}
		size := int64(min(binary.LittleEndian.Uint64(header[16:]), uint64(r.Size())))
		content := walk.Sub(r, at+storedHeader, at+storedHeader+size)
		if err := w.Damage(w.Member("", content, depth)); err != nil {
			return err
		}
		from = at + storedHeader
	}
	return walk.First(w.Stop, w.Strings(part, walk.Fresh(r)))
}

// activeMimeHeader is the size of what comes before the content of ActiveMime.
const activeMimeHeader = 0x32

// ActiveMime shows the project of macros of a document that is saved as a message: an OLE document, deflated.
func ActiveMime(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	z, err := zlib.NewReader(walk.Sub(r, activeMimeHeader, r.Size()))
	if err != nil {
		w.Doubt(text.Damaged)
		return walk.First(w.Stop, w.Strings(part, walk.Fresh(r)))
	}
	defer z.Close()
	return w.Damage(w.Member("", w.Inflating(z), depth))
}
