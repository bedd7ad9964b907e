package content

import (
	"io"

	"sluis/filter"
)

// overlap is how much of a window waits for the next one, so that nothing is cut in two.
const overlap = 1 << 10

// windows passes on what it reads window by window, each once it is judged.
type windows struct {
	exchange *Exchange
	src      io.Reader
	size     int
	judge    func(window []byte) (filter.Verdict, error)
	most     int64 // bytes that are judged; zero: all

	wait   []byte // read, but judged only together with what follows
	ready  []byte // judged, to be passed on
	judged int64
	err    error
	passes bool // the rest is passed on as it comes
}

// Read implements io.Reader.
func (w *windows) Read(p []byte) (int, error) {
	for len(w.ready) == 0 {
		switch {
		case w.err != nil:
			return 0, w.err
		case w.passes:
			return w.src.Read(p)
		}
		w.next()
	}
	n := copy(p, w.ready)
	w.ready = w.ready[n:]
	return n, nil
}

// next reads and judges a window.
func (w *windows) next() {
	if w.most > 0 && w.judged >= w.most {
		w.passes, w.ready, w.wait = true, w.wait, nil
		w.exchange.Note(Found{Incomplete: true})
		return
	}
	window := make([]byte, len(w.wait)+w.size)
	old := copy(window, w.wait)
	n, err := io.ReadFull(w.src, window[old:])
	window, w.wait = window[:old+n], nil
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	w.err = err
	w.judged += int64(n)
	if len(window) == 0 {
		return
	}
	v, jerr := w.judge(window)
	switch {
	case jerr != nil:
		w.err = jerr
	case stops(v):
		w.exchange.Note(Found{Verdict: v})
		w.err = errStopped
	case w.err != nil:
		w.ready = window
	default:
		last := len(window) - overlap
		w.ready, w.wait = window[:max(last, 0)], window[max(last, 0):]
	}
}
