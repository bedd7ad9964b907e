package content

import (
	"errors"
	"io"
	"time"
)

// errSlow ends the head of a body that does not come.
var errSlow = errors.New("a body comes slowly")

// hasty is a body of which the head is not waited for without end: once enough of it is there the next piece has to
// come within the patience. A piece that comes later is read with the rest of the body.
type hasty struct {
	body     io.ReadCloser
	patience time.Duration // zero: the head is over
	enough   func() bool

	next chan received // a read that goes on in the background
	left []byte        // of what it got
	err  error         // after it
}

// hastyPiece is how much is read at once in the background, in bytes.
const hastyPiece = 2 << 10

// Read implements io.Reader.
func (h *hasty) Read(b []byte) (int, error) {
	if h.next == nil && len(h.left) == 0 && h.err == nil {
		if h.patience == 0 || !h.enough() {
			return h.body.Read(b)
		}
		h.readOn(min(len(b), hastyPiece))
	}
	if h.next != nil && !h.wait() {
		return 0, errSlow
	}
	n := copy(b, h.left)
	if h.left = h.left[n:]; len(h.left) > 0 {
		return n, nil
	}
	err := h.err
	h.err = nil
	return n, err
}

func (h *hasty) readOn(size int) {
	next, piece := make(chan received, 1), make([]byte, size)
	h.next = next
	go func() {
		n, err := h.body.Read(piece)
		next <- received{piece[:n], err}
	}()
}

// wait waits for the read in the background, and reports whether it is over.
func (h *hasty) wait() bool {
	var over <-chan time.Time
	if h.patience > 0 {
		timer := time.NewTimer(h.patience)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case r := <-h.next:
		h.next, h.left, h.err = nil, r.piece, r.err
		return true
	case <-over:
		return false
	}
}

// calm ends the haste. It reports whether the head was slow.
func (h *hasty) calm() bool {
	h.patience = 0
	return h.next != nil
}

// Close implements io.Closer. It ends a read in the background.
func (h *hasty) Close() error { return h.body.Close() }
