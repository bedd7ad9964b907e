package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"sluis/internal/keybook"
	"sluis/internal/ledger"
	"sluis/internal/store/disk"
)

// failure is an error that holds for a while: a lost key is not sought anew for each record.
type failure struct {
	err   error
	until time.Time
}

// patienceForKey is how long a key that cannot be had is not sought.
const patienceForKey = time.Minute

// Record has the ids of keys recorded in a ledger. From then on a key that is lost is no reason to
// make another one.
func (k *Keys) Record(book ledger.Book) { k.book = book }

func (k *Keys) file(month string) keybook.Key {
	return keybook.Key{
		Name:  month + keyName,
		Path:  k.path(month, keyName),
		Opens: "who the records of " + month + " are about",
	}
}

// open reads or makes the key of a month. Callers hold the lock.
func (k *Keys) open(month string) ([]byte, error) {
	fresh := func() []byte {
		b := make([]byte, keySize)
		rand.Read(b)
		return b
	}
	if k.book == nil {
		return disk.ReadOrCreate(k.path(month, keyName), fresh)
	}
	if f := k.failed[month]; f.err != nil && time.Now().Before(f.until) {
		return nil, f.err
	}
	b, err := k.file(month).Open(context.Background(), k.book, fresh)
	if err != nil {
		if k.failed == nil {
			k.failed = map[string]failure{}
		}
		k.failed[month] = failure{err, time.Now().Add(patienceForKey)}
	}
	return b, err
}

// Lost returns keybook.ErrLost for each month whose key the ledger names, that was not destroyed, and
// that is not there any more.
func (k *Keys) Lost() (lost []error, err error) {
	if k.book == nil {
		return nil, nil
	}
	var months []string
	for e, err := range k.book.Find(ledger.Query{Kinds: []ledger.Kind{ledger.KeyMade, ledger.KeyRenewed}}) {
		if err != nil {
			return nil, err
		}
		month, ok := strings.CutSuffix(e.Data.Ref, keyName)
		if _, err := time.Parse(monthForm, month); ok && err == nil && !slices.Contains(months, month) {
			months = append(months, month)
		}
	}
	for _, month := range months {
		gone, err := k.destroyed(month)
		if err != nil {
			return lost, err
		}
		if gone {
			continue
		}
		if err := k.file(month).Check(k.book); errors.Is(err, keybook.ErrLost) {
			lost = append(lost, err)
		} else if err != nil {
			return lost, err
		}
	}
	return lost, nil
}

// Renew gives up a month's key that is lost, and makes another one: records from before stand for
// nobody.
func (k *Keys) Renew(ctx context.Context, month string, by ledger.Actor, reason string) error {
	if _, err := time.Parse(monthForm, month); err != nil || k.book == nil {
		return fmt.Errorf("renew key: there is no key of %q: %w", month, os.ErrNotExist)
	}
	fresh := make([]byte, keySize)
	rand.Read(fresh)
	return k.file(month).Renew(ctx, k.book, fresh, by, reason)
}
