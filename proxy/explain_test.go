package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluis/filter/domains"
	"sluis/internal/roster"
	"sluis/internal/sitepolicy"
	"sluis/internal/testenv"
	"sluis/proxy/egress"
	"sluis/proxy/identify"
)

// aPupil is who every request comes from.
type aPupil struct{ group roster.Group }

func (p aPupil) Identify(context.Context, netip.Addr, string) (identify.Identity, error) {
	return identify.Identity{Group: p.group}, nil
}
func (aPupil) Challenges() []string { return nil }

// listed makes an index of entries that are written as "category entry".
func listed(t *testing.T, entries ...string) *domains.Index {
	t.Helper()
	categories := []string{"gambling", "phishing", "pornography", "games", "news"}
	b, err := domains.NewBuilder(categories...)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		category, entry, _ := strings.Cut(e, " ")
		for i, c := range categories {
			if c == category && !b.AddEntry(i, entry) {
				t.Fatalf("%q is not taken", e)
			}
		}
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "index")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := domains.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// settingsOfSchools are policies with some of everything.
func settingsOfSchools(t *testing.T, pupils roster.Group) map[string]sitepolicy.Options {
	index := listed(t, "gambling casino.example", "phishing xn--caf-dma.example", "phishing host.example/bad",
		"phishing =198.51.100.7/32", "phishing 203.0.113.9/x.exe", "games games.example", "games mixed.example/play",
		"news news.example", "pornography wide.example", "pornography !good.wide.example", "phishing =2001:db8:7::/48")
	always := []sitepolicy.Hours{{From: 0, To: 24 * time.Hour}}
	other := time.Now().AddDate(0, 0, 3).Weekday()
	never := []sitepolicy.Hours{{Days: []time.Weekday{other}, From: 0, To: 24 * time.Hour}}
	own := []sitepolicy.Entry{
		{Host: "own.example", Block: true, Clause: "art. 1", When: always, Reason: "r", Author: "a"},
		{Host: "later.example", Block: true, Clause: "art. 1", When: never, Reason: "r", Author: "a"},
		{Host: "part.example", Path: "/chat", Block: true, Clause: "art. 1", Reason: "r", Author: "a"},
		{Host: "les.casino.example", Locked: true, Reason: "r", Author: "a"},
		{Host: "192.0.2.9", Block: true, Clause: "art. 1", Reason: "r", Author: "a"},
	}
	all := []roster.Group{pupils}
	forbid := []sitepolicy.Forbidden{{Lists: []string{"games"}, Groups: all, When: always, Clause: "art. 4"}}
	inspect := sitepolicy.Inspections{Managed: all, Only: []sitepolicy.Inspection{{
		Groups:        all,
		Uncategorised: true,
		Hosts:         []string{"host.example", "part.example", "mixed.example"},
		Reason:        "r",
	}}}
	base := sitepolicy.Options{
		Index:        index,
		Protected:    []string{"help.example"},
		NeverInspect: []string{"bank.example", "help.example"},
	}
	open, safe, strict, read := base, base, base, base
	open.Sites = sitepolicy.Sites{Own: own}
	safe.Sites = sitepolicy.Sites{Own: own, Forbid: forbid, SafeSearch: &sitepolicy.SafeSearch{YouTube: "strict"}}
	strict.Sites = sitepolicy.Sites{Own: own, Forbid: forbid, BlockAddresses: true, BlockNameless: true, BlockECH: true}
	read.Sites = sitepolicy.Sites{Own: own, Forbid: forbid, SafeSearch: &sitepolicy.SafeSearch{}}
	read.Inspections = inspect
	return map[string]sitepolicy.Options{"open": open, "safe": safe, "strict": strict, "read": read}
}

// addressesOfPeople are addresses as people type them; SECURE and PLAIN are the ports of sites.
func addressesOfPeople() (all []string) {
	hosts := []string{
		"site.example", "casino.example", "www.casino.example.", "les.casino.example", "café.example", "CAFÉ.example", "xn--caf-dma.example",
		"host.example", "198.51.100.7", "0xc6336407", "3325256711", "0306.063.0144.07", "[::ffff:198.51.100.7]", "198.51.100.8",
		"203.0.113.9", "[2001:db8:7::1]", "games.example", "mixed.example", "news.example", "good.wide.example", "bad.wide.example",
		"own.example", "later.example", "part.example", "192.0.2.9", "help.example", "bank.example", "www.google.nl", "duckduckgo.com",
		"html.duckduckgo.com", "www.youtube.com", "sluis.school.example", "127.0.0.1", "10.0.0.1", "[::1]", "169.254.169.254", "2130706433",
		"six.example", "under_score.example", "none.invalid",
	}
	for _, h := range hosts {
		all = append(all, "https://"+h+":SECURE/", "http://"+h+":PLAIN/x.exe?y=1")
	}
	for _, h := range []string{"host.example", "part.example", "mixed.example"} {
		for _, page := range []string{"/bad/x", "/%62ad", "/chat?x", "/play", "/good"} {
			all = append(all, "https://"+h+":SECURE"+page, "http://"+h+":PLAIN"+page)
		}
	}
	for _, a := range []string{
		"site.example:22", "casino.example:8080", "site.example:0", "site.example:99999", "site.example:443", "bad..example",
	} {
		all = append(all, "https://"+a+"/", "http://"+a+"/")
	}
	return all
}

