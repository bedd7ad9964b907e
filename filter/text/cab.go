package text

import (
	"bufio"
	"encoding/binary"
	"io"
)

// cab shows the names of the files in a cabinet (MS-CAB), which is not looked into beyond
// what stands in it readable as it is.
func (w *walker) cab(part int, r *io.SectionReader, depth int) error {
	w.uninspectable(UnknownFormat)
	return first(w.cabNames(part, r, depth), w.strings(part, fresh(r)))
}

func (w *walker) cabNames(part int, r *io.SectionReader, depth int) error {
	var header [36]byte
	if _, err := io.ReadFull(fresh(r), header[:]); err != nil {
		return w.damage(err)
	}
	files := binary.LittleEndian.Uint32(header[16:])
	count := int(binary.LittleEndian.Uint16(header[28:]))
	br := bufio.NewReaderSize(sub(r, int64(files), r.Size()), 1024)
	for range count {
		if _, err := br.Discard(16); err != nil { // size, place, folder, time, attributes
			return w.damage(err)
		}
		name, err := br.ReadSlice(0)
		if err != nil {
			return w.damage(err)
		}
		name = name[:len(name)-1]
		if _, err := w.part(); err != nil {
			return err
		}
		w.list(Attachment{Name: Secret(shortName(string(name))), Depth: depth + 1, Kind: KindUnknown})
		if err := w.show(part, FileName, name); err != nil {
			return err
		}
	}
	return w.stop
}
