package console

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/hashicorp/golang-lru/v2/expirable"

	"sluis/filter"
	"sluis/internal/accounts"
	"sluis/internal/control"
	"sluis/internal/ledger"
	"sluis/internal/oversight/imagery"
	"sluis/internal/quarantine"
)

// Control is the console for the command line of the same machine: what is opened, released or
// destroyed there goes through the accounts and services of the pages, with the same proofs. The right
// to the socket that it serves is no right to anything else.
type Control struct {
	accounts   *accounts.Store
	quarantine Quarantine
	imagery    *imagery.Store
	ledger     *ledger.Ledger
	notify     func(context.Context, BreakGlass) error
	log        *slog.Logger
	sessions   *expirable.LRU[string, shellSession]
	mux        *http.ServeMux
	now        func() time.Time
}

// shellSession is a person who showed password and code a short while ago.
type shellSession struct {
	account string
	epoch   int64
	until   time.Time
}

// maxShellSessions bounds how many people are signed in on the command line at once.
const maxShellSessions = 64

// NewControl returns the console for the command line.
func NewControl(s Services, log *slog.Logger) *Control {
	c := &Control{
		accounts:   s.Accounts,
		quarantine: s.reviewed(),
		imagery:    s.Imagery,
		ledger:     s.Ledger,
		notify:     s.BreakGlass,
		log:        log,
		sessions:   expirable.NewLRU[string, shellSession](maxShellSessions, nil, proofTime),
		mux:        http.NewServeMux(),
		now:        time.Now,
	}
	c.mux.HandleFunc("POST /sign-in", replying(c, c.signIn))
	c.mux.HandleFunc("POST /sign-out", replying(c, c.signOut))
	for path, do := range map[string]reviewing{
		"open":    c.open,
		"release": c.release,
		"destroy": c.destroy,
		"agree":   c.agree,
		"refuse":  c.refuse,
	} {
		c.mux.HandleFunc("POST /quarantine/{id}/"+path, replying(c, c.reviewed(do)))
	}
	c.mux.HandleFunc("POST /break-glass/{id}/{act}", replying(c, c.breakGlass))
	c.mux.HandleFunc("POST /cases/{id}/read", replying(c, c.readCase))
	return c
}

// ServeHTTP serves a request of a command.
func (c *Control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if fault := recover(); fault != nil {
			c.log.Error("control: a command failed", "command", r.Pattern, "at", place())
			w.WriteHeader(http.StatusInternalServerError)
		}
	}()
	c.mux.ServeHTTP(w, r)
}

// replying reads what a command asks, and writes what do answers.
func replying[Ask, Answer any](c *Control, do func(r *http.Request, ask Ask) (Answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		var ask Ask
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, control.MaxAsked)).Decode(&ask); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		a, err := do(r, ask)
		switch {
		case errors.Is(err, control.ErrSignIn):
			w.WriteHeader(http.StatusUnauthorized)
		case err != nil:
			w.WriteHeader(http.StatusUnprocessableEntity)
			json.NewEncoder(w).Encode(control.Problem{Error: err.Error()})
		default:
			json.NewEncoder(w).Encode(a)
		}
	}
}

// Errors of the command line.
var (
	errNoCodes = errors.New("this account has no app that makes codes: add one, or do this, in the console")
	errSecrecy = errors.New("accept the statement of secrecy first, in the console (C3.3e)")
	errRole    = errors.New("this is not for the roles of this account")
)

// signIn takes a password and a fresh code; a passkey is shown to the console alone.
func (c *Control) signIn(r *http.Request, ask control.SignIn) (control.Session, error) {
	ctx, shell := r.Context(), accounts.Client{}
	a, err := c.accounts.SignIn(ctx, shell, ask.Name, ask.Password)
	if err != nil {
		return control.Session{}, err
	}
	if !a.Codes {
		return control.Session{}, errNoCodes
	}
	if err := c.accounts.Code(ctx, shell, a.ID, ask.Code); err != nil {
		return control.Session{}, err
	}
	roles := a.Roles()
	if len(roles) == 0 {
		return control.Session{}, accounts.ErrNoRole
	}
	if err := c.accounts.Entered(ctx, a, roles[0], accounts.WithPassword); err != nil {
		return control.Session{}, err
	}
	s := control.Session{Name: a.Name, Token: rand.Text(), Until: c.now().Add(proofTime)}
	c.sessions.Add(s.Token, shellSession{a.ID, a.Epoch, s.Until})
	return s, nil
}

func (c *Control) signOut(r *http.Request, _ struct{}) (control.Result, error) {
	c.sessions.Remove(shown(r))
	return control.Result{}, nil
}

