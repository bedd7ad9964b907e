package console

import (
	"encoding/json"
	"errors"

	"sluis/internal/accounts"

	"github.com/alexedwards/scs/v2"
)

// secondFactor leads from a password or a provider of sign-ins to the second factor, and asks for it.
// The areas of signing in and of proofs share it.
type secondFactor struct {
	accounts *accounts.Store
	passkeys *accounts.Passkeys  // nil: the address cannot have any
	begun    *scs.SessionManager // of people who are signing in
	demo     bool
}

// Keys of the session of a person who is signing in.
const (
	begunAccount  = "account" // of the first factor
	begunWith     = "with"
	begunNext     = "next"
	begunCeremony = "ceremony"
	begunProvider = "provider"
)

// goOn goes on after a password or a provider, to the second factor if the account has one.
func (p secondFactor) goOn(v *visit, a accounts.Account, with, next string) error {
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

// halfway returns the account of a person who still has to show the second factor.
func (p secondFactor) halfway(v *visit) (accounts.Account, error) {
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

func (p secondFactor) proofForm(v *visit, a accounts.Account, action, next string) (f proofForm, err error) {
	f = proofForm{action, local(next), a.Codes, a.Passkeys > 0 && p.passkeys != nil, ""}
	if p.demo {
		f.Code, err = p.accounts.Demonstration(v.r.Context(), a)
	}
	return f, err
}

// shown returns the account whose passkey the browser showed, as an entrance or as a second factor. A
// ceremony counts once.
func (p secondFactor) shown(v *visit, entrance bool) (accounts.Account, error) {
	if p.passkeys == nil {
		return accounts.Account{}, errNoPage
	}
	var ceremony accounts.Ceremony
	if err := json.Unmarshal(p.begun.PopBytes(v.r.Context(), begunCeremony), &ceremony); err != nil {
		return accounts.Account{}, errUnclear
	}
	ctx, show := v.r.Context(), p.passkeys.Show
	if entrance {
		show = p.passkeys.SignIn
	}
	a, err := show(ctx, ceremony, v.r)
	if errors.Is(err, accounts.ErrWrongCredentials) {
		return accounts.Account{}, errNotYours
	}
	return a, err
}
