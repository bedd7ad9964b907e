package console

import (
	"errors"

	"sluis/internal/accounts"
)

// proofPages ask a person who is signed in for a passkey or code, before an act that needs it.
type proofPages struct {
	secondFactor
}

func (p *proofPages) routes() []route {
	const elsewhere = "the act that it is shown for is in the ledger"
	return []route{
		get("/proof", entering, p.show),
		post("/proof", entering, p.byCode).unrecorded(elsewhere),
		post("/proof/passkey/shown", entering, p.byPasskey).unrecorded(elsewhere),
	}
}

func (p *proofPages) show(v *visit) error {
	if !v.Account.Strong() {
		return v.see("/account/factor")
	}
	f, err := p.proofForm(v, v.Account, "/proof", v.r.URL.Query().Get("next"))
	if err != nil {
		return err
	}
	return v.show("proof", f)
}

func (p *proofPages) byCode(v *visit) error {
	err := p.accounts.Code(v.r.Context(), v.guesser(), v.Account.ID, v.field("code"))
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

func (p *proofPages) byPasskey(v *visit) error {
	a, err := p.shown(v, false)
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
