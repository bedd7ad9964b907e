package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"sluis/internal/roster"
)

// Pseudonymiser computes pseudonyms. The second result is false for who has none.
type Pseudonymiser interface {
	Pseudonym(s roster.Subject, at time.Time) ([16]byte, bool, error)
}

// Writer takes records off the hot path and brings them to a database.
type Writer struct {
	dir   string
	names Pseudonymiser
	db    *DB
	log   *slog.Logger

	queue   chan entry
	done    chan struct{}
	closing sync.Once
	mu      sync.RWMutex // closed for writing while the queue is closed
	closed  bool
	dropped atomic.Int64
	stuck   atomic.Bool
}

type entry struct {
	rec Record
	who roster.Subject
}

// Bounds of a Writer.
const (
	queued      = 8192                   // records that wait for the disk
	patience    = 100 * time.Millisecond // that Put waits when the queue is full
	syncEvery   = 100 * time.Millisecond
	sealAfter   = time.Second
	sealSize    = 8 << 20 // bytes
	maxSegments = 4096    // that wait for the database
)

// NewWriter returns a writer with its segments in dir. What a crash left there is brought
// to the database first. log may be nil.
func NewWriter(dir string, names Pseudonymiser, db *DB, log *slog.Logger) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make journal directory: %w", err)
	}
	if err := adopt(dir); err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	w := &Writer{dir: dir, names: names, db: db, log: log, queue: make(chan entry, queued), done: make(chan struct{})}
	if err := w.load(); err != nil {
		return nil, err
	}
	go w.run()
	return w, nil
}

// Put takes a record, and whom it is about. It waits a moment if the disk is behind, and
// then drops the record and counts it.
func (w *Writer) Put(r Record, who roster.Subject) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		w.dropped.Add(1)
		return
	}
	select {
	case w.queue <- entry{r, who}:
		return
	default:
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case w.queue <- entry{r, who}:
	case <-t.C:
		w.dropped.Add(1)
	}
}

// Dropped returns how many records were lost because the disk could not keep up.
func (w *Writer) Dropped() int64 { return w.dropped.Load() }

// Healthy reports whether records reach the disk and the database.
func (w *Writer) Healthy() bool { return !w.stuck.Load() }

// Close brings everything that was Put to the database and ends the writer.
func (w *Writer) Close(ctx context.Context) error {
	w.closing.Do(func() {
		w.mu.Lock()
		w.closed = true
		close(w.queue)
		w.mu.Unlock()
	})
	select {
	case <-w.done:
		return w.load()
	case <-ctx.Done():
		return fmt.Errorf("close journal: %w", ctx.Err())
	}
}

// run writes what comes as soon as nothing more waits, syncs a few times a second, and
// seals every second.
func (w *Writer) run() {
	defer close(w.done)
	var s *segment
	var begun time.Time
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		ended := false
		select {
		case e, ok := <-w.queue:
			if !ok {
				ended = true
				break
			}
			if s == nil {
				if s = w.begin(); s == nil {
					w.dropped.Add(1)
					continue
				}
				begun = time.Now()
			}
			w.append(s, e)
			if len(w.queue) == 0 || len(s.frame) >= 64<<10 {
				w.write(s)
			}
			continue
		case <-tick.C:
		}
		if s != nil {
			s = w.settle(s, ended || time.Since(begun) > sealAfter || s.size > sealSize)
		}
		if ended {
			if s != nil { // the disk does not take them
				w.dropped.Add(int64(s.count))
			}
			return
		}
	}
}

// begin starts a segment; nil if the disk does not let it.
func (w *Writer) begin() *segment {
	if waiting, err := segments(w.dir); err == nil && len(waiting) > maxSegments {
		w.trouble(errors.New("too many segments wait for the database"))
		return nil
	}
	s, err := createSegment(w.dir, time.Now().UTC().Format("20060102T150405.000000000"))
	if err != nil {
		w.trouble(err)
		return nil
	}
	return s
}

func (w *Writer) append(s *segment, e entry) {
	p, _, err := w.names.Pseudonym(e.who, e.rec.Time)
	if err != nil {
		w.trouble(err) // the record is kept, and is about nobody
	}
	e.rec.seal(p, e.who)
	s.add(&e.rec)
}

// write writes a segment's buffer. What cannot be written stays in it, up to a bound.
func (w *Writer) write(s *segment) {
	err := s.write()
	if err == nil {
		s.count = 0
		return
	}
	w.trouble(err)
	if len(s.frame) > 4<<20 { // the disk has been full for long
		w.dropped.Add(int64(s.count))
		s.frame, s.count = s.frame[:0], 0
	}
}

// settle brings a segment to the disk, and seals and loads it if it is time. It returns
// the segment that is to be written on; nil for a new one.
func (w *Writer) settle(s *segment, seal bool) *segment {
	w.write(s)
	if err := s.sync(); err != nil {
		w.trouble(err)
		return s
	}
	if !seal {
		return s
	}
	if err := s.seal(); err != nil {
		w.trouble(err)
		return nil
	}
	if err := w.load(); err != nil {
		w.trouble(err)
		return nil
	}
	w.stuck.Store(false)
	return nil
}

// trouble tells of a fault once, until it has passed.
func (w *Writer) trouble(err error) {
	if !w.stuck.Swap(true) {
		w.log.Error("journal: records wait or are lost until this is mended", "error", err)
	}
}

// load brings sealed segments to the database and removes them.
func (w *Writer) load() error {
	names, err := segments(w.dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		unread, err := w.db.load(n, filepath.Base(n))
		if err != nil {
			return err
		}
		if unread > 0 {
			w.log.Warn("journal: a part of a segment is no record; after a crash that is its end", "bytes", unread)
		}
		if err := os.Remove(n); err != nil { // not synced: a segment that comes back is known by its name
			return fmt.Errorf("remove loaded journal segment: %w", err)
		}
	}
	return nil
}
