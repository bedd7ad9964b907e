package console

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sluis/internal/accounts"
	"sluis/internal/ledger"

	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
)

// factorPages set up and remove the second factors of a person's own account.
type factorPages struct {
	profile  *profilePages
	accounts *accounts.Store
	passkeys *accounts.Passkeys // nil: the address cannot have any
	issuer   string             // that an authenticator shows
}

func (p *factorPages) routes() []route {
	drop := func(path string, do func(*visit) error) route {
		return post(path, everybody, do).needing(proof).recorded(ledger.AccountChanged)
	}
	return []route{
		get("/account/factor", entering, p.show),
		post("/account/codes", entering, p.addCodes).recorded(ledger.AccountChanged),
		drop("/account/codes/drop", p.dropCodes),
		post("/account/passkey", entering, p.beginPasskey).unrecorded("it asks for a passkey, and nothing more"),
		post("/account/passkey/made", entering, p.addPasskey).recorded(ledger.AccountChanged),
		drop("/account/passkey/drop", p.dropPasskey),
	}
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

func (p *factorPages) show(v *visit) error {
	if !mayAdd(v) {
		return v.see("/proof?next=/account/factor")
	}
	form, err := p.form(v)
	if err != nil {
		return err
	}
	return v.show("factor", form)
}

// form shows the secret that is being set up, the same one until it counts.
func (p *factorPages) form(v *visit) (f factorForm, err error) {
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

func (p *factorPages) addCodes(v *visit) error {
	if !mayAdd(v) {
		return v.see("/proof?next=/account/factor")
	}
	ctx, s := v.r.Context(), v.session()
	key, err := otp.NewKeyFromURL(s.GetString(ctx, keySecret))
	if err != nil || key.Secret() == "" {
		return v.see("/account/factor")
	}
	err = p.accounts.KeepCodes(ctx, v.guesser(), v.Account.ID, key.Secret(), v.field("code"))
	if errors.Is(err, accounts.ErrWrongCredentials) {
		form, err := p.form(v)
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
func (p *factorPages) added(v *visit) error {
	if err := v.prove(); err != nil {
		return err
	}
	v.note("factor-added")
	return v.see("/account")
}

func (p *factorPages) dropCodes(v *visit) error {
	err := p.accounts.DropCodes(v.r.Context(), v.Account.ID)
	if errors.Is(err, accounts.ErrLastFactor) {
		return p.profile.again(v, "last-factor")
	}
	if err != nil {
		return err
	}
	v.note("factor-dropped")
	return v.see("/account")
}

func (p *factorPages) beginPasskey(v *visit) error {
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

func (p *factorPages) addPasskey(v *visit) error {
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

func (p *factorPages) dropPasskey(v *visit) error {
	id, err := base64.RawURLEncoding.DecodeString(v.field("key"))
	if err != nil {
		return errUnclear
	}
	err = p.accounts.DropPasskey(v.r.Context(), v.Account.ID, id)
	if errors.Is(err, accounts.ErrLastFactor) {
		return p.profile.again(v, "last-factor")
	}
	if err != nil {
		return err
	}
	v.note("factor-dropped")
	return v.see("/account")
}
