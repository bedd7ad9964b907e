package console

import (
	"encoding/json"
	"errors"

	"sluis/internal/accounts"
	"sluis/internal/accounts/provider"
	"sluis/internal/ledger"
)

// signInPages sign people in with a password and a code, or with a passkey, and out again.
type signInPages struct {
	secondFactor
	providers []*provider.Provider
}

func (p *signInPages) routes() []route {
	return []route{
		get("/sign-in", anybody, p.show),
		post("/sign-in", anybody, p.signIn).recorded(ledger.SignedIn),
		get("/sign-in/code", anybody, p.code),
		post("/sign-in/code", anybody, p.signInCode).recorded(ledger.SignedIn),
		post("/sign-in/passkey", anybody, p.beginPasskey).unrecorded("it asks for a passkey, and nothing more"),
		post("/sign-in/passkey/shown", anybody, p.signInPasskey).recorded(ledger.SignedIn),
		post("/sign-out", entering, p.signOut).unrecorded("how long people are there is not recorded"),
	}
}

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
	a, err := p.accounts.SignIn(v.r.Context(), v.guesser(), form.Name, v.r.PostFormValue("password"))
	switch {
	case errors.Is(err, accounts.ErrWrongCredentials):
		return v.again("sign-in", form, "wrong-credentials")
	case err != nil:
		return err
	}
	return p.goOn(v, a, accounts.WithPassword, form.Next)
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
	if err := p.accounts.Code(ctx, v.guesser(), a.ID, v.field("code")); errors.Is(err, accounts.ErrWrongCredentials) {
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

func (p *signInPages) signInPasskey(v *visit) error {
	half, with := accounts.Account{}, accounts.WithPasskey
	if p.begun.GetString(v.r.Context(), begunWith) == accounts.WithProvider {
		var err error
		if half, err = p.halfway(v); err != nil {
			return err
		}
		with = accounts.WithProvider
	}
	a, err := p.shown(v, half.ID == "")
	if err != nil {
		return err
	}
	switch {
	case a.ID == half.ID:
	case a.Issuer != "":
		return errNotYours
	default: // of another account than the provider's, which needs none
		with = accounts.WithPasskey
	}
	if err := v.enter(a, with, true); err != nil {
		return err
	}
	return v.json(map[string]string{"next": local(v.r.URL.Query().Get("next"))})
}

func (p *signInPages) signOut(v *visit) error { return v.leave() }
