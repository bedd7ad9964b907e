package journal

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
)

// pseudonymiser computes pseudonyms. The second result is false for a subject without one.
type pseudonymiser interface {
	pseudonym(s roster.Subject, at time.Time) (Pseudonym, bool, error)
}

// Writer takes records off the hot path, and brings them to a backend.
type Writer struct {
	dir   string
	names pseudonymiser
	store Store
	log   *slog.Logger

	queue   chan entry
	sealed  chan struct{}      // a segment has ended
	done    chan struct{}      // all that was Put is in segments that have ended
	loaded  chan struct{}      // the loader has ended
	stop    context.CancelFunc // lets the loader end after the segment that it is at
	cut     context.CancelFunc // ends what it is at
	closing sync.Once
	mu      sync.RWMutex // closed for writing while the queue is closed
	closed  bool
	kept    func([]filter.ID) // nil: nothing is called
	fresh   []filter.ID       // eligible records that are not on disk yet; of run alone
	dropped atomic.Int64
	waiting atomic.Int64 // segments that the backend does not have yet
	disk    trouble
	backend trouble
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
	sealAfter   = 2 * time.Second
	sealBehind  = time.Minute // while the backend is away: fewer and larger segments
	sealSize    = 16 << 20    // bytes, before they are compressed
	maxSegments = 10_000      // that wait for the backend: about a week
	maxWaiting  = 8 << 30     // bytes of these
	retryFirst  = 100 * time.Millisecond
	retryLast   = 30 * time.Second
)

// NewWriter returns a writer with its segments in dir. What a crash left there is brought
// to the backend first, in the background. log may be nil.
func NewWriter(dir string, keys *Keys, store Store, log *slog.Logger) (*Writer, error) {
	return newWriter(dir, keys, store, log)
}

func newWriter(dir string, names pseudonymiser, store Store, log *slog.Logger) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make journal directory: %w", err)
	}
	if err := adopt(dir); err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	running, stop := context.WithCancel(context.Background())
	loading, cut := context.WithCancel(context.Background())
	w := &Writer{dir: dir, names: names, store: store, log: log, stop: stop, cut: cut,
		queue: make(
			chan entry,
			queued,
		), sealed: make(chan struct{}, 1), done: make(chan struct{}), loaded: make(chan struct{})}
	go w.run()
	go w.load(running, loading)
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

// Waiting returns how many segments the backend does not have yet.
func (w *Writer) Waiting() int64 { return w.waiting.Load() }

// Healthy reports whether records reach the disk and the backend.
func (w *Writer) Healthy() bool { return !w.disk.now.Load() && !w.backend.now.Load() }

// Close brings everything that was Put to the backend and ends the writer. If that takes
// longer than ctx lets it, the rest stays in segments for the next start.
func (w *Writer) Close(ctx context.Context) error {
	w.closing.Do(func() {
		w.mu.Lock()
		w.closed = true
		close(w.queue)
		w.mu.Unlock()
	})
	select {
	case <-w.done:
	case <-ctx.Done():
		return fmt.Errorf("close journal: %w", ctx.Err())
	}
	w.stop()
	select {
	case <-w.loaded:
	case <-ctx.Done():
		w.cut()
		<-w.loaded
	}
	defer w.cut()
	return w.loadAll(ctx)
}

// run writes what comes as soon as nothing more waits, syncs a few times a second, and
// seals from time to time.
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
			if s.size < sealSize {
				continue
			}
		case <-tick.C:
		}
		if s != nil {
			s = w.settle(s, ended || s.size >= sealSize || time.Since(begun) > w.age())
		}
		if ended {
			if s != nil { // the disk does not take them
				w.dropped.Add(int64(s.count))
			}
			return
		}
	}
}

// age is how old a segment gets before it is sealed.
func (w *Writer) age() time.Duration {
	if w.waiting.Load() > 1 {
		return sealBehind
	}
	return sealAfter
}

// begin starts a segment; nil if the disk does not let it, or too much waits.
func (w *Writer) begin() *segment {
	if w.waiting.Load() > 100 { // before that there cannot be too much
		if err := w.room(); err != nil {
			w.disk.tell(w.log, err)
			return nil
		}
	}
	s, err := createSegment(w.dir, time.Now().UTC().Format("20060102T150405.000000000"))
	if err != nil {
		w.disk.tell(w.log, err)
		return nil
	}
	return s
}

// room reports an error if so much waits for the backend that nothing may be added.
func (w *Writer) room() error {
	list, err := segments(w.dir)
	if err != nil {
		return err
	}
	var size int64
	for _, s := range list {
		if info, err := os.Stat(s.path); err == nil {
			size += info.Size()
		}
	}
	if len(list) > maxSegments || size > maxWaiting {
		return fmt.Errorf(
			"%d segments of %d MB wait for the database, which is the most that is kept: records are lost until it "+
				"takes them",
			len(list),
			size>>20,
		)
	}
	return nil
}

func (w *Writer) append(s *segment, e entry) {
	p, _, err := w.names.pseudonym(e.who, e.rec.Time)
	if err != nil {
		w.disk.tell(w.log, err) // the record is kept, without a person
	}
	e.rec.seal(p, e.who)
	s.add(&e.rec)
	if e.rec.Eligible && w.kept != nil {
		w.fresh = append(w.fresh, e.rec.ID)
	}
}

// write writes a segment's buffer. What cannot be written stays in it, up to a bound.
func (w *Writer) write(s *segment) {
	err := s.write()
	if err == nil {
		s.count = 0
		return
	}
	w.disk.tell(w.log, err)
	if len(s.frame) > 4<<20 { // the disk has been full for long
		w.dropped.Add(int64(s.count))
		s.frame, s.count = s.frame[:0], 0
		w.fresh = w.fresh[:0]
	}
}

// settle brings a segment to the disk, and seals it if it is time. It returns the segment
// that is to be written on; nil for a new one.
func (w *Writer) settle(s *segment, seal bool) *segment {
	w.write(s)
	if err := s.sync(); err != nil {
		w.disk.tell(w.log, err)
		return s
	}
	if len(w.fresh) > 0 {
		w.kept(w.fresh)
		w.fresh = w.fresh[:0]
	}
	if seal {
		done, err := s.end()
		if err != nil {
			w.disk.tell(w.log, err)
		}
		if !done {
			return s
		}
		w.waiting.Add(1)
		select {
		case w.sealed <- struct{}{}:
		default: // the loader knows already
		}
		if s = nil; err != nil {
			return nil
		}
	}
	w.disk.past(w.log)
	return s
}

// trouble is a fault that is logged once, and logged again when it has passed.
type trouble struct{ now atomic.Bool }

func (t *trouble) tell(log *slog.Logger, err error) {
	if !t.now.Swap(true) {
		log.Error("journal: records wait or are lost until this is mended", "error", err)
	}
}

func (t *trouble) past(log *slog.Logger) {
	if t.now.Load() && t.now.Swap(false) {
		log.Info("journal: mended")
	}
}
