package archive

import (
	"encoding/binary"
	"io"

	"sluis/filter/text/internal/walk"
)

// Entries of AppleSingle and AppleDouble (RFC 1740 appendix A).
const (
	appleData = 1 // the file itself
	appleName = 3 // its name
)

// Apple shows a file of a Mac with what the Mac keeps beside it: AppleSingle holds the file, AppleDouble what is beside
// it only, its icon or its place on the screen.
func Apple(w *walk.Walker, part int, name string, r *io.SectionReader, depth int) error {
	var head [26]byte
	if _, err := io.ReadFull(walk.Fresh(r), head[:]); err != nil {
		return w.Damage(err)
	}
	entries := walk.Sub(r, int64(len(head)), r.Size())
	var content *io.SectionReader
	for range binary.BigEndian.Uint16(head[24:]) {
		var entry [12]byte
		if _, err := io.ReadFull(entries, entry[:]); err != nil {
			return w.Damage(err)
		}
		begin := int64(binary.BigEndian.Uint32(entry[4:]))
		body := walk.Sub(r, begin, begin+int64(binary.BigEndian.Uint32(entry[8:])))
		switch binary.BigEndian.Uint32(entry[:]) {
		case appleData:
			content = body
		case appleName:
			if b, err := io.ReadAll(io.LimitReader(body, 255)); err == nil {
				name = string(b)
			}
		}
	}
	if content != nil && content.Size() > 0 {
		if err := w.Member(name, content, depth); err != nil {
			return err
		}
	}
	return w.Strings(part, walk.Fresh(r))
}
