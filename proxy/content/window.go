package content

import (
	"bytes"
	"io"

	"sluis/filter"
	"sluis/filter/text"
	"sluis/rules"
)

// window lets the rest of a body, whose beginning was judged, through in pieces: each goes on once it was inspected,
// together with the end of the one before.
type window struct {
	e       *Inspector
	x       *Exchange
	ps      rules.Purposes
	src     io.Reader
	stream  *filter.Stream
	written func(io.Reader) io.Reader
	buf     []byte
	overlap int    // bytes at the start of buf that were inspected before
	waiting int    // bytes at its end that have not gone on
	ready   []byte // may go on
	err     error
}

// wait is how much of a piece waits for the next one, in bytes: half of it is judged with that one, so that no caught
// passage has begun to go on.
const wait = text.MaxOverlap

func (e *Inspector) window(x *Exchange, u upload, h *buffer, src io.Reader, ps rules.Purposes) (*window, error) {
	s, err := e.o.Engine.Stream(ps)
	if err != nil {
		return nil, err
	}
	w := &window{
		e:       e,
		x:       x,
		ps:      ps,
		src:     src,
		stream:  s,
		written: formText(baseType(u.kind)),
		buf:     make([]byte, 0, text.MaxSegment),
	}
	from := max(h.length()-text.MaxOverlap, 0)
	n, err := io.ReadFull(h.reader(from), w.buf[:h.length()-from])
	w.buf, w.waiting = w.buf[:n], min(n, wait)
	if err != nil {
		s.Close()
		return nil, err
	}
	return w, nil
}

// Read implements io.Reader.
func (w *window) Read(p []byte) (int, error) {
	for len(w.ready) == 0 {
		if w.err != nil {
			return 0, w.err
		}
		w.next()
	}
	n := copy(p, w.ready)
	w.ready = w.ready[n:]
	return n, nil
}

// next takes a piece of always the same size, and inspects it.
func (w *window) next() {
	w.overlap = copy(w.buf, w.buf[max(len(w.buf)-text.MaxOverlap, 0):])
	n, err := readAtLeast(w.src, w.buf[w.overlap:cap(w.buf)], cap(w.buf)-w.overlap)
	w.buf = w.buf[:w.overlap+n]
	from := w.overlap - w.waiting
	if w.err, w.waiting = err, 0; err == nil {
		w.waiting = wait
	}
	if len(w.buf) > 0 && !w.inspect() {
		return
	}
	w.ready = w.buf[from : len(w.buf)-w.waiting]
}

// inspect inspects a piece, and reports whether it may go on.
func (w *window) inspect() bool {
	seen, overlap := w.buf, w.overlap
	if w.written != nil {
		again, _ := io.ReadAll(w.written(bytes.NewReader(w.buf[:w.overlap]))) // from memory
		seen, _ = io.ReadAll(w.written(bytes.NewReader(w.buf)))
		overlap = min(len(again), len(seen))
	}
	segment := text.Segment{Role: text.Raw, Text: seen, Overlap: overlap, Next: min(w.waiting, len(seen))}
	if err := w.stream.Segment(segment); err != nil {
		if err := w.e.failure(w.x, w.ps, err); err != nil {
			w.err = err
			return false
		}
		return true
	}
	if stops(w.e.decide(w.x, w.stream.Inspection(rules.DirectionsOf(rules.Out)))) {
		w.err = ErrBlocked
		return false
	}
	return true
}
