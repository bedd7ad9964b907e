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

// accountRoutes are about one's own account.
var accountRoutes = []route{
	{pattern: "GET /account", who: everybody, do: (*visit).account},
	{pattern: "POST /account/password", who: everybody, tells: ledger.AccountChanged, do: (*visit).changePassword},
	{pattern: "POST /account/sign-out", who: everybody, quiet: "it ends one's own sessions", do: (*visit).signOutEverywhere},
	{pattern: "GET /account/factor", who: entering, do: (*visit).factorPage},
	{pattern: "POST /account/codes", who: entering, tells: ledger.AccountChanged, do: (*visit).addCodes},
	{pattern: "POST /account/codes/drop", who: everybody, needs: proof, tells: ledger.AccountChanged, do: (*visit).dropCodes},
	{pattern: "POST /account/passkey", who: entering, quiet: "it asks for a passkey, and nothing more", do: (*visit).beginAdding},
	{pattern: "POST /account/passkey/made", who: entering, tells: ledger.AccountChanged, do: (*visit).addPasskey},
	{pattern: "POST /account/passkey/drop", who: everybody, needs: proof, tells: ledger.AccountChanged, do: (*visit).dropPasskey},
}

// ownAccount is what the page shows.
type ownAccount struct {
	Passkeys []accounts.Passkey
	CanAdd   bool // passkeys
}

// KeyID is what the form names a passkey by.
func (ownAccount) KeyID(k accounts.Passkey) string { return base64.RawURLEncoding.EncodeToString(k.ID) }

func (v *visit) ownAccount() (ownAccount, error) {
	keys, err := v.c.o.Accounts.PasskeysOf(v.r.Context(), v.Account.ID)
	return ownAccount{keys, v.c.passkeys != nil}, err
}

func (v *visit) account() error {
	own, err := v.ownAccount()
	if err != nil {
		return err
	}
	return v.show("account", own)
}

// accountAgain shows the page with what is wrong.
func (v *visit) accountAgain(problem string) error {
	own, err := v.ownAccount()
	if err != nil {
		return err
	}
	return v.again("account", own, problem)
}

func (v *visit) changePassword() error {
	pass := v.r.PostFormValue("password")
	if pass != v.r.PostFormValue("again") {
		return v.accountAgain("password-differs")
	}
	if !v.Account.Password { // who signs in otherwise gets no password beside it
		return errNotYours
	}
	err := v.c.o.Accounts.SetPassword(v.r.Context(), v.client(), v.Account.ID, v.r.PostFormValue("old"), pass)
	switch {
	case errors.Is(err, accounts.ErrWeak):
		return v.accountAgain("password-weak")
	case errors.Is(err, accounts.ErrCredentials):
		return v.accountAgain("password-old-wrong")
	case err != nil:
		return err
	}
	v.note("password-changed")
	if err := v.renew(); err != nil {
		return err
	}
	return v.see("/account")
}

func (v *visit) signOutEverywhere() error {
	if err := v.c.o.Accounts.SignOut(v.r.Context(), v.Account.ID); err != nil {
		return err
	}
	return v.signOut()
}

// factorForm is what a second factor is set up with.
type factorForm struct {
	Secret   string // in groups of four, to type over
	Size     int    // of the picture
	Path     string // of its dark squares, as SVG draws them
	Passkeys bool
}

// mayAdd reports whether a factor can be added: who has one already shows it first, so that
// who finds an open browser cannot stay.
func (v *visit) mayAdd() bool { return !v.Account.Strong() || v.Proven() }

func (v *visit) factorPage() error {
	if !v.mayAdd() {
		return v.see("/proof?next=/account/factor")
	}
	form, err := v.factorForm()
	if err != nil {
		return err
	}
	return v.show("factor", form)
}

// factorForm shows the secret that is being set up, the same one until it counts.
func (v *visit) factorForm() (f factorForm, err error) {
	ctx, s := v.r.Context(), v.c.sessions
	var key *otp.Key
	if kept := s.GetString(ctx, keySecret); kept != "" {
		key, err = otp.NewKeyFromURL(kept)
	} else if key, err = accounts.NewCodes(cmpOr(v.c.o.Organisation, "Sluis"), v.Account.Name); err == nil {
		s.Put(ctx, keySecret, key.URL())
	}
	if err != nil {
		return f, err
	}
	f.Passkeys = v.c.passkeys != nil
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

func (v *visit) addCodes() error {
	if !v.mayAdd() {
		return v.see("/proof?next=/account/factor")
	}
	ctx, s := v.r.Context(), v.c.sessions
	key, err := otp.NewKeyFromURL(s.GetString(ctx, keySecret))
	if err != nil || key.Secret() == "" {
		return v.see("/account/factor")
	}
	err = v.c.o.Accounts.KeepCodes(ctx, v.client(), v.Account.ID, key.Secret(), v.field("code"))
	if errors.Is(err, accounts.ErrCredentials) {
		form, err := v.factorForm()
		if err != nil {
			return err
		}
		return v.again("factor", form, "wrong-code")
	}
	if err != nil {
		return err
	}
	s.Remove(ctx, keySecret)
	return v.added()
}

// added goes on after a second factor was added, and so shown.
func (v *visit) added() error {
	if err := v.prove(); err != nil {
		return err
	}
	v.note("factor-added")
	return v.see("/account")
}

func (v *visit) dropCodes() error {
	err := v.c.o.Accounts.DropCodes(v.r.Context(), v.Account.ID)
	if errors.Is(err, accounts.ErrLastFactor) {
		return v.accountAgain("last-factor")
	}
	if err != nil {
		return err
	}
	v.note("factor-dropped")
	return v.see("/account")
}

func (v *visit) beginAdding() error {
	if v.c.passkeys == nil || !v.mayAdd() {
		return errNotYours
	}
	options, ceremony, err := v.c.passkeys.BeginAdding(v.r.Context(), v.Account.ID)
	if err != nil {
		return err
	}
	b, err := json.Marshal(ceremony)
	if err != nil {
		return err
	}
	v.c.sessions.Put(v.r.Context(), keyAdding, b)
	return v.json(options)
}

func (v *visit) addPasskey() error {
	var ceremony accounts.Ceremony
	if v.c.passkeys == nil || !v.mayAdd() {
		return errNotYours
	}
	ctx := v.r.Context()
	if err := json.Unmarshal(v.c.sessions.PopBytes(ctx, keyAdding), &ceremony); err != nil {
		return errUnclear
	}
	err := v.c.passkeys.Add(ctx, v.Account.ID, v.r.URL.Query().Get("label"), ceremony, v.r)
	if errors.Is(err, accounts.ErrCredentials) {
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

func (v *visit) dropPasskey() error {
	id, err := base64.RawURLEncoding.DecodeString(v.field("key"))
	if err != nil {
		return errUnclear
	}
	err = v.c.o.Accounts.DropPasskey(v.r.Context(), v.Account.ID, id)
	if errors.Is(err, accounts.ErrLastFactor) {
		return v.accountAgain("last-factor")
	}
	if err != nil {
		return err
	}
	v.note("factor-dropped")
	return v.see("/account")
}
