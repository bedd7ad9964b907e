package console

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"sluis/internal/accounts"
	"sluis/internal/accounts/provider"
	"sluis/internal/ledger"
)

// school is a provider of OpenID Connect with people in groups: Zitadel's.
type school struct {
	t        *testing.T
	site     *httptest.Server
	back     string
	mu       sync.Mutex
	handler  http.Handler
	groups   map[string][]string // by id of the person
	lifetime time.Duration       // of what it says
	change   func(tokens map[string]any)
}

// GetUserByID implements storage.UserStore.
func (s *school) GetUserByID(id string) *storage.User {
	return &storage.User{
		ID:            id,
		Username:      id + "@school.example",
		Password:      phrase,
		Email:         id + "@school.example",
		EmailVerified: id != "unverified",
	}
}

// GetUserByUsername implements storage.UserStore.
func (s *school) GetUserByUsername(name string) *storage.User { return s.GetUserByID(name) }

// ExampleClientID implements storage.UserStore.
func (s *school) ExampleClientID() string { return storage.ServiceUserID }

// claims adds the groups to what the provider's own store says of a person.
type claims struct {
	*storage.Storage
	s *school
}

func (c claims) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, token, subject, origin string) error {
	err := c.Storage.SetUserinfoFromToken(ctx, info, token, subject, origin)
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	info.AppendClaims("groups", c.s.groups[subject])
	return err
}

func (c claims) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	client, err := c.Storage.GetClientByClientID(ctx, id)
	return brief{client, c.s}, err
}

// brief is a client whose tokens last as long as the test says.
type brief struct {
	op.Client
	s *school
}

func (b brief) IDTokenLifetime() time.Duration {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	return b.s.lifetime
}

// openSchool starts one.
func openSchool(t *testing.T) *school {
	t.Helper()
	s := &school{t: t, groups: map[string][]string{}, lifetime: time.Hour}
	s.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		h, change := s.handler, s.change
		s.mu.Unlock()
		if change == nil || r.URL.Path != "/oauth/token" {
			h.ServeHTTP(w, r)
			return
		}
		kept := httptest.NewRecorder()
		h.ServeHTTP(kept, r)
		tokens := map[string]any{}
		if err := json.Unmarshal(kept.Body.Bytes(), &tokens); err != nil {
			t.Error(err)
		}
		change(tokens)
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(tokens)
	}))
	t.Cleanup(s.site.Close)
	return s
}

// open gives it a key of its own, another one each time.
func (s *school) open() {
	all := map[string]*storage.Client{
		"sluis": storage.WebClient("sluis", "secret", s.back),
		"other": storage.WebClient("other", "secret", s.back),
	}
	h := exampleop.SetupServer(s.site.URL, claims{storage.NewStorageWithClients(s, all), s}, nil, false)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handler = h
}

// attend starts a house whose people sign in at the school, as a client of that name.
func (s *school) attend(client string) *house {
	s.t.Helper()
	h := newHouse(s.t, func(o *setup) {
		s.back = o.Address + "/sign-in/with/school/back"
		o.Services.Providers = []*provider.Provider{
			provider.New(
				provider.Options{
					Name:   "school",
					Label:  "School",
					Issuer: s.site.URL,
					Client: client,
					Secret: "secret",
					Back:   s.back,
					Scopes: []string{
						"profile",
						"email",
					},
					UserInfo: true,
					Roles:    map[ledger.Role][]string{ledger.ICT: {"ict-beheer"}, ledger.Employee: {"personeel"}},
				},
			),
		}
	})
	s.open()
	return h
}

// shows signs a person in at the school, and returns the answer that their browser brings.
func (s *school) shows(p *person, who string) string {
	s.t.Helper()
	return s.answer(p.get("/sign-in/with/school?next=/account").to, who)
}

