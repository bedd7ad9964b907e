package console

import (
	"net/http"
	"slices"
	"strconv"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

// framePages are those that every role has.
type framePages struct {
	accounts *accounts.Store
}

func (p *framePages) routes() []route {
	return []route{
		get("/{$}", everybody, p.home).inMenu("nav-home"),
		get("/static/{file}", anybody, p.static),
		post("/language", anybody, p.chooseLanguage).unrecorded("the language of a page is a matter of its reader"),
		post("/role", everybody, p.chooseRole).recorded(ledger.SignedIn),
		get("/secrecy", everybody, p.secrecy),
		post("/secrecy", only(ledger.ICT, ledger.Legal, ledger.Privacy, ledger.Board, ledger.Supervisor), p.acceptSecrecy).
			recorded(ledger.SecrecyAccepted),
	}
}

// card is a page on the way in, with what it is for.
type card struct{ Path, Text, About string }

// home shows what a role can do.
func (p *framePages) home(v *visit) error {
	var cards []card
	for _, rt := range v.c.routes {
		if rt.nav != "" && rt.nav != "nav-home" && rt.who.may(v.Role) {
			cards = append(cards, card{rt.path(), v.T(rt.nav), v.T(rt.nav + "-about")})
		}
	}
	return v.show("home", cards)
}

// chooseRole lets an account with several roles act in another one.
func (p *framePages) chooseRole(v *visit) error {
	r := ledger.Role(v.field("role"))
	if !slices.Contains(v.Account.Roles(), r) {
		return errNotYours
	}
	ctx, s := v.r.Context(), v.session()
	if err := p.accounts.Entered(ctx, v.Account, r, "role"); err != nil {
		return err
	}
	s.Put(ctx, keyRole, string(r))
	if err := s.RenewToken(ctx); err != nil {
		return err
	}
	return v.see("/")
}

// secrecy shows the statement of secrecy (C3.3e).
func (p *framePages) secrecy(v *visit) error {
	return v.show("secrecy", local(v.r.URL.Query().Get("next")))
}

func (p *framePages) acceptSecrecy(v *visit) error {
	if v.field("accept") != "yes" {
		return v.again("secrecy", local(v.field("next")), "secrecy-tick")
	}
	if err := p.accounts.AcceptSecrecy(v.r.Context(), v.Account, v.Role); err != nil {
		return err
	}
	v.note("secrecy-accepted")
	return v.see(local(v.field("next")))
}

func (p *framePages) static(v *visit) error {
	f, ok := v.c.pages.files[v.r.PathValue("file")]
	if !ok {
		return errNoPage
	}
	h := v.w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", strconv.Itoa(len(f.data)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if v.r.Method != http.MethodHead {
		v.w.Write(f.data)
	}
	return nil
}

// chooseLanguage keeps the language for the account, or for the browser.
func (p *framePages) chooseLanguage(v *visit) error {
	code := v.field("language")
	if !v.c.pages.texts.Has(code) {
		return errUnclear
	}
	if v.Account.ID != "" {
		if err := p.accounts.SetLanguage(v.r.Context(), v.Account.ID, code); err != nil {
			return err
		}
	}
	v.setCookie("language", code)
	return v.see(v.here())
}

// knownName is the cookie of a browser that signed in.
func (c *Console) knownName() string {
	if c.secure {
		return "__Host-known"
	}
	return "known"
}

func (v *visit) setCookie(name, value string) {
	http.SetCookie(v.w, &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		MaxAge:   365 * 24 * 60 * 60,
		HttpOnly: true,
		Secure:   v.c.secure,
		SameSite: http.SameSiteLaxMode,
	})
}
