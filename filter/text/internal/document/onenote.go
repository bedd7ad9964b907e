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
	files := 0
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
		files++
		if err := w.Damage(w.Member("", content, depth)); err != nil {
			return err
		}
		from = at + storedHeader
	}
	if files > 0 {
		if err := storedNames(w, part, r, depth); err != nil {
			return err
		}
	}
	return walk.First(w.Stop, w.Strings(part, walk.Fresh(r)))
}

// storedNames lists the programs that a section names: the names of its files stand apart from them, as texts of two
// bytes a letter.
func storedNames(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	br, done := walk.Buffered(walk.Fresh(r))
	defer done()
	var names [2][]byte // of letters that begin at an even place, and at an odd one
	listed := map[string]bool{}
	end := func(name *[]byte) error {
		n := string(*name)
		*name = (*name)[:0]
		if len(n) < 4 || len(n) > 255 || listed[n] || !text.NamesProgram(n) || text.NamesSite(n) {
			return w.Stop
		}
		listed[n] = true
		return w.Unread(part, n, depth)
	}
	last := byte(0)
	for at := 0; w.Stop == nil; at++ {
		c, err := br.ReadByte()
		switch name := &names[at&1]; {
		case err != nil:
			return walk.First(end(&names[0]), end(&names[1]), walk.NotEOF(err))
		case c == 0 && last >= ' ' && last < 0x7f && len(*name) < 256:
			*name = append(*name, last)
		default:
			if err := end(name); err != nil {
				return err
			}
		}
		last = c
	}
	return w.Stop
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