// answer signs a person in who was sent to an address of the school.
func (s *school) answer(at, who string) string {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/back") {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := client.Get(at)
	if err != nil {
		s.t.Fatal(err)
	}
	res.Body.Close()
	id := res.Request.URL.Query().Get("authRequestID")
	res, err = client.PostForm(
		s.site.URL+"/login/username",
		url.Values{"id": {id}, "username": {who}, "password": {phrase}},
	)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	to, err := res.Location()
	if err != nil {
		b, _ := io.ReadAll(res.Body)
		s.t.Fatalf("the school answers %d %.300s, want an address to go back to", res.StatusCode, bytes.TrimSpace(b))
	}
	return to.RequestURI()
}

// TestSignInAtTheSchool: the groups of that moment give roles, and without one there is no entry; a
// privileged role needs a second factor here as well; a closed account stays closed.
func TestSignInAtTheSchool(t *testing.T) {
	s := openSchool(t)
	h := s.attend("sluis")
	s.groups["els"], s.groups["piet"], s.groups["leerling"] = []string{
		"personeel",
		"groep-5",
	}, []string{
		"ict-beheer",
	}, []string{
		"leerlingen",
	}
	els := h.stranger()
	els.get(s.shows(els, "els")).must("", to("/account"))
	els.get("/account").check("without the address that the school vouches for", has("els@school.example"))
	piet := h.stranger()
	piet.get(s.shows(piet, "piet"))
	piet.get("/quarantine").check("a privileged role without a second factor", to("/account/factor"))
	pupil := h.stranger()
	pupil.get(s.shows(pupil, "leerling")).check("a pupil", status(http.StatusForbidden))
	s.groups["unverified"] = []string{"personeel"}
	forger := h.stranger()
	forger.get(s.shows(forger, "unverified"))
	forger.get("/account").check("an address that nobody vouches for",
		status(http.StatusOK),
		lacks("<dd>unverified@school.example"))

	s.mu.Lock()
	s.groups["els"] = nil // has left
	s.mu.Unlock()
	again := h.stranger()
	again.get(s.shows(again, "els")).check("a person who left", status(http.StatusForbidden))
	els.get("/account").check("their session goes on", status(http.StatusSeeOther))
	s.groups["els"] = []string{"personeel"}
	a, err := h.accounts.Named(t.Context(), "els")
	if err == nil {
		_, err = h.accounts.Propose(t.Context(), ledger.CommandLine, a.ID, accounts.Change{Kind: accounts.Disable})
	}
	if err != nil {
		t.Fatal(err)
	}
	again.get(s.shows(again, "els")).check("a closed account", status(http.StatusForbidden))
}

// TestNewKeysOfTheSchoolCount: a token that is signed with a new key counts without a restart.
func TestNewKeysOfTheSchoolCount(t *testing.T) {
	s := openSchool(t)
	h := s.attend("sluis")
	s.groups["els"] = []string{"personeel"}
	for range 2 {
		p := h.stranger()
		p.get(s.shows(p, "els")).check("", to("/account"))
		s.open()
	}
}

