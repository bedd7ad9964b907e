package walk

import (
	"bytes"
	"io"
	"slices"

	"sluis/filter/text"
)

// A picture may be an archive as well: programs find one by its end, or by a mark that stands anywhere.

// beneath are the marks of archives that are looked for in what seems to be a picture.
var beneath = []struct {
	mark []byte
	kind text.FileKind
}{
	{directoryEnd, text.KindZip},
	{[]byte("Rar!\x1a\x07"), text.KindRar},
	{[]byte("7z\xbc\xaf\x27\x1c"), text.Kind7z},
	{[]byte("CD001\x01"), text.KindDisk},
}

// longestMark is the size of the longest of them.
const longestMark = 6

// Beneath lists the file a, which holds no text, and shows the archive that it may be as well. open gives it once more.
func (w *Walker) Beneath(part int, a text.Attachment, head []byte, r io.Reader, open func() (io.Reader, func()),
	depth int) error {
	w.List(a, head)
	if a.Kind != text.KindMedia {
		return w.Stop
	}
	marks, err := findBeneath(r)
	if len(marks) == 0 || err != nil {
		return w.Damage(err)
	}
	again, done := open()
	defer done()
	return w.Damage(w.Random(again, func(s *io.SectionReader) error {
		for _, m := range marks {
			if m.kind == text.KindZip && !endsAsZip(a.Kind, s) || m.kind == text.KindDisk && !isDisk(a.Kind, s) {
				continue // chance
			}
			w.Doubt(text.BadArchive)
			inner := a
			inner.Kind = m.kind
			if err := w.File(part, inner, "", Sub(s, m.at, s.Size()), depth); err != nil {
				return err
			}
		}
		return w.Stop
	}))
}

// found is where an archive may begin.
type found struct {
	kind text.FileKind
	at   int64
}

// findBeneath returns the marks of archives in r, the first of each kind.
func findBeneath(r io.Reader) (marks []found, err error) {
	buf := CopyBuffers.Get().(*[]byte)
	defer CopyBuffers.Put(buf)
	kept, begin := 0, int64(0) // the end of what was read before, and where the buffer begins
	for {
		n, err := r.Read((*buf)[kept:])
		b := (*buf)[:kept+n]
		for _, m := range beneath {
			i := bytes.Index(b, m.mark)
			if i < 0 || slices.ContainsFunc(marks, func(f found) bool { return f.kind == m.kind }) {
				continue
			}
			f := found{kind: m.kind}
			if m.kind == text.KindRar || m.kind == text.Kind7z {
				f.at = begin + int64(i)
			}
			marks = append(marks, f)
		}
		if err != nil {
			return marks, NotEOF(err)
		}
		kept = copy(*buf, b[max(len(b)-longestMark+1, 0):])
		begin += int64(len(b) - kept)
	}
}
