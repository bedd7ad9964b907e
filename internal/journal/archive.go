package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"sluis/internal/store/disk"
)

// archive keeps the records of the embedded backend: a file for each day (UTC), to which
// blocks are appended. A block is one frame of Zstandard with the records of one segment
// that are of that day. Which bytes of a file count stands in the database, so that what a
// crash left behind them is written over.
type archive struct{ dir string }

const (
	dayForm = "2006-01-02"
	dayName = ".day"
)

// day returns the midnight (UTC) before a time, in seconds since 1970.
func day(t time.Time) int64 { return t.UTC().Truncate(24 * time.Hour).Unix() }

func (a archive) path(day int64) string {
	return filepath.Join(a.dir, time.Unix(day, 0).UTC().Format(dayForm)+dayName)
}

// block is where the records of a segment are.
type block struct {
	seq          Position
	day          int64
	start, bytes int64
	records      int64
}

// packed collects the records of one day, compressed.
type packed struct {
	out     bytes.Buffer
	z       io.WriteCloser
	frame   []byte
	records int64
}

func newPacked() (*packed, error) {
	p := &packed{}
	z, err := newCompressor(&p.out)
	p.z = z
	return p, err
}

func (p *packed) add(r *Record) error {
	p.records++
	p.frame = r.appendFrame(p.frame[:0])
	_, err := p.z.Write(p.frame)
	return err
}

// append writes a block to a day's file at an offset, and brings it to the disk. What was
// behind the offset is cut off.
func (a archive) append(day, start int64, p *packed) (bytes int64, err error) {
	if err := p.z.Close(); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(a.path(day), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close() // again, if all went well
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if info.Size() < start {
		return 0, fmt.Errorf("%s is shorter than it was: restore it from a backup", filepath.Base(f.Name()))
	}
	if err := f.Truncate(start); err != nil {
		return 0, err
	}
	if _, err := f.WriteAt(p.out.Bytes(), start); err != nil {
		return 0, err
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	if start == 0 {
		if err := disk.SyncDir(a.dir); err != nil {
			return 0, err
		}
	}
	return int64(p.out.Len()), f.Close()
}

// read gives a block's bytes, decompressed, to use. A day that was pruned meanwhile has
// none.
func (a archive) read(b block, use func(*tolerant) error) error {
	f, err := os.Open(a.path(b.day))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := newDecompressor(io.NewSectionReader(f, b.start, b.bytes))
	if err != nil {
		return err
	}
	defer z.Close()
	return use(&tolerant{in: z})
}

// destroy removes a day.
func (a archive) destroy(day int64) error {
	err := disk.Destroy(a.path(day))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
