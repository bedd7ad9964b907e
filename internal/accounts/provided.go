package accounts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"sluis/internal/ledger"
)

// Identity is a person as a provider of sign-ins describes them.
type Identity struct {
	Issuer  string
	Subject string        // who it is, for good, at this issuer
	Name    string        // that an account is named after the first time
	Address string        // of mail; empty if the provider does not vouch for it
	Roles   []ledger.Role // that their groups stand for
}

// ErrNoRole is returned for a person without a role, such as a pupil.
var ErrNoRole = errors.New("this account has no role in the console")

// Provided returns the account of an identity, which is made the first time. Its roles by
// groups are those of now.
func (s *Store) Provided(ctx context.Context, who Identity) (a Account, err error) {
	roles, err := sorted(who.Roles)
	if err != nil {
		roles = together(nil, who.Roles)
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		a, err = scan(
			tx.QueryRowContext(
				ctx,
				"SELECT "+columns+" FROM accounts WHERE issuer = ? AND subject = ?",
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
		if join(roles) != join(a.Provided) {
			step := "roles by provider"
			for _, r := range roles {
				step += " " + string(r)
			}
			if err := s.record(ctx, ledger.AccountChanged, ledger.Actor{}, a.ID, step); err != nil {
				return err
			}
			if err := set(ctx, tx, a.ID, "provided = ?, epoch = epoch + 1", join(roles)); err != nil {
				return err
			}
		}
		if err := set(ctx, tx, a.ID, "address = ?", strings.ToLower(who.Address)); err != nil {
			return err
		}
		a, err = get(ctx, tx, a.ID)
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
	return get(ctx, tx, id)
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
