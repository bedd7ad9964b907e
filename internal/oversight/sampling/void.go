package sampling

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"sluis/internal/ledger"
)

// A secret can be damaged or lost before its day is revealed. Draws that were made by it can then never be checked:
// the ledger says that they are void, and the day goes on with another secret, which is committed to like the first. An
// audit of the day says so whoever made the secret go away, so that nobody gets another draw in silence.

// ErrVoid is the error of an audit of a day whose secret was lost.
var ErrVoid = errors.New("the sample of this day is void")

// errDamaged is the error for a secret that cannot be read.
var errDamaged = errors.New(
	"a sampling secret is damaged: restore it from a backup; the day cannot be checked without it",
)

// sound makes sure that the secret of a day can be read, if the ledger has a commitment to one. Callers hold the lock.
func (s *Sampler) sound(ctx context.Context, day string) error {
	c, err := read(s.path(day))
	damaged := errors.Is(err, errDamaged)
	if err != nil && !damaged && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err == nil {
		sum := sha256.Sum256(c.Secret)
		if c.Index < 0 { // a crash came between the secret and its commitment
			return nil
		}
		known, err := s.committed(day, hex.EncodeToString(sum[:]))
		if known || err != nil {
			return err
		}
	}
	old, err := s.commitment(day)
	if err != nil {
		return err
	}
	if old != "" {
		if _, err := s.ledger.Append(ctx, ledger.SamplingVoid, ledger.Data{Day: day, Commit: old}); err != nil {
			return fmt.Errorf("declare the sample of %s void: %w", day, err)
		}
		s.day = "" // the next draw is by the new secret
	}
	if damaged {
		aside := fmt.Sprintf("%s.damaged-%d", s.path(day), time.Now().Unix())
		if err := os.Rename(s.path(day), aside); err != nil {
			return fmt.Errorf("set a damaged sampling secret aside: %w", err)
		}
	}
	return nil
}

// commitment returns the commitment to a day that is in force; none if there is none, or it was declared void.
func (s *Sampler) commitment(day string) (string, error) {
	kinds := []ledger.Kind{ledger.SamplingCommit, ledger.SamplingVoid, ledger.SamplingReveal}
	for e, err := range s.ledger.Find(ledger.Query{Kinds: kinds, Newest: true}) {
		if err != nil {
			return "", fmt.Errorf("find the commitment to %s: %w", day, err)
		}
		if e.Data.Day != day {
			continue
		}
		if e.Kind != ledger.SamplingCommit {
			return "", nil
		}
		return e.Data.Commit, nil
	}
	return "", nil
}
