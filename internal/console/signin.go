package console

import (
	"encoding/json"
	"errors"
	"net/http"

	"sluis/internal/accounts"
	"sluis/internal/accounts/provider"
	"sluis/internal/ledger"
)

// signInRoutes lead in.
var signInRoutes = []route{
	{pattern: "GET /sign-in", who: anybody, do: (*visit).signInPage},
	{pattern: "POST /sign-in", who: anybody, tells: ledger.SignedIn, do: (*visit).signIn},
	{pattern: "GET /sign-in/code", who: anybody, do: (*visit).codePage},
	{pattern: "POST /sign-in/code", who: anybody, tells: ledger.SignedIn, do: (*visit).signInCode},
	{pattern: "POST /sign-in/passkey", who: anybody, quiet: "it asks for a passkey, and nothing more", do: (*visit).beginPasskey},
	{pattern: "POST /sign-in/passkey/shown", who: anybody, tells: ledger.SignedIn, do: (*visit).signInPasskey},
	{pattern: "GET /sign-in/with/{provider}", who: anybody, do: (*visit).toProvider},
	{pattern: "GET /sign-in/with/{provider}/back", who: anybody, tells: ledger.SignedIn, do: (*visit).fromProvider},
	{pattern: "GET /link/{secret}", who: anybody, do: (*visit).linkPage},
	{pattern: "POST /link/{secret}", who: anybody, tells: ledger.SignedIn, do: (*visit).useLink},
	{pattern: "POST /sign-out", who: entering, quiet: "nobody keeps how long people are there", do: (*visit).signOut},
	{pattern: "GET /proof", who: entering, do: (*visit).proofPage},
	{pattern: "POST /proof", who: entering, quiet: "what it is shown for is in the ledger", do: (*visit).proveByCode},
	{pattern: "POST /proof/passkey/shown", who: entering, quiet: "what it is shown for is in the ledger", do: (*visit).proveByPasskey},
}

// What is remembered of somebody who is signing in.
const (
	begunAccount  = "account" // whose password was right
	begunWith     = "with"
	begunNext     = "next"
	begunCeremony = "ceremony"
	begunProvider = "provider"
)

// signInForm is what the page shows.
type signInForm struct {
	Name, Next string
	Providers  []*provider.Provider
	Passkeys   bool
	Empty      bool // nobody has an account yet
}

func (v *visit) signInForm(name, next string) (signInForm, error) {
	empty, err := v.c.o.Accounts.Empty(v.r.Context())
	return signInForm{name, local(next), v.c.o.Providers, v.c.passkeys != nil, empty}, err
}

func (v *visit) signInPage() error {
	if v.Account.ID != "" {
		return v.see("/")
	}
	form, err := v.signInForm("", v.r.URL.Query().Get("next"))
	if err != nil {
		return err
	}
	return v.show("sign-in", form)
}

func (v *visit) signIn() error {
	form, err := v.signInForm(v.field("name"), v.field("next"))
	if err != nil {
		return err
	}
	a, err := v.c.o.Accounts.SignIn(v.r.Context(), v.client(), form.Name, v.r.PostFormValue("password"))
	switch {
	case errors.Is(err, accounts.ErrCredentials):
		return v.again("sign-in", form, "wrong-credentials")
	case err != nil:
		return err
	}
	return v.half(a, accounts.WithPassword, form.Next)
}

// half goes on after a password or a provider: who has a second factor shows it as well.
func (v *visit) half(a accounts.Account, with, next string) error {
	ctx, b := v.r.Context(), v.c.begun
	if !a.Strong() || with == accounts.WithProvider && !a.Privileged() {
		if err := v.enter(a, with, false); err != nil {
			return err
		}
		return v.see(local(next))
	}
	if err := b.RenewToken(ctx); err != nil {
		return err
	}
	b.Put(ctx, begunAccount, a.ID)
	b.Put(ctx, begunWith, with)
	b.Put(ctx, begunNext, local(next))
	return v.see("/sign-in/code")
}

