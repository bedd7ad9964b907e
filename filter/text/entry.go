package text

import (
	"context"
	"io"
)

// Message shows the text of an RFC 5322 message. The error is emit's, the context's or
// that of reading r; a message that is in any way malformed is no error.
func Message(ctx context.Context, r io.ReaderAt, size int64, l Limits, emit func(Segment) error) (*Report, error) {
	w := newWalker(ctx, formats, size, l, emit)
	whole := w.section(r, size)
	err := w.root(whole, 0)
	if w.report.Ambiguous() && w.stop == nil {
		err = w.raw(0, fresh(whole))
	}
	return w.finish(err)
}

// Document shows the text of a file. The name may be empty.
func Document(ctx context.Context, name string, r io.ReaderAt, size int64, l Limits, emit func(Segment) error) (*Report, error) {
	w := newWalker(ctx, formats, size, l, emit)
	whole := w.section(r, size)
	part, err := w.part()
	if err == nil {
		err = w.file(part, Attachment{Name: Secret(name)}, "", whole, 0)
	}
	if w.report.Ambiguous() && w.stop == nil {
		err = w.raw(0, fresh(whole))
	}
	return w.finish(err)
}
