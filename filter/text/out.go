package text

import (
	"bytes"
	"sync"
	"unicode/utf8"
)

// out cuts what is written to it into segments. It is closed to pass on the last one.
type out struct {
	w       *walker
	part    int
	role    Role
	buf     *[]byte
	overlap int
}

var outBuffers = sync.Pool{New: func() any { b := make([]byte, 0, MaxSegment); return &b }}

func (w *walker) out(part int, role Role) *out {
	return &out{w: w, part: part, role: role, buf: outBuffers.Get().(*[]byte)}
}

// Write implements io.Writer. What is not UTF-8 is passed on as it is.
func (o *out) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		b := *o.buf
		k := copy(b[len(b):cap(b)], p)
		*o.buf, p = b[:len(b)+k], p[k:]
		if len(*o.buf) == cap(*o.buf) {
			if err := o.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// flush passes a full buffer on and keeps its end for the next segment.
func (o *out) flush() error {
	b := *o.buf
	end := len(b)
	for i := 0; i < utf8.UTFMax && end > 0 && !utf8.RuneStart(b[end-1]); i++ {
		end--
	}
	if end > 0 && b[end-1] >= utf8.RuneSelf && !utf8.FullRune(b[end-1:]) {
		end-- // the beginning of a rune that is still to come
	}
	if end <= MaxOverlap {
		end = len(b)
	}
	if err := o.pass(b[:end]); err != nil {
		return err
	}
	keep := end - MaxOverlap
	if i := bytes.IndexAny(b[keep:end], " \n"); i >= 0 && i < MaxOverlap/2 {
		keep += i // do not begin in the middle of a word
	}
	o.overlap = end - keep
	n := copy(b, b[keep:])
	*o.buf = b[:n]
	return nil
}

func (o *out) pass(b []byte) error {
	if len(b) == o.overlap && len(b) > 0 {
		return nil // shown already
	}
	if err := o.w.ctx.Err(); err != nil {
		return err
	}
	if o.w.shown += int64(len(b) - o.overlap); o.w.shown > o.w.limits.Text {
		return errEnough
	}
	return o.w.emit(Segment{Part: o.part, Role: o.role, Text: b, Overlap: o.overlap})
}

// Close passes the last segment on.
func (o *out) Close() error {
	if o.buf == nil {
		return nil
	}
	var err error
	if len(*o.buf) > 0 {
		err = o.pass(*o.buf)
	}
	*o.buf = (*o.buf)[:0]
	outBuffers.Put(o.buf)
	o.buf = nil
	return err
}
