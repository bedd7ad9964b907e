package console

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

// profilePages show and change a person's own account.
type profilePages struct {
	accounts *accounts.Store
	passkeys *accounts.Passkeys // nil: the origin cannot have any
	issuer   string             // that an authenticator shows
}

func (p *profilePages) routes() []route {
	return []route{
		get("/account", everybody, p.show),
		post("/account/password", everybody, p.changePassword).recorded(ledger.AccountChanged),
		post("/account/sign-out", everybody, p.signOutEverywhere).unrecorded("it ends one's own sessions"),
		get("/account/factor", entering, p.factor),
		post("/account/codes", entering, p.addCodes).recorded(ledger.AccountChanged),
		post("/account/codes/drop", everybody, p.dropCodes).needing(proof).recorded(ledger.AccountChanged),
		post("/account/passkey", entering, p.beginPasskey).unrecorded("it asks for a passkey, and nothing more"),
		post("/account/passkey/made", entering, p.addPasskey).recorded(ledger.AccountChanged),
		post("/account/passkey/drop", everybody, p.dropPasskey).needing(proof).recorded(ledger.AccountChanged),
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
	err := p.accounts.SetPassword(v.r.Context(), v.client(), v.Account.ID, v.r.PostFormValue("old"), pass)
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

// factorForm is the page that sets up a second factor.
type factorForm struct {
	Secret   string // in groups of four, to type over
	Size     int    // of the picture
	Path     string // of its dark squares, as SVG draws them
	Passkeys bool
}

// mayAdd reports whether a factor can be added: an account that has one shows it first, so that an
// open browser is not enough to stay.
func mayAdd(v *visit) bool { return !v.Account.Strong() || v.isProven() }

func (p *profilePages) factor(v *visit) error {
	if !mayAdd(v) {
		return v.see("/proof?next=/account/factor")
	}
	form, err := p.factorForm(v)
	if err != nil {
		return err
	}
	return v.show("factor", form)
}

// factorForm shows the secret that is being set up, the same one until it counts.
func (p *profilePages) factorForm(v *visit) (f factorForm, err error) {
	ctx, s := v.r.Context(), v.session()
	var key *otp.Key
	if kept := s.GetString(ctx, keySecret); kept != "" {
		key, err = otp.NewKeyFromURL(kept)
	} else if key, err = accounts.NewCodes(p.issuer, v.Account.Name); err == nil {
		s.Put(ctx, keySecret, key.URL())
	}
	if err != nil {
		return f, err
	}
	f.Passkeys = p.passkeys != nil
	secret := key.Secret()
	for len(secret) > 4 {
		f.Secret, secret = f.Secret+secret[:4]+" ", secret[4:]
	}
	f.Secret += secret
	f.Size, f.Path, err = picture(key.URL())
	return f, err
}

// picture draws a QR code: within the page, so that no other address has the secret.
func picture(text string) (size int, path string, err error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return 0, "", fmt.Errorf("draw code: %w", err)
	}
	var b strings.Builder
	size = code.Bounds().Dx()
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+4, y+4)
			}
		}
	}
	return size + 8, b.String(), nil
}

func (p *profilePages) addCodes(v *visit) error {
	if !mayAdd(v) {
		return v.see("/proof?next=/account/factor")
	}
	ctx, s := v.r.Context(), v.session()
	key, err := otp.NewKeyFromURL(s.GetString(ctx, keySecret))
	if err != nil || key.Secret() == "" {
		return v.see("/account/factor")
	}
	err = p.accounts.KeepCodes(ctx, v.client(), v.Account.ID, key.Secret(), v.field("code"))
	if errors.Is(err, accounts.ErrWrongCredentials) {
		form, err := p.factorForm(v)
		if err != nil {
			return err
		}
		return v.again("factor", form, "wrong-code")
	}
	if err != nil {
		return err
	}
	s.Remove(ctx, keySecret)
	return p.added(v)
}

// added goes on after a second factor was added, and so shown.
func (p *profilePages) added(v *visit) error {
	if err := v.prove(); err != nil {
		return err
	}
	v.note("factor-added")
	return v.see("/account")
}

func (p *profilePages) dropCodes(v *visit) error {
	err := p.accounts.DropCodes(v.r.Context(), v.Account.ID)
	if errors.Is(err, accounts.ErrLastFactor) {
		return p.again(v, "last-factor")
	}
	if err != nil {
		return err
	}
	v.note("factor-dropped")
	return v.see("/account")
}

func (p *profilePages) beginPasskey(v *visit) error {
	if p.passkeys == nil || !mayAdd(v) {
		return errNotYours
	}
	options, ceremony, err := p.passkeys.BeginAdding(v.r.Context(), v.Account.ID)
	if err != nil {
		return err
	}
	b, err := json.Marshal(ceremony)
	if err != nil {
		return err
	}
	v.session().Put(v.r.Context(), keyAdding, b)
	return v.json(options)
}

func (p *profilePages) addPasskey(v *visit) error {
	var ceremony accounts.Ceremony
	if p.passkeys == nil || !mayAdd(v) {
		return errNotYours
	}
	ctx := v.r.Context()
	if err := json.Unmarshal(v.session().PopBytes(ctx, keyAdding), &ceremony); err != nil {
		return errUnclear
	}
	err := p.passkeys.Add(ctx, v.Account.ID, v.r.URL.Query().Get("label"), ceremony, v.r)
	if errors.Is(err, accounts.ErrWrongCredentials) {
		return errUnclear
	}
	if err != nil {
		return err
	}
	if err := v.prove(); err != nil {
		return err
	}
	v.note("factor-added")
	return v.json(map[string]string{"next": "/account"})
}

func (p *profilePages) dropPasskey(v *visit) error {
	id, err := base64.RawURLEncoding.DecodeString(v.field("key"))
	if err != nil {
		return errUnclear
	}
	err = p.accounts.DropPasskey(v.r.Context(), v.Account.ID, id)
	if errors.Is(err, accounts.ErrLastFactor) {
		return p.again(v, "last-factor")
	}
	if err != nil {
		return err
	}
	v.note("factor-dropped")
	return v.see("/account")
}
