package walk

import (
	"bytes"
	"io"

	"sluis/filter/text"
)

// CutOff makes what cannot be read of a file a matter of course until restore is called, if the file stands in a
// message that a report on delivery returns and has no end: mail servers return the beginning of a message (RFC 3464).
func (w *Walker) CutOff(kind text.FileKind, r *io.SectionReader) (restore func()) {
	if w.Returned == 0 || !endless(kind, r) {
		return Nothing
	}
	before := w.cut
	w.cut = kind
	return func() { w.cut = before }
}

// endless reports whether a file lacks the end that its kind has.
func endless(kind text.FileKind, r *io.SectionReader) bool {
	end, within := directoryEnd, int64(22+1<<16)
	switch kind {
	case text.KindPDF:
		end, within = pdfEnd, 1024
	case text.KindZip, text.KindOffice:
	default:
		return false
	}
	b, err := io.ReadAll(Sub(r, max(r.Size()-within, 0), r.Size()))
	return err == nil && !bytes.Contains(b, end)
}

// asCut returns the cause of a doubt about a file that may be cut off.
func (w *Walker) asCut(c text.Cause) text.Cause {
	if w.cut != "" && (c == text.Damaged || c == text.UnknownFormat && w.cut == text.KindPDF) {
		return text.CutOff
	}
	return c
}
