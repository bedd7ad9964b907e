package roll

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"sluis/internal/ledger"
)

// Kinds are those of entries that make rolls.
var Kinds = []ledger.Kind{
	ledger.RollProposed,
	ledger.RollSigned,
	ledger.RollObjected,
	ledger.RollReminded,
	ledger.RollAdopted,
}

// Adopted is a roll that counts from an entry on.
type Adopted struct {
	Version
	Hash  string    // hexadecimal
	Index int64     // of the entry that adopts it
	At    time.Time // of that entry
	File  string    // hash of its file

	Announced bool // mail says that it counts
}

// Proposed is a roll that does not count yet.
type Proposed struct {
	Version
	Hash     string
	At       time.Time
	File     string
	Signed   []Member // of this roll or the one in force, with the key that signed
	Objected bool
	reminded map[string]bool // days
	sum      [sha256.Size]byte
	after    int64 // index of the entry that proposes it
}

// Problem is an entry that does not count.
type Problem struct {
	Entry int64
	Err   error
}

// Error implements error.
func (p Problem) Error() string { return fmt.Sprintf("entry %d: %v", p.Entry, p.Err) }

// Unwrap returns the reason.
func (p Problem) Unwrap() error { return p.Err }

// Chain is the rolls of a ledger, each adopted by the one before.
type Chain struct {
	Adopted  []Adopted
	Problems []Problem

	proposed map[string]*Proposed
	latest   string // hash of the last proposal
}

// Errors of chains.
var (
	errNotNext    = errors.New("the roll does not follow the one in force")
	errUnknown    = errors.New("there is no such roll to sign")
	errNotAdopted = errors.New("a roll is adopted without the signatures that it needs")
)

// Replay returns the rolls that entries of a ledger make. The entries are all of Kinds, in the order
// of the ledger; others are passed over.
func Replay(f ledger.Finder, roots Roots) (*Chain, error) {
	c := &Chain{proposed: map[string]*Proposed{}}
	for e, err := range f.Find(ledger.Query{Kinds: Kinds}) {
		if err != nil {
			return nil, err
		}
		if err := c.take(e, roots); err != nil {
			c.Problems = append(c.Problems, Problem{e.Index, err})
		}
	}
	return c, nil
}

func (c *Chain) take(e ledger.Entry, roots Roots) error {
	if e.Kind == ledger.RollProposed {
		return c.propose(e)
	}
	p := c.proposed[e.Data.Ref]
	if a := c.With(e.Data.Ref); a != nil && e.Kind == ledger.RollReminded {
		a.Announced = true
		return nil
	}
	if p == nil {
		return errUnknown
	}
	switch e.Kind {
	case ledger.RollReminded:
		p.reminded[e.Time.UTC().Format(time.DateOnly)] = true
	case ledger.RollSigned:
		return c.sign(p, e, roots)
	case ledger.RollObjected:
		now := c.Current()
		if now == nil {
			return ErrNoMember
		}
		if _, err := now.Verified(e.Data.Signed, roots, e.Index, ForRoll, p.sum, Object); err != nil {
			return err
		}
		p.Objected = true
	case ledger.RollAdopted:
		if err := c.Lacks(p, e.Time); err != nil {
			return fmt.Errorf("%w: %w", errNotAdopted, err)
		}
		c.Adopted = append(c.Adopted, Adopted{
			Version: p.Version,
			Hash:    p.Hash,
			Index:   e.Index,
			At:      e.Time,
			File:    p.File,
		})
		clear(c.proposed) // what was proposed beside it does not follow it
	}
	return nil
}

func (c *Chain) propose(e ledger.Entry) error {
	v, err := parse(e.Data.Paper)
	if err != nil {
		return err
	}
	number, before := 1, ""
	if now := c.Current(); now != nil {
		number, before = now.Number+1, now.Hash
	}
	wait := time.Duration(0)
	if v.Lost {
		wait = Wait
	}
	early := v.From.Before(e.Time.Add(wait - time.Minute))
	if v.Number != number || v.Before != before || v.Lost && number == 1 || early {
		return errNotNext
	}
	p := &Proposed{
		Version:  v,
		Hash:     HexSum(e.Data.Paper),
		At:       e.Time,
		File:     e.Data.Commit,
		reminded: map[string]bool{},
		sum:      Sum(e.Data.Paper),
		after:    e.Index,
	}
	c.proposed[p.Hash], c.latest = p, p.Hash
	return nil
}

