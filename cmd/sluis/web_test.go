package main_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"

	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sluis/internal/testenv"
	"sluis/proxy/ca"
)

// webGateway is a gateway with a proxy, and sites behind it on this machine.
type webGateway struct {
	*gateway
	proxy        string // address
	plain        *testenv.Nginx
	secure       *testenv.Nginx
	trust        string // file with the sites' authority and the gateway's own
	publicIssuer string
}

// newWebGateway starts one whose clients are pupils, on devices that trust its authority.
func newWebGateway(t *testing.T, more string) *webGateway {
	t.Helper()
	testenv.Need(t, "curl", "nginx")
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"own", "public"} {
		if err := ca.Create(file(name+".crt"), file(name+".key"), ca.Spec{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	public, err := ca.Load(file("public.crt"), file("public.key"))
	if err != nil {
		t.Fatal(err)
	}
	writePair(t, public, file("site.crt"), file("site.key"))
	own, err1 := os.ReadFile(file("own.crt"))
	sites, err2 := os.ReadFile(file("public.crt"))
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := os.WriteFile(file("trust.pem"), append(own, sites...), 0o644); err != nil {
		t.Fatal(err)
	}
	w := &webGateway{proxy: testenv.FreeAddr(t), trust: file("trust.pem"), publicIssuer: "public"}
	if w.plain, err = testenv.StartNginx(t.Context(), mkdir(t, file("plain")), "", ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.plain.Stop)
	if w.secure, err = testenv.StartNginx(t.Context(), mkdir(t, file("secure")), file("site.crt"),
		file("site.key")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.secure.Stop)
	for _, n := range []*testenv.Nginx{w.plain, w.secure} {
		if err := os.WriteFile(filepath.Join(n.Root(), "index.html"), []byte("<h1>Welkom bij de molen</h1>"),
			0o644); err != nil {
			t.Fatal(err)
		}
	}
	w.gateway = prepareGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), env: []string{"SSL_CERT_FILE=" + file("public.crt")}, rest: fmt.Sprintf(`log: {level: debug}
web:
  listen: [{address: %q}]
  proxy: %q
  clients: [127.0.0.0/8]
  inner: [127.0.0.0/8]
  ports: [443, %s]
  plain-ports: [80, %s]
  inspect:
    certificate: %s
    key: %s
    managed: [leerlingen]
%s`, w.proxy, w.proxy, portOf(w.secure.Addr()), portOf(w.plain.Addr()), file("own.crt"), file("own.key"), more)})
	pupils := strings.Replace(roster, "groups:\n", "groups:\n"+
		"  - {name: leerlingen, kind: pupils, size: 200, networks: [127.0.0.0/16]}\n"+
		"  - {name: vast, kind: staff, networks: [127.3.0.0/16]}\n", 1)
	if err := os.WriteFile(filepath.Join(w.dir, "roster.yaml"), []byte(pupils), 0o600); err != nil {
		t.Fatal(err)
	}
	w.start()
	t.Cleanup(w.kill)
	w.eventually("take web traffic", func() bool {
		c, err := net.Dial("tcp", w.proxy)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return w
}

// games is a list of sites with games.
func games(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "games.txt")
	if err := os.WriteFile(path, []byte("speeltuin.example\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func mkdir(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// writePair writes a certificate for localhost, with its key.
func writePair(t *testing.T, a *ca.Authority, certificate, key string) {
	t.Helper()
	c, err := a.For("localhost")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(certificate, pemOf("CERTIFICATE", c.Certificate...), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, pemOf("PRIVATE KEY", pkcs8(t, c.PrivateKey)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// curl asks through the proxy and returns the status and the body.
func (w *webGateway) curl(args ...string) (status, body string) {
	w.t.Helper()
	out, err := exec.CommandContext(w.t.Context(), "curl",
		append([]string{"-s", "--noproxy", "", "-x", "http://" + w.proxy, "--cacert", w.trust, "--max-time", "20",
			"-w", "\n%{http_code}"}, args...)...).CombinedOutput()
	if err != nil && len(out) == 0 {
		w.t.Fatalf("curl %v: %v", args, err)
	}
	i := bytes.LastIndexByte(out, '\n')
	return string(out[i+1:]), string(out[:i])
}

// visits returns the journal's records of web traffic, once there are n.
func (w *webGateway) visits(n int) []record {
	w.t.Helper()
	return w.records(n)
}

func TestWebByCurl(t *testing.T) {
	t.Parallel()
	w := newWebGateway(t, `  sites:
    own:
      - {host: verboden.example, action: block, clause: art. 1, reason: "pesten op deze site", author: ICT-dienst}
    forbid:
      - {lists: [games], clause: "art. 4 van het leerlingenstatuut"}
    lists: [{category: games, path: `+games(t)+`}]
  content: {pages: true}
`)
	plain, secure := "http://localhost:"+portOf(w.plain.Addr()), "https://localhost:"+portOf(w.secure.Addr())
	for _, tt := range []struct {
		name   string
		args   []string
		status string
		want   string
	}{
		{"a plain page", []string{plain + "/"}, "200", "Welkom bij de molen"},
		{"an encrypted page", []string{secure + "/"}, "200", "Welkom bij de molen"},
		{"an encrypted page over HTTP/1.1", []string{"--http1.1", secure + "/"}, "200", "Welkom bij de molen"},
		{"gambling", []string{"http://www.toto.nl/"}, "403", "Kansspelen"},
		{"gambling, in English", []string{"-H", "Accept-Language: en", "http://www.toto.nl/"}, "403", "Gambling"},
		{"gambling, over TLS", []string{"https://www.unibet.nl/x?y=z"}, "403", "Geen kansspelen. (C2.8c)"},
		{"phishing", []string{"http://bank-inloggen.example/"}, "403", "Zo herken je het"},
		{"an own list", []string{"http://a.verboden.example/"}, "403", "pesten op deze site"},
		{"an own clause (C2.8e)", []string{"http://www.speeltuin.example/"}, "403", "art. 4 van het leerlingenstatuut"},
		{"a threat in a post", []string{"-d", "tekst=ik maak je af, ik weet waar je woont", plain + "/"}, "403", "Wat je wilde versturen, is tegengehouden"},
		{"a friendly post", []string{"-d", "tekst=tot morgen", plain + "/"}, "405", "Not Allowed"}, // nginx takes no posts
		{"the gateway's own port", []string{"http://192.168.0.1/"}, "403", "Hier komt de proxy niet"},
		{"the own site", []string{"http://sluis.school.example/setup"}, "200", "Een apparaat instellen"},
		{"the own certificate", []string{"http://sluis.school.example/ca.crt"}, "200", "BEGIN CERTIFICATE"},
	} {
		status, body := w.curl(tt.args...)
		if status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %s, %.300s", tt.name, status, body)
		}
	}
	pac, err := http.Get("http://" + w.proxy + "/proxy.pac")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(pac.Body)
	pac.Body.Close()
	if !strings.Contains(string(b), `return "PROXY `+w.proxy+`";`) {
		t.Errorf("proxy.pac: %s", b)
	}
	blocked := 0
	for _, r := range w.visits(12) {
		if r.Group != "leerlingen" {
			t.Errorf("record: %+v", r)
		}
		if r.Action == "reject" {
			blocked++
		} else if r.Peer != "" {
			t.Errorf("the record of a visit that was not blocked names the site: %+v", r)
		}
	}
	if blocked != 7 {
		t.Errorf("%d records of what was blocked", blocked)
	}
	if status, body := w.curl("-d", "host=www.toto.nl&category=gambling&rule=web.gambling&group=leerlingen&need=lesson",
		"http://www.toto.nl/.well-known/sluis/appeal"); status != "200" ||
		!strings.Contains(body, "Je verzoek is verstuurd") {
		t.Errorf("review: %s, %s", status, body)
	}
	if out, errs, code := run(t, "", "web", "appeals", "--data", w.data()); code != 0 ||
		!strings.Contains(out, "www.toto.nl") {
		t.Errorf("appeals: %s%s", out, errs)
	}
	if _, errs, code := run(t, "", "web", "appeals", "--data", w.data(), "--close", "1", "--outcome",
		"blijft dicht"); code != 0 {
		t.Errorf("close an appeal: %s", errs)
	}
	if out, _, _ := run(t, "", "web", "appeals", "--data", w.data()); strings.Contains(out, "www.toto.nl") {
		t.Errorf("a closed review is open: %s", out)
	}
}

func TestWebExplain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "sluis.yaml")
	text := fmt.Sprintf(`organisation: {domains: [school.example]}
data: %s
mail: {hostname: sluis.school.example, listen: [{address: "127.0.0.1:2525"}], routes: [{to: ["*"], hosts: ["127.0.0.1:26"]}]}
web:
  listen: [{address: "127.0.0.1:3128"}]
  clients: [10.0.0.0/8]
  sites:
    own:
      - {host: les.example, action: block, clause: art. 1, groups: [leerlingen], when: ["mon-fri 08:00-15:00"], reason: "toetsweek", author: ICT-dienst}
      - {host: film.example, path: /chat, action: block, clause: art. 1, reason: "chat", author: ICT-dienst}
    holidays: ["2026-12-19 - 2027-01-03", "2027-05-05"]
    safe-search: {groups: [leerlingen], youtube: strict}
  inspect: {certificate: own.crt, key: own.key, managed: [leerlingen], only: [{groups: [leerlingen], hosts: [film.example], reason: "de chat"}]}
`, dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ url, group, at, want string }{
		{"https://www.toto.nl/", "", "", "www.toto.nl: blocked as gambling (C2.8c: No gambling.)"},
		{"www.113.nl", "leerlingen", "", "www.113.nl: allowed"},
		{"https://les.example/", "leerlingen", "2026-11-23T10:00", "blocked, by the organisation's own code: toetsweek (art. 1) (C2.8e)"},
		{"https://les.example/", "leerlingen", "2026-11-23T16:00", "not at this time"},
		{"https://les.example/", "leraren", "2026-11-23T10:00", "not for this group"},
		{"https://les.example/", "leerlingen", "2026-12-21T10:00", "not at this time"},
		{"https://les.example/", "leerlingen", "2027-05-05T10:00", "not at this time"},
		{"https://film.example/chat/1", "leerlingen", "", "blocked, by the organisation's own code: chat (art. 1) (C2.8e)"},
		{"https://film.example/chat/1", "leraren", "", "the page cannot be seen"},
		{"https://www.google.nl/", "leerlingen", "", "by way of forcesafesearch.google.com"},
		{"http://10.0.0.1/", "", "", "10.0.0.1: refused: the address is not on the internet"},
		{"http://0x7f.1/", "", "", "127.0.0.1: refused: the address is not on the internet"},
		{"http://site.example:8080/", "", "", "refused: port 8080 is not one of 80"},
		{"wss://TOTO.nl/live", "", "", "toto.nl: blocked as gambling"},
		{"http://sluis.school.example/", "", "", "the gateway's own pages"},
	} {
		out, errs, code := run(t, "", "web", "explain", tt.url, "-c", config, "--group", tt.group, "--at", tt.at)
		if code != 0 || !strings.Contains(out, tt.want) {
			t.Errorf("%s for %s at %s: %s%s", tt.url, tt.group, tt.at, out, errs)
		}
	}
	if _, errs, code := run(t, "", "web", "explain", "https://", "-c", config); code != 1 ||
		!strings.Contains(errs, "no address") {
		t.Errorf("no address: %d, %s", code, errs)
	}
	out, errs, code := run(t, "geheim wachtwoord\n", "web", "password", "juf@school.example")
	if code != 0 || !strings.HasPrefix(out, "juf@school.example:$argon2id$") {
		t.Errorf("password: %s%s", out, errs)
	}
}

// TestWebReload: what the configuration says of sites counts at the next request after a
// reload; what is wrong is refused, and the old stays.
func TestWebReload(t *testing.T) {
	t.Parallel()
	w := newWebGateway(t, "")
	if status, _ := w.curl("http://www.verboden.example/"); status == "403" {
		t.Fatal("blocked before it is")
	}
	b, err := os.ReadFile(w.config())
	if err != nil {
		t.Fatal(err)
	}
	own := "  sites: {own: [{host: verboden.example, action: block, clause: art. 1, reason: pesten, author: %s}]}\n"
	if err := os.WriteFile(w.config(), append(b, fmt.Sprintf(own, "ICT")...), 0o600); err != nil {
		t.Fatal(err)
	}
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.eventually("block the site", func() bool {
		status, body := w.curl("http://www.verboden.example/")
		return status == "403" && strings.Contains(body, "pesten")
	})
	if err := os.WriteFile(w.config(), append(b, fmt.Sprintf(own, `""`)...), 0o600); err != nil {
		t.Fatal(err)
	}
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.eventually("refuse the reload", func() bool {
		return strings.Contains(w.log.String(),
			"a reason and an author are needed")
	})
	if status, _ := w.curl("http://www.verboden.example/"); status != "403" {
		t.Error("a refused configuration counts")
	}
}

// TestWebByChromium: a browser that finds the proxy by the PAC file sees the page that
// explains, in a plain and in an encrypted connection, and asks for review with a click.
func TestWebByChromium(t *testing.T) {
	testenv.Need(t, "chromium")
	w := newWebGateway(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	tab, stop := testenv.Chromium(ctx, t.TempDir(), map[string]any{
		"proxy-pac-url": "http://" + w.proxy + "/proxy.pac", "ignore-certificate-errors": true, "accept-lang": "nl-NL",
	})
	defer stop()
	for _, address := range []string{"http://www.toto.nl/", "https://www.unibet.nl/loterij"} {

		if err := chromedp.Do(tab, chromedp.Navigate(address)); err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		title, err := chromedp.Run(tab, chromedp.Evaluate[string]("document.querySelector('h1').textContent"))
		if err != nil || title != "Deze site is hier niet toegankelijk" {
			t.Fatalf("%s: %q, %v", address, title, err)
		}
		click := chromedp.Evaluate[chromedp.Void]("document.querySelector('button').click()")
		if _, err := chromedp.Run(tab, click); err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		w.eventually("thank for the request", func() bool {
			heading := chromedp.Evaluate[string]("document.querySelector('h1')?.textContent ?? ''")
			title, err := chromedp.Run(tab, heading)
			return err == nil && title == "Je verzoek is verstuurd"
		})
		w.eventually("have the request for review", func() bool {
			out, _, _ := run(t, "", "web", "appeals", "--data", w.data())
			u, _ := url.Parse(address)
			return strings.Contains(out, u.Hostname())
		})
	}
}

// TestWebPasswords: who gives a password is known as a person, and pupils are not (K4).
func TestWebPasswords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	line, errs, code := run(t, "geheim wachtwoord\n", "web", "password", "juf@school.example")
	if code != 0 {
		t.Fatal(errs)
	}
	passwords := filepath.Join(dir, "passwords")
	if err := os.WriteFile(passwords, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWebGateway(t, "  identify: {passwords: "+passwords+", required: true}\n")
	target := "http://localhost:" + portOf(w.plain.Addr()) + "/"
	if status, body := w.curl(target); status != "407" || !strings.Contains(body, "Meld je aan") {
		t.Errorf("without: %s, %s", status, body)
	}
	if status, _ := w.curl("--proxy-user", "juf@school.example:fout wachtwoord", target); status != "407" {
		t.Errorf("wrong: %s", status)
	}
	if status, _ := w.curl("--proxy-user", "juf@school.example:geheim wachtwoord", target); status != "200" {
		t.Errorf("right: %s", status)
	}
	if r := w.visits(1)[0]; r.Group != "team" {
		t.Errorf("record: %+v", r)
	}
}

func pemOf(kind string, ders ...[]byte) []byte {
	var b []byte
	for _, der := range ders {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})...)
	}
	return b
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestWebConfigCheck: what is wrong with the web part is found before the gateway runs.
func TestWebConfigCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ web, want string }{
		"in order":                       {"", "is in order"},
		"an open proxy":                  {"  clients: [0.0.0.0/0]\n", "this would be an open proxy"},
		"a block without a reason":       {"  sites: {own: [{host: a.example, action: block}]}\n", "a reason and an author are needed"},
		"C2.8e: a category of no clause": {"  sites: {forbid: [{lists: [games]}]}\n", "name the clause of your own code"},
		"inspection without authority":   {"  inspect: {only: [{uncategorised: true, reason: x}]}\n", "an authority is needed"},
		"a list that is shortened":       {"  inspect: {never: {without: [ing.nl]}}\n", "only the privacy officer"},
		"hours that are none":            {"  sites: {own: [{host: a.example, action: block, clause: art. 1, when: [soon], reason: r, author: a}]}\n", "are no hours"},
		"a password file that is none":   {"  identify: {passwords: none}\n", "no such file"},
		"an unknown key":                 {"  sitez: {}\n", "sitez"},
	} {
		clients := "  clients: [10.0.0.0/8]\n"
		if strings.Contains(tt.web, "clients") {
			clients = ""
		}
		config := filepath.Join(t.TempDir(), "sluis.yaml")
		text := `organisation: {domains: [school.example]}
data: data
mail: {hostname: sluis.school.example, listen: [{address: "127.0.0.1:2525"}], routes: [{to: ["*"], hosts: ["127.0.0.1:26"]}]}
web:
  listen: [{address: "127.0.0.1:3128"}]
` + clients + tt.web
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, errs, code := run(t, "", "config", "check", config)
		if !strings.Contains(out+errs, tt.want) || (code == 0) != (name == "in order") {
			t.Errorf("%s: %d, %s%s", name, code, out, errs)
		}
		if left, err := os.ReadDir(filepath.Dir(config)); err != nil || len(left) != 1 {
			t.Errorf("%s: the check left %v", name, left)
		}
	}
}
