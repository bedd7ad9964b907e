package accounts

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"sluis/internal/ledger"
)

// Post reaches people by mail, with notices of the gateway. An error says that a notice was not
// taken by the next mail server.
type Post interface {
	// Invite sends the secret of a link to begin with to the owner of an account.
	Invite(ctx context.Context, to, name, secret string) error
	// Code sends a code that confirms an address.
	Code(ctx context.Context, to, code string) error
	// Notify sends a change to each address, and returns how many were reached.
	Notify(ctx context.Context, to []string, n Notice) (reached int, err error)
	// Watchers are the organisation's own addresses of those who watch over roles.
	Watchers() []string
}

// Notice is about a change of a role that decides.
type Notice struct {
	Account string
	Address string
	By      ledger.Actor
	Step    string        // a ChangeKind, or "provider": by the groups of a provider
	Roles   []ledger.Role // that the account has from then on
}

// Errors about mail.
var (
	ErrNoMail     = errors.New("no mail can be sent: name a sender and a next hop (notices: from, mail: routes)")
	ErrNotMailed  = errors.New("the mail was not taken: nothing changed")
	ErrUnmailable = errors.New("a link goes by mail: give the account an address first")
)

// patience bounds the sending of mail while a change waits for it.
const patience = 8 * time.Second

// mail sends the secret of a link to the owner of an account.
func (s *Store) mail(ctx context.Context, a Account, secret string) error {
	to := s.mailbox(a)
	switch {
	case s.post == nil:
		return ErrNoMail
	case to == "":
		return ErrUnmailable
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return unsent(s.post.Invite(ctx, to, a.Name, secret))
}

// unsent returns an error of a post as one that a page knows.
func unsent(err error) error {
	if err == nil || errors.Is(err, ErrNoMail) {
		return err
	}
	return errors.Join(ErrNotMailed, err)
}

// notify tells all who watch over roles, and the person, of a change that concerns a role that
// decides. What gives such a role does not happen if nobody is reached.
func (s *Store) notify(ctx context.Context, tx *sql.Tx, a Account, n Notice, before []ledger.Role, first bool) error {
	gains := slices.ContainsFunc(deciding(n.Roles), func(r ledger.Role) bool { return !slices.Contains(before, r) })
	if len(deciding(n.Roles)) == 0 && len(deciding(before)) == 0 {
		return nil
	}
	to, err := s.watchers(ctx, tx)
	if err != nil {
		return err
	}
	to = append(to, s.addressesOf(a.Claimed)...)
	slices.Sort(to)
	reached := 0
	if s.post != nil {
		n.Account, n.Address = a.Name, a.Claimed
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		reached, err = s.post.Notify(ctx, slices.Compact(to), n)
	}
	switch {
	case reached > 0 || first || !gains:
		return nil
	case s.post == nil:
		return ErrNoMail
	}
	return unsent(errors.Join(ErrNotMailed, err))
}

// watchers are the addresses of those who watch over roles: every holder of board, privacy and
// council, and the organisation's own.
func (s *Store) watchers(ctx context.Context, q querier) (to []string, err error) {
	if s.post != nil {
		for _, a := range s.post.Watchers() {
			to = append(to, lower(a))
		}
	}
	holders, err := s.holders(ctx, q, ledger.Board, ledger.Privacy, ledger.Council)
	for _, a := range holders {
		to = append(to, a.Address)
	}
	return to, err
}

// Holders returns the accounts that hold one of some roles at this moment, with a confirmed address.
func (s *Store) Holders(ctx context.Context, roles ...ledger.Role) ([]Account, error) {
	return s.holders(ctx, s.db, roles...)
}

func (s *Store) holders(ctx context.Context, q querier, roles ...ledger.Role) ([]Account, error) {
	all, err := s.list(ctx, q)
	return slices.DeleteFunc(all, func(a Account) bool {
		return a.Address == "" || !slices.ContainsFunc(roles, a.May)
	}), err
}
