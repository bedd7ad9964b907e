package main_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
	"sluis/internal/testenv"
)

// visitor is a browser at the console.
type visitor struct {
	t      *testing.T
	at     string
	http   *http.Client
	secret string // of the codes
}

// post sends a form and returns the page that it leads to.
func (v *visitor) post(path string, form url.Values) (at, page string) {
	v.t.Helper()
	res, err := v.http.PostForm("http://"+v.at+path, form)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res.Request.URL.Path, string(b)
}

func (v *visitor) get(path string) string {
	v.t.Helper()
	res, err := v.http.Get("http://" + v.at + path)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(b)
}

var (
	mailedLink = regexp.MustCompile(`/link/[A-Z0-9]{10,}`)
	newSecret  = regexp.MustCompile(`<code>([A-Z2-7 ]{20,})</code>`)
	riskKey    = regexp.MustCompile(`name="risk" value="([0-9a-f]+)"`)
)

// begins is a visitor who follows a link, and sets up codes.
func begins(t *testing.T, at, link string) *visitor {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	v := &visitor{t: t, at: at, http: &http.Client{Jar: jar}}
	v.post(link, url.Values{"password": {sentence}, "again": {sentence}})
	m := newSecret.FindStringSubmatch(v.get("/account/factor"))
	if m == nil {
		t.Fatal("no secret of codes after the link, want one")
	}
	v.secret = strings.ReplaceAll(m[1], " ", "")
	v.post("/account/codes", url.Values{"code": {v.code(-30 * time.Second)}})
	v.post("/proof", url.Values{"code": {v.code(0)}, "next": {"/"}})
	return v
}

func (v *visitor) code(ago time.Duration) string {
	v.t.Helper()
	code, err := totp.GenerateCode(v.secret, time.Now().Add(ago))
	if err != nil {
		v.t.Fatal(err)
	}
	return code
}

// counsels reports whether mail of the confidential counsellor is confidential.
func (g *gateway) counsels() bool {
	g.t.Helper()
	before := len(g.held())
	if reply := g.try("vp@school.example", []string{parent}, letter(secret)); reply[0] != '2' {
		g.t.Fatal(reply)
	}
	return len(g.held()) == before
}

// TestARoleThatIsTakenOffTheRosterWaitsForThePrivacyOfficer: with a shell alone nobody makes the mail of a
// counsellor ordinary; the people concerned get notice, config check names the change, and it counts once
// the privacy officer, whose account came by mail, agrees (C3.2g).
func TestARoleThatIsTakenOffTheRosterWaitsForThePrivacyOfficer(t *testing.T) {
	t.Parallel()
	box, at := startMailbox(t), testenv.FreeAddr(t)
	s := settings{nextHop: box.Addr(), console: at, rest: officeSettings, policy: "  sample-reason: proef van alle regels"}
	g := newGateway(t, s)
	if !g.counsels() {
		t.Fatal("the counsellor's mail is inspected, want it confidential")
	}
	g.replace("roster.yaml", ", role: confidential-counsellor", "")
	_, errs, code := run(t, "", "config", "check", g.config())
	if code != 0 || !strings.Contains(errs, "role-lost: vertrouwenspersoon@school.example") {
		t.Errorf("config check says %q, %d; want the role that would be lost, by name", errs, code)
	}
	for name, again := range map[string]func(){
		"reload":  func() { g.reload(taken) },
		"restart": func() { g.stop(); g.start() },
	} {
		if again(); !g.counsels() {
			t.Errorf("after a %s the counsellor's mail is inspected, want it confidential until consent", name)
		}
	}
	log := g.log.String()
	if !strings.Contains(log, "wait for the privacy officer") || strings.Contains(log, "vertrouwens") {
		t.Error("the log does not say that a change waits, or says whose; want the former alone")
	}
	if out := g.exported("ledger", "export"); !strings.Contains(out, "role-lost confidential-counsellor") {
		t.Error("the ledger does not name the role, want it")
	}
	for _, to := range []string{"vertrouwenspersoon@school.example", "vp@school.example", "mr@gezin.example",
		"fg@school.example"} {
		g.eventually("notify "+to, func() bool {
			return strings.Contains(strings.Join(texts(t, box, to), ""), "vertrouwelijke functie meer")
		})
	}
	fg := g.officer(box, at)
	keys := riskKey.FindAllStringSubmatch(fg.get("/people"), -1)
	risks := url.Values{}
	for _, k := range keys {
		risks.Add("risk", k[1])
	}
	if path, page := fg.post("/people/agree", risks); len(keys) != 3 || !strings.Contains(page, "telt vanaf nu") {
		t.Fatalf("consent to %d leads to %s, want it to count for two addresses and the list", len(keys), path)
	}
	g.eventually("inspect the counsellor's mail", func() bool { return !g.counsels() })
	if out := g.exported("ledger", "export"); !strings.Contains(out, `"roster-agreed"`) {
		t.Error("the ledger does not have the consent, want it")
	}
}

