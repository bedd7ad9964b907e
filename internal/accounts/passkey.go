package accounts

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"sluis/internal/ledger"
)

// Passkey is a key on a person's device (WebAuthn).
type Passkey struct {
	ID    []byte
	Label string
	Made  time.Time
	Used  time.Time // zero: never
}

// maxPasskeys bounds how many an account has.
const maxPasskeys = 10

// Passkeys does the ceremonies of passkeys for one site. A passkey with the fingerprint,
// face or PIN of its owner counts as both factors.
type Passkeys struct {
	store *Store
	site  *webauthn.WebAuthn
}

// Passkeys returns the ceremonies for a site, such as https://sluis.school.nl. A site with
// an address in the place of a name can have none: then it returns nil.
func (s *Store) Passkeys(name, origin string) (*Passkeys, error) {
	u, err := url.Parse(origin)
	if err != nil || strings.Trim(u.Hostname(), "0123456789.") == "" || strings.Contains(u.Hostname(), ":") {
		return nil, err
	}
	site, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: name, RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey:      protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limited, Registration: limited},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return &Passkeys{s, site}, nil
}

var limited = webauthn.TimeoutConfig{Enforce: true, Timeout: 3 * time.Minute, TimeoutUVD: 3 * time.Minute}

// owner is an account as the library wants it.
type owner struct {
	Account
	keys []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return []byte(o.ID) }
func (o owner) WebAuthnName() string                       { return o.Name }
func (o owner) WebAuthnDisplayName() string                { return o.Name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

func (p *Passkeys) owner(ctx context.Context, id string) (o owner, err error) {
	if o.Account, err = p.store.Get(ctx, id); err != nil {
		return o, err
	}
	rows, err := p.store.db.QueryContext(ctx, "SELECT id, credential FROM passkeys WHERE account = ?", id)
	if err != nil {
		return o, fmt.Errorf("passkeys: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key, sealed []byte
		if err := rows.Scan(&key, &sealed); err != nil {
			return o, fmt.Errorf("passkeys: %w", err)
		}
		text, err := p.store.seal.Open(nil, nil, sealed, append([]byte(id), key...))
		if err != nil {
			return o, errors.New("passkeys: one cannot be decrypted: was keys/accounts.key replaced?")
		}
		var c webauthn.Credential
		if err := json.Unmarshal(text, &c); err != nil {
			return o, fmt.Errorf("passkeys: %w", err)
		}
		o.keys = append(o.keys, c)
	}
	return o, rows.Err()
}

// Ceremony is what has to be remembered between the two halves of a ceremony.
type Ceremony = webauthn.SessionData

// BeginAdding returns what the browser is asked in order to make a passkey.
func (p *Passkeys) BeginAdding(ctx context.Context, id string) (options any, c *Ceremony, err error) {
	o, err := p.owner(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if len(o.keys) >= maxPasskeys {
		return nil, nil, errors.New("this account has as many passkeys as it can have: remove one first")
	}
	var others []protocol.CredentialDescriptor
	for _, k := range o.keys {
		others = append(others, k.Descriptor())
	}
	return orFail(p.site.BeginRegistration(o, webauthn.WithExclusions(others)))
}

// Add keeps the passkey that the browser made.
func (p *Passkeys) Add(ctx context.Context, id, label string, c Ceremony, r *http.Request) error {
	o, err := p.owner(ctx, id)
	if err != nil {
		return err
	}
	k, err := p.site.FinishRegistration(o, c, r)
	if err != nil || !k.Flags.UserVerified {
		return ErrWrongCredentials
	}
	if label = strings.TrimSpace(label); label == "" || len(label) > 60 {
		label = "passkey"
	}
	sealed, err := p.sealed(id, k)
	if err != nil {
		return err
	}
	return p.store.change(ctx, func(tx *sql.Tx) error {
		var taken bool
		const query = "SELECT EXISTS (SELECT 1 FROM passkeys WHERE id = ?)"
		if err := tx.QueryRowContext(ctx, query, k.ID).Scan(&taken); err != nil {
			return fmt.Errorf("keep passkey: %w", err)
		}
		if taken {
			return ErrWrongCredentials // one passkey, one account
		}
		if err := p.store.record(ctx, ledger.AccountChanged, ledger.Actor{Name: o.Name}, id, "passkey"); err != nil {
			return err
		}
		_, err := tx.ExecContext(
			ctx,
			"INSERT INTO passkeys (id, account, label, credential, made) VALUES (?, ?, ?, ?, ?)",
			k.ID,
			id,
			label,
			sealed,
			p.store.now().UnixMilli(),
		)
		if err != nil {
			return fmt.Errorf("keep passkey: %w", err)
		}
		return nil
	})
}

func (p *Passkeys) sealed(id string, k *webauthn.Credential) ([]byte, error) {
	text, err := json.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("keep passkey: %w", err)
	}
	return p.store.seal.Seal(nil, nil, text, append([]byte(id), k.ID...)), nil
}

// Begin returns what the browser is asked in order to show a passkey of any account.
func (p *Passkeys) Begin() (options any, c *Ceremony, err error) {
	return orFail(p.site.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired)))
}

