package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sluis/internal/durable"
)

// A segment is a file of frames: length and CRC-32C of a record, then the record. Its
// name is the time it was begun, so that names sort; it ends in .open while it is being
// written and in .seg once it is sealed.
type segment struct {
	f     *os.File
	size  int64
	count int // records in the buffer
	frame []byte
	dirty bool // written and not synced
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maxFrame bounds a record in a segment, in bytes.
const maxFrame = 1024

func createSegment(dir, name string) (*segment, error) {
	f, err := os.OpenFile(filepath.Join(dir, name+".open"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin journal segment: %w", err)
	}
	if err := durable.SyncDir(dir); err != nil {
		f.Close()
		return nil, fmt.Errorf("begin journal segment: %w", err)
	}
	return &segment{f: f}, nil
}

// add puts a record in the frame buffer; write writes it.
func (s *segment) add(r *Record) {
	at := len(s.frame)
	s.frame = append(s.frame, make([]byte, 8)...)
	s.frame = r.append(s.frame)
	body := s.frame[at+8:]
	binary.BigEndian.PutUint32(s.frame[at:], uint32(len(body)))
	binary.BigEndian.PutUint32(s.frame[at+4:], crc32.Checksum(body, castagnoli))
	s.count++
}

// write hands the buffer to the system, so that it outlives this process. If that fails
// what was written is cut off, and the buffer stays, to be tried again.
func (s *segment) write() error {
	if len(s.frame) == 0 {
		return nil
	}
	if _, err := s.f.WriteAt(s.frame, s.size); err != nil {
		return errors.Join(fmt.Errorf("write journal segment: %w", err), s.f.Truncate(s.size))
	}
	s.size += int64(len(s.frame))
	s.frame, s.dirty = s.frame[:0], true
	return nil
}

// sync writes the buffer and brings all to the disk, so that it outlives a power cut.
func (s *segment) sync() error {
	if err := s.write(); err != nil || !s.dirty {
		return err
	}
	if err := s.f.Sync(); err != nil {
		return fmt.Errorf("sync journal segment: %w", err)
	}
	s.dirty = false
	return nil
}

// seal ends the segment.
func (s *segment) seal() error {
	name := s.f.Name()
	if err := s.f.Close(); err != nil {
		return fmt.Errorf("seal journal segment: %w", err)
	}
	if err := os.Rename(name, strings.TrimSuffix(name, ".open")+".seg"); err != nil {
		return fmt.Errorf("seal journal segment: %w", err)
	}
	return durable.SyncDir(filepath.Dir(name))
}

// segments returns the sealed segments of a directory, oldest first.
func segments(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	if err != nil {
		return nil, fmt.Errorf("list journal segments: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// adopt seals the segments that a crash left open.
func adopt(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.open"))
	if err != nil {
		return fmt.Errorf("list journal segments: %w", err)
	}
	for _, n := range names {
		if err := os.Rename(n, strings.TrimSuffix(n, ".open")+".seg"); err != nil {
			return fmt.Errorf("seal journal segment: %w", err)
		}
	}
	return durable.SyncDir(dir)
}

// readSegment calls use for each record, and returns how many bytes are none: a record
// that was damaged is passed over, and after the last whole one stands what a crash cut
// short, or left as zeros, before it was synced.
func readSegment(r io.Reader, use func(Record) error) (unread int64, err error) {
	br := bufio.NewReaderSize(r, 64<<10)
	for {
		frame, err := peekFrame(br)
		if err != nil {
			return unread, err
		}
		if frame == nil {
			rest, err := io.Copy(io.Discard, br)
			return unread + rest, err
		}
		body := frame[8:]
		rec, err := decode(body)
		if err != nil || crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(frame[4:]) {
			unread += int64(len(frame))
		} else if err := use(rec); err != nil {
			return unread, err
		}
		br.Discard(len(frame)) // peeked
	}
}

// peekFrame returns the next frame; nil if what follows is none.
func peekFrame(br *bufio.Reader) ([]byte, error) {
	head, err := br.Peek(8)
	if err == nil {
		n := binary.BigEndian.Uint32(head)
		if n > maxFrame {
			return nil, nil
		}
		head, err = br.Peek(8 + int(n))
	}
	if err == io.EOF {
		return nil, nil
	}
	return head, err
}
