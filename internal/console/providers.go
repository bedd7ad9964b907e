package console

import (
	"encoding/json"
	"errors"
	"net/http"

	"sluis/internal/accounts"
	"sluis/internal/accounts/provider"
	"sluis/internal/ledger"
)

// providerPages sign people in at a provider of sign-ins, such as the school's own.
type providerPages struct {
	secondFactor
	providers []*provider.Provider
}

func (p *providerPages) routes() []route {
	return []route{
		get("/sign-in/with/{provider}", anybody, p.leave),
		get("/sign-in/with/{provider}/back", anybody, p.back).recorded(ledger.SignedIn),
	}
}

func (p *providerPages) provider(v *visit) (*provider.Provider, error) {
	for _, at := range p.providers {
		if at.Name() == v.r.PathValue("provider") {
			return at, nil
		}
	}
	return nil, errNoPage
}

// leave sends the browser to a provider of sign-ins. It changes the visitor's own cookie
// alone.
func (p *providerPages) leave(v *visit) error {
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

func (p *providerPages) back(v *visit) error {
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
	return p.goOn(v, a, accounts.WithProvider, b.GetString(ctx, begunNext))
}
