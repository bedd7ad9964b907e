package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// load brings segments that have ended to the backend, in their order, until running ends. While the
// backend does not take one it tries that one again, at growing intervals: nothing is held
// in memory, the segments wait on the disk.
func (w *Writer) load(running, loading context.Context) {
	defer close(w.loaded)
	pause := retryFirst
	for {
		err := w.loadAll(loading)
		if running.Err() != nil {
			return
		}
		wait := time.Duration(0)
		if err != nil {
			w.backend.tell(w.log, err)
			wait, pause = pause, min(2*pause, retryLast)
		} else {
			w.backend.past(w.log)
			pause = retryFirst
		}
		if !w.rest(running, wait) {
			return
		}
	}
}

// rest waits for a time, or if that is none until a segment has ended. It is false
// when ctx ends.
func (w *Writer) rest(ctx context.Context, wait time.Duration) bool {
	sealed, after := w.sealed, (<-chan time.Time)(nil)
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		sealed, after = nil, t.C
	}
	select {
	case <-sealed:
	case <-after:
	case <-ctx.Done():
		return false
	}
	return true
}

// ahead is a store that can begin to read the next segment while it loads one.
type ahead interface {
	Ahead(ctx context.Context, s Segment)
}

// loadAll brings segments to the backend and removes them. If the backend does not take
// one, those that wait are compressed meanwhile; for one that is taken at once that would be
// work for nothing.
func (w *Writer) loadAll(ctx context.Context) error {
	err := w.loadEach(ctx)
	if err != nil {
		err = errors.Join(err, sealFull(w.dir))
	}
	return err
}

func (w *Writer) loadEach(ctx context.Context) error {
	list, err := segments(w.dir)
	if err != nil {
		return err
	}
	w.waiting.Store(int64(len(list)))
	for i, s := range list {
		if next, ok := w.store.(ahead); ok && i+1 < len(list) {
			next.Ahead(ctx, list[i+1])
		}
		unread, err := w.store.Load(ctx, s)
		if errors.Is(err, os.ErrNotExist) {
			continue // another call had it
		}
		if err != nil {
			return err
		}
		if unread > 0 {
			w.log.Warn("journal: a part of a segment is no record; after a crash that is its end", "bytes", unread)
		}
		if err := os.Remove(s.path); err != nil { // not synced: a segment that comes back is known by its name
			return fmt.Errorf("remove loaded journal segment: %w", err)
		}
		w.waiting.Add(-1)
	}
	return nil
}
