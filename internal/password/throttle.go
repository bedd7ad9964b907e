package password

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
)

// Guesses are how many wrong guesses are allowed within a while. Zero is no limit.
type Guesses struct {
	Pair   int // of one client about one name
	Client int // of one client about all names
	Name   int // of all clients about one name; after that the first of each network, up to ten times as many
	Within time.Duration
}

// beyond is how many times Name guesses about a name are allowed in all. Whoever guesses from a few
// networks keeps nobody else out.
const beyond = 10

// remembered bounds how many clients, names and pairs are remembered.
const remembered = 8192

// Throttle counts wrong guesses. It is safe for concurrent use. Clients with an address of
// IPv6 are distinguished by the network that a provider gives (/64).
type Throttle struct {
	of    Guesses
	mu    sync.Mutex
	wrong *expirable.LRU[[sha256.Size]byte, int]
}

// NewThrottle returns a Throttle.
func NewThrottle(of Guesses) *Throttle {
	return &Throttle{of: of, wrong: expirable.NewLRU[[sha256.Size]byte, int](remembered, nil, of.Within)}
}

// count is one of the things that are counted.
type count struct {
	key   [sha256.Size]byte
	limit int
	pair  bool
	name  bool
}

func (t *Throttle) counts(client netip.Addr, name string) []count {
	client = client.Unmap()
	if client.Is6() {
		if p, err := client.Prefix(64); err == nil {
			client = p.Addr()
		}
	}
	name = strings.ToLower(name)
	key := func(kind, text string) [sha256.Size]byte { return sha256.Sum256(fmt.Appendf(nil, "%s %s", kind, text)) }
	var all []count
	for _, c := range []count{
		{key("pair", client.String()+" "+name), t.of.Pair, true, false},
		{key("client", client.String()), t.of.Client, false, false},
		{key("name", name), t.of.Name, false, true},
		{key("network", network(client)+" "+name), 1 << 30, true, false},
	} {
		if c.limit > 0 {
			all = append(all, c)
		}
	}
	return all
}

// network is what belongs to one customer at most: an IPv4 /24, an IPv6 /48.
func network(client netip.Addr) string {
	bits := 24
	if client.Is6() {
		bits = 48
	}
	p, err := client.Prefix(bits)
	if err != nil {
		return client.String()
	}
	return p.String()
}

// Try asks for a guess, which counts as wrong until Right says otherwise, so that many at
// once are no way around. It is refused if there were too many already; last reports that
// the next one would be.
func (t *Throttle) Try(client netip.Addr, name string) (allowed, last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.counts(client, name)
	fresh := true // nothing about the name was guessed wrong from the client's network
	for _, c := range all {
		if n, _ := t.wrong.Get(c.key); c.pair && n > 0 {
			fresh = false
		}
	}
	for _, c := range all {
		n, _ := t.wrong.Get(c.key)
		if n >= c.limit && !(c.name && fresh && n < beyond*c.limit) {
			return false, false
		}
	}
	for _, c := range all {
		n, _ := t.wrong.Get(c.key)
		t.wrong.Add(c.key, n+1)
		last = last || n+1 == c.limit
	}
	return true, last
}

// Right takes the guess back: it was none. What the client guessed wrong about the name
// before is forgotten.
func (t *Throttle) Right(client netip.Addr, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.counts(client, name) {
		n, _ := t.wrong.Get(c.key)
		if c.pair || n <= 1 {
			t.wrong.Remove(c.key)
		} else {
			t.wrong.Add(c.key, n-1)
		}
	}
}