func shown(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// actor returns who acts in one of some roles: a person whose proof is fresh, and who is bound to
// secrecy. It is what the routes of the pages check (C3.3e).
func (c *Control) actor(r *http.Request, who who) (ledger.Actor, error) {
	s, ok := c.sessions.Get(shown(r))
	if !ok || !c.now().Before(s.until) {
		return ledger.Actor{}, control.ErrSignIn
	}
	a, err := c.accounts.Get(r.Context(), s.account)
	if err != nil {
		return ledger.Actor{}, err
	}
	if a.Epoch != s.epoch || a.Disabled {
		return ledger.Actor{}, control.ErrSignIn
	}
	for _, role := range a.Roles() {
		if !who.may(role) {
			continue
		}
		if !a.Secret(c.now()) {
			return ledger.Actor{}, errSecrecy
		}
		return ledger.Actor{Name: a.Name, Role: role}, nil
	}
	return ledger.Actor{}, errRole
}

// reviewing is what a reviewer does with a message.
type reviewing func(ctx context.Context, id filter.ID, by quarantine.Intent, ask control.Act) (control.Result, error)

// reviewed lets a reviewer do something with the message of the path.
func (c *Control) reviewed(do reviewing) func(*http.Request, control.Act) (control.Result, error) {
	return func(r *http.Request, ask control.Act) (control.Result, error) {
		by, err := c.actor(r, reviewers)
		if err != nil {
			return control.Result{}, err
		}
		id, err := filter.ParseID(r.PathValue("id"))
		if err != nil {
			return control.Result{}, quarantine.ErrNotFound
		}
		return do(r.Context(), id, quarantine.Intent{Actor: by, Reason: oneReason(ask.Reason)}, ask)
	}
}

// keysOf are the private keys that a reviewer brings for one act.
func keysOf(ask control.Act) ([]age.Identity, error) {
	if ask.Identity == "" {
		return nil, nil
	}
	keys, err := age.ParseIdentities(strings.NewReader(ask.Identity))
	if err != nil {
		return nil, errors.New("the private key cannot be read")
	}
	return keys, nil
}

// open shows a stage, and then reveals each identifier that is asked for, with an entry for each.
func (c *Control) open(ctx context.Context, id filter.ID, by quarantine.Intent, ask control.Act) (
	control.Result, error) {
	own, err := keysOf(ask)
	if err != nil {
		return control.Result{}, err
	}
	d := disclosure{stage: ask.Stage, part: ask.Part}
	sheet, err := c.quarantine.disclose(ctx, id, by, d, own...)
	for _, n := range ask.Reveal {
		if err != nil {
			break
		}
		if n < 1 || n > sheet.Masked {
			return control.Result{}, errors.New("there is no masked identifier with this number in this stage")
		}
		d.reveals, d.revealed = true, append(d.revealed, n)
		sheet, err = c.quarantine.disclose(ctx, id, by, d, own...)
	}
	return control.Result{Sheet: sheet}, c.explain(err)
}

func (c *Control) release(ctx context.Context, id filter.ID, by quarantine.Intent, ask control.Act) (
	control.Result, error) {
	own, err := keysOf(ask)
	if err != nil {
		return control.Result{}, err
	}
	by.Note = ask.Note
	out, err := c.quarantine.release(ctx, id, by, own...)
	return resultOf(out), c.explain(err)
}

func (c *Control) destroy(ctx context.Context, id filter.ID, by quarantine.Intent, _ control.Act) (
	control.Result, error) {
	out, err := c.quarantine.destroy(ctx, id, by)
	return resultOf(out), c.explain(err)
}

func (c *Control) agree(ctx context.Context, id filter.ID, by quarantine.Intent, ask control.Act) (
	control.Result, error) {
	own, err := keysOf(ask)
	if err != nil {
		return control.Result{}, err
	}
	out, err := c.quarantine.agree(ctx, id, by, own...)
	return resultOf(out), c.explain(err)
}

func (c *Control) refuse(ctx context.Context, id filter.ID, by quarantine.Intent, _ control.Act) (
	control.Result, error) {
	if err := c.quarantine.may(ctx, by.Actor, id); err != nil {
		return control.Result{}, err
	}
	return control.Result{Done: "refused"}, c.explain(c.quarantine.Store.Refuse(ctx, id, by))
}

// readCase shows what a complaint about imagery says.
func (c *Control) readCase(r *http.Request, ask control.Act) (control.Result, error) {
	by, err := c.actor(r, caseHandlers)
	if err != nil {
		return control.Result{}, err
	}
	own, err := keysOf(ask)
	if err != nil {
		return control.Result{}, err
	}
	keys, err := keyring(c.quarantine.Keys).identities(own...)
	if err != nil {
		return control.Result{}, c.explain(err)
	}
	said, err := c.imagery.Read(r.Context(), by, r.PathValue("id"), keys...)
	return control.Result{Page: said.Page, Said: said.Text}, c.explain(err)
}

// explain adds what to do about an error.
func (c *Control) explain(err error) error {
	if errors.Is(err, errNoKey) {
		return errors.New("the gateway has no private key: name yours with --identity FILE")
	}
	return err
}

func resultOf(o outcome) control.Result {
	r := control.Result{Done: o.done, Reply: o.reply.Codes, Text: o.reply.Text}
	switch {
	case o.done != "released" || o.reply.OK:
	case o.reply.Permanent:
		r.Done = "failed"
	default:
		r.Done = "releasing"
	}
	if o.reply.NoteError != nil {
		r.Unnoted = o.reply.NoteError.Error()
	}
	return r
}
