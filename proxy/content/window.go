package content

import (
	"io"

	"sluis/filter"
	"sluis/filter/text"
	"sluis/rules"
)

// window lets the rest of a body, whose beginning was judged, through in pieces: each goes on once the text in it was
// inspected, together with the end of the text before.
type window struct {
	e       *Inspector
	x       *Exchange
	ps      rules.Purposes
	src     io.Reader
	stream  *filter.Stream
	text    *uploadText
	seen    []byte // text that was found and is to be inspected, after the end of what was
	overlap int    // bytes of it that were inspected before
	buf     []byte
	waiting int    // bytes at the end of buf that have not gone on
	ready   []byte // may go on
	err     error
}

// wait is how much of a piece waits for the next one, in bytes: half of it is judged with that one, and the text in it
// may still be in the sieve, so that no caught passage has begun to go on.
const wait = 2 * text.MaxOverlap

func (e *Inspector) window(x *Exchange, u *upload, h *buffer, src io.Reader, ps rules.Purposes) (*window, error) {
	s, err := e.o.Engine.Stream(ps)
	if err != nil {
		return nil, err
	}
	w := &window{
		e:      e,
		x:      x,
		ps:     ps,
		src:    src,
		stream: s,
		text:   u.text,
		buf:    make([]byte, 0, text.MaxSegment),
	}
	w.text.out, w.text.sieve.out = w.take, w.take
	from := max(h.length()-wait, 0)
	n, err := io.ReadFull(h.reader(from), w.buf[:h.length()-from])
	if w.buf, w.waiting = w.buf[:n], n; err != nil {
		s.Close()
		return nil, err
	}
	if w.seen = append(w.seen, u.end...); len(u.end) == 0 { // a file, which was read by its format
		w.text.take(w.buf)
		w.text.sieve.flush()
	}
	w.overlap = len(w.seen)
	return w, nil
}

// take keeps text for inspection.
func (w *window) take(b []byte) { w.seen = append(w.seen, b...) }

// shift forgets text that was inspected but for its end.
func (w *window) shift() {
	w.overlap = copy(w.seen, w.seen[max(len(w.seen)-text.MaxOverlap, 0):])
	w.seen = w.seen[:w.overlap]
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

// next takes a piece of always the same size, and inspects the text in it.
func (w *window) next() {
	kept := copy(w.buf, w.buf[len(w.buf)-w.waiting:])
	n, err := readAtLeast(w.src, w.buf[kept:cap(w.buf)], cap(w.buf)-kept)
	w.buf = w.buf[:kept+n]
	w.text.push(w.buf[kept:])
	if err != nil {
		w.text.finish()
	} else {
		w.text.sieve.flush()
	}
	if w.err, w.waiting = err, 0; err == nil {
		w.waiting = wait
	}
	if !w.inspect(err != nil) {
		return
	}
	w.ready = w.buf[:len(w.buf)-w.waiting]
}

// inspect inspects the text that was found, and reports whether the piece may go on.
func (w *window) inspect(last bool) bool {
	for {
		n := min(len(w.seen), text.MaxSegment)
		segment := text.Segment{Role: text.Raw, Text: w.seen[:n], Overlap: w.overlap, Next: min(n, text.MaxOverlap)}
		end := last && n == len(w.seen)
		if end {
			segment.Next = 0
		}
		if n == w.overlap && !end || n == 0 {
			return true
		}
		if err := w.stream.Segment(segment); err != nil {
			if err := w.e.failure(w.x, w.ps, err); err != nil {
				w.err = err
				return false
			}
		} else if stops(w.e.decide(w.x, w.stream.Inspection(rules.DirectionsOf(rules.Out)))) {
			w.err = ErrBlocked
			return false
		}
		if n == len(w.seen) {
			w.shift()
			return true
		}
		w.seen = w.seen[:copy(w.seen, w.seen[n-segment.Next:])]
		w.overlap = segment.Next
	}
}
