package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/accounts"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/appeals"
	"sluis/internal/oversight/breach"
	"sluis/internal/oversight/byheader"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/oversight/imagery"
	"sluis/internal/oversight/orders"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/sampling"
	"sluis/internal/quarantine"
	"sluis/internal/sitelists"
	"sluis/internal/splitmail"
	"sluis/internal/store"
	"sluis/internal/store/disk"
)

// Data is the data directory of a configuration, with every store in it. A store is opened
// when it is first asked for. Data is safe for concurrent use.
type Data struct {
	cfg   *config.Config
	store store.Store // of documents and databases

	lock       *os.File // nil: not held
	ledger     lazy[*ledger.Ledger]
	sampler    lazy[*sampling.Sampler]
	rolls      lazy[*roll.Store]
	orders     lazy[*orders.Store]
	imagery    lazy[*imagery.Store]
	quarantine lazy[*quarantine.Store]
	split      lazy[*splitmail.Memory]
	keys       lazy[*journal.Keys]
	journal    func() *journal.Late
	accounts   lazy[*accounts.Store]
	breaches   lazy[*breach.Store]
	appeals    func() *appeals.Store
	byHeader   func() *byheader.Counter
	exceptions lazy[*exceptions.Store]
	lists      lazy[*sitelists.Store]

	mu      sync.Mutex
	closers []func() error
}

// lazy is a value that is made when it is first asked for.
type lazy[T any] struct {
	mu    sync.Mutex
	made  bool
	value T
}

func (l *lazy[T]) get(make func() (T, error)) (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made {
		return l.value, nil
	}
	v, err := make()
	if err != nil {
		var none T
		return none, err
	}
	l.value, l.made = v, true
	return v, nil
}

// NewData returns the data directory of a configuration. Nothing is opened yet.
func NewData(cfg *config.Config) *Data {
	d := &Data{cfg: cfg, store: store.Open(cfg.Data)}
	d.journal = sync.OnceValue(func() *journal.Late {
		db := journal.NewLate(d.openJournal)
		d.onClose(db.Close)
		return db
	})
	d.byHeader = sync.OnceValue(func() *byheader.Counter { return byheader.Open(d.store) })
	d.appeals = sync.OnceValue(func() *appeals.Store { return appeals.Open(d.store) })
	return d
}

// Config returns the configuration that the data directory is of.
func (d *Data) Config() *config.Config { return d.cfg }

func (d *Data) path(names ...string) string {
	return filepath.Join(append([]string{d.cfg.Data}, names...)...)
}

// spool is the directory of temporary files.
func (d *Data) spool() string { return d.path("spool") }

// room is that of files in which inspections keep what they unpack, for strangers and own mail alike.
func (d *Data) room() disk.Room { return d.Reserve().Room(0.5) }

// Reserve is what mail and web leave free on disk.
func (d *Data) Reserve() *disk.Reserve {
	return disk.NewReserve(int64(d.cfg.Reserve), d.cfg.Data, d.spool())
}

// Lock makes the directory and keeps a second gateway away from it until Close.
func (d *Data) Lock() error {
	if err := os.MkdirAll(d.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	f, err := os.OpenFile(d.path("gateway.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock data directory: %w", err)
	}
	d.lock = f
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("another gateway runs on %s: stop it first, or choose another data directory", d.cfg.Data)
	}
	return os.MkdirAll(d.spool(), 0o700)
}

