package accounts

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
)

// Account is a person who may sign in.
type Account struct {
	ID       string        // random; what the ledger refers to
	Name     string        // what they sign in with, and who they are in the ledger
	Claimed  string        // address of mail, as it was given
	Address  string        // the same, once its owner has confirmed it; empty until then
	Person   string        // stands for the person of the roster whose address it is; empty: nobody
	Given    []ledger.Role // by administrators
	Provided []ledger.Role // by the provider's groups, until some days after its last answer
	Issuer   string        // of the provider they sign in with; empty: here
	Made     time.Time
	Disabled bool
	Language string // that they chose; empty: none

	Password bool // they have one
	Codes    bool // and an app that makes codes
	Passkeys int

	Confirmed time.Time // when the owner confirmed the address; zero: not for the person of now
	Current   bool      // no address of the person changed since
	Epoch     int64     // changes when sessions have to end
	Secrecy   time.Time // when they accepted the statement of secrecy; zero: never
	Statement string    // which version of it

	demonstration bool
	invited       bool // by mail, just now
	proof         proof
	stored        []ledger.Role // of a provider, whether they count or not
	answered      time.Time     // until when the provider's last answer counts
	vouched       bool          // the address is confirmed, and of a person of the roster
}

// Roles are the roles that the account may act in. Roles that decide, and those of a provider, count
// once the owner of an address on the roster has confirmed it; until then it is an employee's.
func (a Account) Roles() []ledger.Role {
	roles, waits := together(a.Given, a.Provided), a.Waiting()
	if len(waits) == 0 {
		return roles
	}
	roles = slices.DeleteFunc(roles, func(r ledger.Role) bool { return slices.Contains(waits, r) })
	if !slices.Contains(roles, ledger.Employee) {
		roles = append(roles, ledger.Employee)
	}
	return roles
}

// Waiting are the roles that do not count until the address of the account is confirmed, and of a
// person of the roster. An administrator who was given the role does not wait: the first one begins
// where there is no mail yet.
func (a Account) Waiting() []ledger.Role {
	if a.vouched {
		return nil
	}
	return slices.DeleteFunc(privileged(together(a.Given, a.Provided)), func(r ledger.Role) bool {
		return slices.Contains(a.Given, r) && (r == ledger.ICT || r == ledger.Admin)
	})
}

// Apart reports whether an account of before has roles that are of different people, and so counts in
// none of them: an administrator has to choose one.
func (a Account) Apart() bool { return len(privileged(a.Given)) > 1 }

// May reports whether the account may act in a role.
func (a Account) May(r ledger.Role) bool { return !a.Disabled && slices.Contains(a.Roles(), r) }

// Strong reports whether the account has a second factor.
func (a Account) Strong() bool { return a.Codes || a.Passkeys > 0 }

// Privileged reports whether one of its roles is.
func (a Account) Privileged() bool { return slices.ContainsFunc(a.Roles(), ledger.Role.Privileged) }

// Invited reports whether a link was mailed to the owner when the account was made.
func (a Account) Invited() bool { return a.invited }

// fresh reports whether the account never had anything to sign in with.
func (a Account) fresh() bool { return !a.Password && !a.Strong() && a.Issuer == "" }

var validName = regexp.MustCompile(`^[a-z][a-z0-9.-]{1,39}$`)

const columns = `accounts.id, name, accounts.address, given, provided, issuer, made, disabled, language, hash <> '', totp IS NOT NULL,
	(SELECT count(*) FROM passkeys p WHERE p.account = accounts.id), epoch, secrecy, statement, demonstration,
	coalesce((SELECT until FROM answers n WHERE n.account = accounts.id), 0), coalesce(c.time, 0),
	coalesce(c.person, ''), coalesce(c.addresses, '')`

// from is what the columns are of: the proof of another address than the account has is none.
const from = ` FROM accounts LEFT JOIN confirmed c ON c.account = accounts.id AND c.address = accounts.address `

func (s *Store) scan(row interface{ Scan(...any) error }) (a Account, err error) {
	var given, provided string
	var made, secrecy, answered, confirmed int64
	err = row.Scan(
		&a.ID,
		&a.Name,
		&a.Claimed,
		&given,
		&provided,
		&a.Issuer,
		&made,
		&a.Disabled,
		&a.Language,
		&a.Password,
		&a.Codes,
		&a.Passkeys,
		&a.Epoch,
		&secrecy,
		&a.Statement,
		&a.demonstration,
		&answered,
		&confirmed,
		&a.proof.person,
		&a.proof.addresses,
	)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, ErrNotFound
	}
	if err != nil {
		return Account{}, fmt.Errorf("read account: %w", err)
	}
	a.Given, a.Provided, a.Made = split(given), split(provided), time.UnixMilli(made).UTC()
	if secrecy != 0 {
		a.Secrecy = time.UnixMilli(secrecy).UTC()
	}
	if confirmed != 0 {
		a.proof.at = time.UnixMilli(confirmed).UTC()
	}
	a.answered, a.stored = time.UnixMilli(answered), a.Provided
	s.settle(&a)
	return a, nil
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (s *Store) get(ctx context.Context, q querier, id string) (Account, error) {
	return s.scan(q.QueryRowContext(ctx, "SELECT "+columns+from+"WHERE accounts.id = ?", id))
}

