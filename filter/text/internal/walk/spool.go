package walk

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"

	"sluis/internal/store/disk"
)

// Random calls visit with all of r in a form that can be read in any order: r itself, if
// it can, else from memory if it is small, else from a file without a name.
func (w *Walker) Random(r io.Reader, visit func(*io.SectionReader) error) error {
	if s, ok := r.(*io.SectionReader); ok {
		return visit(Fresh(s))
	}
	var head bytes.Buffer
	n, err := io.Copy(&head, io.LimitReader(r, w.Limits.Spool))
	if err != nil && n == 0 {
		return err
	}
	if err != nil || n < w.Limits.Spool {
		// The part before a fault is inspected all the same.
		return First(visit(w.Section(bytes.NewReader(head.Bytes()), n)), err)
	}
	f, err := w.unnamed()
	if err != nil {
		return w.Fail(fmt.Errorf("spool a part: %w", err))
	}
	defer f.Close()
	if _, err := f.Write(head.Bytes()); err != nil {
		return w.Fail(fmt.Errorf("spool a part: %w", noName(err)))
	}
	head = bytes.Buffer{}
	size, err := Pipe(spoolWriter{w, f}, r)
	return First(visit(w.Section(f, n+size)), err)
}

// unnamed returns a file for a part that is too large to be kept as it is.
func (w *Walker) unnamed() (*os.File, error) {
	if w.Limits.InMemory {
		return disk.UnnamedInMemory()
	}
	return disk.Unnamed(w.Limits.Dir)
}

// takeRoom ends the walk if there is no room on disk for n bytes more.
func (w *Walker) takeRoom(n int) error {
	if w.Limits.Room == nil {
		return nil
	}
	if err := w.Limits.Room.Take(int64(n)); err != nil {
		return w.Fail(fmt.Errorf("spool a part: %w", err))
	}
	return nil
}

// spoolWriter writes to a file; a fault of the disk is not one of the part.
type spoolWriter struct {
	w *Walker
	f *os.File
}

// Write implements io.Writer.
func (s spoolWriter) Write(p []byte) (int, error) {
	if err := s.w.takeRoom(len(p)); err != nil {
		return 0, err
	}
	n, err := s.f.Write(p)
	if err != nil {
		return n, s.w.Fail(fmt.Errorf("spool a part: %w", noName(err)))
	}
	return n, nil
}

// noName returns the cause of a file error: the name says nothing to a reader of logs.
func noName(err error) error {
	if p, ok := err.(*os.PathError); ok {
		return p.Err
	}
	return err
}

// lent is a buffered reader of the pool, with what gives it back.
type lent struct {
	*bufio.Reader
	done func()
}

var readers sync.Pool // of *lent

// Buffered returns a reader with a buffer of 8 KiB, and what gives it back.
func Buffered(r io.Reader) (br *bufio.Reader, done func()) {
	if br, ok := r.(*bufio.Reader); ok {
		return br, Nothing
	}
	l, ok := readers.Get().(*lent)
	if !ok {
		l = &lent{Reader: bufio.NewReaderSize(nil, 8<<10)}
		l.done = func() { l.Reset(nil); readers.Put(l) }
	}
	l.Reset(r)
	return l.Reader, l.done
}

func Nothing() {}
