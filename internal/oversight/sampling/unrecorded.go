package sampling

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"sluis/filter"
	"sluis/internal/ledger"
)

// unrecorded is a list, on disk, of the draws whose record is not in the journal yet: it is written
// before a draw counts. What is on it when the gateway starts again was lost in a crash, and that is
// in the ledger before mail is taken: so an audit tells it from a record that was taken away later.
type unrecorded struct {
	file  *os.File
	slots map[filter.ID]int64 // where each is in the file
	free  []int64
	end   int64
}

const (
	unrecordedName = "unrecorded"
	slotSize       = 16 + 8 + 4
	maxUnrecorded  = 1 << 16 // draws at once; more are not followed
	longestItem    = 12 * time.Hour
)

// open is a draw without a record.
type open struct {
	id filter.ID
	at time.Time
}

func (o open) encode() []byte {
	b := append(make([]byte, 0, slotSize), o.id[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(o.at.UnixMilli()))
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)|1) // never a slot of zeros
}

func parseOpen(b []byte) (o open, ok bool) {
	if binary.BigEndian.Uint32(b[24:]) != crc32.ChecksumIEEE(b[:24])|1 {
		return o, false
	}
	copy(o.id[:], b)
	o.at = time.UnixMilli(int64(binary.BigEndian.Uint64(b[16:]))).UTC()
	return o, true
}

// begin opens the list of an earlier process, and makes its places free.
func (u *unrecorded) begin(dir string) error {
	if u.file != nil {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, unrecordedName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("list draws without a record: %w", err)
	}
	u.file, u.slots = f, map[filter.ID]int64{}
	left, err := u.read()
	if err != nil {
		return err
	}
	for _, o := range left { // until they are reconciled
		u.slots[o.id] = -1
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("list draws without a record: %w", err)
	}
	u.end = (info.Size() + slotSize - 1) / slotSize * slotSize
	return nil
}

// read returns what is on the list.
func (u *unrecorded) read() ([]open, error) {
	b, err := os.ReadFile(u.file.Name())
	if err != nil {
		return nil, fmt.Errorf("list draws without a record: %w", err)
	}
	var all []open
	for ; len(b) >= slotSize; b = b[slotSize:] {
		if o, ok := parseOpen(b); ok {
			all = append(all, o)
		}
	}
	return all, nil
}

// add puts a draw on the list. One that cannot be followed, also because the disk is full, is no error:
// after a crash an audit would miss its record.
func (u *unrecorded) add(o open) error {
	if len(u.slots) >= maxUnrecorded {
		return nil
	}
	at := u.end
	if n := len(u.free); n > 0 {
		at, u.free = u.free[n-1], u.free[:n-1]
	} else {
		u.end += slotSize
	}
	if _, err := u.file.WriteAt(o.encode(), at); err != nil {
		u.free = append(u.free, at)
		if errors.Is(err, unix.ENOSPC) {
			return nil
		}
		return fmt.Errorf("list draw without a record: %w", err)
	}
	u.slots[o.id] = at
	return nil
}

// remove takes draws off the list.
func (u *unrecorded) remove(ids ...filter.ID) error {
	var zeros [slotSize]byte
	for _, id := range ids {
		at, ok := u.slots[id]
		if !ok || at < 0 {
			continue
		}
		if _, err := u.file.WriteAt(zeros[:], at); err != nil {
			return fmt.Errorf("list draws without a record: %w", err)
		}
		delete(u.slots, id)
		u.free = append(u.free, at)
	}
	return nil
}

// Recorded takes draws off the list of those without a record: theirs is on disk.
func (s *Sampler) Recorded(ids []filter.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unrecorded.file != nil {
		_ = s.unrecorded.remove(ids...) // an audit then finds more records than draws that it misses
	}
}

// Reconcile writes in the ledger which draws a crash left without a record. without removes from
// them those that have one after all. The gateway calls it when it starts, before it takes mail and
// before records go from segments to the journal.
func (s *Sampler) Reconcile(ctx context.Context, without func(map[filter.ID]bool) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.unrecorded.begin(s.dir); err != nil {
		return err
	}
	left, err := s.unrecorded.read()
	if err != nil {
		return err
	}
	sought := map[filter.ID]bool{}
	for _, o := range left {
		sought[o.id] = true
	}
	if len(sought) > 0 {
		if err := without(sought); err != nil {
			return err
		}
	}
	left = slices.DeleteFunc(left, func(o open) bool { return !sought[o.id] })
	if err := s.recordLost(ctx, left, "crash"); err != nil {
		return err
	}
	if err := s.unrecorded.file.Truncate(0); err != nil {
		return fmt.Errorf("list draws without a record: %w", err)
	}
	s.unrecorded.slots, s.unrecorded.free, s.unrecorded.end = map[filter.ID]int64{}, nil, 0
	return nil
}

