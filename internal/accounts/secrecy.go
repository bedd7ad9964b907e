package accounts

import (
	"context"
	"time"

	"sluis/internal/ledger"
)

// Statement is the version of the statement of secrecy that counts. Who accepted another one
// is asked again.
const Statement = "1"

// secrecyTime is how long an acceptance counts (C3.3e).
const secrecyTime = 365 * 24 * time.Hour

// Secret reports whether the account has accepted the statement of secrecy, less than a year
// ago: without that an account opens no content (C3.3e).
func (a Account) Secret(now time.Time) bool {
	return a.Statement == Statement && !a.Secrecy.IsZero() && now.Before(a.Secrecy.Add(secrecyTime))
}

// SecretUntil returns when the acceptance has to be renewed.
func (a Account) SecretUntil() time.Time { return a.Secrecy.Add(secrecyTime) }

// AcceptSecrecy records that an account accepts the statement of secrecy.
func (s *Store) AcceptSecrecy(ctx context.Context, a Account, r ledger.Role) error {
	now := s.now()
	_, err := s.ledger.Append(
		ctx,
		ledger.SecrecyAccepted,
		ledger.Data{Actor: ledger.Actor{Name: a.Name, Role: r}, Ref: a.ID, Step: "version-" + Statement,
			Until: now.Add(secrecyTime).UnixMilli()},
	)
	if err != nil {
		return err
	}
	return set(ctx, s.db, a.ID, "secrecy = ?, statement = ?", now.UnixMilli(), Statement)
}
