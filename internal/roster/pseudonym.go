package roster

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sluis/internal/durable"
)

// Keys holds the keys of the pseudonyms, one for each month, each in a file of its own
// in a directory apart from the journal. Keys is safe for concurrent use.
//
// The record writer is the one that computes pseudonyms. Nothing maps a pseudonym back:
// whoever is to find a person's records needs the keys, and a ground for using them.
type Keys struct {
	dir string

	mu    sync.Mutex
	month string // of mac
	mac   hash.Hash
	sum   [sha256.Size]byte
}

const keySize = 32

// OpenKeys makes the directory if it is not there.
func OpenKeys(dir string) (*Keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory of pseudonym keys: %w", err)
	}
	return &Keys{dir: dir}, nil
}

// Pseudonym returns the pseudonym of s in the month of at. The second result is false,
// and the pseudonym zero, for a subject who has none.
func (k *Keys) Pseudonym(s Subject, at time.Time) ([16]byte, bool, error) {
	if !s.Identified() {
		return [16]byte{}, false, nil
	}
	month := at.UTC().Format("2006-01")
	k.mu.Lock()
	defer k.mu.Unlock()
	if month != k.month {
		key, err := k.key(month)
		if err != nil {
			return [16]byte{}, false, err
		}
		k.month, k.mac = month, hmac.New(sha256.New, key)
	}
	k.mac.Reset()
	k.mac.Write([]byte(s.key))
	return [16]byte(k.mac.Sum(k.sum[:0])[:16]), true, nil
}

// Months returns the months that have a key, oldest first, as 2006-01.
func (k *Keys) Months() ([]string, error) {
	files, err := os.ReadDir(k.dir)
	if err != nil {
		return nil, fmt.Errorf("list pseudonym keys: %w", err)
	}
	var months []string
	for _, f := range files {
		if m, ok := strings.CutSuffix(f.Name(), ".key"); ok {
			months = append(months, m)
		}
	}
	slices.Sort(months)
	return months, nil
}

// Forget destroys the key of a month: its pseudonyms then stand for nobody.
func (k *Keys) Forget(month string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if month == k.month {
		k.month, k.mac = "", nil
	}
	if err := durable.Destroy(k.path(month)); err != nil {
		return fmt.Errorf("destroy pseudonym key: %w", err)
	}
	return nil
}

func (k *Keys) path(month string) string { return filepath.Join(k.dir, month+".key") }

// key reads the month's key, or makes it.
func (k *Keys) key(month string) ([]byte, error) {
	key, err := durable.ReadOrCreate(k.path(month), func() []byte {
		b := make([]byte, keySize)
		rand.Read(b) // never fails (crypto/rand, Go 1.24)
		return b
	})
	if err != nil {
		return nil, fmt.Errorf("read pseudonym key: %w", err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("pseudonym key of %s is damaged: restore it from a backup, or remove it, after which the month's records so far stand for nobody", month)
	}
	return key, nil
}
