package accounts

import (
	"context"
	"database/sql"
	"errors"

	"sluis/internal/ledger"
)

// Demonstrate returns the secret of a link that signs in at once, with an account that it makes
// if need be, and codes that Demonstration returns. It is for sluis demo alone;
// an account that is not of the demonstration stays closed.
func (s *Store) Demonstrate(
	ctx context.Context,
	name, address string,
	roles ...ledger.Role,
) (secret string, err error) {
	return secret, s.change(ctx, func(tx *sql.Tx) error {
		a, err := s.scan(tx.QueryRowContext(ctx, "SELECT "+columns+from+"WHERE name = ?", name))
		if errors.Is(err, ErrNotFound) {
			a, err = s.actor(ctx, tx, name, address, roles)
		}
		if err != nil {
			return err
		}
		if !a.demonstration {
			return ErrNameTaken
		}
		secret, err = s.link(ctx, tx, a.ID, Entry)
		return err
	})
}

// actor makes an account of the demonstration.
func (s *Store) actor(ctx context.Context, tx *sql.Tx, name, address string, roles []ledger.Role) (Account, error) {
	roles, err := sorted(roles)
	if err != nil {
		return Account{}, err
	}
	key, err := NewCodes("Sluis", name)
	if err != nil {
		return Account{}, err
	}
	id := newID()
	if err := s.insert(ctx, tx, ledger.CommandLine, id, name, address, "demonstration"); err != nil {
		return Account{}, err
	}
	if err := s.record(ctx, ledger.AccountChanged, ledger.CommandLine, id, "roles "+join(roles)); err != nil {
		return Account{}, err
	}
	err = set(
		ctx,
		tx,
		id,
		"given = ?, totp = ?, demonstration = 1",
		join(roles),
		s.seal.Seal(nil, nil, []byte(key.Secret()), []byte(id)),
	)
	if err != nil {
		return Account{}, err
	}
	return s.get(ctx, tx, id)
}
