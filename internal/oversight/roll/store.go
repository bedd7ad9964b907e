package roll

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/roster"
	"sluis/internal/store"
)

// Book is the ledger: to append to, to find entries in, and to sign states of.
type Book interface {
	ledger.Book
	Roots
	Entries() (int64, error)
}

// People knows people by their addresses; a roster is one.
type People interface {
	Subject(address string) roster.Subject
}

// Store keeps the rolls. It is safe for concurrent use, by several processes too.
type Store struct {
	files store.Store
	draft *store.Value[Draft]
	book  Book
	clock func() time.Time
}

// Open returns the rolls of a store.
func Open(s store.Store, book Book) *Store {
	return &Store{s, store.NewValue[Draft](s, "roll-draft"), book, time.Now}
}

// file is what of a roll is not in the ledger.
type file struct {
	Version   Version  `json:"version"`
	Salt      []byte   `json:"salt"`      // of Member.Person, the same in all versions
	Addresses []string `json:"addresses"` // of the members
}

const collection = "rolls"

// fileID is the id of the file of a roll.
func fileID(hash string) string { return "roll-" + hash[:16] }

// Roll is the roll in force, with its file.
type Roll struct {
	Adopted
	Addresses []string // of the members

	salt []byte
}

// Person returns who an address is of, as Member.Person has it: the person of the roster, or else
// whoever has the address.
func (r *Roll) Person(people People, address string) string { return person(r.salt, people, address) }

