package journal

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"
)

// share is the key under which a month is added up: the person, the cell and the part.
type share struct {
	who  Pseudonym
	part uint8
	Cell
}

// maxShares bounds how many are added up in memory; then they are handed on in pieces.
const maxShares = 1 << 18

// Contributions implements Store: the records of the month are read once.
func (d *DB) Contributions(ctx context.Context, month time.Time, blind [32]byte, use func(Contribution) error) error {
	since, until := monthOf(month)
	sums := map[share]*Sums{}
	b := newBlinder(blind)
	hand := func() error {
		for s, n := range sums {
			if err := use(Contribution{s.Cell, s.part, b.person(s.who), *n}); err != nil {
				return err
			}
		}
		clear(sums)
		return nil
	}
	_, err := d.Each(ctx, since, until, 0, func(r Record) error {
		s := share{r.pseudonym, part(r.Time), r.cell()}
		if sums[s] == nil {
			if len(sums) >= maxShares {
				if err := hand(); err != nil {
					return err
				}
			}
			sums[s] = &Sums{}
		}
		sums[s].add(r.sums())
		return nil
	})
	if err != nil {
		return err
	}
	return hand()
}

// monthOf returns the calendar month (UTC) that a time is in.
func monthOf(t time.Time) (since, until time.Time) {
	year, month, _ := t.UTC().Date()
	return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC), time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
}

// blinder turns pseudonyms into numbers that cannot be found in the journal without its key.
type blinder struct{ mac hash.Hash }

func newBlinder(key [32]byte) blinder { return blinder{hmac.New(sha256.New, key[:])} }

// person returns the number of a pseudonym, which is 0 only for the zero one.
func (b blinder) person(p Pseudonym) uint64 {
	if p == (Pseudonym{}) {
		return 0
	}
	b.mac.Reset()
	b.mac.Write(p[:])
	return max(binary.BigEndian.Uint64(b.mac.Sum(nil)), 1)
}