// officer makes the account of the privacy officer by the command line: its link goes by mail alone.
func (g *gateway) officer(box *testenv.Sink, at string) *visitor {
	g.t.Helper()
	out, errs, code := run(g.t, "", "accounts", "invite", "fg", "--role", "privacy",
		"--address", "directie@school.example", "--config", g.config())
	if code != 0 || strings.Contains(out+errs, "/link/") || !strings.Contains(errs, "mailed") {
		g.t.Fatalf("invite: %d %s%s; want the link mailed", code, out, errs)
	}
	link := mailedLink.FindString(strings.Join(texts(g.t, box, "directie@school.example"), "\n"))
	if link == "" {
		g.t.Fatal("no link in the mail, want one")
	}
	return begins(g.t, at, link)
}

// TestTheCommandLineGivesNoLinkOfOneWhoDecides: but to the first administrator; and without mail there is no
// account.
func TestTheCommandLineGivesNoLinkOfOneWhoDecides(t *testing.T) {
	t.Parallel()
	at := testenv.FreeAddr(t)
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), console: at})
	invite := func(name, role, address string) (string, int) {
		out, errs, code := run(t, "", "accounts", "invite", name, "--role", role, "--address", address,
			"--config", g.config())
		return out + errs, code
	}
	for _, role := range []string{"board", "supervisor", "legal", "privacy", "council"} {
		if out, code := invite("x-"+role, role, "juf@school.example"); code == 0 || strings.Contains(out, "/link/") ||
			!strings.Contains(out, "notices: from") {
			t.Errorf("%s without mail: %d %s; want it refused, with what to do", role, code, out)
		}
	}
	if out, code := invite("beheer", "admin", ""); code != 0 || !strings.Contains(out, "/link/") {
		t.Fatalf("the first administrator: %d %s; want a link", code, out)
	}
	list, _, _ := run(t, "", "accounts", "list", "--config", g.config())
	if strings.Contains(list, "x-") {
		t.Errorf("accounts are\n%s, want the administrator alone", list)
	}
}

// TestAnAliasOpensNoDossier: of a colleague, in two steps: off the roster, and on again as the alias.
func TestAnAliasOpensNoDossier(t *testing.T) {
	t.Parallel()
	box, at := startMailbox(t), testenv.FreeAddr(t)
	g := newGateway(t, settings{nextHop: box.Addr(), console: at, rest: officeSettings})
	for range 3 {
		g.try("juf@school.example", []string{parent}, letter(harmless))
	}
	g.records(3)
	store := g.accounts()
	const address = "groep1@school.example"
	a, _, err := store.Make(t.Context(), ledger.CommandLine, "ictman", address, []ledger.Role{ledger.ICT})
	if err == nil {
		err = store.Invite(t.Context(), ledger.CommandLine, a.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	ictman := begins(t, at, mailedLink.FindString(strings.Join(texts(t, box, "groep1@school.example"), "\n")))
	if _, page := ictman.post("/access", url.Values{"form": {"json"}}); strings.Contains(page, `"problem"`) {
		t.Fatalf("own records: %.200s, want them", page)
	}
	const own = "{address: groep1@school.example,"
	for _, step := range []func(){
		func() { g.replace("roster.yaml", own, "{address: nieuw@school.example,") },
		func() {
			g.replace("roster.yaml", "[groep5@school.example]", "[groep5@school.example, groep1@school.example]")
		},
	} {
		step()
		g.reload(taken)
		if _, page := ictman.post("/access", url.Values{"form": {"json"}}); !strings.Contains(page, `"records":[]`) {
			t.Errorf("records of the colleague: %.200s, want none", page)
		}
	}
	if err := store.SendCode(t.Context(), accounts.Client{}, a.ID); err != nil {
		t.Fatal(err)
	}
	for _, text := range texts(t, box, "groep1@school.example") {
		if strings.Contains(text, "juf@school.example") && strings.Contains(text, "code") {
			t.Error("a code for the colleague's records went to the account, want it with the colleague")
		}
	}
}

// TestTheMemoryOfAddressesIsKept: whoever removes or damages its file while the gateway runs takes no role
// away by that; after a restart without it the ledger says that it began anew.
func TestTheMemoryOfAddressesIsKept(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{nextHop: startMailbox(t).Addr(), rest: officeSettings})
	memory := filepath.Join(g.data(), "bindings", "bindings.json")
	g.reload(taken)
	for name, harm := range map[string]func() error{
		"removed": func() error { return os.Remove(memory) },
		"damaged": func() error { return os.WriteFile(memory, []byte("{"), 0o600) },
	} {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(g.rosterText(), ", role: confidential-counsellor") {
			g.replace("roster.yaml", ", role: confidential-counsellor", "")
		}
		if g.reload(taken); !g.counsels() {
			t.Errorf("%s: the counsellor's mail is inspected, want it confidential", name)
		}
	}
	g.stop()
	if err := os.Remove(memory); err != nil {
		t.Fatal(err)
	}
	g.start()
	g.eventually("say that it began anew", func() bool {
		return strings.Contains(g.log.String(), "is remembered anew")
	})
	if out := g.exported("ledger", "export"); !strings.Contains(out, `"step":"anew"`) {
		t.Error("the ledger does not say that the memory began anew, want it")
	}
	if out := g.health(); !strings.Contains(out, "was lost in the last thirty days") {
		t.Errorf("health says %s, want that the memory was lost", out)
	}
}

func (g *gateway) rosterText() string {
	g.t.Helper()
	b, err := os.ReadFile(filepath.Join(g.dir, "roster.yaml"))
	if err != nil {
		g.t.Fatal(err)
	}
	return string(b)
}
