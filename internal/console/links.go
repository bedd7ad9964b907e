package console

import (
	"errors"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

// linkPages use up links that begin an account, or lead into the demonstration.
type linkPages struct {
	accounts *accounts.Store
	demo     bool
}

func (p *linkPages) routes() []route {
	return []route{
		get("/link/{secret}", anybody, p.show),
		post("/link/{secret}", anybody, p.use).recorded(ledger.SignedIn),
	}
}

// linkForm is the page of a link.
type linkForm struct {
	Secret, Name string
	Begins       bool // a password has to be chosen
}

func (p *linkPages) link(v *visit) (linkForm, error) {
	secret := v.r.PathValue("secret")
	a, purpose, err := p.accounts.Link(v.r.Context(), secret)
	if errors.Is(err, accounts.ErrLinkInvalid) || err == nil && purpose == accounts.Entry && !p.demo {
		return linkForm{}, errLink
	}
	return linkForm{secret, a.Name, purpose.Begins()}, err
}

// show shows a button, so that programs that fetch the links of mail do not use one up.
func (p *linkPages) show(v *visit) error {
	form, err := p.link(v)
	if err != nil {
		return err
	}
	return v.show("link", form)
}

func (p *linkPages) use(v *visit) error {
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
