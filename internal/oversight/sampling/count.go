package sampling

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/store/disk"
)

// count is how many draws there were on a day, and the sum of what they drew: numbers of
// 256 bits that only the day's secret gives. A record that is taken away together with its
// message is missing in the number, one that was put in its place is seen in the sum.
//
// It stands in a file that is written with each draw, so that it outlives the process, and
// from hour to hour in the ledger.
type count struct {
	n   uint64
	sum [4]uint64 // each added up by itself
}

const countSize = 8 + 4*8 + 4

// plus adds another count.
func (c *count) plus(o count) {
	c.n += o.n
	for i := range c.sum {
		c.sum[i] += o.sum[i]
	}
}

func (c *count) add(drawn *[sha256.Size]byte) {
	c.n++
	for i := range c.sum {
		c.sum[i] += binary.BigEndian.Uint64(drawn[8*i:])
	}
}

// append appends it with a checksum.
func (c *count) append(b []byte) []byte {
	from := len(b)
	b = binary.BigEndian.AppendUint64(b, c.n)
	for _, n := range c.sum {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
}

// parseCount is the inverse; it is false for what is damaged.
func parseCount(b []byte) (c count, ok bool) {
	if len(b) != countSize || crc32.ChecksumIEEE(b[:countSize-4]) != binary.BigEndian.Uint32(b[countSize-4:]) {
		return count{}, false
	}
	c.n = binary.BigEndian.Uint64(b)
	for i := range c.sum {
		c.sum[i] = binary.BigEndian.Uint64(b[8+8*i:])
	}
	return c, true
}

// told returns the sums as the ledger has them.
func (c *count) sums() string { return hex.EncodeToString(c.append(nil)[8 : countSize-4]) }

// countOf returns the count of a ledger entry.
func countOf(e ledger.Entry) (c count, err error) {
	sum, err := hex.DecodeString(e.Data.Commit)
	if err != nil || len(sum) != sha256.Size || e.Data.Count < 0 {
		return c, fmt.Errorf("entry %d has no count of draws", e.Index)
	}
	for i := range c.sum {
		c.sum[i] = binary.BigEndian.Uint64(sum[8*i:])
	}
	c.n = uint64(e.Data.Count)
	return c, nil
}

const countExt = ".count"

func (s *Sampler) countPath(day string) string { return filepath.Join(s.dir, day+countExt) }

// counted returns the last counts that are in the ledger, by day.
func (s *Sampler) counted() (map[string]count, error) {
	all := map[string]count{}
	for e, err := range s.ledger.Find(ledger.Query{Kinds: []ledger.Kind{ledger.SamplingCount}}) {
		var c count
		if err == nil {
			c, err = countOf(e)
		}
		if err != nil {
			return nil, fmt.Errorf("read how many draws there were: %w", err)
		}
		all[e.Data.Day] = c
	}
	return all, nil
}

// startCount goes on with a day's count: from its file, or if that is lost or damaged from
// the ledger. Callers hold the lock.
func (s *Sampler) startCount(day string) error {
	known, err := s.counted()
	if err != nil {
		return err
	}
	if s.counts != nil {
		s.counts.Close()
	}
	s.counts, err = os.OpenFile(s.countPath(day), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("count draws: %w", err)
	}
	b := make([]byte, countSize)
	n, err := s.counts.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("count draws: %w", err)
	}
	var ok bool
	if s.count, ok = parseCount(b[:n]); !ok || s.count.n < known[day].n {
		s.count = known[day]
	}
	// Now, so that it has its place on disk: draws go on when that is full.
	if _, err := s.counts.WriteAt(s.count.append(b[:0]), 0); err != nil {
		return fmt.Errorf("count draws: %w", err)
	}
	return nil
}

// startNumbers goes on with the list of a day's draws, whose count is made from it. Callers hold the lock.
func (s *Sampler) startNumbers(day string, c committed, seed []byte) (err error) {
	if s.numbers != nil {
		s.numbers.file.Close()
		s.numbers = nil
	}
	if !c.Numbered {
		return nil
	}
	known := s.count.n
	s.numbers, s.count, err = openNumbers(s.listPath(day), known, numbered(c.Secret, seed))
	if err != nil {
		return err
	}
	if _, err := s.counts.WriteAt(s.count.append(nil), 0); err != nil {
		return fmt.Errorf("count draws: %w", err)
	}
	return nil
}

func (s *Sampler) listPath(day string) string { return filepath.Join(s.dir, day+drawsExt) }

// listHash makes the list of a day's draws durable, and returns the hash of its first n; empty for a day
// that has none. Callers hold the lock.
func (s *Sampler) listHash(day string, n uint64) (string, error) {
	f, err := os.Open(s.listPath(day))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err == nil {
		defer f.Close()
		err = f.Sync()
	}
	h := sha256.New()
	if err == nil {
		_, err = io.CopyN(h, f, int64(n)*int64(idSize))
	}
	if errors.Is(err, io.EOF) { // it was cut, or the day has draws without numbers
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("list draws: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// forget removes the lists of days that are revealed, and whose records are long gone.
func (s *Sampler) forget(now time.Time) error {
	files, err := filepath.Glob(filepath.Join(s.dir, "*"+drawsExt))
	for _, f := range files {
		day, wrong := time.Parse(dayForm+drawsExt, filepath.Base(f))
		_, secret := os.Stat(s.path(day.Format(dayForm)))
		if wrong == nil && now.Sub(day) > keepDraws && errors.Is(secret, os.ErrNotExist) {
			err = errors.Join(err, disk.Remove(f))
		}
	}
	return err
}

// counting counts the draw that was made. Callers hold the lock.
func (s *Sampler) countDraw() error {
	s.count.add(&s.sum)
	if _, err := s.counts.WriteAt(s.count.append(s.buffer[:0]), 0); err != nil {
		return fmt.Errorf("count draws: %w", err)
	}
	return nil
}

// tellCounts writes the counts of all days that have changed in the ledger, and removes
// those of days that are long over.
func (s *Sampler) recordCounts(ctx context.Context, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts != nil {
		if err := s.counts.Sync(); err != nil {
			return fmt.Errorf("count draws: %w", err)
		}
	}
	if err := errors.Join(s.forget(now), s.overdue(ctx, now)); err != nil {
		return err
	}
	known, err := s.counted()
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "*"+countExt))
	if err != nil {
		return fmt.Errorf("count draws: %w", err)
	}
	for _, f := range files {
		day := strings.TrimSuffix(filepath.Base(f), countExt)
		b, err := os.ReadFile(f)
		if err != nil {
			return fmt.Errorf("count draws: %w", err)
		}
		if day == s.day && s.numbers != nil && len(s.numbers.late) > 0 { // the disk is full
			continue
		}
		if c, ok := parseCount(b); ok && c.n > known[day].n {
			act := ledger.Data{Day: day, Count: int(c.n), Commit: c.sums()}
			if act.Draws, err = s.listHash(day, c.n); err != nil {
				return err
			}
			if _, err := s.ledger.Append(ctx, ledger.SamplingCount, act); err != nil {
				return fmt.Errorf("write how many draws there were on %s: %w", day, err)
			}
		}
		if begun, err := time.Parse(dayForm, day); err == nil && day != s.day && now.Sub(begun) > 72*time.Hour {
			if err := disk.Remove(f); err != nil {
				return fmt.Errorf("count draws: %w", err)
			}
		}
	}
	return nil
}
