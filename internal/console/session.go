package console

import (
	"context"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/hashicorp/golang-lru/v2/expirable"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

// Sessions are in memory: when the gateway stops, all are signed out.
const (
	maxSessions = 10_000
	maxBegun    = 4096
	sessionTime = 12 * time.Hour   // an employee's working day
	begunTime   = 10 * time.Minute // to sign in
)

// lasts returns how long a session lasts, and how long without a request.
func lasts(r ledger.Role) (all, idle time.Duration) {
	if r.Privileged() {
		return 4 * time.Hour, 20 * time.Minute
	}
	return sessionTime, time.Hour
}

// memory keeps sessions, the latest ones. It implements scs.Store.
type memory struct {
	kept *expirable.LRU[string, kept]
}

type kept struct {
	data  []byte
	until time.Time
}

func (m memory) Find(token string) ([]byte, bool, error) {
	k, ok := m.kept.Get(token)
	return k.data, ok && time.Now().Before(k.until), nil
}

func (m memory) Commit(token string, data []byte, until time.Time) error {
	m.kept.Add(token, kept{data, until})
	return nil
}

func (m memory) Delete(token string) error {
	m.kept.Remove(token)
	return nil
}

func (c *Console) newSessions(name string, n int, lifetime time.Duration) *scs.SessionManager {
	s := scs.New()
	s.Store, s.Lifetime, s.HashTokenInStore = memory{expirable.NewLRU[string, kept](n, nil, lifetime)}, lifetime, true
	s.Cookie.Name, s.Cookie.Persist, s.Cookie.HttpOnly, s.Cookie.SameSite = name, false, true, http.SameSiteLaxMode
	if c.secure {
		s.Cookie.Name, s.Cookie.Secure = "__Host-"+name, true
	}
	s.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		c.log.Error("console: session", "error", err)
		c.refuse(w, r, errInternal)
	}
	return s
}

// What a session remembers.
const (
	keyAccount = "account"
	keyRole    = "role"
	keyEpoch   = "epoch"
	keyStrong  = "strong" // a second factor was shown
	keyProof   = "proof"  // when a passkey or code was shown last
	keySince   = "since"
	keySeen    = "seen"
	keyNotice  = "notice"  // for the next page
	keySecret  = "secret"  // of codes that are being set up
	keyAdding  = "adding"  // ceremony of a passkey that is being added
	keyPending = "pending" // step of an order that is about to be signed
)

// enter signs an account in, with a new token.
func (v *visit) enter(a accounts.Account, with string, strong bool) error {
	ctx, s := v.r.Context(), v.c.sessions
	roles := a.Roles()
	if len(roles) == 0 {
		return accounts.ErrNoRole
	}
	if strong || !a.Privileged() {
		if err := v.c.accounts.Entered(ctx, a, roles[0], with); err != nil {
			return err
		}
	}
	if err := s.Clear(ctx); err != nil {
		return err
	}
	if err := s.RenewToken(ctx); err != nil { // session fixation
		return err
	}
	if err := v.c.begun.Destroy(ctx); err != nil {
		return err
	}
	if strong || !a.Privileged() {
		v.setCookie(v.c.knownName(), v.c.accounts.Known(a))
	}
	now := v.now()
	s.Put(ctx, keyAccount, a.ID)
	s.Put(ctx, keyRole, string(roles[0]))
	s.Put(ctx, keyEpoch, a.Epoch)
	s.Put(ctx, keyStrong, strong)
	s.Put(ctx, keySince, now.UnixMilli())
	s.Put(ctx, keySeen, now.UnixMilli())
	if strong && with != accounts.WithLink {
		s.Put(ctx, keyProof, now.UnixMilli())
	}
	return nil
}

// leave ends the session.
func (v *visit) leave() error {
	if err := v.session().Destroy(v.r.Context()); err != nil {
		return err
	}
	return v.see("/sign-in")
}

// load reads the account of the session, if it still counts.
func (v *visit) load(ctx context.Context) error {
	s := v.c.sessions
	id := s.GetString(ctx, keyAccount)
	if id == "" {
		return nil
	}
	a, err := v.c.accounts.Get(ctx, id)
	if err != nil {
		return err
	}
	r, now := ledger.Role(s.GetString(ctx, keyRole)), v.now()
	all, idle := lasts(r)
	ended := now.Sub(v.at(keySince)) > all || now.Sub(v.at(keySeen)) > idle
	if a.Epoch != s.Get(ctx, keyEpoch) || !a.May(r) || ended {
		return s.Destroy(ctx)
	}
	v.Account, v.Role, v.strong, v.proven = a, r, s.GetBool(ctx, keyStrong), v.at(keyProof)
	if now.Sub(v.at(keySeen)) > time.Minute {
		s.Put(ctx, keySeen, now.UnixMilli())
	}
	return nil
}

// at returns a time that the session remembers; zero if it does not.
func (v *visit) at(key string) time.Time {
	if ms := v.c.sessions.GetInt64(v.r.Context(), key); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}

// renew goes on with this session after a change of its account that ends all others.
func (v *visit) renew() error {
	ctx, s := v.r.Context(), v.c.sessions
	a, err := v.c.accounts.Get(ctx, v.Account.ID)
	if err != nil {
		return err
	}
	s.Put(ctx, keyEpoch, a.Epoch)
	v.Account = a
	return s.RenewToken(ctx)
}

// prove records in the session that a passkey or code was shown.
func (v *visit) prove() error {
	ctx, s := v.r.Context(), v.c.sessions
	if !v.strong {
		if err := v.c.accounts.Entered(ctx, v.Account, v.Role, accounts.WithPassword); err != nil {
			return err
		}
	}
	s.Put(ctx, keyStrong, true)
	s.Put(ctx, keyProof, v.now().UnixMilli())
	v.strong, v.proven = true, v.now()
	return s.RenewToken(ctx)
}
