package orders

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/store/disk"
)

// Store keeps the orders in a directory, a file for each. Several processes may use it,
// and a Store is safe for concurrent use.
type Store struct {
	dir    string
	ledger ledger.Appender
	limits Limits
	clock  func() time.Time

	mu     sync.Mutex
	latest time.Time // that was seen; time does not run backwards
	read   time.Time // modification of the directory when cache was read
	cache  []*Order
}

// Open opens the orders in dir, which is made if it is not there. Others than its owner
// may have no access to it.
func Open(dir string, l ledger.Appender, limits Limits) (*Store, error) {
	if limits.Period <= 0 {
		limits.Period = LongestPeriod
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory of orders: %w", err)
	}
	s := &Store{dir: dir, ledger: l, limits: limits, clock: time.Now}
	if _, err := s.List(); err != nil {
		return nil, err
	}
	return s, nil
}

// now returns the time, which never is before one that was seen, in whichever process.
func (s *Store) now() (time.Time, error) {
	now := s.clock().UTC()
	path := filepath.Join(s.dir, "latest")
	if s.latest.IsZero() {
		b, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return now, fmt.Errorf("read the time of the last use of orders: %w", err)
		}
		if seen, err := time.Parse(time.RFC3339, string(b)); err == nil {
			s.latest = seen
		}
	}
	if now.Before(s.latest) {
		return s.latest, nil
	}
	if now.Sub(s.latest) >= time.Minute { // often enough, and no write for each message
		if err := disk.Replace(path, []byte(now.Format(time.RFC3339))); err != nil {
			return now, fmt.Errorf("keep the time of the last use of orders: %w", err)
		}
		s.latest = now.Truncate(time.Second)
	}
	return now, nil
}

var idForm = regexp.MustCompile(`^[0-9a-f]{16}$`)

func (s *Store) path(id string) string { return filepath.Join(s.dir, id+".json") }

// locked calls do while no other process changes orders.
func (s *Store) locked(do func(now time.Time) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	lock, err := disk.Lock(filepath.Join(s.dir, "lock"))
	if err != nil {
		return fmt.Errorf("lock orders: %w", err)
	}
	defer lock.Close()
	now, err := s.now()
	if err != nil {
		return err
	}
	return do(now)
}

func (s *Store) load(id string) (*Order, error) {
	if !idForm.MatchString(id) {
		return nil, ErrNotFound
	}
	b, err := os.ReadFile(s.path(id))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read order: %w", err)
	}
	o := &Order{}
	if err := json.Unmarshal(b, o); err != nil || o.ID != id {
		return nil, fmt.Errorf("order %s is damaged: restore it from a backup; it does not count meanwhile", id)
	}
	return o, nil
}

func (s *Store) keep(o *Order) error {
	b, err := json.MarshalIndent(o, "", " ")
	if err != nil {
		return fmt.Errorf("keep order: %w", err)
	}
	if err := disk.Replace(s.path(o.ID), b); err != nil {
		return fmt.Errorf("keep order: %w", err)
	}
	s.read = time.Time{}
	return nil
}

// all returns the orders, read anew if another process has changed any. Callers hold mu.
func (s *Store) all() ([]*Order, error) {
	info, err := os.Stat(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	if !s.read.IsZero() && info.ModTime().Equal(s.read) && time.Since(s.read) > time.Second {
		return s.cache, nil // within a second a change might not show
	}
	names, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	var list []*Order
	for _, n := range names {
		o, err := s.load(strings.TrimSuffix(filepath.Base(n), ".json"))
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b *Order) int { return a.Requested.At.Compare(b.Requested.At) })
	s.cache, s.read = list, info.ModTime()
	return list, nil
}

// List returns all orders, the oldest first.
func (s *Store) List() ([]Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, err := s.all()
	out := make([]Order, len(list))
	for i, o := range list {
		out[i] = *o
	}
	return out, err
}

// Get returns an order and how far it is.
func (s *Store) Get(id string) (Order, State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.load(id)
	if err != nil {
		return Order{}, "", err
	}
	now, err := s.now()
	return *o, o.State(now), err
}

func newID() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails (crypto/rand, Go 1.24)
	return hex.EncodeToString(b)
}
