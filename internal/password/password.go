// Package password keeps passwords as salted hashes (argon2id, RFC 9106), and compares with them.
//
// It promises: a comparison takes the same time whether there is a hash or not, so that it does
// not reveal which accounts exist; few run at once, so that guessing costs time, and the gateway
// little memory; a Throttle ends guessing, and its memory is bounded.
package password

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/alexedwards/argon2id"
)

// The memory of one comparison is 19 MiB (OWASP's choice of parameters), so that few at
// once are enough of a bound.
var parameters = &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const (
	comparisons   = 2         // at once
	maxMemory     = 256 << 10 // KiB, that a hash may ask for
	maxIterations = 100
)

// Errors of Check.
var (
	ErrNoHash = errors.New("not a hash of argon2id")
	ErrCostly = errors.New("the hash asks for more memory or time than is allowed")
)

// Hash returns the salted hash that is kept of a password, with its parameters, in PHC format.
func Hash(password string) (string, error) {
	h, err := argon2id.CreateHash(password, parameters)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return h, nil
}

// Check reports what is wrong with a hash that others made.
func Check(hash string) error {
	p, _, _, err := argon2id.DecodeHash(hash)
	switch {
	case err != nil:
		return ErrNoHash
	case p.Memory > maxMemory || p.Iterations > maxIterations:
		return ErrCostly
	}
	return nil
}

// Comparer compares passwords with hashes. It is safe for concurrent use.
type Comparer struct {
	decoy string
	slots chan struct{}
}

// NewComparer returns a Comparer.
func NewComparer() (*Comparer, error) {
	decoy, err := Hash(rand.Text())
	if err != nil {
		return nil, err
	}
	return &Comparer{decoy, make(chan struct{}, comparisons)}, nil
}

// Same reports whether a password is the one of a hash. Nothing is the password of an empty
// hash, which takes as long to find out. The error is that of ctx, if it ends before there
// is room to compare.
func (c *Comparer) Same(ctx context.Context, hash, password string) (bool, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	there := hash != ""
	if !there {
		hash = c.decoy
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	return there && same && err == nil, nil
}
