package console

import (
	"encoding/base64"
	"errors"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

// profilePages show a person's own account, and change its password.
type profilePages struct {
	accounts *accounts.Store
	passkeys *accounts.Passkeys // nil: the address cannot have any
}

func (p *profilePages) routes() []route {
	return []route{
		get("/account", everybody, p.show),
		post("/account/password", everybody, p.changePassword).recorded(ledger.AccountChanged),
		post("/account/sign-out", everybody, p.signOutEverywhere).unrecorded("it ends one's own sessions"),
	}
}

// profileView is the page.
type profileView struct {
	Passkeys []accounts.Passkey
	CanAdd   bool // passkeys
}

// KeyID returns the name of a passkey in the form.
func (profileView) KeyID(k accounts.Passkey) string {
	return base64.RawURLEncoding.EncodeToString(k.ID)
}

func (p *profilePages) profile(v *visit) (profileView, error) {
	keys, err := p.accounts.PasskeysOf(v.r.Context(), v.Account.ID)
	return profileView{keys, p.passkeys != nil}, err
}

func (p *profilePages) show(v *visit) error {
	own, err := p.profile(v)
	if err != nil {
		return err
	}
	return v.show("profile", own)
}

// again shows the page with a problem.
func (p *profilePages) again(v *visit, problem string) error {
	own, err := p.profile(v)
	if err != nil {
		return err
	}
	return v.again("profile", own, problem)
}

func (p *profilePages) changePassword(v *visit) error {
	pass := v.r.PostFormValue("password")
	if pass != v.r.PostFormValue("again") {
		return p.again(v, "password-differs")
	}
	if !v.Account.Password { // who signs in otherwise gets no password beside it
		return errNotYours
	}
	err := p.accounts.SetPassword(v.r.Context(), v.guesser(), v.Account.ID, v.r.PostFormValue("old"), pass)
	switch {
	case errors.Is(err, accounts.ErrWeakPassword):
		return p.again(v, "password-weak")
	case errors.Is(err, accounts.ErrWrongCredentials):
		return p.again(v, "password-old-wrong")
	case err != nil:
		return err
	}
	v.note("password-changed")
	if err := v.renew(); err != nil {
		return err
	}
	return v.see("/account")
}

func (p *profilePages) signOutEverywhere(v *visit) error {
	if err := p.accounts.SignOut(v.r.Context(), v.Account.ID); err != nil {
		return err
	}
	return v.leave()
}
