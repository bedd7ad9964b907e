package text

import (
	"context"
	"errors"
	"fmt"
	"io"
)

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

// newWalker returns a walker for one item of a size.
func newWalker(ctx context.Context, t formatTable, size int64, l Limits, emit func(Segment) error) *walker {
	l = withDefaults(l, size)
	return &walker{ctx: ctx, limits: l, formats: t, emit: emit, work: l.Work}
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
		w.uninspectable(Damaged)
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
		w.uninspectable(Damaged)
	}
	return w.stop
}

// part counts a part and returns its number. It ends the work if there are too many.
func (w *walker) part() (int, error) {
	if w.report.Parts >= w.limits.Parts {
		w.uninspectable(TooMany)
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

// withDefaults returns limits for an item of a size.
func withDefaults(l Limits, size int64) Limits {
	set := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	if l.Depth <= 0 {
		l.Depth = 16
	}
	if l.Parts <= 0 {
		l.Parts = 2000
	}
	set(&l.Work, 32*size+64<<20)
	set(&l.Inflated, 200<<20)
	set(&l.Ratio, 200)
	set(&l.Text, 256<<20)
	set(&l.Spool, 256<<10)
	return l
}
