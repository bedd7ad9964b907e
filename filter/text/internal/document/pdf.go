package document

import (
	"io"

	"sluis/filter/text"
	"sluis/filter/text/internal/pdf"
	"sluis/filter/text/internal/walk"
)

// maxPDF bounds what is read of a PDF, in bytes.
const maxPDF = 64 << 20

// PDF shows the pages of a PDF, what its notes, fields and links say, and the streams that no page uses; it marks
// active content, and hands on the files that it carries. One whose text cannot be read is named as uninspectable.
func PDF(w *walk.Walker, part, at int, r *io.SectionReader, depth int) error {
	data, err := io.ReadAll(io.LimitReader(walk.Fresh(r), maxPDF))
	if err := w.Damage(err); err != nil {
		return err
	}
	w.Report.Incomplete = w.Report.Incomplete || r.Size() > maxPDF
	f := pdf.Open(data, w.Inflating)
	active := f.Active()
	if active.Macros {
		w.Macros(at)
	}
	if err := pdfText(w, part, at, f); err != nil {
		return err
	}
	for _, file := range active.Files {
		content, err := f.Reader(file.Content)
		if err != nil {
			content = nothing{} // its name counts
		}
		if err := w.Damage(w.Member(file.Name, content, depth)); err != nil {
			return err
		}
	}
	w.Report.Incomplete = w.Report.Incomplete || f.Cut
	return w.Stop
}

// pdfText shows what a PDF says.
func pdfText(w *walk.Walker, part, at int, f *pdf.File) error {
	o := w.Out(part, text.Contents)
	defer o.Close()
	// An error of Write ends the work.
	t := f.NewText(func(b []byte) { o.Write(b) }, func() bool { return w.Stop != nil || w.Ctx.Err() != nil })
	t.Pages()
	t.Unplaced()
	f.Spoken(func(s string) { walk.Word(o, []byte(s)); o.Write([]byte{'\n'}) })
	if t.Long {
		long(w, f.Size())
	}
	switch {
	case f.Locked:
		w.Encrypted(at)
	case t.Unread || t.Letters == 0 && (t.Shown == 0 || f.Cut || t.Long):
		w.Doubt(text.UnknownFormat)
	case t.Letters == 0:
		w.Doubt(text.NoText)
	}
	return o.Close()
}

// largeDrawing is the size of a file that may draw more than is read, in bytes: maps and plans do.
const largeDrawing = 4 << 20

// long notes that a file draws more than is read. What it does and carries has been judged all the same.
func long(w *walk.Walker, size int) {
	if size >= largeDrawing {
		w.Doubt(text.LongText)
		return
	}
	w.Doubt(text.HostileSize)
	w.Report.Incomplete = true
}

// nothing is an empty file.
type nothing struct{}

// Read implements io.Reader.
func (nothing) Read([]byte) (int, error) { return 0, io.EOF }
