package literal

// Stream scans a text that comes in pieces. It reports what Scan reports of the whole, with
// positions in the whole, each hit when it is sure.
type Stream struct {
	m    *Matcher
	emit func(Hit) bool
	buf  []byte // the end of what came, and what comes
	at   int    // of buf in the whole
	sure int    // hits that end before are reported, or at it, if it is the end
	done bool
}

// pieceSize is how much of a piece is scanned at once.
const pieceSize = 64 << 10

// NewStream starts a text.
func (m *Matcher) NewStream(emit func(Hit) bool) *Stream {
	return &Stream{m: m, emit: emit, buf: make([]byte, 0, m.longest+2+pieceSize)}
}

// Write takes the next piece. It reports false once emit has.
func (s *Stream) Write(piece []byte) bool {
	for len(piece) > 0 && !s.done {
		n := min(len(piece), pieceSize)
		s.buf, piece = append(s.buf, piece[:n]...), piece[n:]
		// What ends at the last byte depends on what comes: whether a word ends there.
		s.scan(s.at + len(s.buf) - 1)
		keep := min(len(s.buf), s.m.longest+2) // with the byte before the longest phrase
		copy(s.buf, s.buf[len(s.buf)-keep:])
		s.at += len(s.buf) - keep
		s.buf = s.buf[:keep]
	}
	return !s.done
}

// Close ends the text, and reports what was not sure.
func (s *Stream) Close() bool {
	if !s.done {
		s.scan(s.at + len(s.buf))
	}
	clear(s.buf[:cap(s.buf)])
	return !s.done
}

// scan reports the hits that end up to a place and have not been reported.
func (s *Stream) scan(upTo int) {
	s.m.Scan(s.buf, func(h Hit) bool {
		h.Start, h.End = h.Start+s.at, h.End+s.at
		if h.End > s.sure && h.End <= upTo {
			s.done = !s.emit(h)
		}
		return !s.done
	})
	s.sure = max(s.sure, upTo)
}