// TestWrongAnswersOfTheSchoolAreRefused: an answer for another browser, another client or another
// time, or one that was changed on the way, signs no account in.
func TestWrongAnswersOfTheSchoolAreRefused(t *testing.T) {
	s := openSchool(t)
	h := s.attend("sluis")
	s.groups["els"], s.groups["jo"] = []string{"personeel"}, []string{"personeel"}
	out := func(name string, p *person, a answer) {
		t.Helper()
		if b := p.get("/account"); a.status < 400 && a.to != "/sign-in" || b.status == http.StatusOK {
			t.Errorf("%s: status %d to %q, then %d; want no account signed in", name, a.status, a.to, b.status)
		}
	}
	p, thief := h.stranger(), h.stranger()
	answer := s.shows(p, "els")
	out("in a browser that asked nothing", thief, thief.get(answer))
	s.shows(thief, "jo")
	out("in a browser that asked something else", thief, thief.get(answer))
	state := strings.Replace(answer, "state=", "state=x", 1)
	out("of another state", p, p.get(state))
	out("used after a wrong one", p, p.get(answer))
	out("a refusal", p, p.get("/sign-in/with/school/back?error=access_denied&state=x"))

	var kept any
	changing := func(f func(tokens map[string]any)) *person {
		s.mu.Lock()
		s.change = f
		s.mu.Unlock()
		return h.stranger()
	}
	p = changing(func(tokens map[string]any) { kept = tokens["id_token"] })
	p.get(s.shows(p, "els")).must("", to("/account"))
	p = changing(func(tokens map[string]any) { tokens["id_token"] = kept })
	out("what was said to another browser (nonce)", p, p.get(s.shows(p, "jo")))
	p = changing(func(tokens map[string]any) {
		part := strings.Split(tokens["id_token"].(string), ".")
		tokens["id_token"] = part[0] + "." + part[1] + "." + strings.Split(kept.(string), ".")[2]
	})
	out("with the signature of something else", p, p.get(s.shows(p, "els")))
	p = changing(func(tokens map[string]any) {
		tokens["id_token"] = "eyJhbGciOiJub25lIn0." + strings.Split(tokens["id_token"].(string), ".")[1] + "."
	})
	out("without a signature", p, p.get(s.shows(p, "els")))
	p = changing(func(tokens map[string]any) { delete(tokens, "id_token") })
	out("without saying who it is", p, p.get(s.shows(p, "els")))

	s.mu.Lock()
	s.change, s.lifetime = nil, -time.Hour
	s.mu.Unlock()
	p = h.stranger()
	out("that is no longer valid", p, p.get(s.shows(p, "els")))
}

// TestATokenForAnotherClientIsRefused: even if all else is right.
func TestATokenForAnotherClientIsRefused(t *testing.T) {
	s := openSchool(t)
	s.back = "http://localhost:1/back"
	s.open()
	of := func(client string) *provider.Provider {
		return provider.New(
			provider.Options{Name: "school", Issuer: s.site.URL, Client: client, Secret: "secret", Back: s.back},
		)
	}
	var kept any
	var nonce string
	finish := func(p *provider.Provider) error {
		r, err := p.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if nonce == "" {
			nonce = r.Nonce
		}
		to, err := url.Parse(s.answer(r.URL, "els"))
		if err != nil {
			t.Fatal(err)
		}
		r.Nonce = nonce
		_, err = p.Finish(t.Context(), r, to.Query())
		return err
	}
	s.change = func(tokens map[string]any) { kept = tokens["id_token"] }
	if err := finish(of("other")); err != nil {
		t.Fatal(err)
	}
	s.change = func(tokens map[string]any) { tokens["id_token"] = kept }
	if err := finish(of("other")); err != nil {
		t.Errorf("the client of the token: %v, want it to count", err)
	}
	if err := finish(of("sluis")); err == nil {
		t.Error("a token counts for another client, want it refused")
	}
	r, err := of("sluis").Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.change = nil
	to, err := url.Parse(s.answer(r.URL, "els"))
	if err != nil {
		t.Fatal(err)
	}
	r.Verifier = strings.Repeat("x", 43)
	if _, err := of("sluis").Finish(t.Context(), r, to.Query()); err == nil {
		t.Error("a code without its verifier counts, want it refused (PKCE)")
	}
}

// TestSignInAtTheSchoolInABrowser: with its redirects, cookies and policy.
func TestSignInAtTheSchoolInABrowser(t *testing.T) {
	s := openSchool(t)
	h := s.attend("sluis")
	s.groups["els"] = []string{"personeel"}
	b := h.browse()
	b.at("/sign-in?next=/account", looks[0])
	b.press("a[href^='/sign-in/with/school']", "/login/username")
	b.fill("username", "els")
	b.fill("password", phrase)
	b.press("button", "/account")
	if !b.shows("els@school.example") {
		t.Error("the page is not that of els, want it")
	}
}
