package orders

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"filippo.io/age"

	"sluis/internal/oversight/roll"
	"sluis/internal/store"
)

// Store keeps the orders. Several processes may use it, and a Store is safe for concurrent
// use.
type Store struct {
	files   store.Store
	orders  *store.Collection[Order]
	seen    *store.Value[time.Time] // the latest time that was seen; time does not run backwards
	ledger  roll.Book
	rolls   *roll.Store
	address Directory
	steady  func() time.Time // whose differences are right, whatever the time of day is
	limits  Limits
	key     func(context.Context) (*age.X25519Identity, error)      // nil: texts are not sealed
	staff   func(ctx context.Context, account string) (bool, error) // nil: not known
	needs   func() error                                            // nil: nothing
	clock   func() time.Time

	mu       sync.Mutex
	verdicts map[string]verdict // by id of an order
	latest   time.Time          // as in seen
	wall     time.Time          // by clock, at the last call
	ran      time.Time          // by steady, likewise
}

// Directory returns the mail address of an account: whose it is.
type Directory func(ctx context.Context, account string) (address string, err error)

// Open returns the orders of a store. It reads none: an order that is damaged counts as none.
func Open(s store.Store, l roll.Book, rolls *roll.Store, accounts Directory, limits Limits) *Store {
	limits.SetDefaults()
	return &Store{
		files:   s,
		orders:  store.NewCollection[Order](s, collection, ErrNotFound),
		seen:    store.NewValue[time.Time](s, "orders-clock"),
		ledger:  l,
		rolls:   rolls,
		address: accounts,
		limits:  limits,
		clock:   time.Now,
		steady:  time.Now,

		verdicts: map[string]verdict{},
	}
}

// Needs sets a condition: while it returns an error no order can be advised or decided on, and none is in force.
func (s *Store) Needs(condition func() error) { s.needs = condition }

// ErrCondition says that the condition for orders is not met.
var ErrCondition = errors.New("orders of the board are off")

// met returns ErrCondition unless the condition is met.
func (s *Store) met() error {
	if s.needs == nil {
		return nil
	}
	if err := s.needs(); err != nil {
		return fmt.Errorf("%w: %w", ErrCondition, err)
	}
	return nil
}

const collection = "orders"

// CheckFiles returns store.ErrDamaged for each order of a store that cannot be read.
func CheckFiles(s store.Store) error {
	_, err := store.NewCollection[Order](s, collection, ErrNotFound).List()
	return err
}

// now returns the time, which never is before one that was seen, in whichever process.
func (s *Store) now() (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock().UTC()
	if s.latest.IsZero() {
		seen, err := s.seen.Get()
		if err != nil && !errors.Is(err, store.ErrDamaged) {
			return now, fmt.Errorf("read the time of the last use of orders: %w", err)
		}
		s.latest = seen
	}
	jumped := s.jumped(now)
	if s.latest.Sub(now) > slack {
		if err := s.comeBack(now); err != nil {
			return now, err
		}
	}
	if now.Before(s.latest) {
		return s.latest, nil
	}
	if !jumped && now.Sub(s.latest) >= time.Minute { // often enough, and no write for each message
		latest := now.Truncate(time.Second)
		if err := s.seen.Put(latest); err != nil {
			return now, fmt.Errorf("keep the time of the last use of orders: %w", err)
		}
		s.latest = latest
	}
	return now, nil
}

// locked calls do while no other process changes orders.
func (s *Store) locked(do func(now time.Time) error) error {
	return s.orders.Locked(func() error {
		now, err := s.now()
		if err != nil {
			return err
		}
		return do(now)
	})
}

// List returns all orders that can be read, the oldest first, and store.ErrDamaged for others. Each is verified:
// one that does not fit is Void.
func (s *Store) List() ([]Order, error) {
	list, err := s.orders.List()
	slices.SortFunc(list, func(a, b Order) int { return a.Requested.At.Compare(b.Requested.At) })
	for i := range list {
		if o := &list[i]; o.Outcome == nil {
			o.standing, o.void = s.verify(o)
		}
	}
	return list, err
}

// Get returns an order and how far it is.
func (s *Store) Get(id string) (Order, State, error) {
	o, err := s.orders.Get(id)
	if err != nil {
		return Order{}, "", err
	}
	o.standing, o.void = s.verify(&o)
	now, err := s.now()
	return o, o.State(now), err
}