func set(ctx context.Context, q querier, id, assignments string, args ...any) error {
	query := "UPDATE accounts SET " + assignments + " WHERE id = ?"
	if _, err := q.ExecContext(ctx, query, append(args, id)...); err != nil {
		return fmt.Errorf("change account: %w", err)
	}
	return nil
}

// Get returns an account by its id.
func (s *Store) Get(ctx context.Context, id string) (Account, error) { return s.get(ctx, s.db, id) }

// Named returns an account by its name.
func (s *Store) Named(ctx context.Context, name string) (Account, error) {
	return s.scan(s.db.QueryRowContext(ctx, "SELECT "+columns+from+"WHERE name = ?", name))
}

// List returns all accounts, by name.
func (s *Store) List(ctx context.Context) ([]Account, error) { return s.list(ctx, s.db) }

func (s *Store) list(ctx context.Context, q querier) ([]Account, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+columns+from+"ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	defer rows.Close()
	var all []Account
	for rows.Next() {
		a, err := s.scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

// Empty reports whether there is no account yet.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM accounts LIMIT 1)").Scan(&n)
	if err != nil {
		return false, fmt.Errorf("count accounts: %w", err)
	}
	return n == 0, nil
}

// admins returns the administrators that can sign in.
func (s *Store) admins(ctx context.Context, q querier) ([]Account, error) {
	all, err := s.list(ctx, q)
	return slices.DeleteFunc(all, func(a Account) bool { return !a.May(ledger.Admin) || a.fresh() }), err
}

// may returns ErrForbidden for an actor who does not administer accounts.
func may(by ledger.Actor) error {
	if by != ledger.CommandLine && by.Role != ledger.Admin {
		return ErrForbidden
	}
	return nil
}

// Make makes an account for a person of the roster, and mails a link to begin with to that person.
// On the command line there is no mail yet, and the account may be of nobody on the roster unless its
// role decides. Roles that see content wait for another administrator: then the proposal is returned,
// and the account has the others until then.
func (s *Store) Make(
	ctx context.Context,
	by ledger.Actor,
	name, address string,
	roles []ledger.Role,
) (a Account, waits *Proposal, err error) {
	if err := may(by); err != nil {
		return Account{}, nil, err
	}
	if roles, err = sorted(roles); err != nil {
		return Account{}, nil, err
	}
	if !validName.MatchString(name) {
		return Account{}, nil, ErrInvalidName
	}
	if by != ledger.CommandLine {
		if err := s.belongs(address); err != nil {
			return Account{}, nil, err
		}
	}
	id := newID()
	err = s.change(ctx, func(tx *sql.Tx) error {
		if err := s.insert(ctx, tx, by, id, name, address, "made"); err != nil {
			return err
		}
		if waits, err = s.propose(ctx, tx, by, id, Change{Kind: SetRoles, Roles: roles}); err != nil {
			return err
		}
		if waits != nil && slices.Contains(roles, ledger.Employee) {
			if err := set(ctx, tx, id, "given = ?", string(ledger.Employee)); err != nil {
				return err
			}
		}
		all, err := s.admins(ctx, tx)
		if err != nil {
			return err
		}
		sends := by != ledger.CommandLine || mailedOnly(roles, all)
		if sends {
			if err := s.sendLink(ctx, tx, id); err != nil {
				return err
			}
		}
		a, err = s.get(ctx, tx, id)
		a.invited = sends
		return err
	})
	if err != nil {
		return Account{}, nil, err
	}
	return a, waits, nil
}

func (s *Store) insert(ctx context.Context, tx *sql.Tx, by ledger.Actor, id, name, address, step string) error {
	var taken bool
	const query = "SELECT EXISTS (SELECT 1 FROM accounts WHERE name = ?)"
	if err := tx.QueryRowContext(ctx, query, name).Scan(&taken); err != nil {
		return fmt.Errorf("make account: %w", err)
	}
	if taken {
		return ErrNameTaken
	}
	if err := s.record(ctx, ledger.AccountMade, by, id, step); err != nil {
		return err
	}
	const insert = "INSERT INTO accounts (id, name, address, made) VALUES (?, ?, ?, ?)"
	if _, err := tx.ExecContext(ctx, insert, id, name, lower(address), s.now().UnixMilli()); err != nil {
		return fmt.Errorf("make account: %w", err)
	}
	return nil
}

// SetLanguage stores the language of an account's choice.
func (s *Store) SetLanguage(ctx context.Context, id, language string) error {
	return set(ctx, s.db, id, "language = ?", language)
}

// SignOut ends all sessions of an account.
func (s *Store) SignOut(ctx context.Context, id string) error {
	return set(ctx, s.db, id, "epoch = epoch + 1")
}

func newID() string { return strings.ToLower(rand.Text()) }
