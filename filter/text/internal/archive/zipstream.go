package archive

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// zipStream shows the files of a zip by the headers before them, without its directory: so do readers of a stream, and
// so can be read what is damaged.
func zipStream(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	for at := int64(0); ; {
		l, err := findLocal(r, at, r.Size())
		if err != nil || l == nil {
			return err
		}
		at = l.begin + 4
		if err := l.show(w, part, r, depth); err != nil {
			return err
		}
	}
}

// compareLocals compares the directory of a zip with the headers before the files, which some readers go by. A file
// that the directory does not name, or names otherwise, is shown as the header says.
func compareLocals(w *walk.Walker, part int, z *zip.Reader, r *io.SectionReader, depth int) error {
	bodies := bodiesOf(z)
	at := int64(0)
	for i := 0; i <= len(bodies) && w.Stop == nil; i++ {
		end := r.Size()
		if i < len(bodies) {
			end = bodies[i].begin
		}
		for at < end {
			l, err := findLocal(r, at, end)
			if err != nil {
				return err
			}
			if l == nil {
				break
			}
			at = l.begin + 4
			if l.body == end && i < len(bodies) && l.agrees(bodies[i].file) {
				break
			}
			w.Doubt(text.BadArchive)
			if err := l.show(w, part, r, depth); err != nil {
				return err
			}
		}
		if i < len(bodies) {
			at = max(at, bodies[i].end)
		}
	}
	return w.Stop
}

// body is where the content of a file of a zip stands.
type body struct {
	begin, end int64
	file       *zip.File
}

// bodiesOf returns where the files are that a directory names, in their order.
func bodiesOf(z *zip.Reader) []body {
	bodies := make([]body, 0, len(z.File))
	for _, f := range z.File {
		if begin, err := f.DataOffset(); err == nil { // a fault shows when it is opened
			bodies = append(bodies, body{begin, begin + int64(f.CompressedSize64), f})
		}
	}
	slices.SortFunc(bodies, func(a, b body) int { return cmp.Compare(a.begin, b.begin) })
	return bodies
}

// local is the header before a file of a zip.
type local struct {
	begin, body   int64 // where it begins, and where the file does
	flags, method uint16
	packed        int64
	name          string
}

// agrees reports whether the directory says the same of a file. Letters beyond ASCII and slashes are written in several
// ways.
func (l *local) agrees(f *zip.File) bool {
	return plainName(l.name) == plainName(f.Name) && l.method == f.Method &&
		(l.flags&8 != 0 || l.packed == 0 || l.packed == 1<<32-1 || l.packed == int64(f.CompressedSize64))
}

func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\\':
			return '/'
		case r >= 0x80:
			return -1
		}
		return r
	}, name)
}

// show shows the file that the header is of.
func (l *local) show(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	packed := l.packed
	if packed == 0 || l.flags&8 != 0 {
		packed = r.Size() // the size comes after the file; inflating ends by itself
	}
	from := walk.Sub(r, l.body, l.body+packed)
	switch {
	case l.flags&1 != 0:
		w.Doubt(text.Encrypted)
	case l.method == 8:
		return w.Damage(w.Member(l.name, w.Inflating(flate.NewReader(from)), depth))
	case l.method == methodDeflate64 || l.method == methodLZMA || l.method == methodXZ:
		if r, err := unpack(l.method, l.flags, 0, from); err == nil {
			return w.Damage(w.Member(l.name, w.Inflating(r), depth))
		}
	case l.method == 0 && packed < r.Size():
		return w.Damage(w.Member(l.name, w.Inflating(from), depth))
	}
	return w.Unread(part, l.name, depth)
}

// findLocal returns the next header of a file between two places, nil if there is none.
func findLocal(r *io.SectionReader, from, end int64) (*local, error) {
	buf := walk.CopyBuffers.Get().(*[]byte)
	defer walk.CopyBuffers.Put(buf)
	for from < end {
		b := (*buf)[:min(int64(len(*buf)), end-from)]
		n, err := r.ReadAt(b, from)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if i := bytes.Index(b[:n], []byte("PK\x03\x04")); i >= 0 {
			l, err := readLocal(r, from+int64(i))
			if l != nil || err != nil {
				return l, err
			}
			from += int64(i) + 4
			continue
		}
		if n < 4 || err == io.EOF {
			break
		}
		from += int64(n) - 3
	}
	return nil, nil
}

// readLocal reads a header (APPNOTE section 4.3.7), nil if there is none of a kind that could be meant.
func readLocal(r *io.SectionReader, at int64) (*local, error) {
	var h [30]byte
	if n, err := r.ReadAt(h[:], at); n < len(h) {
		return nil, walk.NotEOF(err)
	}
	name := make([]byte, min(binary.LittleEndian.Uint16(h[26:]), 4096))
	if n, err := r.ReadAt(name, at+int64(len(h))); n < len(name) {
		return nil, walk.NotEOF(err)
	}
	sizes := int64(binary.LittleEndian.Uint16(h[26:])) + int64(binary.LittleEndian.Uint16(h[28:]))
	l := local{
		begin:  at,
		body:   at + int64(len(h)) + sizes,
		flags:  binary.LittleEndian.Uint16(h[6:]),
		method: binary.LittleEndian.Uint16(h[8:]),
		packed: int64(binary.LittleEndian.Uint32(h[18:])),
		name:   string(name),
	}
	if h[4] > 100 || l.method > 99 || len(name) == 0 {
		return nil, nil // chance
	}
	return &l, nil
}
