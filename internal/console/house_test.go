package console

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/pquerna/otp/totp"
	"golang.org/x/time/rate"

	"sluis/internal/accounts"
	"sluis/internal/journal"
	"sluis/internal/keybook"
	"sluis/internal/ledger"
	"sluis/internal/oversight/breach"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/roll/rolltest"
	"sluis/internal/oversight/sampling"
	"sluis/internal/oversight/totals"
	"sluis/internal/quarantine"
	"sluis/internal/roster"
	"sluis/internal/store"
)

// house is a running console with an account for every role, named after it.
type house struct {
	*Console
	t         testing.TB
	services  Services
	accounts  *accounts.Store
	ledger    *ledger.Ledger
	site      *httptest.Server
	dir       string
	sealed    *quarantine.Store
	breaches  *breach.Store
	second    bool // releasing and destroying take two
	hop       *hop
	key       *age.X25519Identity
	mail      *mailbox // of accounts
	requested []string // addresses that got notice of an access request
	untold    bool     // these notices cannot be sent
	notified  []string // breach files of which the privacy officer got notice
	people    *roster.Roster
	keys      *journal.Keys
	db        *journal.DB
	archive   *totals.Archive
	sampler   *sampling.Sampler
	draws     []sampling.Draw
	rolls     *roll.Store
	phones    rolltest.Phones   // of the board's roll, by address
	links     map[string]string // to the board's roll that were mailed, by address
	renewed   int               // times that the configuration was asked for
	log       *strings.Builder
}

// setup is what a house is started with.
type setup struct {
	Config
	Site
	Services
}

// newHouse starts a house. Its setup can be changed before.
func newHouse(t testing.TB, change ...func(*setup)) *house {
	t.Helper()
	h := &house{t: t, log: &strings.Builder{}, mail: &mailbox{secrets: map[string]string{}}}
	dir := t.TempDir()
	h.dir = dir
	var err error
	if h.ledger, err = ledger.Open(filepath.Join(dir, "ledger")); err != nil {
		t.Fatal(err)
	}
	h.accounts, err = accounts.Open(store.Open(dir), keybook.Key{
		Name: "accounts.key",
		Path: filepath.Join(dir, "keys", "accounts.key"),
	}, h.ledger)
	if err != nil {
		t.Fatal(err)
	}
	h.accounts.Connect(func() *roster.Roster { return h.people }, h.mail)
	t.Cleanup(func() {
		h.accounts.Close()
		if t.Failed() {
			t.Log(h.log)
		}
	})
	h.site = httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.Console.ServeHTTP(w, r) }),
	)
	t.Cleanup(h.site.Close)
	at := strings.TrimPrefix(h.site.URL, "http://")
	o := setup{
		Config{Listen: at, Address: "http://" + strings.Replace(at, "127.0.0.1", "localhost", 1)},
		Site{Organisation: "De Regenboog", CodeURL: "https://www.school.example/code", Demo: true, Zone: time.UTC},
		h.open(dir),
	}
	for _, f := range change {
		f(&o)
	}
	h.services = o.Services
	if h.Console, err = New(o.Config, o.Site, o.Services, slog.New(slog.NewTextHandler(h.log, nil))); err != nil {
		t.Fatal(err)
	}
	h.pace = rate.Inf // tests are quicker than people
	return h
}

// open makes the services of a house.
func (h *house) open(dir string) Services {
	s := Services{
		Accounts:   h.accounts,
		Ledger:     h.ledger,
		InForce:    h.inForce,
		Quarantine: h.quarantine(dir),
		Orders:     h.orders(dir),
		Roll:       h.roll(),
		Breaches:   h.breachFiles(dir),
		Imagery:    h.cases(dir),
		Sites:      sites(),
		Exceptions: h.exceptions(),
		Appeals:    h.appeals(),
		Roster:     &peopleTable{t: h.t},
		Health:     h.health(dir),
		Totals:     h.totals(dir),
		Sampling:   h.sampled(dir),
		Retention:  h.retention,
	}
	s.Access = Access{h.keys, h.db, func(_ context.Context, addresses []string) error {
		if h.untold {
			return errMailServer
		}
		h.requested = append(h.requested, addresses...)
		return nil
	}}
	return s
}

// person is a visitor with a browser that keeps cookies and follows no redirects.
type person struct {
	h    *house
	http *http.Client
}

func (h *house) stranger() *person {
	jar, _ := cookiejar.New(nil)
	return &person{
		h,
		&http.Client{
			Jar:           jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// as returns a person who is signed in in a role, with an account of that name.
func (h *house) as(r ledger.Role) *person {
	h.t.Helper()
	return h.named(string(r), r)
}

// named returns a person who is signed in with an account, made if need be.
func (h *house) named(name string, roles ...ledger.Role) *person {
	h.t.Helper()
	secret, err := h.accounts.Demonstrate(h.t.Context(), name, name+"@school.example", roles...)
	if err != nil {
		h.t.Fatal(err)
	}
	p := h.stranger()
	p.post("/link/"+secret, nil).must(fmt.Sprintf("sign in as %s", name), status(http.StatusSeeOther))
	return p
}

// proves shows a code.
func (p *person) proves(name string) *person {
	p.h.t.Helper()
	code := p.h.code(name)
	p.post("/proof", url.Values{"code": {code}}).must("prove", status(http.StatusSeeOther))
	return p
}

// code returns a code of an account of the demonstration.
func (h *house) code(name string) string {
	h.t.Helper()
	a, err := h.accounts.Named(h.t.Context(), name)
	if err != nil {
		h.t.Fatal(err)
	}
	code, err := h.accounts.Demonstration(h.t.Context(), a)
	if err != nil || code == "" {
		h.t.Fatalf("a code of %s: %q, %v; want one", name, code, err)
	}
	return code
}

// entries returns what of a kind the ledger has.
func (h *house) entries(kind ledger.Kind) (all []ledger.Entry) {
	h.t.Helper()
	for e, err := range h.ledger.Find(ledger.Query{Kinds: []ledger.Kind{kind}}) {
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// local makes an account with a password and codes, as people have one.
func (h *house) local(ctx context.Context, name, pass string, roles ...ledger.Role) (secret string) {
	h.t.Helper()
	address := name + "@school.example"
	a, _, err := h.accounts.Make(ctx, ledger.CommandLine, name, address, roles)
	if err == nil {
		err = h.accounts.Invite(ctx, ledger.CommandLine, a.ID)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	if _, _, err := h.accounts.Redeem(ctx, h.mail.secret(address), pass); err != nil {
		h.t.Fatal(err)
	}
	key, err := accounts.NewCodes("Sluis", name)
	if err != nil {
		h.t.Fatal(err)
	}
	// An old code, so that the one of now can still be used.
	code, err := totp.GenerateCode(key.Secret(), time.Now().Add(-30*time.Second))
	if err != nil {
		h.t.Fatal(err)
	}
	client := h.client(httptest.NewRequest("GET", "/", nil))
	if err := h.accounts.KeepCodes(ctx, accounts.Client{Addr: client}, a.ID, key.Secret(), code); err != nil {
		h.t.Fatal(err)
	}
	return key.Secret()
}
