package archive

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// zipStream shows the files of a zip by the headers before them, without its directory:
// so do readers of a stream, and so can be read what is damaged.
func zipStream(w *walk.Walker, r *io.SectionReader, depth int) error {
	for at := int64(0); ; {
		at2, err := findLocal(r, at)
		if err != nil || at2 < 0 {
			return err
		}
		at = at2 + 4
		var h [30]byte
		if n, err := r.ReadAt(h[:], at2); n < len(h) {
			return w.Damage(walk.NotEOF(err))
		}
		flags, method := binary.LittleEndian.Uint16(h[6:]), binary.LittleEndian.Uint16(h[8:])
		name := make([]byte, binary.LittleEndian.Uint16(h[26:]))
		body := at2 + int64(len(h)+len(name)) + int64(binary.LittleEndian.Uint16(h[28:]))
		if n, err := r.ReadAt(name, at2+int64(len(h))); n < len(name) {
			return w.Damage(walk.NotEOF(err))
		}
		packed := int64(binary.LittleEndian.Uint32(h[18:]))
		if packed == 0 || flags&8 != 0 {
			packed = r.Size() // the size comes after the file; inflating ends by itself
		}
		from := walk.Sub(r, body, body+packed)
		switch {
		case flags&1 != 0:
			w.Doubt(text.Encrypted)
		case method == 8:
			err = w.Member(string(name), w.Inflating(flate.NewReader(from), packed), depth)
		case method == 0 && packed < r.Size():
			err = w.Member(string(name), w.Inflating(from, packed), depth)
		}
		if err := w.Damage(err); err != nil {
			return err
		}
	}
}

// findLocal returns where the next local file header is, -1 if there is none.
func findLocal(r *io.SectionReader, from int64) (int64, error) {
	buf := walk.CopyBuffers.Get().(*[]byte)
	defer walk.CopyBuffers.Put(buf)
	for from < r.Size() {
		n, err := r.ReadAt(*buf, from)
		if err != nil && err != io.EOF {
			return -1, err
		}
		if i := bytes.Index((*buf)[:n], []byte("PK\x03\x04")); i >= 0 {
			return from + int64(i), nil
		}
		if n < 4 {
			break
		}
		from += int64(n) - 3
		if err == io.EOF {
			break
		}
	}
	return -1, nil
}