func orFail[T any](options T, c *Ceremony, err error) (any, *Ceremony, error) {
	if err != nil {
		return nil, nil, fmt.Errorf("passkeys: %w", err)
	}
	return options, c, nil
}

// ErrByProvider is returned for a passkey of an account that a provider of sign-ins answers for: it is
// a second factor, and no entrance.
var ErrByProvider = fmt.Errorf("sign in with the provider first: %w", ErrWrongCredentials)

// SignIn returns the account whose passkey the browser showed, as an entrance. A person of a provider
// comes in by the provider, which alone knows who has left.
func (p *Passkeys) SignIn(ctx context.Context, c Ceremony, r *http.Request) (Account, error) {
	a, err := p.Show(ctx, c, r)
	if err == nil && a.Issuer != "" {
		return Account{}, ErrByProvider
	}
	return a, err
}

// Show returns the account whose passkey the browser showed, as a second factor.
func (p *Passkeys) Show(ctx context.Context, c Ceremony, r *http.Request) (Account, error) {
	var o owner
	k, err := p.site.FinishDiscoverableLogin(func(_, handle []byte) (webauthn.User, error) {
		var err error
		o, err = p.owner(ctx, string(handle))
		return o, err
	}, c, r)
	if err != nil || o.Disabled || !k.Flags.UserVerified || k.Authenticator.CloneWarning {
		return Account{}, ErrWrongCredentials
	}
	sealed, err := p.sealed(o.ID, k)
	if err != nil {
		return Account{}, err
	}
	_, err = p.store.db.ExecContext(
		ctx,
		"UPDATE passkeys SET credential = ?, used = ? WHERE id = ?",
		sealed,
		p.store.now().UnixMilli(),
		k.ID,
	)
	if err != nil {
		return Account{}, fmt.Errorf("keep passkey: %w", err)
	}
	return o.Account, nil
}

// PasskeysOf returns the passkeys of an account, the oldest first.
func (s *Store) PasskeysOf(ctx context.Context, id string) ([]Passkey, error) {
	rows, err := s.db.QueryContext(
		ctx,
		"SELECT id, label, made, used FROM passkeys WHERE account = ? ORDER BY made",
		id,
	)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	defer rows.Close()
	var all []Passkey
	for rows.Next() {
		var k Passkey
		var made, used int64
		if err := rows.Scan(&k.ID, &k.Label, &made, &used); err != nil {
			return nil, fmt.Errorf("list passkeys: %w", err)
		}
		k.Made = time.UnixMilli(made).UTC()
		if used != 0 {
			k.Used = time.UnixMilli(used).UTC()
		}
		all = append(all, k)
	}
	return all, rows.Err()
}

// DropPasskey removes a passkey of an account. Another account's is not found.
func (s *Store) DropPasskey(ctx context.Context, id string, key []byte) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		a, err := s.get(ctx, tx, id)
		if err != nil {
			return err
		}
		var of string
		err = tx.QueryRowContext(ctx, "SELECT account FROM passkeys WHERE id = ?", bytes.Clone(key)).Scan(&of)
		switch {
		case errors.Is(err, sql.ErrNoRows) || err == nil && of != id:
			return ErrNotFound
		case err != nil:
			return fmt.Errorf("remove passkey: %w", err)
		case a.Privileged() && a.Passkeys == 1 && !a.Codes:
			return ErrLastFactor
		}
		if err := s.record(ctx, ledger.AccountChanged, ledger.Actor{Name: a.Name}, id, "passkey-dropped"); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM passkeys WHERE id = ?", key)
		return err
	})
}