// TestExplainGivesTheProxysOwnAnswer: for each setting and address, what the running proxy decides is what is
// explained.
func TestExplainGivesTheProxysOwnAnswer(t *testing.T) {
	pupils, err := roster.ParseGroup("leerlingen")
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range settingsOfSchools(t, pupils) {
		t.Run(name, func(t *testing.T) {
			policy, err := sitepolicy.New(o)
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var last sitepolicy.Decision
			inner := egress.New(egress.Options{
				Inner:    []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
				Resolver: names(t),
				Timeout:  testenv.Patience,
			})
			r := newRig(t, func(r *rig) {
				r.cfg.Identify, r.cfg.Dialer = aPupil{pupils}, inner
				r.decide = func(q sitepolicy.Request) sitepolicy.Decision {
					mu.Lock()
					defer mu.Unlock()
					last = policy.Decide(q)
					return last
				}
			})
			plain := r.site(http.NotFoundHandler())
			secure := r.site(http.NotFoundHandler(), "site.example")
			e := Explainer{
				Name:    r.cfg.Name,
				Ports:   r.cfg.Ports,
				Plain:   r.cfg.Plain,
				Inspect: true,
				Dialer:  inner,
				Policy:  policy,
			}
			outcomes := map[string]int{}
			for _, address := range addressesOfPeople() {
				address = strings.NewReplacer("SECURE", portString(secure), "PLAIN", portString(plain)).Replace(address)
				mu.Lock()
				last = sitepolicy.Decision{}
				mu.Unlock()
				got, parsed := r.browse(t, address)
				a, err := e.Explain(t.Context(), Question{Address: address, Group: pupils, Time: time.Now()})
				if !parsed || err != nil {
					if parsed || err == nil {
						t.Errorf("%s: a browser opens it: %v; explained: %v", address, parsed, err)
					}
					continue
				}
				outcomes[got]++
				want := "passed"
				switch {
				case a.Own:
					want = "own"
				case a.Action == sitepolicy.Block:
					want = "refused"
				}
				if got != want {
					t.Errorf("%s: the proxy has it %s, explained as %s: %+v", address, got, want, a)
				}
				mu.Lock()
				same := last.Action == a.Action && last.Rule == a.Rule && last.Connect == a.Connect
				if a.Refused == "" && !a.Own && !same {
					t.Errorf("%s: decided as %+v, explained as %+v", address, last, a.Decision)
				}
				mu.Unlock()
			}
			if outcomes["passed"] < 20 || outcomes["refused"] < 30 || outcomes["own"] != 1 {
				t.Errorf("outcomes %v, want some of each", outcomes)
			}
		})
	}
}

// browse opens an address as a browser does, and returns what became of it; false if it would not open it.
func (r *rig) browse(t *testing.T, address string) (outcome string, ok bool) {
	t.Helper()
	to, err := sitepolicy.ParseAddress(address)
	if err != nil {
		return "", false
	}
	if !to.TLS {
		return outcomeOf(r.raw("GET http://" + to.Authority + to.Page + " HTTP/1.1\r\nHost: " + to.Authority +
			"\r\nConnection: close\r\n\r\n")), true
	}
	authority := to.Authority
	if _, _, err := net.SplitHostPort(authority); err != nil {
		authority += ":443"
	}
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(testenv.Patience))
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority, authority)
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, &http.Request{Method: http.MethodConnect})
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	if resp.StatusCode != http.StatusOK {
		return outcomeOf(fmt.Sprint(resp.StatusCode, " ")), true
	}
	secure := tls.Client(c, &tls.Config{ServerName: to.Host, InsecureSkipVerify: true})
	if err := secure.Handshake(); err != nil {
		return "refused", true
	}
	fmt.Fprintf(secure, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", to.Page, to.Authority)
	resp, err = http.ReadResponse(bufio.NewReader(secure), nil)
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return outcomeOf(fmt.Sprintf("%d %s", resp.StatusCode, b)), true
}

func outcomeOf(response string) string {
	switch {
	case strings.HasPrefix(response, "403 "), strings.HasPrefix(response, "400 "):
		return "refused"
	case strings.Contains(response, "own site"):
		return "own"
	}
	return "passed"
}