// Locked reports whether a gateway has the directory.
func (d *Data) Locked() bool {
	f, err := os.OpenFile(d.path("gateway.lock"), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// Ledger returns the ledger.
func (d *Data) Ledger() (*ledger.Ledger, error) {
	return d.ledger.get(func() (*ledger.Ledger, error) {
		l, err := ledger.Open(d.path("ledger"))
		if err == nil {
			if err = d.continues(l); err != nil {
				return nil, err
			}
		}
		if errors.Is(err, ledger.ErrBroken) {
			err = fmt.Errorf("%w; stop the gateway and restore %s from a backup (and then: sluis ledger "+
				"restored), or begin a new ledger that names the broken one: sluis ledger adopt --reason TEXT",
				err, d.path("ledger"))
		}
		return l, err
	})
}

// AdoptLedger begins a new ledger that names the broken one, while no gateway runs.
func (d *Data) AdoptLedger(ctx context.Context, by ledger.Actor, reason string) (ledger.Adopted, error) {
	if err := d.Lock(); err != nil {
		return ledger.Adopted{}, err
	}
	a, err := ledger.Adopt(ctx, d.path("ledger"), by, reason)
	if err == nil {
		err = witnessesOf(d.store, d.cfg).BeginAnew()
	}
	return a, err
}

// Record appends an entry to the ledger, for commands that do one thing.
func (d *Data) Record(ctx context.Context, kind ledger.Kind, data ledger.Data) error {
	l, err := d.Ledger()
	if err != nil {
		return err
	}
	_, err = l.Append(ctx, kind, data)
	return err
}

// recorded returns a store whose acts are recorded in the ledger, which is opened first.
func recorded[T any](d *Data, at *lazy[T], open func(*ledger.Ledger) (T, error)) (T, error) {
	return at.get(func() (T, error) {
		l, err := d.Ledger()
		if err != nil {
			var none T
			return none, err
		}
		return open(l)
	})
}

// Sampler returns the sampler of the leak rules (C3.3b), not yet prepared for a day.
func (d *Data) Sampler() (*sampling.Sampler, error) {
	return recorded(d, &d.sampler, func(l *ledger.Ledger) (*sampling.Sampler, error) {
		return sampling.Open(d.path("sampling"), l, sampleRate(d.cfg))
	})
}

// Rolls returns the board's rolls.
func (d *Data) Rolls() (*roll.Store, error) {
	return recorded(d, &d.rolls, func(l *ledger.Ledger) (*roll.Store, error) { return roll.Open(d.store, l), nil })
}

// Orders returns the orders of the board.
func (d *Data) Orders() (*orders.Store, error) {
	return recorded(d, &d.orders, func(l *ledger.Ledger) (*orders.Store, error) {
		rolls, err := d.Rolls()
		if err != nil {
			return nil, err
		}
		s := orders.Open(d.store, l, rolls, d.addressOf, d.cfg.Orders)
		s.SealWith(d.ordersIdentity)
		s.Staff(d.isICT)
		s.Needs(d.Witnessed)
		return s, nil
	})
}

// addressOf returns the mail address of an account: whose it is.
func (d *Data) addressOf(ctx context.Context, account string) (string, error) {
	s, err := d.Accounts()
	if err != nil {
		return "", err
	}
	a, err := s.Named(ctx, account)
	return a.Address, err
}

// Imagery returns the cases and samples of imagery.
func (d *Data) Imagery() (*imagery.Store, error) {
	return recorded(d, &d.imagery, func(l *ledger.Ledger) (*imagery.Store, error) {
		to, err := d.recipients(context.Background())
		if err != nil {
			return nil, err
		}
		return imagery.Open(d.store, l, to...), nil
	})
}

// Quarantine returns the quarantine, which seals to the configured keys.
func (d *Data) Quarantine() (*quarantine.Store, error) {
	return recorded(d, &d.quarantine, func(l *ledger.Ledger) (*quarantine.Store, error) {
		to, err := d.recipients(context.Background())
		if err != nil {
			return nil, err
		}
		q, err := quarantine.Open(d.path("quarantine"), l, to...)
		if err == nil {
			d.onClose(q.Close)
		}
		return q, err
	})
}

// Split returns the memory of confidential messages that come in parts (C3.2g).
func (d *Data) Split(ctx context.Context) (*splitmail.Memory, error) {
	return recorded(d, &d.split, func(l *ledger.Ledger) (*splitmail.Memory, error) {
		key, err := d.splitKey().Open(ctx, l, newSecret)
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(d.path("split"), 0o700); err != nil {
			return nil, fmt.Errorf("make directory: %w", err)
		}
		m, err := splitmail.Open(d.path("split", "split.db"), key)
		if err == nil {
			d.onClose(m.Close)
		}
		return m, err
	})
}

// Keys returns the keys of the journal's pseudonyms.
func (d *Data) Keys() (*journal.Keys, error) {
	return recorded(d, &d.keys, func(l *ledger.Ledger) (*journal.Keys, error) {
		keys, err := journal.OpenKeys(d.path("keys"))
		if err == nil {
			keys.Record(l)
		}
		return keys, err
	})
}

// Journal returns the journal's backend: the embedded one, or a ClickHouse server. It is opened
// when it is first used: one that is damaged or away keeps no mail out.
func (d *Data) Journal() *journal.Late { return d.journal() }

func (d *Data) openJournal(ctx context.Context) (journal.Store, error) {
	c := d.cfg.Journal.ClickHouse
	if len(c.Hosts) == 0 {
		db, err := journal.OpenDB(d.path("journal"))
		if err != nil {
			return nil, err // and no *DB of nil, which is no nil Store
		}
		return db, nil
	}
	c.Days = days(d.cfg.Journal.Retention)
	db, err := journal.OpenClickHouse(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return db, nil
}

// Accounts returns the accounts of the console.
func (d *Data) Accounts() (*accounts.Store, error) {
	return recorded(d, &d.accounts, func(l *ledger.Ledger) (*accounts.Store, error) {
		s, err := accounts.Open(d.store, d.accountsKey(), l)
		if err == nil {
			d.connect(s)
			d.onClose(s.Close)
		}
		return s, err
	})
}

// Breaches returns the breach files.
func (d *Data) Breaches() (*breach.Store, error) {
	return recorded(d, &d.breaches, func(l *ledger.Ledger) (*breach.Store, error) {
		return breach.Open(d.store, l), nil
	})
}

// Appeals returns the requests to reconsider a block.
func (d *Data) Appeals() *appeals.Store { return d.appeals() }

// ByHeader returns the count of mail that is confidential by its header alone.
func (d *Data) ByHeader() *byheader.Counter { return d.byHeader() }

// Exceptions returns the exceptions that were made while the gateway ran.
func (d *Data) Exceptions() (*exceptions.Store, error) {
	return recorded(d, &d.exceptions, func(l *ledger.Ledger) (*exceptions.Store, error) {
		return exceptions.Open(d.store, l), nil
	})
}

// fetchTime bounds the fetching of one list of sites.
const fetchTime = 20 * time.Minute

// Lists returns the lists of sites.
func (d *Data) Lists() (*sitelists.Store, error) {
	return d.lists.get(func() (*sitelists.Store, error) {
		o := sitelists.Options{Client: &http.Client{Timeout: fetchTime}, Own: d.cfg.Organisation.Domains}
		for _, f := range d.cfg.Web.Sites.Forbid {
			o.Forbidden = append(o.Forbidden, f.Lists...)
		}
		return sitelists.Open(d.path("sites"), d.cfg.Web.Sites.Lists, o)
	})
}

func (d *Data) onClose(f func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closers = append(d.closers, f)
}

// Close closes every store that was opened, the last first, and lets go of the directory.
func (d *Data) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, f := range slices.Backward(d.closers) {
		errs = append(errs, f())
	}
	d.closers = nil
	if d.lock != nil {
		errs = append(errs, d.lock.Close())
		d.lock = nil
	}
	return errors.Join(errs...)
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }
