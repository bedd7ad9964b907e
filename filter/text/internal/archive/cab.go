package archive

import (
	"bufio"
	"encoding/binary"
	"io"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// Cab shows the names of the files in a cabinet (MS-CAB), which is not inspected beyond
// what stands in it readable as it is.
func Cab(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	w.Doubt(text.UnknownFormat)
	return walk.First(cabNames(w, part, r, depth), w.Strings(part, walk.Fresh(r)))
}

func cabNames(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	var header [36]byte
	if _, err := io.ReadFull(walk.Fresh(r), header[:]); err != nil {
		return w.Damage(err)
	}
	files := binary.LittleEndian.Uint32(header[16:])
	count := int(binary.LittleEndian.Uint16(header[28:]))
	br := bufio.NewReaderSize(walk.Sub(r, int64(files), r.Size()), 1024)
	for range count {
		if _, err := br.Discard(16); err != nil { // size, place, folder, time, attributes
			return w.Damage(err)
		}
		name, err := br.ReadSlice(0)
		if err != nil {
			return w.Damage(err)
		}
		name = name[:len(name)-1]
		if err := w.Unread(part, string(name), depth); err != nil {
			return err
		}
	}
	return w.Stop
}
