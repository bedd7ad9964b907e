package accounts

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sluis/internal/ledger"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
)

const origin = "https://sluis.school.example"

// device is somebody's phone with passkeys.
type device struct {
	o    *office
	keys *Passkeys
	site virtualwebauthn.RelyingParty
	virtualwebauthn.Authenticator
}

func (o *office) device(owner Account, unverified bool) *device {
	o.t.Helper()
	keys, err := o.Passkeys("School", origin)
	if err != nil || keys == nil {
		o.t.Fatal(err)
	}
	return &device{o, keys, virtualwebauthn.RelyingParty{ID: "sluis.school.example", Name: "School", Origin: origin},
		virtualwebauthn.NewAuthenticatorWithOptions(
			virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(owner.ID), UserNotVerified: unverified},
		)}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sent is what a browser sends of a credential.
func sent(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", io.NopCloser(strings.NewReader(body)))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// wholeKey is the length of a P-256 key in COSE (RFC 9053), in bytes.
const wholeKey = 77

// newCredential returns a credential with a whole key: of one in 128 the package leaves out a
// zero at the beginning of a coordinate.
func newCredential() virtualwebauthn.Credential {
	for {
		k := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
		if len(k.Key.AttestationData()) == wholeKey {
			return k
		}
	}
}

// add makes a passkey for an account.
func (d *device) add(a Account) (virtualwebauthn.Credential, error) {
	d.o.t.Helper()
	ctx := d.o.t.Context()
	options, ceremony, err := d.keys.BeginAdding(ctx, a.ID)
	if err != nil {
		return virtualwebauthn.Credential{}, err
	}
	asked, err := virtualwebauthn.ParseAttestationOptions(text(d.o.t, options))
	if err != nil {
		d.o.t.Fatal(err)
	}
	k := newCredential()
	err = d.keys.Add(
		ctx,
		a.ID,
		"telefoon",
		*ceremony,
		sent(virtualwebauthn.CreateAttestationResponse(d.site, d.Authenticator, k, *asked)),
	)
	if err == nil {
		d.AddCredential(k)
	}
	return k, err
}

// show shows a passkey to whom asks.
func (d *device) show(k virtualwebauthn.Credential) (Account, error) {
	d.o.t.Helper()
	options, ceremony, err := d.keys.Begin()
	if err != nil {
		d.o.t.Fatal(err)
	}
	return d.keys.SignIn(d.o.t.Context(), *ceremony, sent(d.answer(options, k)))
}

func (d *device) answer(options any, k virtualwebauthn.Credential) string {
	d.o.t.Helper()
	asked, err := virtualwebauthn.ParseAssertionOptions(text(d.o.t, options))
	if err != nil {
		d.o.t.Fatal(err)
	}
	return virtualwebauthn.CreateAssertionResponse(d.site, d.Authenticator, k, *asked)
}

func TestAPasskeySignsIn(t *testing.T) {
	o := newOffice(t)
	els := o.has("els", ledger.ICT)
	d := o.device(els, false)
	k, err := d.add(els)
	if err != nil {
		t.Fatal(err)
	}
	if a := o.get(els); a.Passkeys != 1 || !a.Strong() {
		t.Errorf("the account is %+v, want one passkey", a)
	}
	for range 2 {
		k.Counter++
		if a, err := d.show(k); err != nil || a.ID != els.ID {
			t.Errorf("sign-in with the passkey: %v", err)
		}
	}
	if all, err := o.PasskeysOf(t.Context(), els.ID); err != nil || len(all) != 1 || all[0].Label != "telefoon" ||
		all[0].Used.IsZero() {
		t.Errorf("passkeys %+v, %v, want one that was used", all, err)
	}
}

func TestAPasskeyThatIsNoProof(t *testing.T) {
	o := newOffice(t)
	els, jo := o.has("els", ledger.ICT), o.has("jo", ledger.ICT)
	d := o.device(els, false)
	k, err := d.add(els)
	if err != nil {
		t.Fatal(err)
	}
	k.Counter = 5
	if _, err := d.show(k); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrWrongCredentials) {
			t.Errorf("%s: error %v, want wrong credentials", what, err)
		}
	}
	k.Counter = 3
	_, err = d.show(k)
	refused("a copy of the device, whose counter is behind", err)
	k.Counter = 9

	_, err = d.show(virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2))
	refused("a key that nobody added", err)

	thief := o.device(jo, false)
	_, err = thief.show(k)
	refused("in the name of somebody else", err)

	elsewhere := o.device(els, false)
	elsewhere.site.Origin, elsewhere.site.ID = "https://sluis.phish.example", "sluis.phish.example"
	_, err = elsewhere.show(k)
	refused("shown to another site", err)

	silent := o.device(els, true)
	_, err = silent.show(k)
	refused("without the fingerprint, face or PIN of its owner", err)
	_, err = silent.add(els)
	refused("added without it", err)

	options, _, err := d.keys.Begin()
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := d.keys.Begin()
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.keys.SignIn(t.Context(), *other, sent(d.answer(options, k)))
	refused("an answer to another question", err)
	_, err = d.keys.SignIn(t.Context(), *other, sent("{"))
	refused("no answer", err)

	if _, err := o.Propose(t.Context(), ledger.CommandLine, els.ID, Change{Kind: Disable}); err != nil {
		t.Fatal(err)
	}
	_, err = d.show(k)
	refused("of a closed account", err)
}

func TestPasskeysAreTheirOwners(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	els, jo := o.has("els", ledger.Employee), o.has("jo", ledger.Employee)
	k, err := o.device(els, false).add(els)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.DropPasskey(ctx, jo.ID, k.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("of somebody else: %v", err)
	}
	if err := o.DropPasskey(ctx, els.ID, []byte("none")); !errors.Is(err, ErrNotFound) {
		t.Errorf("none: %v", err)
	}
	if err := o.DropPasskey(ctx, els.ID, k.ID); err != nil || o.get(els).Passkeys != 0 {
		t.Errorf("error %v, want the passkey gone", err)
	}
	ict := o.has("piet", ledger.ICT)
	k, err = o.device(ict, false).add(ict)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.DropPasskey(ctx, ict.ID, k.ID); !errors.Is(err, ErrLastFactor) {
		t.Errorf("the last one: %v", err)
	}
}

func TestPasskeysAreFew(t *testing.T) {
	o := newOffice(t)
	els := o.has("els", ledger.Employee)
	d := o.device(els, false)
	for range maxPasskeys {
		if _, err := d.add(els); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.add(els); err == nil {
		t.Error("there is no end to them")
	}
}

func TestASiteWithoutANameHasNoPasskeys(t *testing.T) {
	o := newOffice(t)
	for at, want := range map[string]bool{
		"http://127.0.0.1:8080": false,
		"http://[::1]:8080":     false,
		"http://localhost:8080": true,
		origin:                  true,
	} {
		if p, err := o.Passkeys("School", at); err != nil || (p != nil) != want {
			t.Errorf("at %s there are passkeys: %v, %v, want the opposite", at, p != nil, err)
		}
	}
}
