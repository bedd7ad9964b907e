package console

import (
	"slices"
	"sluis/internal/ledger"
)

// card is a page on the way in, with what it is for.
type card struct{ Path, Text, About string }

// home shows what a role can do.
func (v *visit) home() error {
	var cards []card
	for _, rt := range v.c.routes {
		if rt.nav != "" && rt.nav != "nav-home" && rt.who.may(v.Role) {
			cards = append(cards, card{rt.path(), v.T(rt.nav), v.T(rt.nav + "-about")})
		}
	}
	return v.show("home", cards)
}

// chooseRole lets somebody with several roles act in another one.
func (v *visit) chooseRole() error {
	r := ledger.Role(v.field("role"))
	if !slices.Contains(v.Account.Roles(), r) {
		return errNotYours
	}
	ctx, s := v.r.Context(), v.c.sessions
	if err := v.c.o.Accounts.Entered(ctx, v.Account, r, "role"); err != nil {
		return err
	}
	s.Put(ctx, keyRole, string(r))
	if err := s.RenewToken(ctx); err != nil {
		return err
	}
	return v.see("/")
}

// secrecyPage shows the statement of secrecy (C3.3e).
func (v *visit) secrecyPage() error { return v.show("secrecy", local(v.r.URL.Query().Get("next"))) }

func (v *visit) acceptSecrecy() error {
	if v.field("accept") != "yes" {
		return v.again("secrecy", local(v.field("next")), "secrecy-tick")
	}
	if err := v.c.o.Accounts.AcceptSecrecy(v.r.Context(), v.Account, v.Role); err != nil {
		return err
	}
	v.note("secrecy-accepted")
	return v.see(local(v.field("next")))
}
