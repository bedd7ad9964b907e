package journal

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/roster"
	"sluis/internal/store/disk"
)

// Keys holds the keys of the pseudonyms: one for each month, each in a file of its own,
// in a directory apart from the journal. Keys is safe for concurrent use.
//
// Nothing maps a pseudonym back, and no pseudonym leaves this package. To find a person's
// records one has to compute it, which Find does for a caller who shows that the ledger has the
// use of an order of the board (C3.2c), or the person's own request for insight (C3.2f).
type Keys struct {
	dir  string
	book ledger.Book // nil: ids of keys are in no ledger

	mu     sync.Mutex
	failed map[string]failure // by month
	months []monthKey         // the last few that were used, the most recent first
	sum    [sha256.Size]byte
}

// monthKey is a month's key, ready for use; mac is nil if the key is destroyed.
type monthKey struct {
	year  int
	month time.Month
	mac   hash.Hash
}

const (
	keySize    = sha256.Size
	monthsKept = 3 // records of two months meet in one batch at the turn of a month
	keyName    = ".key"
	goneName   = ".destroyed"
	monthForm  = "2006-01"
)

// OpenKeys opens a directory of keys, and makes it if it is not there. Others than its
// owner may have no access to it.
func OpenKeys(dir string) (*Keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory of pseudonym keys: %w", err)
	}
	if err := disk.SyncDir(filepath.Dir(filepath.Clean(dir))); err != nil {
		return nil, fmt.Errorf("make directory of pseudonym keys: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("open directory of pseudonym keys: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others can get at the pseudonym keys: chmod 700 %s", dir)
	}
	return &Keys{dir: dir}, nil
}

// Personal finds the records of pseudonyms; a Store does.
type Personal interface {
	Of(ctx context.Context, who []Pseudonym, since, until time.Time, use func(Record) error) error
}

// Find calls use for the records of one person from since to until, which has to be asked
// for in an entry of the ledger: of kind OrderUsed or AccessGiven. Months whose key is
// destroyed have none.
func (k *Keys) Find(
	ctx context.Context,
	r ledger.Receipt,
	s Personal,
	who roster.Subject,
	since, until time.Time,
	use func(Record) error,
) error {
	if !r.Is(ledger.OrderUsed) && !r.Is(ledger.AccessGiven) {
		return errors.New("find a person's records: the ledger has no order or request for it")
	}
	if !since.Before(until) {
		return nil
	}
	var sought []Pseudonym
	for at, end := monthOf(since); at.Before(until); at, end = monthOf(end) {
		p, ok, err := k.existing(who, at)
		if err != nil {
			return err
		}
		if ok {
			sought = append(sought, p)
		}
	}
	if len(sought) == 0 {
		return nil
	}
	return s.Of(ctx, sought, since, until, use)
}

// existing returns the pseudonym of a month that has a key.
func (k *Keys) existing(who roster.Subject, month time.Time) (Pseudonym, bool, error) {
	months, err := k.Months()
	if err != nil || !slices.Contains(months, month.Format(monthForm)) {
		return Pseudonym{}, false, err
	}
	return k.pseudonym(who, month)
}

// pseudonym returns the pseudonym of s in the month of at (in UTC): a truncated
// HMAC-SHA-256 of the person's address. The second result is false, and the pseudonym
// zero, for a subject without one (K4, C3.2g) and for a month whose key is destroyed.
// A month that never had a key gets one.
func (k *Keys) pseudonym(s roster.Subject, at time.Time) (Pseudonym, bool, error) {
	if !s.Identified() {
		return Pseudonym{}, false, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	mac, err := k.mac(at.UTC())
	if err != nil || mac == nil {
		return Pseudonym{}, false, err
	}
	mac.Reset()
	s.Hash(mac)
	return Pseudonym(mac.Sum(k.sum[:0])[:16]), true, nil
}

// mac returns the keyed hash of a month; nil if its key is destroyed.
func (k *Keys) mac(at time.Time) (hash.Hash, error) {
	year, month, _ := at.Date()
	for _, m := range k.months {
		if m.year == year && m.month == month {
			return m.mac, nil
		}
	}
	key, err := k.key(at.Format(monthForm))
	if err != nil {
		return nil, err
	}
	m := monthKey{year: year, month: month}
	if key != nil {
		m.mac = hmac.New(sha256.New, key)
	}
	k.months = slices.Insert(k.months, 0, m)
	k.months = slices.Delete(k.months, min(len(k.months), monthsKept), len(k.months))
	return m.mac, nil
}

// key reads the month's key, or makes it; nil if it is destroyed.
func (k *Keys) key(month string) ([]byte, error) {
	if gone, err := k.destroyed(month); gone || err != nil {
		return nil, err
	}
	key, err := k.open(month)
	if err != nil {
		return nil, fmt.Errorf("read pseudonym key: %w", err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf(
			"pseudonym key of %s is damaged: put it back from a backup, or destroy it, after which the month's "+
				"records stand for nobody",
			month,
		)
	}
	return key, nil
}

func (k *Keys) destroyed(month string) (bool, error) {
	_, err := os.Stat(k.path(month, goneName))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read pseudonym key: %w", err)
	}
	return true, nil
}

// Months returns the months that have a key, oldest first, in the form 2026-11.
func (k *Keys) Months() ([]string, error) {
	files, err := os.ReadDir(k.dir)
	if err != nil {
		return nil, fmt.Errorf("list pseudonym keys: %w", err)
	}
	var months []string
	for _, f := range files {
		month, ok := strings.CutSuffix(f.Name(), keyName)
		if _, err := time.Parse(monthForm, month); ok && err == nil {
			months = append(months, month)
		}
	}
	slices.Sort(months)
	return months, nil
}

// Forget destroys the key of a month, in the form 2026-11: its pseudonyms then stand for
// nobody, and no new ones are made for it. A crash in between is made good by another
// call. Backups of the directory keep what they have.
func (k *Keys) Forget(month string) error {
	at, err := time.Parse(monthForm, month)
	if err != nil {
		return fmt.Errorf("destroy pseudonym key: %q is no month of the form 2026-11", month)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// The mark comes first: from then on no new key takes the place of this one.
	if err := disk.Create(k.path(month, goneName), nil); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("destroy pseudonym key: %w", err)
	}
	k.months = slices.DeleteFunc(k.months, func(m monthKey) bool {
		return m.year == at.Year() && m.month == at.Month()
	})
	if err := disk.Destroy(k.path(month, keyName)); err != nil {
		return fmt.Errorf("destroy pseudonym key: %w", err)
	}
	if k.book == nil {
		return nil
	}
	act := ledger.Data{Ref: month + keyName}
	if _, err := k.book.Append(context.Background(), ledger.KeyDestroyed, act); err != nil {
		return fmt.Errorf("destroy pseudonym key: %w", err)
	}
	return nil
}

func (k *Keys) path(month, suffix string) string { return filepath.Join(k.dir, month+suffix) }
