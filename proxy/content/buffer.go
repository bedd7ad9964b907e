package content

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"sluis/internal/store/disk"
)

// errBusy is returned when no more bodies can wait at the same time.
var errBusy = errors.New("too many bodies wait at the same time")

// buffer is a body, or its beginning, that waits. It may be read while it is filled.
type buffer struct {
	e     *Inspector
	mu    sync.Mutex
	spool *disk.Spool // nil: it is closed
}

func (e *Inspector) newBuffer() *buffer {
	return &buffer{e: e, spool: disk.NewSpool(e.o.Dir).Within(e.o.Room)}
}

// fill takes from r until its end, or until the limit. It reports whether the body is whole.
func (h *buffer) fill(r io.Reader, limit int64) (whole bool, err error) {
	buf := copies.Get().(*[]byte)
	defer func() {
		clear(*buf)
		copies.Put(buf)
	}()
	for left := limit - h.length(); left > 0; {
		room := min(int64(len(*buf)), left)
		if h.e.total.Add(room) > int64(h.e.o.Limits.Total) { // before anything is read that could get lost
			h.e.total.Add(-room)
			return false, errBusy
		}
		n, err := r.Read((*buf)[:room])
		kept, werr := h.add((*buf)[:n])
		h.e.total.Add(int64(kept) - room)
		if werr != nil {
			return false, werr
		}
		left -= int64(n)
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

var copies = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

func (h *buffer) add(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.spool == nil {
		return 0, os.ErrClosed
	}
	n, err := h.spool.Write(p)
	return n, nameless(err)
}

// take adds a piece of what is derived from a body.
func (h *buffer) take(p []byte) error {
	if h.e.total.Add(int64(len(p))) > int64(h.e.o.Limits.Total) {
		h.e.total.Add(-int64(len(p)))
		return errBusy
	}
	n, err := h.add(p)
	h.e.total.Add(int64(n - len(p)))
	return err
}

func (h *buffer) length() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.spool == nil {
		return 0
	}
	return h.spool.Size()
}

// ReadAt implements io.ReaderAt.
func (h *buffer) ReadAt(p []byte, at int64) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.spool == nil {
		return 0, os.ErrClosed
	}
	n, err := h.spool.ReadAt(p, at)
	return n, nameless(err)
}

// nameless drops the name from a file error.
func nameless(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("buffer a body: %w", p.Err)
	}
	return err
}

// reader reads the buffer from a place on.
func (h *buffer) reader(from int64) io.Reader { return io.NewSectionReader(h, from, h.length()-from) }

// Close drops the body. It may be called again.
func (h *buffer) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.spool == nil {
		return nil
	}
	h.e.total.Add(-h.spool.Size())
	h.spool.Close()
	h.spool = nil
	return nil
}

// readAtLeast reads at least so much, or to the end, as io.ReadAtLeast does, but returns the error that ended it: a
// body that is cut off must not look like one that has ended.
func readAtLeast(r io.Reader, buf []byte, least int) (n int, err error) {
	for n < least && err == nil {
		var k int
		k, err = r.Read(buf[n:])
		n += k
	}
	return n, err
}