// overdue writes in the ledger the draws that have no record after a time in which every message and
// request has ended: their process did. Callers hold the lock.
func (s *Sampler) overdue(ctx context.Context, now time.Time) error {
	if s.unrecorded.file == nil {
		return nil
	}
	all, err := s.unrecorded.read()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(o open) bool {
		at, ok := s.unrecorded.slots[o.id] // one of an earlier process waits for Reconcile
		return !ok || at < 0 || now.Sub(o.at) < longestItem
	})
	if err := s.recordLost(ctx, all, "overdue"); err != nil {
		return err
	}
	var ids []filter.ID
	for _, o := range all {
		ids = append(ids, o.id)
	}
	return s.unrecorded.remove(ids...)
}

// Abandoned writes in the ledger draws that never get a record: the process that they were made for has ended.
func (s *Sampler) Abandoned(ctx context.Context, ids []filter.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(ids) == 0 || s.unrecorded.file == nil {
		return nil
	}
	all, err := s.unrecorded.read()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(o open) bool { return !slices.Contains(ids, o.id) })
	if err := s.recordLost(ctx, all, "crash"); err != nil {
		return err
	}
	return s.unrecorded.remove(ids...)
}

// recordLost writes in the ledger how many draws of each day have no record, and the sum of what was
// drawn for them; once, also after a crash in between.
func (s *Sampler) recordLost(ctx context.Context, lost []open, step string) error {
	days := map[string][]open{}
	for _, o := range lost {
		day := o.at.UTC().Format(dayForm)
		days[day] = append(days[day], o)
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		act, err := s.lostOf(day, days[day])
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errDamaged) { // revealed and long over, or void
			continue
		}
		if err != nil {
			return err
		}
		act.Step = step
		known, err := s.knownLost(act)
		if err != nil || known {
			return err
		}
		if _, err := s.ledger.Append(ctx, ledger.SamplingLost, act); err != nil {
			return fmt.Errorf("write which draws of %s lost their record: %w", day, err)
		}
	}
	return nil
}

func (s *Sampler) lostOf(day string, lost []open) (act ledger.Data, err error) {
	c, err := read(s.path(day))
	if err != nil {
		return act, err
	}
	seed, err := s.seed(day)
	if err != nil {
		return act, err
	}
	slices.SortFunc(lost, func(a, b open) int { return cmp.Compare(a.id.String(), b.id.String()) })
	drawn, err := s.drawnFor(day, c, seed)
	if err != nil {
		return act, err
	}
	names := sha256.New()
	var sum [sha256.Size]byte
	var total count
	for _, o := range lost {
		if drawn(o.id, &sum) { // else it was cut off before it counted
			total.add(&sum)
			names.Write(o.id[:])
		}
	}
	return ledger.Data{
		Day:    day,
		Count:  int(total.n),
		Commit: total.sums(),
		Ref:    hex.EncodeToString(names.Sum(nil)[:16]),
	}, nil
}

// drawnFor returns what is drawn for the messages of a day; false for one that has no number.
func (s *Sampler) drawnFor(day string, c committed, seed []byte) (func(filter.ID, *[sha256.Size]byte) bool, error) {
	if !c.Numbered {
		mac := hmac.New(sha256.New, c.Secret)
		return func(id filter.ID, sum *[sha256.Size]byte) bool { draw(mac, sum, seed, id, 0); return true }, nil
	}
	list, err := readNumbers(s.dir, day)
	of := numbered(c.Secret, seed)
	return func(id filter.ID, sum *[sha256.Size]byte) bool {
		n, ok := list.numbers[id]
		of(n, sum)
		return ok
	}, err
}

func (s *Sampler) knownLost(act ledger.Data) (bool, error) {
	q := ledger.Query{Kinds: []ledger.Kind{ledger.SamplingLost}, Ref: act.Ref, Limit: 1}
	for _, err := range s.ledger.Find(q) {
		return err == nil, err
	}
	return false, nil
}
