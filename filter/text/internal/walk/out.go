package walk

import (
	"bytes"
	"io"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"sluis/filter/text"
)

// Out makes segments of what is written to it. Close passes the last one on. A byte that
// is not UTF-8 is read as Windows-1252, as mail programs do with unlabelled text.
type Out struct {
	w       *Walker
	part    int
	role    text.Role
	buf     *[]byte
	overlap int
	found   *foundFile        // that goes on
	quiet   bool              // nothing is shown
	split   [utf8.UTFMax]byte // the beginning of a rune at the end of a Write
	n       int               // its length
}

var outBuffers = sync.Pool{New: func() any { b := make([]byte, 0, text.MaxSegment); return &b }}

// Quiet returns what takes text that is shown elsewhere in another form: only files are looked for in it.
func (w *Walker) Quiet(part int) *Out { return &Out{w: w, part: part, role: text.Hidden, quiet: true} }

func (w *Walker) Out(part int, role text.Role) *Out {
	return &Out{w: w, part: part, role: role}
}

// Write implements io.Writer.
func (o *Out) Write(p []byte) (int, error) {
	n := len(p)
	for o.n > 0 && len(p) > 0 {
		o.split[o.n], p = p[0], p[1:]
		if o.n++; utf8.FullRune(o.split[:o.n]) {
			rest := o.n
			o.n = 0
			if err := o.repair(o.split[:rest]); err != nil {
				return 0, err
			}
		}
	}
	// A rune that is cut by the end of p waits for its other bytes.
	for i := 1; i < utf8.UTFMax && i <= len(p); i++ {
		if c := p[len(p)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(p[len(p)-i:]) {
				o.n = copy(o.split[:], p[len(p)-i:])
				p = p[:len(p)-i]
			}
			break
		}
	}
	if utf8.Valid(p) {
		return n, o.add(p)
	}
	return n, o.repair(p)
}

// repair adds p, with what is no UTF-8 in it read as Windows-1252.
func (o *Out) repair(p []byte) error {
	for len(p) > 0 {
		valid := 0
		for valid < len(p) {
			r, size := utf8.DecodeRune(p[valid:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			valid += size
		}
		if err := o.add(p[:valid]); err != nil {
			return err
		}
		if p = p[valid:]; len(p) > 0 {
			var b [utf8.UTFMax]byte
			if err := o.add(utf8.AppendRune(b[:0], charmap.Windows1252.DecodeByte(p[0]))); err != nil {
				return err
			}
			p = p[1:]
		}
	}
	return nil
}

// add adds UTF-8.
func (o *Out) add(p []byte) error {
	if len(p) == 0 {
		return o.w.Stop
	}
	if o.buf == nil {
		if o.w.Stop != nil {
			return o.w.Stop
		}
		o.buf = outBuffers.Get().(*[]byte)
	}
	for {
		b := *o.buf
		k := copy(b[len(b):cap(b)], p)
		*o.buf, p = b[:len(b)+k], p[k:]
		if len(p) == 0 {
			return o.w.Stop
		}
		if err := o.flush(); err != nil {
			return err
		}
	}
}

// flush passes a full buffer on and keeps its end for the next segment.
func (o *Out) flush() error {
	b := *o.buf
	end := len(b)
	for i := 1; i <= utf8.UTFMax; i++ {
		if utf8.RuneStart(b[end-i]) {
			if !utf8.FullRune(b[end-i:]) {
				end -= i
			}
			break
		}
	}
	keep := end - text.MaxOverlap
	if i := bytes.IndexAny(b[keep:keep+text.MaxOverlap/4], " \n"); i >= 0 {
		keep += i // do not begin in the middle of a word
	}
	for !utf8.RuneStart(b[keep]) {
		keep++
	}
	if err := o.pass(b[:end], end-keep); err != nil {
		return err
	}
	o.overlap = end - keep
	*o.buf = b[:copy(b, b[keep:])]
	return nil
}

func (o *Out) pass(b []byte, next int) error {
	if o.w.Stop != nil || len(b) == o.overlap {
		return o.w.Stop // shown already
	}
	switch o.role {
	case text.Plain, text.HTML, text.Hidden, text.Contents:
		o.evidence(b, o.overlap)
	}
	if o.quiet {
		return o.w.Stop
	}
	return o.w.segment(text.Segment{Part: o.part, Role: o.role, Text: b, Overlap: o.overlap, Next: next})
}

// segment passes a segment on, as far as the bounds allow.
func (w *Walker) segment(s text.Segment) error {
	if err := w.Ctx.Err(); err != nil {
		return w.Fail(err)
	}
	if w.shown += int64(len(s.Text) - s.Overlap); w.shown > w.Limits.Text {
		w.Swell(w.Limits.Text)
		return w.Fail(ErrEnough)
	}
	if err := w.emit(s); err != nil {
		return w.Fail(err)
	}
	return nil
}

// Close passes the last segment on. It may be called again.
func (o *Out) Close() error {
	if o.n > 0 {
		rest := o.n
		o.n = 0
		o.repair(o.split[:rest]) // an error ends the work, and shows below
	}
	if o.buf == nil {
		return o.w.Stop
	}
	err := o.pass(*o.buf, 0)
	if o.found != nil {
		o.found.end()
		o.found = nil
	}
	*o.buf = (*o.buf)[:0]
	outBuffers.Put(o.buf)
	o.buf, o.overlap = nil, 0
	return err
}

// Show passes on a short text.
func (w *Walker) Show(part int, role text.Role, text []byte) error {
	o := w.Out(part, role)
	o.Write(text) // an error ends the work, and shows below
	return o.Close()
}

// Copy shows all of r. The error may be r's.
func (w *Walker) Copy(part int, role text.Role, r io.Reader) error {
	o := w.Out(part, role)
	_, err := Pipe(o, r)
	return First(o.Close(), err)
}

// Pipe copies r to dst with a buffer of CopyBuffers.
func Pipe(dst io.Writer, r io.Reader) (int64, error) {
	buf := CopyBuffers.Get().(*[]byte)
	defer CopyBuffers.Put(buf)
	return io.CopyBuffer(onlyWriter{dst}, onlyReader{r}, *buf)
}

// CopyBuffers are buffers of 16 KiB.
var CopyBuffers = sync.Pool{New: func() any { b := make([]byte, 16<<10); return &b }}

// onlyReader and onlyWriter keep io.CopyBuffer from taking a way that uses no buffer.
type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)

// First returns the first error of several.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Raw shows the bytes as they are.
func (w *Walker) Raw(part int, r io.Reader) error { return w.Copy(part, text.Raw, r) }

// Word writes b apart from what is around it.
func Word(o *Out, b []byte) {
	o.Write([]byte{' '}) // an error ends the work
	o.Write(b)
	o.Write([]byte{' '})
}
