package accounts

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/roster"
)

// Errors about the person of an account.
var (
	ErrNotOnRoster = errors.New("this address is of nobody on the roster: put the person on the roster first")
	ErrSamePerson  = errors.New("this person has another account with a role beside employee: a person has one")
)

// Connect says which people there are and how they are reached by mail. Without people every
// address is of a stranger; without post nobody can be reached.
func (s *Store) Connect(people func() *roster.Roster, post Post) { s.people, s.post = people, post }

// addressesOf returns the addresses of the person whom an address belongs to, the one that the
// roster has first before the others.
func (s *Store) addressesOf(address string) []string {
	if s.people == nil || address == "" {
		return nil
	}
	return s.people().Addresses(address)
}

// proof is that an account's address is its owner's, as it was confirmed.
type proof struct {
	at        time.Time // zero: it was not
	person    string    // whom the address belonged to then
	addresses string    // and all addresses of that person
}

// digest stands for a person, or for all addresses of a person; empty for none.
func (s *Store) digest(addresses ...string) string {
	if len(addresses) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, s.persons)
	for _, a := range addresses {
		fmt.Fprintf(mac, "%d %s", len(a), a)
	}
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// prove returns the proof that counts for an address now.
func (s *Store) prove(address string) proof {
	all := s.addressesOf(address)
	if len(all) == 0 {
		return proof{at: s.now()}
	}
	others := slices.Sorted(slices.Values(all[1:]))
	return proof{s.now(), s.digest(all[0]), s.digest(slices.Concat(all[:1], others)...)}
}

// settle fills in what of an account counts at this moment: whose it is by the roster, whether its
// address is confirmed for that person, and whether the roles by a provider have ended.
func (s *Store) settle(a *Account) {
	now := s.prove(a.Claimed)
	a.Person = now.person
	switch {
	case a.demonstration:
		a.Address, a.Confirmed, a.Current, a.vouched = a.Claimed, a.Made, true, true
	case a.proof.at.IsZero() || s.people != nil && a.proof.person != now.person:
	default:
		a.Address, a.Confirmed = a.Claimed, a.proof.at
		a.Current = s.people == nil || a.proof.addresses == now.addresses
		a.vouched = s.people == nil || a.Person != ""
	}
	if a.Issuer != "" && s.now().After(a.answered) {
		a.Provided = nil
	}
}

// confirm makes the address of an account count as its owner's.
func (s *Store) confirm(ctx context.Context, q querier, a Account) error {
	p := s.prove(a.Claimed)
	_, err := q.ExecContext(
		ctx,
		"INSERT OR REPLACE INTO confirmed (account, address, person, addresses, time) VALUES (?, ?, ?, ?, ?)",
		a.ID,
		a.Claimed,
		p.person,
		p.addresses,
		p.at.UnixMilli(),
	)
	if err != nil {
		return fmt.Errorf("confirm address: %w", err)
	}
	return nil
}

// alone returns ErrSamePerson if the person of an account has another one with a role beside employee,
// and this one would have such a role as well: people, not accounts, are kept apart (C3.2d).
func (s *Store) alone(ctx context.Context, tx *sql.Tx, a Account, roles []ledger.Role) error {
	if a.Person == "" || len(privileged(roles)) == 0 {
		return nil
	}
	all, err := s.list(ctx, tx)
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.ID != a.ID && !b.Disabled && b.Person == a.Person && len(privileged(together(b.Given, b.Provided))) > 0 {
			return ErrSamePerson
		}
	}
	return nil
}

// belongs returns ErrNotOnRoster for an address of nobody on the roster.
func (s *Store) belongs(address string) error {
	if len(s.addressesOf(address)) == 0 {
		return ErrNotOnRoster
	}
	return nil
}

// mailbox is where the owner of an account is reached: the address that the roster has first, which
// another person cannot have put in the account.
func (s *Store) mailbox(a Account) string {
	if all := s.addressesOf(a.Claimed); len(all) > 0 {
		return all[0]
	}
	return a.Claimed
}

// lower is the spelling of an address that is kept.
func lower(address string) string { return strings.ToLower(strings.TrimSpace(address)) }
