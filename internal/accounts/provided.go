package accounts

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
)

// Identity is a person as a provider of sign-ins describes them.
type Identity struct {
	Issuer  string
	Subject string // who it is, for good, at this issuer
	Name    string // that an account is named after the first time
	Address string // of mail; empty if the provider has none of the organisation's own
	// Verified: the provider says that the address is its owner's.
	Verified bool
	Roles    []ledger.Role // that their groups stand for
	Lasts    time.Duration // how long these roles count without another answer; zero: RolesLast
}

// RolesLast is how long roles by a provider count after its last answer.
const RolesLast = 7 * 24 * time.Hour

// ErrNoRole is returned for a person without a role, such as a pupil.
var ErrNoRole = errors.New("this account has no role in the console")

// Provided returns the account of an identity, which is made the first time. Its roles by
// groups are those of now.
func (s *Store) Provided(ctx context.Context, who Identity) (a Account, err error) {
	roles := together(nil, who.Roles)
	err = s.change(ctx, func(tx *sql.Tx) error {
		a, err = s.scan(
			tx.QueryRowContext(
				ctx,
				"SELECT "+columns+from+"WHERE issuer = ? AND subject = ?",
				who.Issuer,
				who.Subject,
			),
		)
		if errors.Is(err, ErrNotFound) {
			if len(roles) == 0 {
				return ErrNoRole
			}
			a, err = s.welcome(ctx, tx, who)
		}
		if err != nil {
			return err
		}
		if a, err = s.answered(ctx, tx, a, who); err != nil {
			return err
		}
		if err := s.provide(ctx, tx, a, roles); err != nil {
			return err
		}
		a, err = s.get(ctx, tx, a.ID)
		return err
	})
	switch {
	case err != nil:
		return Account{}, err
	case a.Disabled || len(a.Roles()) == 0:
		return Account{}, ErrNoRole
	}
	return a, nil
}

// answered keeps what a provider says of a person: when, and the address. An address that it verified
// counts as confirmed the first time, if it is the one that the roster has for the person; for every
// other one, and after the roster gave it to another person, a mailed code is needed.
func (s *Store) answered(ctx context.Context, tx *sql.Tx, a Account, who Identity) (Account, error) {
	until := s.now().Add(cmp.Or(who.Lasts, RolesLast))
	_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO answers (account, until) VALUES (?, ?)", a.ID,
		until.UnixMilli())
	if err != nil {
		return Account{}, fmt.Errorf("keep the answer of a provider: %w", err)
	}
	if err := set(ctx, tx, a.ID, "address = ?", lower(who.Address)); err != nil {
		return Account{}, err
	}
	if a, err = s.get(ctx, tx, a.ID); err != nil {
		return Account{}, err
	}
	if who.Verified && a.Claimed != "" && a.proof.at.IsZero() && s.mailbox(a) == a.Claimed {
		if err := s.confirm(ctx, tx, a); err != nil {
			return Account{}, err
		}
	}
	return s.get(ctx, tx, a.ID)
}

// provide gives an account the roles that a provider says. A person who has a role in another account
// gets none beside employee, and a role that decides needs those who watch over roles to be notified.
func (s *Store) provide(ctx context.Context, tx *sql.Tx, a Account, roles []ledger.Role) error {
	err := s.alone(ctx, tx, a, roles)
	if errors.Is(err, ErrSamePerson) {
		roles = slices.DeleteFunc(roles, ledger.Role.Privileged)
	} else if err != nil {
		return err
	}
	if join(roles) == join(a.stored) {
		return nil
	}
	n := Notice{Step: "provider", Roles: together(a.Given, roles)}
	if err := s.notify(ctx, tx, a, n, together(a.Given, a.stored), false); err != nil {
		roles = slices.DeleteFunc(roles, ledger.Role.Decides)
	}
	if err := s.record(ctx, ledger.AccountChanged, ledger.Actor{}, a.ID,
		strings.TrimSpace("roles by provider "+join(roles))); err != nil {
		return err
	}
	return set(ctx, tx, a.ID, "provided = ?, epoch = epoch + 1", join(roles))
}

// welcome makes an account for an identity, with a name that is free.
func (s *Store) welcome(ctx context.Context, tx *sql.Tx, who Identity) (Account, error) {
	base, id := nameFrom(who.Name), newID()
	for n := 1; ; n++ {
		name := base
		if n > 1 {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		err := s.insert(ctx, tx, ledger.Actor{}, id, name, who.Address, "by provider")
		if errors.Is(err, ErrNameTaken) && n < 1000 {
			continue
		}
		if err != nil {
			return Account{}, err
		}
		break
	}
	if err := set(ctx, tx, id, "issuer = ?, subject = ?", who.Issuer, who.Subject); err != nil {
		return Account{}, err
	}
	return s.get(ctx, tx, id)
}

// nameFrom makes a name of a provider's claim: of an address, the part before the @.
func nameFrom(told string) string {
	told, _, _ = strings.Cut(strings.ToLower(told), "@")
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-':
			return r
		case r == ' ' || r == '_':
			return '.'
		}
		return -1
	}, told)
	name = strings.TrimLeft(name, ".-0123456789")
	if len(name) > 34 {
		name = name[:34]
	}
	if len(name) < 2 {
		name = "person"
	}
	return name
}
