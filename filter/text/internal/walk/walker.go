package walk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"sluis/filter/text"
)

// Walker is the state of one Message or Document.
type Walker struct {
	Ctx     context.Context
	Limits  text.Limits
	Formats Formats
	emit    func(text.Segment) error
	Report  text.Report
	At      int // where the file is listed that is being read; -1 if it is not

	Stop     error // what ended the work: emit's error, the context's, the input's or errEnough
	size     int64 // of the item, in bytes
	work     int64 // bytes that may still be read
	shown    int64
	Inflated int64

	embedded []*foundFile    // found in texts, to be read
	seen     map[uint64]bool // sums of those
	kept     int             // bytes of those in memory
	within   int             // how many of those what is read stands in
	wordy    map[int]bool    // what has a text of its own, by where it is listed
	aside    bool            // what is read stands in such a thing

	InReport bool          // what is read is a part of a report on delivery
	Returned int           // messages that reports return, around what is read
	cut      text.FileKind // of the file that is read, if such a message ends in it

	places     []place            // down to the part that is being read
	noted      []text.Cause       // doubts about it
	files      int                // found so far in what is read as a whole
	links      int                // bytes of the links listed
	listed     map[text.Link]bool // links, by what they can say
	Scratch    []byte             // texts of a header
	Header     []byte             // the header that is being read
	Fields     []Field            // of it
	Boundaries []string           // declared so far
}

// Field is a header field, as offsets into the header. Without a name colon is begin.
type Field struct{ Begin, Colon, End int }

func (f Field) Name(header []byte) []byte { return bytes.TrimRight(header[f.Begin:f.Colon], " \t") }

func (f Field) Value(header []byte) []byte {
	if f.Colon == f.Begin {
		return header[f.Begin:f.End]
	}
	return header[f.Colon+1 : f.End]
}

// ErrEnough ends the work when a bound is reached. It never leaves the package.
var ErrEnough = errors.New("bound reached")

// NewWalker returns a walker for one item of a size.
func NewWalker(ctx context.Context, t Formats, size int64, l text.Limits, emit func(text.Segment) error) *Walker {
	l = withDefaults(l, size)
	return &Walker{Ctx: ctx, Limits: l, Formats: t, emit: emit, work: l.Work, size: size, At: -1}
}

// Fail ends the work. Everything that reads or shows returns what it returns, so that
// no parser can take the end of the work for a fault of what it parses.
func (w *Walker) Fail(err error) error {
	if w.Stop == nil {
		w.Stop = err
	}
	return w.Stop
}

// Finish makes the report. An error that did not end the work was a fault of the input.
func (w *Walker) Finish(err error) (*text.Report, error) {
	w.forget()
	if err != nil && w.Stop == nil {
		w.Doubt(text.Damaged)
	}
	w.Report.Read, w.Report.Inflated = w.Limits.Work-max(w.work, 0), w.Inflated
	if errors.Is(w.Stop, ErrEnough) {
		w.Report.Incomplete = true
		return &w.Report, nil
	}
	return &w.Report, w.Stop
}

// Damage makes a fault of a part a finding. What ended the work ends it still.
func (w *Walker) Damage(err error) error {
	if err != nil && w.Stop == nil {
		w.Doubt(text.Damaged)
	}
	return w.Stop
}

// Part counts a part and returns its number. It ends the work if there are too many.
func (w *Walker) Part() (int, error) {
	if w.Report.Parts >= w.Limits.Parts {
		w.Overrun(text.TooMany)
		return 0, w.Fail(ErrEnough)
	}
	w.Report.Parts++
	return w.Report.Parts - 1, nil
}

// meter charges what is read to the work of an inspection, so that nothing, however
// often it is nested or repeated, makes a small message a long one.
type meter struct {
	w *Walker
	r io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (m meter) ReadAt(p []byte, at int64) (int, error) {
	if m.w.Stop != nil {
		return 0, m.w.Stop
	}
	if err := m.w.Ctx.Err(); err != nil {
		return 0, m.w.Fail(err)
	}
	n, err := m.r.ReadAt(p, at)
	if m.w.work -= int64(n); m.w.work < 0 {
		m.w.Doubt(text.HostileSize) // the bound grows with the item
		return 0, m.w.Fail(ErrEnough)
	}
	if err != nil && err != io.EOF {
		return n, m.w.Fail(fmt.Errorf("read content: %w", err))
	}
	return n, err
}

func (w *Walker) Section(r io.ReaderAt, size int64) *io.SectionReader {
	return io.NewSectionReader(meter{w, r}, 0, size)
}

// Fresh returns a reader of all of s, from its start.
func Fresh(s *io.SectionReader) *io.SectionReader { return io.NewSectionReader(s, 0, s.Size()) }

// Sub returns the bytes of s from begin to end, as far as there are.
func Sub(s *io.SectionReader, begin, end int64) *io.SectionReader {
	begin = min(max(begin, 0), s.Size())
	end = min(max(end, begin), s.Size())
	r, at, _ := s.Outer()
	return io.NewSectionReader(r, at+begin, end-begin)
}

// withDefaults returns limits for an item of a size.
func withDefaults(l text.Limits, size int64) text.Limits {
	set := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	if l.Depth <= 0 {
		l.Depth = 16
	}
	if l.Parts <= 0 {
		l.Parts = 10_000
	}
	set(&l.Work, 32*size+64<<20)
	set(&l.Inflated, 200<<20)
	set(&l.Text, 256<<20)
	set(&l.Spool, 256<<10)
	return l
}

// Room reports whether so many parts may still be counted.
func (w *Walker) Room(parts int) bool { return w.Report.Parts+parts <= w.Limits.Parts }
