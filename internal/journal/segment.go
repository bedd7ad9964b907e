package journal

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"sluis/internal/store/disk"
)

// A segment is a sequence of frames: length and CRC-32C of a record, then the record.
// While it is being written it is a plain file NAME.open, then NAME.full, and goes to the
// backend like that. If it has to wait it is compressed to NAME.seg, one frame of Zstandard
// (RFC 8878) with its checksum. NAME is the time it was begun, so that names sort.
type segment struct {
	f     *os.File
	size  int64
	count int // records in the buffer
	frame []byte
	dirty bool // written and not synced
}

const (
	openName   = ".open"
	fullName   = ".full"
	sealedName = ".seg"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maxFrame bounds a record in a segment, in bytes.
const maxFrame = 1024

// maxWindow bounds what reading a segment takes, in bytes.
const maxWindow = 8 << 20

func createSegment(dir, name string) (*segment, error) {
	f, err := os.OpenFile(filepath.Join(dir, name+openName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin journal segment: %w", err)
	}
	if err := disk.SyncDir(dir); err != nil {
		f.Close()
		return nil, fmt.Errorf("begin journal segment: %w", err)
	}
	return &segment{f: f}, nil
}

// add puts a record in the frame buffer; write writes it.
func (s *segment) add(r *Record) {
	s.frame = r.appendFrame(s.frame)
	s.count++
}

// appendFrame appends a record with its length and checksum.
func (r *Record) appendFrame(b []byte) []byte {
	at := len(b)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	b = r.append(b)
	body := b[at+8:]
	binary.BigEndian.PutUint32(b[at:], uint32(len(body)))
	binary.BigEndian.PutUint32(b[at+4:], crc32.Checksum(body, castagnoli))
	return b
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

// end ends the segment. Unless it is done, the segment can be written on.
func (s *segment) end() (done bool, err error) {
	open := s.f.Name()
	if err := os.Rename(open, strings.TrimSuffix(open, openName)+fullName); err != nil {
		return false, fmt.Errorf("end journal segment: %w", err)
	}
	return true, s.f.Close()
}

// sealFile compresses a segment that has ended. After a crash in between it is done again,
// and gives the same bytes.
func sealFile(full string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("seal journal segment: %w", err)
		}
	}()
	name := strings.TrimSuffix(full, filepath.Ext(full))
	if err := compress(full, name+".new"); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name+sealedName); err != nil {
		return err
	}
	if err := disk.SyncDir(filepath.Dir(name)); err != nil {
		return err
	}
	return os.Remove(full)
}

// sealFull seals the segments of a directory that have ended.
func sealFull(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*"+fullName))
	if err != nil {
		return fmt.Errorf("list journal segments: %w", err)
	}
	slices.Sort(names)
	for _, n := range names {
		if err := sealFile(n); err != nil {
			return err
		}
	}
	return nil
}

// compress writes a file compressed to another, on the disk.
func compress(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer out.Close() // again, if all went well
	z, err := newCompressor(out)
	if err != nil {
		return err
	}
	if _, err := io.Copy(z, in); err != nil {
		return errors.Join(err, z.Close())
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	return out.Close()
}

func newCompressor(w io.Writer) (*zstd.Encoder, error) {
	return zstd.NewWriter(
		w,
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithWindowSize(1<<20),
		zstd.WithEncoderCRC(true),
	)
}

func newDecompressor(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(
		r,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow),
	)
}

// Segment is one that has ended: the batch in which records come to a backend.
type Segment struct {
	Name string // of this segment alone, and the same whenever it is tried again
	path string
}

// Each calls use for each record, in order. It returns how many bytes are none: a record
// that was damaged is passed over, and after the last whole one stands what a crash cut
// short, or left as zeros, before it was synced.
func (s Segment) Each(ctx context.Context, use func(Record) error) (unread int64, err error) {
	f, err := os.Open(s.path)
	if err != nil {
		return 0, fmt.Errorf("read journal segment: %w", err)
	}
	defer f.Close()
	in := &tolerant{in: f}
	if strings.HasSuffix(s.path, sealedName) {
		z, err := newDecompressor(f)
		if err != nil {
			return 0, fmt.Errorf("read journal segment: %w", err)
		}
		defer z.Close()
		in.in = z
	}
	unread, err = readFrames(in, func(r Record, _ []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return use(r)
	})
	if err != nil {
		return unread, fmt.Errorf("read journal segment: %w", err)
	}
	if in.damaged { // the number that was lost is unknown
		unread++
	}
	return unread, nil
}

// tolerant ends a stream where it is damaged: what comes before that stands.
type tolerant struct {
	in      io.Reader
	damaged bool
}

func (t *tolerant) Read(p []byte) (int, error) {
	n, err := t.in.Read(p)
	var disk *os.PathError
	if err != nil && !errors.Is(err, io.EOF) && !errors.As(err, &disk) {
		t.damaged = true
		err = io.EOF
	}
	return n, err
}

// segments returns the segments of a directory that have ended, oldest first. One that a
// crash left both plain and compressed is there twice; the backend knows it by its name.
func segments(dir string) ([]Segment, error) {
	var list []Segment
	for _, ext := range []string{fullName, sealedName} {
		names, err := filepath.Glob(filepath.Join(dir, "*"+ext))
		if err != nil {
			return nil, fmt.Errorf("list journal segments: %w", err)
		}
		for _, n := range names {
			list = append(list, Segment{Name: strings.TrimSuffix(filepath.Base(n), ext), path: n})
		}
	}
	slices.SortFunc(list, func(a, b Segment) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// adopt ends the segments that a crash left open.
func adopt(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*"+openName))
	if err != nil {
		return fmt.Errorf("list journal segments: %w", err)
	}
	for _, n := range names {
		if err := syncFile(n); err != nil { // so that it is the same however often it is loaded
			return fmt.Errorf("end journal segment: %w", err)
		}
		if err := os.Rename(n, strings.TrimSuffix(n, openName)+fullName); err != nil {
			return fmt.Errorf("end journal segment: %w", err)
		}
	}
	half, err := filepath.Glob(filepath.Join(dir, "*.new"))
	for _, n := range half {
		err = errors.Join(err, os.Remove(n))
	}
	return err
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// readFrames calls use for each record and its bytes, which are valid until it returns.
// It returns how many bytes are no record.
func readFrames(r io.Reader, use func(Record, []byte) error) (unread int64, err error) {
	var d decoder
	return readBodies(r, func(body []byte) (bool, error) {
		rec, err := d.decode(body)
		if err != nil {
			return false, nil
		}
		return true, use(rec, body)
	})
}

// readBodies calls use for the bytes of each record, which are valid until it returns; it
// says whether they are one.
func readBodies(r io.Reader, use func([]byte) (bool, error)) (unread int64, err error) {
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
		body, good := frame[8:], false
		if crc32.Checksum(body, castagnoli) == binary.BigEndian.Uint32(frame[4:]) {
			if good, err = use(body); err != nil {
				return unread, err
			}
		}
		if !good {
			unread += int64(len(frame))
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
