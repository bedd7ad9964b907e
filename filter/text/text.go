package text

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Role tells what a segment is in its message or document.
type Role uint8

// The roles.
const (
	Header   Role = iota // text of header fields other than the subject
	Plain                // what a reader sees
	HTML                 // what a reader sees of HTML
	Hidden               // what HTML holds beside that: comments, alternative texts, invisible text
	FileName             // name of an attachment, or of a file in an archive
	Contents             // text of a document
	Raw                  // undecoded bytes, shown because of a doubt
	Subject              // the subject of a message
)

// Segment is a piece of text. Text is valid during the call only.
type Segment struct {
	Part    int // number of the part, from 0
	Role    Role
	Text    []byte // UTF-8, at most MaxSegment bytes
	Overlap int    // bytes at the start that were at the end of the segment before
	Next    int    // bytes at the end with which the next segment begins; 0 if the text ends here
}

// MaxSegment and MaxOverlap bound the size of segments, in bytes.
const (
	MaxSegment = 64 << 10
	MaxOverlap = 4 << 10 // at least three quarters of it, where there is a next segment
)

// Message shows the text of an RFC 5322 message. The error is emit's, the context's or
// that of reading r; a message that is in any way malformed is no error.
func Message(ctx context.Context, r io.ReaderAt, size int64, l Limits, emit func(Segment) error) (*Report, error) {
	w := newWalker(ctx, size, l, emit)
	whole := w.section(r, size)
	err := w.root(whole, 0)
	if w.report.Ambiguous() && w.stop == nil {
		err = w.raw(0, fresh(whole))
	}
	return w.finish(err)
}

// Document shows the text of a file. The name may be empty.
func Document(ctx context.Context, name string, r io.ReaderAt, size int64, l Limits, emit func(Segment) error) (*Report, error) {
	w := newWalker(ctx, size, l, emit)
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

// walker is the state of one Message or Document.
type walker struct {
	ctx     context.Context
	limits  Limits
	formats formatTable
	emit    func(Segment) error
	report  Report

	stop     error // what ended the work: emit's error, the context's, the input's or errEnough
	work     int64 // bytes that may still be read
	shown    int64
	inflated int64

	links      int      // bytes of the links listed
	scratch    []byte   // texts of a header
	header     []byte   // the header that is being read
	fields     []field  // of it
	boundaries []string // declared so far
}

// errEnough ends the work when a bound is reached. It never leaves the package.
var errEnough = errors.New("bound reached")

func newWalker(ctx context.Context, size int64, l Limits, emit func(Segment) error) *walker {
	l = l.withDefaults(size)
	return &walker{ctx: ctx, limits: l, formats: formats, emit: emit, work: l.Work}
}

// fail ends the work. Everything that reads or shows returns what it returns, so that
// no parser can take the end of the work for a fault of what it parses.
func (w *walker) fail(err error) error {
	if w.stop == nil {
		w.stop = err
	}
	return w.stop
}

// finish makes the report. An error that did not end the work was a fault of the input.
func (w *walker) finish(err error) (*Report, error) {
	if err != nil && w.stop == nil {
		w.report.uninspectable(Damaged)
	}
	w.report.Read, w.report.Inflated = w.limits.Work-max(w.work, 0), w.inflated
	if errors.Is(w.stop, errEnough) {
		w.report.Incomplete = true
		return &w.report, nil
	}
	return &w.report, w.stop
}

// damage makes a fault of a part a finding. What ended the work ends it still.
func (w *walker) damage(err error) error {
	if err != nil && w.stop == nil {
		w.report.uninspectable(Damaged)
	}
	return w.stop
}

// part counts a part and returns its number. It ends the work if there are too many.
func (w *walker) part() (int, error) {
	if w.report.Parts >= w.limits.Parts {
		w.report.uninspectable(TooMany)
		return 0, w.fail(errEnough)
	}
	w.report.Parts++
	return w.report.Parts - 1, nil
}

// meter charges what is read to the work of an inspection, so that nothing, however
// often it is nested or repeated, makes a small message a long one.
type meter struct {
	w *walker
	r io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (m meter) ReadAt(p []byte, at int64) (int, error) {
	if m.w.stop != nil {
		return 0, m.w.stop
	}
	if err := m.w.ctx.Err(); err != nil {
		return 0, m.w.fail(err)
	}
	n, err := m.r.ReadAt(p, at)
	if m.w.work -= int64(n); m.w.work < 0 {
		return 0, m.w.fail(errEnough)
	}
	if err != nil && err != io.EOF {
		return n, m.w.fail(fmt.Errorf("read content: %w", err))
	}
	return n, err
}

func (w *walker) section(r io.ReaderAt, size int64) *io.SectionReader {
	return io.NewSectionReader(meter{w, r}, 0, size)
}

// fresh returns a reader of all of s, from its start.
func fresh(s *io.SectionReader) *io.SectionReader { return io.NewSectionReader(s, 0, s.Size()) }

// sub returns the bytes of s from begin to end, as far as there are.
func sub(s *io.SectionReader, begin, end int64) *io.SectionReader {
	begin = min(max(begin, 0), s.Size())
	end = min(max(end, begin), s.Size())
	r, at, _ := s.Outer()
	return io.NewSectionReader(r, at+begin, end-begin)
}