// halfway returns the account whose password was right a short while ago.
func (v *visit) halfway() (accounts.Account, error) {
	id := v.c.begun.GetString(v.r.Context(), begunAccount)
	if id == "" {
		return accounts.Account{}, accounts.ErrNotFound
	}
	return v.c.o.Accounts.Get(v.r.Context(), id)
}

// proofForm is what asks for a second factor.
type proofForm struct {
	Action          string // where codes go
	Next            string
	Codes, Passkeys bool
	Code            string // in the demonstration
}

func (v *visit) proofForm(a accounts.Account, action, next string) (f proofForm, err error) {
	f = proofForm{action, local(next), a.Codes, a.Passkeys > 0 && v.c.passkeys != nil, ""}
	if v.c.o.Demo {
		f.Code, err = v.c.o.Accounts.Demonstration(v.r.Context(), a)
	}
	return f, err
}

func (v *visit) codePage() error {
	a, err := v.halfway()
	if errors.Is(err, accounts.ErrNotFound) {
		return v.see("/sign-in")
	}
	if err != nil {
		return err
	}
	f, err := v.proofForm(a, "/sign-in/code", v.c.begun.GetString(v.r.Context(), begunNext))
	if err != nil {
		return err
	}
	return v.show("proof", f)
}

func (v *visit) signInCode() error {
	a, err := v.halfway()
	if errors.Is(err, accounts.ErrNotFound) {
		return v.see("/sign-in")
	}
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	next, with := v.c.begun.GetString(ctx, begunNext), v.c.begun.GetString(ctx, begunWith)
	if err := v.c.o.Accounts.Code(ctx, v.client(), a.ID, v.field("code")); errors.Is(err, accounts.ErrCredentials) {
		f, err := v.proofForm(a, "/sign-in/code", next)
		if err != nil {
			return err
		}
		return v.again("proof", f, "wrong-code")
	} else if err != nil {
		return err
	}
	if err := v.enter(a, with, true); err != nil {
		return err
	}
	return v.see(next)
}

// beginPasskey gives the browser what it asks a passkey with.
func (v *visit) beginPasskey() error {
	if v.c.passkeys == nil {
		return errNoPage
	}
	options, ceremony, err := v.c.passkeys.Begin()
	if err != nil {
		return err
	}
	b, err := json.Marshal(ceremony)
	if err != nil {
		return err
	}
	v.c.begun.Put(v.r.Context(), begunCeremony, b)
	return v.json(options)
}

// shown returns the account whose passkey the browser showed. A ceremony counts once.
func (v *visit) shown() (accounts.Account, error) {
	if v.c.passkeys == nil {
		return accounts.Account{}, errNoPage
	}
	var ceremony accounts.Ceremony
	if err := json.Unmarshal(v.c.begun.PopBytes(v.r.Context(), begunCeremony), &ceremony); err != nil {
		return accounts.Account{}, errUnclear
	}
	a, err := v.c.passkeys.SignIn(v.r.Context(), ceremony, v.r)
	if errors.Is(err, accounts.ErrCredentials) {
		return accounts.Account{}, errNotYours
	}
	return a, err
}

func (v *visit) signInPasskey() error {
	a, err := v.shown()
	if err != nil {
		return err
	}
	if err := v.enter(a, accounts.WithPasskey, true); err != nil {
		return err
	}
	return v.json(map[string]string{"next": local(v.r.URL.Query().Get("next"))})
}

func (v *visit) json(value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	_, err = v.w.Write(b)
	return err
}

func (v *visit) provider() (*provider.Provider, error) {
	for _, p := range v.c.o.Providers {
		if p.Name() == v.r.PathValue("provider") {
			return p, nil
		}
	}
	return nil, errNoPage
}

// toProvider sends the browser to a provider of sign-ins. All that changes is the visitor's
// own cookie.
func (v *visit) toProvider() error {
	p, err := v.provider()
	if err != nil {
		return err
	}
	ctx, b := v.r.Context(), v.c.begun
	request, err := p.Begin(ctx)
	if err != nil {
		v.c.o.Log.Error("console: a provider of sign-ins does not answer as it should", "provider", p.Name(), "error", err)
		return errProvider
	}
	kept, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if err := b.RenewToken(ctx); err != nil {
		return err
	}
	b.Put(ctx, begunProvider, kept)
	b.Put(ctx, begunNext, local(v.r.URL.Query().Get("next")))
	http.Redirect(v.w, v.r, request.URL, http.StatusSeeOther)
	return nil
}

