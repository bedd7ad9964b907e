package disk

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// memory is how much of a message is kept in memory; larger ones go to a file. step is how much
// room is taken at a time for that.
const (
	memory = 64 << 10
	step   = 256 << 10
)

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, memory); return &b }}

// Spool holds one message or body while it is inspected: a small one in memory, a larger one
// in an unnamed file.
type Spool struct {
	dir  string
	mem  *[]byte
	file *os.File
	size int64

	room           Room  // nil: without bounds
	taken, written int64 // of the room

	hole, gap int64 // gap bytes at hole are left out
}

// NewSpool returns an empty spool. A file is made in dir; empty: the system's.
func NewSpool(dir string) *Spool {
	return &Spool{dir: dir, mem: buffers.Get().(*[]byte)}
}

// InMemory is the size up to which a spool needs no room on disk.
const InMemory = memory

// Within has the spool's file take room. It is called before anything is written.
func (s *Spool) Within(r Room) *Spool {
	s.room = r
	return s
}

// Write implements io.Writer. Without room its error is one of ErrReserved's kind.
func (s *Spool) Write(p []byte) (int, error) {
	if s.file == nil {
		if len(*s.mem)+len(p) <= memory {
			*s.mem = append(*s.mem, p...)
			s.size += int64(len(p))
			return len(p), nil
		}
		if err := s.toFile(); err != nil {
			return 0, err
		}
	}
	if err := s.take(len(p)); err != nil {
		return 0, err
	}
	n, err := s.file.Write(p)
	s.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("write to spool: %w", err)
	}
	return n, nil
}

// take takes room for n bytes more.
func (s *Spool) take(n int) error {
	s.written += int64(n)
	for s.room != nil && s.taken < s.written {
		if err := s.room.Take(step); err != nil {
			return err
		}
		s.taken += step
	}
	return nil
}

func (s *Spool) toFile() error {
	if err := s.take(len(*s.mem)); err != nil {
		return err
	}
	f, err := Unnamed(s.dir)
	if err != nil {
		return err
	}
	if _, err := f.Write(*s.mem); err != nil {
		f.Close()
		return fmt.Errorf("write to spool: %w", err)
	}
	s.file = f
	s.freeMemory()
	return nil
}

// Cut leaves out the bytes from:to from now on. It can be done once.
func (s *Spool) Cut(from, to int64) {
	s.hole, s.gap = from, to-from
	s.size -= s.gap
}

// ReadAt implements io.ReaderAt.
func (s *Spool) ReadAt(p []byte, off int64) (int, error) {
	if s.gap == 0 {
		return s.readAt(p, off)
	}
	if off >= s.hole {
		return s.readAt(p, off+s.gap)
	}
	n := int(min(int64(len(p)), s.hole-off))
	read, err := s.readAt(p[:n], off)
	if err != nil || n == len(p) {
		return read, err
	}
	rest, err := s.readAt(p[n:], s.hole+s.gap)
	return read + rest, err
}

func (s *Spool) readAt(p []byte, off int64) (int, error) {
	if s.file != nil {
		return s.file.ReadAt(p, off)
	}
	if s.mem == nil || off >= int64(len(*s.mem)) {
		return 0, io.EOF
	}
	n := copy(p, (*s.mem)[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Reader reads the message from its start.
func (s *Spool) Reader() io.Reader { return io.NewSectionReader(s, 0, s.size) }

func (s *Spool) freeMemory() {
	if s.mem != nil {
		clear(*s.mem) // content does not wait in a pool
		*s.mem = (*s.mem)[:0]
		buffers.Put(s.mem)
		s.mem = nil
	}
}

// Close frees what the spool holds. It may be called again.
func (s *Spool) Close() error {
	s.freeMemory()
	if s.taken > 0 {
		defer s.room.Give(s.taken) // once it is free
		s.taken = 0
	}
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

// Size returns how many bytes it holds.
func (s *Spool) Size() int64 { return s.size }
