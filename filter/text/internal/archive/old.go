package archive

import (
	"io"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// Old shows what reads as text in an archive of ARJ, ACE or LHA, and lists what could be the name of a program in it.
func Old(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	w.Doubt(text.UnknownFormat)
	return walk.First(oldNames(w, part, r, depth), w.Strings(part, walk.Fresh(r)))
}

func oldNames(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	br, done := walk.Buffered(walk.Fresh(r))
	defer done()
	const longest = 255
	name := make([]byte, 0, longest)
	for w.Stop == nil {
		c, err := br.ReadByte()
		if err == nil && c >= ' ' && c != 0x7f {
			if len(name) == longest {
				name = append(name[:0], name[1:]...)
			}
			name = append(name, c)
			continue
		}
		if len(name) > len(".js") && text.NamesProgram(string(name)) {
			if err := w.Unread(part, string(name), depth); err != nil {
				return err
			}
		}
		if name = name[:0]; err != nil {
			return walk.NotEOF(err)
		}
	}
	return w.Stop
}
