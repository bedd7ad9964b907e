package sampling

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"time"

	"sluis/internal/ledger"
)

// seeds are those that the board has set, in their order.
type seeds []seed

type seed struct {
	day    string // the first that it counts for
	digits string
}

// diceThrows is what a seed looks like: at least 20 throws are 51 bits.
var diceThrows = regexp.MustCompile(`^[1-6]{20,200}$`)

// ErrInvalidDice is returned for what are no throws of a die.
var ErrInvalidDice = errors.New("a seed is 20 to 200 throws of a die, written as digits from 1 to 6")

// SetSeed sets the board's seed, from the next day (UTC) on, after that is in the ledger.
// The digits are throws of dice, at least 20. It returns the first day.
func (s *Sampler) SetSeed(ctx context.Context, digits string, by ledger.Actor, now time.Time) (day string, err error) {
	if !diceThrows.MatchString(digits) {
		return "", ErrInvalidDice
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	day = now.UTC().Add(24 * time.Hour).Format(dayForm)
	if _, err := s.commit(ctx, day); err != nil { // first the secret, then the seed
		return "", err
	}
	if _, err := s.ledger.Append(ctx, ledger.SamplingSeed, ledger.Data{Day: day, Seed: digits, Actor: by}); err != nil {
		return "", fmt.Errorf("set the seed of the sample: %w", err)
	}
	return day, nil
}

// seed returns the hash of the seed that counts for a day, as the ledger has it.
func (s *Sampler) seed(day string) ([]byte, error) {
	var list seeds
	for e, err := range s.ledger.Find(ledger.Query{Kinds: []ledger.Kind{ledger.SamplingSeed}}) {
		if err == nil {
			err = list.take(e)
		}
		if err != nil {
			return nil, fmt.Errorf("read the seed of the sample: %w", err)
		}
	}
	return list.of(day), nil
}

// take adds a seed of the ledger. One that came when its day had begun is a forgery.
func (s *seeds) take(e ledger.Entry) error {
	day, err := time.Parse(dayForm, e.Data.Day)
	if err != nil || !e.Time.Before(day) {
		return fmt.Errorf("entry %d sets a seed for a day that had begun", e.Index)
	}
	*s = append(*s, seed{e.Data.Day, e.Data.Seed})
	return nil
}

// of returns the hash of the last seed that counts for a day; nil if there is none.
func (s seeds) of(day string) []byte {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].day <= day {
			sum := sha256.Sum256([]byte(s[i].digits))
			return sum[:]
		}
	}
	return nil
}
