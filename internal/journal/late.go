package journal

import (
	"context"
	"sync"
	"time"
)

// Late is a Store that is opened when it is first needed, and tried again until that goes well: a
// backend that is damaged or away keeps no gateway from starting, and segments wait for it on disk.
type Late struct {
	open func(context.Context) (Store, error)

	mu    sync.Mutex
	store Store
}

// NewLate returns a Store that open opens.
func NewLate(open func(context.Context) (Store, error)) *Late { return &Late{open: open} }

// Ready opens the store, unless it is open, and returns the error of that.
func (l *Late) Ready(ctx context.Context) error {
	_, err := l.get(ctx)
	return err
}

func (l *Late) get(ctx context.Context) (Store, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.store != nil {
		return l.store, nil
	}
	s, err := l.open(ctx)
	if err == nil {
		l.store = s
	}
	return s, err
}

// Load implements Store.
func (l *Late) Load(ctx context.Context, seg Segment) (unread int64, err error) {
	s, err := l.get(ctx)
	if err != nil {
		return 0, err
	}
	return s.Load(ctx, seg)
}

// Ahead implements ahead, if the store does.
func (l *Late) Ahead(ctx context.Context, seg Segment) {
	if s, err := l.get(ctx); err == nil {
		if a, ok := s.(ahead); ok {
			a.Ahead(ctx, seg)
		}
	}
}

// Each implements Store.
func (l *Late) Each(ctx context.Context, since, until time.Time, after Position, use func(Record) error) (
	Position, error) {

	s, err := l.get(ctx)
	if err != nil {
		return after, err
	}
	return s.Each(ctx, since, until, after, use)
}

// Last implements Store.
func (l *Late) Last(ctx context.Context, n int) (Position, error) {
	s, err := l.get(ctx)
	if err != nil {
		return 0, err
	}
	return s.Last(ctx, n)
}

// Of implements Store.
func (l *Late) Of(ctx context.Context, who []Pseudonym, since, until time.Time, use func(Record) error) error {
	s, err := l.get(ctx)
	if err != nil {
		return err
	}
	return s.Of(ctx, who, since, until, use)
}

// Contributions implements Store.
func (l *Late) Contributions(ctx context.Context, month time.Time, blind [32]byte,
	use func(Contribution) error) error {

	s, err := l.get(ctx)
	if err != nil {
		return err
	}
	return s.Contributions(ctx, month, blind, use)
}

// Hours implements Store.
func (l *Late) Hours(ctx context.Context, since, until time.Time, use func(Hour) error) error {
	s, err := l.get(ctx)
	if err != nil {
		return err
	}
	return s.Hours(ctx, since, until, use)
}

// Prune implements Store.
func (l *Late) Prune(ctx context.Context, before time.Time) (int64, error) {
	s, err := l.get(ctx)
	if err != nil {
		return 0, err
	}
	return s.Prune(ctx, before)
}

// Held implements Store.
func (l *Late) Held(ctx context.Context) (Held, error) {
	s, err := l.get(ctx)
	if err != nil {
		return Held{}, err
	}
	return s.Held(ctx)
}

// Close implements Store.
func (l *Late) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.store == nil {
		return nil
	}
	return l.store.Close()
}
