package console

import (
	"encoding/json"
	"errors"
	"net/http"

	"sluis/internal/accounts"
	"sluis/internal/accounts/provider"
	"sluis/internal/ledger"

	"github.com/alexedwards/scs/v2"
)

// signInPages sign people in: with a password, a passkey, a provider of sign-ins or a link, and a
// second factor where the role needs one.
type signInPages struct {
	accounts  *accounts.Store
	passkeys  *accounts.Passkeys // nil: the origin cannot have any
	providers []*provider.Provider
	begun     *scs.SessionManager // of people who are signing in
	demo      bool
}

func (p *signInPages) routes() []route {
	return []route{
		get("/sign-in", anybody, p.show),
		post("/sign-in", anybody, p.signIn).recorded(ledger.SignedIn),
		get("/sign-in/code", anybody, p.code),
		post("/sign-in/code", anybody, p.signInCode).recorded(ledger.SignedIn),
		post("/sign-in/passkey", anybody, p.beginPasskey).unrecorded("it asks for a passkey, and nothing more"),
		post("/sign-in/passkey/shown", anybody, p.signInPasskey).recorded(ledger.SignedIn),
		get("/sign-in/with/{provider}", anybody, p.toProvider),
		get("/sign-in/with/{provider}/back", anybody, p.fromProvider).recorded(ledger.SignedIn),
		get("/link/{secret}", anybody, p.showLink),
		post("/link/{secret}", anybody, p.useLink).recorded(ledger.SignedIn),
		post("/sign-out", entering, p.signOut).unrecorded("how long people are there is not recorded"),
		get("/proof", entering, p.proof),
		post("/proof", entering, p.proveByCode).unrecorded("what it is shown for is in the ledger"),
		post("/proof/passkey/shown", entering, p.proveByPasskey).unrecorded("what it is shown for is in the ledger"),
	}
}

// Keys of the session of a person who is signing in.
const (
	begunAccount  = "account" // whose password was right
	begunWith     = "with"
	begunNext     = "next"
	begunCeremony = "ceremony"
	begunProvider = "provider"
)

// signInForm is the page.
type signInForm struct {
	Name, Next string
	Providers  []*provider.Provider
	Passkeys   bool
	Empty      bool // there is no account yet
}

func (p *signInPages) form(v *visit, name, next string) (signInForm, error) {
	empty, err := p.accounts.Empty(v.r.Context())
	return signInForm{name, local(next), p.providers, p.passkeys != nil, empty}, err
}

func (p *signInPages) show(v *visit) error {
	if v.Account.ID != "" {
		return v.see("/")
	}
	form, err := p.form(v, "", v.r.URL.Query().Get("next"))
	if err != nil {
		return err
	}
	return v.show("sign-in", form)
}

func (p *signInPages) signIn(v *visit) error {
	form, err := p.form(v, v.field("name"), v.field("next"))
	if err != nil {
		return err
	}
	a, err := p.accounts.SignIn(v.r.Context(), v.client(), form.Name, v.r.PostFormValue("password"))
	switch {
	case errors.Is(err, accounts.ErrWrongCredentials):
		return v.again("sign-in", form, "wrong-credentials")
	case err != nil:
		return err
	}
	return p.half(v, a, accounts.WithPassword, form.Next)
}