// sign takes a signature of a member of the proposed roll, or of the one in force.
func (c *Chain) sign(p *Proposed, e ledger.Entry, roots Roots) error {
	m, err := p.Verified(e.Data.Signed, roots, e.Index, ForRoll, p.sum, Sign)
	if now := c.Current(); errors.Is(err, ErrNoMember) && now != nil {
		m, err = now.Verified(e.Data.Signed, roots, e.Index, ForRoll, p.sum, Sign)
	}
	if err != nil {
		return err
	}
	if e.Data.Signed.Entries <= p.after {
		return ErrStale
	}
	if !p.signedWith(m.Credential) {
		p.Signed = append(p.Signed, m)
	}
	return nil
}

func (p *Proposed) signedWith(credential string) bool {
	return slices.ContainsFunc(p.Signed, func(m Member) bool { return m.Credential == credential })
}

// Answers to the question whether a roll is to count.
const (
	Sign   = "sign"
	Object = "object"
)

// Wait is how long a roll waits that those of the one in force do not sign, because keys are lost.
const Wait = 14 * 24 * time.Hour

// What a roll that does not count yet lacks.
var (
	ErrLacksKeys = errors.New("the roll does not count yet: a new key has not signed it")
	ErrLacksTime = errors.New("the roll does not count yet: keys are lost, and its time has not come")
	ErrLacksMail = fmt.Errorf("%w: mail to all on both rolls has to go out on each day", ErrLacksTime)
	ErrLacksOld  = errors.New("the roll does not count yet: two of the roll in force have to sign it, " +
		"one of them of the board")
	ErrObjected = errors.New("the roll never counts: a member of the roll in force objected")
)

// Lacks returns nil if a proposed roll can be adopted at a time; else what it lacks.
func (c *Chain) Lacks(p *Proposed, at time.Time) error {
	now := c.Current()
	signed := func(m Member) bool { return p.signedWith(m.Credential) }
	board, others := 0, 0
	for _, m := range p.Members {
		known := now != nil && now.has(m)
		if !signed(m) && !known {
			return ErrLacksKeys
		}
	}
	switch {
	case p.Objected:
		return ErrObjected
	case now == nil:
		return nil
	case p.Lost && at.Before(p.From):
		return ErrLacksTime
	case p.Lost && len(p.reminded) < days(Wait):
		return ErrLacksMail
	case p.Lost:
		return nil
	}
	for _, m := range now.Members {
		switch {
		case signed(m) && m.Office.Decides():
			board++
		case signed(m) && m.Office == Privacy:
			others++
		}
	}
	if board < 1 || board+min(others, 1) < Quorum {
		return ErrLacksOld
	}
	return nil
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// Current returns the roll in force; nil if there is none.
func (c *Chain) Current() *Adopted {
	if len(c.Adopted) == 0 {
		return nil
	}
	return &c.Adopted[len(c.Adopted)-1]
}

// At returns the roll in force when an entry was written; nil if there was none.
func (c *Chain) At(index int64) *Adopted {
	for i := len(c.Adopted) - 1; i >= 0; i-- {
		if c.Adopted[i].Index < index {
			return &c.Adopted[i]
		}
	}
	return nil
}

// Waiting returns the roll that was proposed last and is not in force; nil if there is none.
func (c *Chain) Waiting() *Proposed { return c.proposed[c.latest] }

// With returns the adopted roll with a hash; nil if there is none.
func (c *Chain) With(hash string) *Adopted {
	for i := range c.Adopted {
		if c.Adopted[i].Hash == hash {
			return &c.Adopted[i]
		}
	}
	return nil
}
