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

	"github.com/alexedwards/argon2id"
	"github.com/hashicorp/golang-lru/v2/expirable"
)

// The memory of one comparison is 19 MiB (OWASP's choice of parameters), so that few at
// once are enough of a bound.
var parameters = &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const (
	comparisons  = 2               // at once
	maxUsers     = 100_000         // in a file
	remembered   = 8192            // right passwords, and clients that guess
	rememberedAs = 5 * time.Minute // how long
	guesses      = 10              // of one client for one user, within that time
	maxMemory    = 256 << 10       // KiB, that a hash may ask for
)

// Passwords checks passwords of the Basic scheme.
type Passwords struct {
	hashes map[string]string // by address in lower case
	decoy  string            // for users who are not there
	key    []byte            // under which right passwords are remembered
	right  *expirable.LRU[[sha256.Size]byte, struct{}]
	wrong  *expirable.LRU[guess, int]
	slots  chan struct{}
}

// guess is who guessed, and whose password.
type guess struct {
	client netip.Addr
	user   [sha256.Size]byte
}

// LoadPasswords reads a file with a line for each person: the address, a colon, and the
// hash that HashPassword made. Errors tell the line and nothing of what is on it.
func LoadPasswords(path string) (*Passwords, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("passwords: %w", err)
	}
	p := &Passwords{hashes: map[string]string{}, slots: make(chan struct{}, comparisons), key: make([]byte, 32)}
	lines, n := bufio.NewScanner(bytes.NewReader(text)), 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		user, hash, ok := strings.Cut(line, ":")
		params, _, _, err := argon2id.DecodeHash(hash)
		switch {
		case !ok || user == "":
			return nil, fmt.Errorf("%s:%d: write an address, a colon and a hash: sluis web password makes such a line", path, n)
		case err != nil:
			return nil, fmt.Errorf("%s:%d: not a hash of argon2id: sluis web password makes one", path, n)
		case params.Memory > maxMemory || params.Iterations > 100:
			return nil, fmt.Errorf("%s:%d: the hash asks for more memory or time than is allowed: make another with sluis web password", path, n)
		case len(p.hashes) == maxUsers:
			return nil, fmt.Errorf("%s:%d: more than %d users", path, n, maxUsers)
		}
		p.hashes[strings.ToLower(user)] = hash
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("passwords: %s:%d: %w", path, n+1, err)
	}
	rand.Read(p.key)
	if p.decoy, err = HashPassword(rand.Text()); err != nil {
		return nil, err
	}
	p.right = expirable.NewLRU[[sha256.Size]byte, struct{}](remembered, nil, rememberedAs)
	p.wrong = expirable.NewLRU[guess, int](remembered, nil, rememberedAs)
	return p, nil
}

// HashPassword returns what a file of passwords keeps of a password.
func HashPassword(password string) (string, error) {
	h, err := argon2id.CreateHash(password, parameters)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return h, nil
}

// check compares. A right password is remembered for a while: browsers send it with every
// request.
func (p *Passwords) check(ctx context.Context, client netip.Addr, user, password string) error {
	user = strings.ToLower(user)
	known := p.digest(user, password)
	if _, ok := p.right.Get(known); ok {
		return nil
	}
	g := guess{client, sha256.Sum256([]byte(user))}
	if n, _ := p.wrong.Get(g); n >= guesses {
		return ErrThrottled
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	hash, listed := p.hashes[user]
	if !listed {
		hash = p.decoy
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil || !same || !listed {
		n, _ := p.wrong.Get(g)
		p.wrong.Add(g, n+1)
		return ErrCredentials
	}
	p.right.Add(known, struct{}{})
	return nil
}

func (p *Passwords) digest(user, password string) (d [sha256.Size]byte) {
	m := hmac.New(sha256.New, p.key)
	fmt.Fprintf(m, "%d:%s:%s", len(user), user, password)
	m.Sum(d[:0])
	return d
}