// half goes on after a password or a provider, to the second factor if the account has one.
func (p *signInPages) half(v *visit, a accounts.Account, with, next string) error {
	ctx, b := v.r.Context(), p.begun
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
func (p *signInPages) halfway(v *visit) (accounts.Account, error) {
	id := p.begun.GetString(v.r.Context(), begunAccount)
	if id == "" {
		return accounts.Account{}, accounts.ErrNotFound
	}
	return p.accounts.Get(v.r.Context(), id)
}

// proofForm is the page that asks for a second factor.
type proofForm struct {
	Action          string // where codes go
	Next            string
	Codes, Passkeys bool
	Code            string // in the demonstration
}

func (p *signInPages) proofForm(v *visit, a accounts.Account, action, next string) (f proofForm, err error) {
	f = proofForm{action, local(next), a.Codes, a.Passkeys > 0 && p.passkeys != nil, ""}
	if p.demo {
		f.Code, err = p.accounts.Demonstration(v.r.Context(), a)
	}
	return f, err
}

func (p *signInPages) code(v *visit) error {
	a, err := p.halfway(v)
	if errors.Is(err, accounts.ErrNotFound) {
		return v.see("/sign-in")
	}
	if err != nil {
		return err
	}
	f, err := p.proofForm(v, a, "/sign-in/code", p.begun.GetString(v.r.Context(), begunNext))
	if err != nil {
		return err
	}
	return v.show("proof", f)
}

func (p *signInPages) signInCode(v *visit) error {
	a, err := p.halfway(v)
	if errors.Is(err, accounts.ErrNotFound) {
		return v.see("/sign-in")
	}
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	next, with := p.begun.GetString(ctx, begunNext), p.begun.GetString(ctx, begunWith)
	if err := p.accounts.Code(ctx, v.client(), a.ID, v.field("code")); errors.Is(err, accounts.ErrWrongCredentials) {
		f, err := p.proofForm(v, a, "/sign-in/code", next)
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
func (p *signInPages) beginPasskey(v *visit) error {
	if p.passkeys == nil {
		return errNoPage
	}
	options, ceremony, err := p.passkeys.Begin()
	if err != nil {
		return err
	}
	b, err := json.Marshal(ceremony)
	if err != nil {
		return err
	}
	p.begun.Put(v.r.Context(), begunCeremony, b)
	return v.json(options)
}

// shown returns the account whose passkey the browser showed. A ceremony counts once.
func (p *signInPages) shown(v *visit) (accounts.Account, error) {
	if p.passkeys == nil {
		return accounts.Account{}, errNoPage
	}
	var ceremony accounts.Ceremony
	if err := json.Unmarshal(p.begun.PopBytes(v.r.Context(), begunCeremony), &ceremony); err != nil {
		return accounts.Account{}, errUnclear
	}
	a, err := p.passkeys.SignIn(v.r.Context(), ceremony, v.r)
	if errors.Is(err, accounts.ErrWrongCredentials) {
		return accounts.Account{}, errNotYours
	}
	return a, err
}

func (p *signInPages) signInPasskey(v *visit) error {
	a, err := p.shown(v)
	if err != nil {
		return err
	}
	if err := v.enter(a, accounts.WithPasskey, true); err != nil {
		return err
	}
	return v.json(map[string]string{"next": local(v.r.URL.Query().Get("next"))})
}

func (p *signInPages) provider(v *visit) (*provider.Provider, error) {
	for _, at := range p.providers {
		if at.Name() == v.r.PathValue("provider") {
			return at, nil
		}
	}
	return nil, errNoPage
}

// toProvider sends the browser to a provider of sign-ins. It changes the visitor's own cookie
// alone.
func (p *signInPages) toProvider(v *visit) error {
	at, err := p.provider(v)
	if err != nil {
		return err
	}
	ctx, b := v.r.Context(), p.begun
	request, err := at.Begin(ctx)
	if err != nil {
		v.log().Error("console: a provider of sign-ins does not answer", "provider", at.Name(), "error", err)
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

func (p *signInPages) fromProvider(v *visit) error {
	at, err := p.provider(v)
	if err != nil {
		return err
	}
	ctx, b := v.r.Context(), p.begun
	var request provider.Request
	if err := json.Unmarshal(b.PopBytes(ctx, begunProvider), &request); err != nil {
		return v.see("/sign-in")
	}
	who, err := at.Finish(ctx, request, v.r.URL.Query())
	if err != nil {
		v.log().Error("console: a sign-in with a provider failed", "provider", at.Name(), "error", err)
		return errProvider
	}
	a, err := p.accounts.Provided(ctx, who)
	if errors.Is(err, accounts.ErrNoRole) {
		return errNoRole
	}
	if err != nil {
		return err
	}
	return p.half(v, a, accounts.WithProvider, b.GetString(ctx, begunNext))
}

// linkForm is the page of a link.
type linkForm struct {
	Secret, Name string
	Begins       bool // a password has to be chosen
}

func (p *signInPages) link(v *visit) (linkForm, error) {
	secret := v.r.PathValue("secret")
	a, purpose, err := p.accounts.Link(v.r.Context(), secret)
	if errors.Is(err, accounts.ErrLinkInvalid) || err == nil && purpose == accounts.Entry && !p.demo {
		return linkForm{}, errLink
	}
	return linkForm{secret, a.Name, purpose == accounts.Begin}, err
}

// showLink shows a button, so that programs that fetch the links of mail do not use one up.
func (p *signInPages) showLink(v *visit) error {
	form, err := p.link(v)
	if err != nil {
		return err
	}
	return v.show("link", form)
}

func (p *signInPages) useLink(v *visit) error {
	form, err := p.link(v)
	if err != nil {
		return err
	}
	pass := v.r.PostFormValue("password")
	if form.Begins && pass != v.r.PostFormValue("again") {
		return v.again("link", form, "password-differs")
	}
	a, purpose, err := p.accounts.Redeem(v.r.Context(), form.Secret, pass)
	switch {
	case errors.Is(err, accounts.ErrWeakPassword):
		return v.again("link", form, "password-weak")
	case errors.Is(err, accounts.ErrLinkInvalid):
		return errLink
	case err != nil:
		return err
	}
	if err := v.enter(a, accounts.WithLink, purpose == accounts.Entry); err != nil {
		return err
	}
	return v.see("/")
}

func (p *signInPages) signOut(v *visit) error { return v.leave() }

// proof asks a person who is signed in for a passkey or code, before an act that needs it.
func (p *signInPages) proof(v *visit) error {
	if !v.Account.Strong() {
		return v.see("/account/factor")
	}
	f, err := p.proofForm(v, v.Account, "/proof", v.r.URL.Query().Get("next"))
	if err != nil {
		return err
	}
	return v.show("proof", f)
}

func (p *signInPages) proveByCode(v *visit) error {
	err := p.accounts.Code(v.r.Context(), v.client(), v.Account.ID, v.field("code"))
	if errors.Is(err, accounts.ErrWrongCredentials) {
		f, err := p.proofForm(v, v.Account, "/proof", v.field("next"))
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

func (p *signInPages) proveByPasskey(v *visit) error {
	a, err := p.shown(v)
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
