package identify

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"sluis/internal/password"
)

const (
	maxUsers     = 100_000         // in a file
	remembered   = 8192            // right passwords
	rememberedAs = 5 * time.Minute // how long
	guesses      = 10              // of one client for one user, within that time
)

// Passwords checks passwords of the Basic scheme.
type Passwords struct {
	hashes map[string]string // by address in lower case
	key    []byte            // under which right passwords are remembered
	right  *expirable.LRU[[sha256.Size]byte, struct{}]
	wrong  *password.Throttle
	with   *password.Comparer
}

// LoadPasswords reads a file with a line for each person: the address, a colon, and the
// hash that password.Hash made. Errors name the line and nothing of what is on it.
func LoadPasswords(path string) (*Passwords, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("passwords: %w", err)
	}
	p := &Passwords{
		hashes: map[string]string{},
		key:    make([]byte, 32),
		wrong:  password.NewThrottle(password.Guesses{Pair: guesses, Within: rememberedAs}),
	}
	lines, n := bufio.NewScanner(bytes.NewReader(text)), 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		user, hash, ok := strings.Cut(line, ":")
		err := password.Check(hash)
		switch {
		case !ok || user == "":
			return nil, fmt.Errorf(
				"%s:%d: write an address, a colon and a hash: sluis web password makes such a line", path, n)
		case err != nil:
			return nil, fmt.Errorf("%s:%d: %w: make one with sluis web password", path, n, err)
		case len(p.hashes) == maxUsers:
			return nil, fmt.Errorf("%s:%d: more than %d users", path, n, maxUsers)
		}
		p.hashes[strings.ToLower(user)] = hash
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("passwords: %s:%d: %w", path, n+1, err)
	}
	rand.Read(p.key)
	if p.with, err = password.NewComparer(); err != nil {
		return nil, err
	}
	p.right = expirable.NewLRU[[sha256.Size]byte, struct{}](remembered, nil, rememberedAs)
	return p, nil
}

// check compares. A right password is remembered for a while: browsers send it with every request.
func (p *Passwords) check(ctx context.Context, client netip.Addr, user, guess string) error {
	user = strings.ToLower(user)
	known := p.digest(user, guess)
	if _, ok := p.right.Get(known); ok {
		return nil
	}
	if ok, _ := p.wrong.Try(client, user); !ok {
		return ErrThrottled
	}
	same, err := p.with.Same(ctx, p.hashes[user], guess)
	switch {
	case err != nil:
		return err
	case !same:
		return ErrCredentials
	}
	p.wrong.Right(client, user)
	p.right.Add(known, struct{}{})
	return nil
}

func (p *Passwords) digest(user, guess string) (d [sha256.Size]byte) {
	m := hmac.New(sha256.New, p.key)
	fmt.Fprintf(m, "%d:%s:%s", len(user), user, guess)
	m.Sum(d[:0])
	return d
}
