// Package provider lets people sign in where their organisation has them sign in already:
// Microsoft Entra ID, Google Workspace, Kennisnet's Entree Federatie, or any other provider
// of OpenID Connect 1.0.
//
// It promises:
//
//   - Who somebody is, is the issuer's subject and nothing that can change or be chosen.
//   - An answer counts once, in the browser that asked (state, nonce, PKCE: RFC 7636), and only
//     with a signature of the provider.
//   - Groups give the roles that the configuration says, and no others.
//   - An address of mail is taken over only if the provider says that it is the organisation's own,
//     and counts as confirmed only if the provider verified it.
//   - A provider that is away or slow holds up nobody but who signs in with it. What it says
//     is bounded.
//
// It asks for no more than who somebody is, and keeps no token.
package provider

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

// Provider is one provider. It is safe for concurrent use.
type Provider struct {
	o    Options
	http *http.Client
	mu   sync.Mutex
	at   *oidc.Provider // once it has been asked what it can do
}

const (
	patience  = 15 * time.Second
	maxAnswer = 1 << 20 // bytes of one
)

// New returns a provider. It is not asked for anything before somebody signs in.
func New(o Options) *Provider {
	c := http.Client{}
	if o.HTTP != nil {
		c = *o.HTTP
	}
	c.Timeout = patience
	c.Transport = bounded{orUsual(c.Transport)}
	return &Provider{o: o, http: &c}
}

func orUsual(t http.RoundTripper) http.RoundTripper {
	if t == nil {
		return http.DefaultTransport
	}
	return t
}

// bounded reads no more of an answer than a provider has to say.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxAnswer), res.Body}
	}
	return res, err
}

// Name returns the name in addresses.
func (p *Provider) Name() string { return p.o.Name }

// Label returns the name for people.
func (p *Provider) Label() string { return p.o.Label }

// Request is what has to be remembered of somebody who was sent to the provider.
type Request struct {
	Provider, State, Nonce, Verifier string
	URL                              string // where to send the browser
}

// with returns a context in which the libraries reach the provider.
func (p *Provider) with(ctx context.Context) context.Context { return oidc.ClientContext(ctx, p.http) }

func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	at := p.at
	p.mu.Unlock()
	if at != nil {
		return at, nil
	}
	// Its keys are fetched with this context later on, so that it must not end with the request.
	at, err := oidc.NewProvider(p.with(context.WithoutCancel(ctx)), p.o.Issuer)
	if err != nil {
		return nil, fmt.Errorf("ask the provider what it can do: %w", plain(err))
	}
	p.mu.Lock()
	p.at = at
	p.mu.Unlock()
	return at, nil
}

// plain takes the address out of an error: it may hold what is secret.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func (p *Provider) config(at *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     p.o.Client,
		ClientSecret: p.o.Secret,
		Endpoint:     at.Endpoint(),
		RedirectURL:  p.o.Back,
		Scopes:       append([]string{oidc.ScopeOpenID}, p.o.Scopes...),
	}
}

// Begin returns where to send a browser.
func (p *Provider) Begin(ctx context.Context) (Request, error) {
	at, err := p.discover(ctx)
	if err != nil {
		return Request{}, err
	}
	r := Request{Provider: p.o.Name, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	r.URL = p.config(at).AuthCodeURL(r.State, oidc.Nonce(r.Nonce), oauth2.S256ChallengeOption(r.Verifier))
	return r, nil
}

// ErrUnexpectedAnswer is returned for an answer that is not one to the request.
var ErrUnexpectedAnswer = errors.New("the answer is not one to what this browser asked")

// Finish returns who signed in. The answer is what the provider added to the address.
func (p *Provider) Finish(ctx context.Context, r Request, answer url.Values) (accounts.Identity, error) {
	if r.Provider != p.o.Name || r.State == "" || answer.Get("state") != r.State || answer.Get("code") == "" {
		return accounts.Identity{}, ErrUnexpectedAnswer
	}
	at, err := p.discover(ctx)
	if err != nil {
		return accounts.Identity{}, err
	}
	ctx = p.with(ctx)
	tokens, err := p.config(at).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(r.Verifier))
	if err != nil {
		return accounts.Identity{}, fmt.Errorf("exchange the code: %w", refused(err))
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := at.Verifier(&oidc.Config{ClientID: p.o.Client}).Verify(ctx, raw)
	if err != nil {
		return accounts.Identity{}, fmt.Errorf("verify who it is: %w", plain(err))
	}
	if id.Nonce != r.Nonce {
		return accounts.Identity{}, ErrUnexpectedAnswer
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return accounts.Identity{}, fmt.Errorf("read who it is: %w", err)
	}
	if p.o.UserInfo {
		if err := p.ask(ctx, at, tokens, id.Subject, claims); err != nil {
			return accounts.Identity{}, err
		}
	}
	return p.identity(id, claims), nil
}

// refused leaves the provider's words out of an error but for their kind.
func refused(err error) error {
	var e *oauth2.RetrieveError
	if errors.As(err, &e) {
		return fmt.Errorf("refused: %.40q", e.ErrorCode)
	}
	return plain(err)
}

// ask adds the claims of the userinfo endpoint, if they are of the same subject (OpenID
// Connect Core 1.0, section 5.3.4).
func (p *Provider) ask(
	ctx context.Context,
	at *oidc.Provider,
	tokens *oauth2.Token,
	subject string,
	claims map[string]any,
) error {
	info, err := at.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return fmt.Errorf("ask about who it is: %w", plain(err))
	}
	if info.Subject != subject {
		return ErrUnexpectedAnswer
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return fmt.Errorf("ask about who it is: %w", err)
	}
	for name, value := range more {
		if _, there := claims[name]; !there { // what is signed goes first
			claims[name] = value
		}
	}
	return nil
}

func (p *Provider) identity(id *oidc.IDToken, claims map[string]any) accounts.Identity {
	who := accounts.Identity{
		Issuer:  id.Issuer,
		Subject: id.Subject,
		Name:    one(claims, or(p.o.NameClaim, "preferred_username")),
		Lasts:   p.o.RolesLast,
	}
	if verified, _ := claims["email_verified"].(bool); verified || p.o.Vouched {
		who.Address, who.Verified = one(claims, or(p.o.AddressClaim, "email")), verified
	}
	if who.Name == "" {
		who.Name = who.Address
	}
	groups := several(claims, or(p.o.GroupsClaim, "groups"))
	for _, r := range ledger.Roles {
		if slices.ContainsFunc(p.o.Roles[r], func(g string) bool { return slices.Contains(groups, g) }) {
			who.Roles = append(who.Roles, r)
		}
	}
	return who
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func one(claims map[string]any, name string) string {
	s, _ := claims[name].(string)
	if len(s) > 254 {
		return ""
	}
	return s
}

// several returns the texts of a claim that is one or a list.
func several(claims map[string]any, name string) []string {
	switch v := claims[name].(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}