func (v *visit) fromProvider() error {
	p, err := v.provider()
	if err != nil {
		return err
	}
	ctx, b := v.r.Context(), v.c.begun
	var request provider.Request
	if err := json.Unmarshal(b.PopBytes(ctx, begunProvider), &request); err != nil {
		return v.see("/sign-in")
	}
	who, err := p.Finish(ctx, request, v.r.URL.Query())
	if err != nil {
		v.c.o.Log.Error("console: a sign-in with a provider failed", "provider", p.Name(), "error", err)
		return errProvider
	}
	a, err := v.c.o.Accounts.Provided(ctx, who)
	if errors.Is(err, accounts.ErrNoRole) {
		return errNoRole
	}
	if err != nil {
		return err
	}
	return v.half(a, accounts.WithProvider, b.GetString(ctx, begunNext))
}

// linkForm is what the page of a link shows.
type linkForm struct {
	Secret, Name string
	Begins       bool // a password has to be chosen
}

func (v *visit) link() (linkForm, error) {
	secret := v.r.PathValue("secret")
	a, purpose, err := v.c.o.Accounts.Link(v.r.Context(), secret)
	if errors.Is(err, accounts.ErrLink) || err == nil && purpose == accounts.Entry && !v.c.o.Demo {
		return linkForm{}, errLink
	}
	return linkForm{secret, a.Name, purpose == accounts.Begin}, err
}

// linkPage shows a button: programs that look at links in mail ahead of people use none up.
func (v *visit) linkPage() error {
	form, err := v.link()
	if err != nil {
		return err
	}
	return v.show("link", form)
}

func (v *visit) useLink() error {
	form, err := v.link()
	if err != nil {
		return err
	}
	pass := v.r.PostFormValue("password")
	if form.Begins && pass != v.r.PostFormValue("again") {
		return v.again("link", form, "password-differs")
	}
	a, purpose, err := v.c.o.Accounts.Redeem(v.r.Context(), form.Secret, pass)
	switch {
	case errors.Is(err, accounts.ErrWeak):
		return v.again("link", form, "password-weak")
	case errors.Is(err, accounts.ErrLink):
		return errLink
	case err != nil:
		return err
	}
	if err := v.enter(a, accounts.WithLink, purpose == accounts.Entry); err != nil {
		return err
	}
	return v.see("/")
}

func (v *visit) signOut() error {
	if err := v.c.sessions.Destroy(v.r.Context()); err != nil {
		return err
	}
	return v.see("/sign-in")
}

// proofPage asks who is signed in already for a passkey or code, before something that
// matters.
func (v *visit) proofPage() error {
	if !v.Account.Strong() {
		return v.see("/account/factor")
	}
	f, err := v.proofForm(v.Account, "/proof", v.r.URL.Query().Get("next"))
	if err != nil {
		return err
	}
	return v.show("proof", f)
}

func (v *visit) proveByCode() error {
	err := v.c.o.Accounts.Code(v.r.Context(), v.client(), v.Account.ID, v.field("code"))
	if errors.Is(err, accounts.ErrCredentials) {
		f, err := v.proofForm(v.Account, "/proof", v.field("next"))
		if err != nil {
			return err
		}
		return v.again("proof", f, "wrong-code")
	}
	if err != nil {
		return err
	}
	if err := v.prove(); err != nil {
		return err
	}
	return v.see(local(v.field("next")))
}

func (v *visit) proveByPasskey() error {
	a, err := v.shown()
	if err != nil {
		return err
	}
	if a.ID != v.Account.ID {
		return errNotYours
	}
	if err := v.prove(); err != nil {
		return err
	}
	return v.json(map[string]string{"next": local(v.r.URL.Query().Get("next"))})
}
