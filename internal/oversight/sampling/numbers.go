package sampling

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"sluis/filter"
	"sluis/internal/ledger"
)

// numbers is the list of a day's messages that took part, in the order in which they came: the place of
// a message is its number, from 0 on without a gap. What is drawn for it depends on that number and on
// no ID, so that whoever runs the gateway cannot choose one; a restart goes on at the next number. Its
// hash is in the ledger from hour to hour. It is written before a draw counts.
type numbers struct {
	file *os.File
	n    uint64
	late []byte // IDs that a full disk did not take yet
	of   func(n uint64, sum *[sha256.Size]byte)
}

const (
	drawsExt = ".draws"
	idSize   = len(filter.ID{})
	// numberedDay is the step of the commitment to a day whose draws have numbers.
	numberedDay = "numbered"
	// keepDraws is how long the list of a day is kept: longer than the records of the journal.
	keepDraws = 2 * 366 * 24 * time.Hour
)

// numbered returns what is drawn for a number.
func numbered(secret, seed []byte) func(n uint64, sum *[sha256.Size]byte) {
	mac := hmac.New(sha256.New, secret)
	return func(n uint64, sum *[sha256.Size]byte) {
		mac.Reset()
		mac.Write(seed)
		var b [8]byte
		mac.Write(binary.BigEndian.AppendUint64(b[:0], n))
		mac.Sum(sum[:0])
	}
}

// isBelow reports whether what is drawn is below the number of a rate.
func isBelow(sum *[sha256.Size]byte, cut uint64) bool {
	return binary.BigEndian.Uint64(sum[:]) < cut || cut == ^uint64(0)
}

// openNumbers opens the list of a day, and returns the count of what it has. Numbers that the ledger
// counts and the list lacks are not given again: they have no message.
func openNumbers(path string, known uint64, of func(uint64, *[sha256.Size]byte)) (*numbers, count, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, count{}, fmt.Errorf("list draws: %w", err)
	}
	l := &numbers{file: f, of: of}
	text, err := io.ReadAll(f)
	if err != nil {
		f.Close()
		return nil, count{}, fmt.Errorf("list draws: %w", err)
	}
	var c count
	var sum [sha256.Size]byte
	ids := uint64(len(text) / idSize) // what a crash left of the next one never counted
	for ; l.n < max(ids, known); l.n++ {
		var id filter.ID
		if l.n < ids {
			copy(id[:], text[l.n*uint64(idSize):])
		} else if _, err := f.WriteAt(id[:], int64(l.n)*int64(idSize)); err != nil {
			f.Close()
			return nil, count{}, fmt.Errorf("list draws: %w", err)
		}
		of(l.n, &sum)
		c.add(&sum)
	}
	return l, c, nil
}

// next gives a message its number, and returns what is drawn for it.
func (l *numbers) next(id filter.ID, sum *[sha256.Size]byte) error {
	l.late = append(l.late, id[:]...)
	at := int64(l.n+1)*int64(idSize) - int64(len(l.late))
	_, err := l.file.WriteAt(l.late, at)
	switch full := errors.Is(err, unix.ENOSPC); {
	case err == nil:
		l.late = l.late[:0]
	case !full || len(l.late) > maxUnrecorded*idSize:
		l.late = l.late[:len(l.late)-idSize]
		return fmt.Errorf("list draws: %w", err)
	}
	l.of(l.n, sum)
	l.n++
	return nil
}

// listed is the list of a day as an audit reads it.
type listed struct {
	ids     []filter.ID
	numbers map[filter.ID]uint64
}

func readNumbers(dir, day string) (l listed, err error) {
	text, err := os.ReadFile(filepath.Join(dir, day+drawsExt))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return l, fmt.Errorf("read the list of draws: %w", err)
	}
	l.numbers = map[filter.ID]uint64{}
	for ; len(text) >= idSize; text = text[idSize:] {
		var id filter.ID
		copy(id[:], text)
		if _, twice := l.numbers[id]; !twice {
			l.numbers[id] = uint64(len(l.ids))
		}
		l.ids = append(l.ids, id)
	}
	return l, nil
}

// verify checks that a list is the one that the ledger has the hashes of.
func (l listed) verify(day string, counts []ledger.Entry) error {
	sum, n := sha256.New(), 0
	for _, e := range counts {
		if e.Data.Draws == "" {
			return fmt.Errorf("entry %d counts draws of %s and has no hash of their list", e.Index, day)
		}
		if e.Data.Count > len(l.ids) {
			return fmt.Errorf("the list of the draws of %s has %d, and entry %d counts %d: numbers are missing",
				day, len(l.ids), e.Index, e.Data.Count)
		}
		for ; n < e.Data.Count; n++ {
			sum.Write(l.ids[n][:])
		}
		if hex.EncodeToString(sum.Sum(nil)) != e.Data.Draws {
			return fmt.Errorf("the list of the draws of %s is not the one that entry %d has the hash of", day, e.Index)
		}
	}
	return nil
}
