package extract

import (
	"context"
	"io"

	"sluis/filter/text"
	"sluis/filter/text/internal/mail"
	"sluis/filter/text/internal/walk"
)

// Message shows the text of an RFC 5322 message. The error is emit's, the context's or
// that of reading r; a message that is in any way malformed is no error.
func Message(ctx context.Context, r io.ReaderAt, size int64, l text.Limits,
	emit func(text.Segment) error) (*text.Report, error) {
	w := walk.NewWalker(ctx, formats, size, l, emit)
	whole := w.Section(r, size)
	err := walk.First(mail.Message(w, whole, 0), w.Embedded())
	if w.Report.Disputed() && w.Stop == nil {
		err = w.Raw(0, walk.Fresh(whole))
	}
	report, err := w.Finish(err)
	if err == nil && report.Incomplete {
		err = mail.Map(ctx, report, formats, r, size, l)
	}
	if err != nil {
		return nil, err
	}
	return report, nil
}

// Document shows the text of a file. The name may be empty.
func Document(ctx context.Context, name string, r io.ReaderAt, size int64, l text.Limits,
	emit func(text.Segment) error) (*text.Report, error) {
	w := walk.NewWalker(ctx, formats, size, l, emit)
	whole := w.Section(r, size)
	part, err := w.Part()
	if err == nil {
		err = walk.First(w.File(part, text.Attachment{Name: text.Secret(name)}, "", whole, 0), w.Embedded())
	}
	if w.Report.Disputed() && w.Stop == nil {
		err = w.Raw(0, walk.Fresh(whole))
	}
	return w.Finish(err)
}