func person(salt []byte, people People, address string) string {
	if address == "" {
		return ""
	}
	mac := hmac.New(sha256.New, salt)
	if who := people.Subject(address); who.Identified() || who.Confidential() {
		who.Hash(mac)
	} else {
		io.WriteString(mac, strings.ToLower(strings.TrimSpace(address)))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// Of returns the member that an address is of.
func (r *Roll) Of(people People, address string) (Member, bool) {
	who := r.Person(people, address)
	i := slices.IndexFunc(r.Members, func(m Member) bool { return m.Person == who })
	if who == "" || i < 0 {
		return Member{}, false
	}
	return r.Members[i], true
}

// Words returns the hash in six words.
func (a Adopted) Words() string { return wordsOf(a.Hash) }

// Words returns the hash in six words.
func (p Proposed) Words() string { return wordsOf(p.Hash) }

func wordsOf(hash string) string {
	b, err := hex.DecodeString(hash)
	if err != nil || len(b) != sha256.Size {
		return ""
	}
	return Words([sha256.Size]byte(b))
}

// Chain returns the rolls of the ledger, verified anew.
func (s *Store) Chain() (*Chain, error) { return Replay(s.book, s.book) }

// Current returns the roll in force. The error is ErrNone or ErrForged if there is none that counts.
func (s *Store) Current() (*Roll, error) {
	c, err := s.Chain()
	if err != nil {
		return nil, err
	}
	return s.Read(c)
}

// Read returns the roll in force of a chain, with its file. The error is ErrNone or ErrForged if there is none that
// counts.
func (s *Store) Read(c *Chain) (*Roll, error) {
	now := c.Current()
	if now == nil {
		return nil, ErrNone
	}
	f, err := s.read(now.Hash, now.File)
	if err != nil {
		return nil, err
	}
	return &Roll{*now, f.Addresses, f.Salt}, nil
}

// read returns the file of a roll, which has to have a hash.
func (s *Store) read(hash, sum string) (f file, err error) {
	b, err := s.files.Get(collection, fileID(hash))
	if errors.Is(err, store.ErrNotFound) {
		return f, ErrForged
	}
	if err != nil {
		return f, fmt.Errorf("read the board's roll: %w", err)
	}
	if HexSum(string(b)) != sum || json.Unmarshal(b, &f) != nil || len(f.Addresses) != len(f.Version.Members) {
		return f, ErrForged
	}
	if paper, err := Canonical(f.Version); err != nil || HexSum(paper) != hash {
		return f, ErrForged
	}
	return f, nil
}

// Check returns what is wrong with the rolls: ErrNone, ErrForged, and each entry of the ledger that
// does not count.
func (s *Store) Check() error {
	c, err := s.Chain()
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range c.Problems {
		errs = append(errs, p)
	}
	if _, err := s.Read(c); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// propose writes the file of a version, and then proposes it in the ledger.
func (s *Store) propose(ctx context.Context, by ledger.Actor, f file) (hash string, err error) {
	paper, err := Canonical(f.Version)
	if err != nil {
		return "", err
	}
	if _, err := parse(paper); err != nil {
		return "", err
	}
	b, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return "", err
	}
	hash = HexSum(paper)
	if err := s.files.Put(collection, fileID(hash), b); err != nil {
		return "", fmt.Errorf("keep the board's roll: %w", err)
	}
	_, err = s.book.Append(ctx, ledger.RollProposed, ledger.Data{
		Actor:  by,
		Ref:    hash,
		Count:  len(f.Version.Members),
		Paper:  paper,
		Commit: HexSum(string(b)),
	})
	return hash, err
}

// adopt lets the proposed roll count, if it has all that it needs.
func (s *Store) adopt(ctx context.Context) error {
	c, err := s.Chain()
	if err != nil {
		return err
	}
	p := c.Waiting()
	if p == nil || c.Lacks(p, s.clock()) != nil {
		return nil
	}
	if _, err := s.read(p.Hash, p.File); err != nil {
		return err
	}
	_, err = s.book.Append(ctx, ledger.RollAdopted, ledger.Data{Ref: p.Hash, Count: p.Number})
	return err
}

// Mail is what Remind has sent.
type Mail struct {
	To     []string
	Words  string    // of the roll
	Counts bool      // it counts now
	Lost   bool      // it counts at From without signatures of the roll in force
	From   time.Time // when it counts, or counted
}

// Remind has mail sent to everybody on a roll that waits and on the one in force, once a day, and once when it counts;
// it adopts the roll when its time has come.
func (s *Store) Remind(ctx context.Context, send func(context.Context, Mail) error) error {
	if err := s.adopt(ctx); err != nil {
		return err
	}
	c, err := s.Chain()
	if err != nil {
		return err
	}
	if now := c.Current(); now != nil && !now.Announced {
		if err := s.announce(ctx, c, now, send); err != nil {
			return err
		}
	}
	p, now := c.Waiting(), s.clock().UTC()
	if p == nil || p.Objected || p.reminded[now.Format(time.DateOnly)] {
		return nil
	}
	to, err := s.addresses(c, p.Hash, p.File)
	if err == nil {
		err = send(ctx, Mail{To: to, Words: p.Words(), Lost: p.Lost, From: p.From})
	}
	if err != nil {
		return err
	}
	if _, err = s.book.Append(ctx, ledger.RollReminded, ledger.Data{Ref: p.Hash, Count: len(to)}); err != nil {
		return err
	}
	return s.adopt(ctx)
}

// announce says that a roll counts, to those on it and on the one before.
func (s *Store) announce(ctx context.Context, c *Chain, now *Adopted, send func(context.Context, Mail) error) error {
	to, err := s.addresses(c, now.Hash, now.File)
	if before := c.With(now.Before); err == nil && before != nil {
		if f, err := s.read(before.Hash, before.File); err == nil {
			to = unique(to, f.Addresses)
		}
	}
	if err == nil {
		err = send(ctx, Mail{To: to, Words: now.Words(), Counts: true, From: now.At})
	}
	if err != nil {
		return err
	}
	_, err = s.book.Append(ctx, ledger.RollReminded, ledger.Data{Ref: now.Hash, Count: len(to)})
	return err
}

// addresses returns those of the people on a roll, and on the one in force.
func (s *Store) addresses(c *Chain, hash, file string) ([]string, error) {
	f, err := s.read(hash, file)
	if err != nil {
		return nil, err
	}
	old, err := s.Read(c)
	if err != nil {
		return f.Addresses, nil
	}
	return unique(f.Addresses, old.Addresses), nil
}

func unique(all ...[]string) []string {
	joined := slices.Concat(all...)
	slices.Sort(joined)
	return slices.Compact(joined)
}
