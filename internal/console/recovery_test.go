package console

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"sluis/internal/ledger"
)

// device gives the browser a device with passkeys, of a person who is there and shows it.
func (b *browser) device() {
	b.t.Helper()
	b.call(func(ctx context.Context, c *chromedp.Target) error {
		if _, err := cdp.Call(ctx, c, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(
			ctx,
			c,
			webauthn.AddVirtualAuthenticator,
			webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
				Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
				HasResidentKey:              true,
				HasUserVerification:         true,
				IsUserVerified:              true,
				AutomaticPresenceSimulation: true,
			}},
		)
		return err
	})
}

// codeAt is the code of a secret; ahead makes it the next one, for a code counts once.
func codeAt(t *testing.T, secret string, ahead bool) string {
	t.Helper()
	at := time.Now()
	if ahead {
		at = at.Add(30 * time.Second)
	}
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

const phrase = "vier eenden op de sluisdeur"

// TestALostPhone: in a browser, a person signs in with a password and codes, adds a passkey and uses
// it, loses all, and is let in again by two administrators; the old factors are worthless (C3.3e,
// C3.3g).
func TestALostPhone(t *testing.T) {
	h := newHouse(t)
	secret := h.local(t.Context(), "els", phrase, ledger.ICT)
	one, two := h.named("admin", ledger.Admin).proves("admin"), h.named("admin-2", ledger.Admin).proves("admin-2")
	els, err := h.accounts.Named(t.Context(), "els")
	if err != nil {
		t.Fatal(err)
	}
	b := h.browse()
	b.device()
	view := looks[0]

	signIn := func(pass, next string) {
		t.Helper()
		b.at("/sign-in", view)
		b.fill("name", "els")
		b.fill("password", pass)
		b.press("form[action='/sign-in'] button", next)
	}
	signIn(phrase, "/sign-in/code")
	b.fill("code", codeAt(t, secret, false))
	b.press("form[action='/sign-in/code'] button", "/")
	b.at("/account/factor", view)
	b.press("button[data-passkey=make]", "/account")
	if !b.shows("Mijn apparaat") {
		t.Error("the passkey is not on the page of the account, want it there")
	}
	b.press("form[action='/sign-out'] button", "/sign-in")
	b.press("button[data-passkey=show]", "/")
	if !b.shows("els") {
		t.Error("the passkey did not sign els in, want it to")
	}

	// All is lost. One administrator is not enough, and who asks cannot agree.
	b.be(one)
	b.at("/accounts/"+els.ID, view)
	b.press("form[action$='/recover'] button", "/accounts/"+els.ID)
	b.at("/accounts", view)
	if of[bool](b, `!!document.querySelector("form[action$='/agree']")`) {
		t.Error("the proposer can agree, want another administrator to")
	}
	b.be(two)
	b.at("/accounts", view)
	b.press("form[action$='/agree'] button", "/accounts/"+els.ID)
	b.press("form[action$='/invite'] button", "/accounts/"+els.ID)
	link := "/link/" + h.mail.secret("els@school.example")
	if len(h.entries(ledger.AccountChanged)) < 3 {
		t.Error("the ledger lacks changes of the account, want 3 or more")
	}

	b.be(h.stranger())
	b.takeProblems()
	b.at("/sign-in", view)
	b.do(chromedp.Click("button[data-passkey=show]"), chromedp.WaitVisible("#passkey-problem"))
	signIn(phrase, "/sign-in")

	b.at(link, view)
	b.fill("password", "negen zwanen onder de brug")
	b.fill("again", "negen zwanen onder de brug")
	b.press("main form button", "/account/factor") // a second factor comes first
	fresh := of[string](b, `document.querySelector("main code").innerText`)
	b.fill("code", codeAt(t, fresh, false))
	b.press("form[action='/account/codes'] button", "/account")
	b.press("form[action='/sign-out'] button", "/sign-in")
	signIn("negen zwanen onder de brug", "/sign-in/code")
	b.fill("code", codeAt(t, secret, true))
	b.press("form[action='/sign-in/code'] button", "/sign-in/code") // of the lost phone
	b.fill("code", codeAt(t, fresh, true))
	b.press("form[action='/sign-in/code'] button", "/")

	b.be(h.stranger())
	b.at(link, view)
	if of[bool](b, `!!document.querySelector("#password")`) {
		t.Error("the link works twice, want it to work once")
	}
}
