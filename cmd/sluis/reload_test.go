package main_test

import (
	"crypto/tls"
	"fmt"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// reload has the gateway read everything again, and waits until it has said so.
func (g *gateway) reload(sign string) {
	g.t.Helper()
	before := strings.Count(g.log.String(), sign)
	g.cmd.Process.Signal(syscall.SIGHUP)
	g.eventually("say "+sign, func() bool { return strings.Count(g.log.String(), sign) > before })
}

const (
	taken   = "reloaded configuration"
	refused = "reload refused"
)

// judged sends a message and returns what the journal says of it.
func (g *gateway) judged(data string) record {
	g.t.Helper()
	n := len(decodeLines[record](g.t, g.exported("journal", "export")))
	if reply := g.try(teacher, []string{parent}, data); reply[0] != '2' {
		g.t.Fatal(reply)
	}
	return g.records(n + 1)[n]
}

// replace writes a file in the gateway's directory anew, with a piece of it changed.
func (g *gateway) replace(name, old, new string) {
	g.t.Helper()
	path := filepath.Join(g.dir, name)
	b, err := os.ReadFile(path)
	if err != nil {
		g.t.Fatal(err)
	}
	text := strings.Replace(string(b), old, new, 1)
	if text == string(b) {
		g.t.Fatalf("%s does not have %q", name, old)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// presented returns the serial number of the certificate that a client is shown.
func presented(t *testing.T, addr string) string {
	t.Helper()
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.StartTLS(&tls.Config{InsecureSkipVerify: true}); err != nil {
		t.Fatal(err)
	}
	state, _ := c.TLSConnectionState()
	return state.PeerCertificates[0].SerialNumber.String()
}

// Each change counts from the next message on, and none of a broken version does.
func TestReloadTakesAllOrNothing(t *testing.T) {
	t.Parallel()
	const passed = "  actions: {leak: {out: pass}}"
	s := settings{nextHop: testenv.StartSink(t).Addr(), sample: "1", policy: passed}
	g := newGateway(t, s)
	sends := func(want string) {
		t.Helper()
		if r := g.judged(letter(secret)); r.Action != want {
			t.Errorf("%s, want %s", r.Action, want)
		}
	}
	sends("pass")

	s.policy = ""
	g.configure(s)
	g.reload(taken)
	sends("quarantine")

	s.sample = "0" // counts from the next day on (C3.3b)
	g.configure(s)
	g.reload(taken)
	sends("quarantine")

	s.policy = "  surprise: 1"
	g.configure(s)
	g.reload(refused)
	if !strings.Contains(g.log.String(), "unknown key") {
		t.Errorf("the log does not say why:\n%s", g.log)
	}
	sends("quarantine")

	s.policy, s.more = "", "    - address: \"127.0.0.1:1\"\n"
	g.configure(s)
	g.reload("mail.listen cannot change while the gateway runs")

	s.more = ""
	g.configure(s)
	g.replace("roster.yaml", "juf@school.example, aliases",
		"juf@school.example, role: confidential-counsellor, aliases")
	g.reload(taken)
	sends("") // confidential: an hourly count, which does not say
	g.replace("roster.yaml", "{address: directie", "{adress: directie")
	g.reload(refused)
	sends("")

	// All of that can be checked by anyone who has the ledger.
	day := time.Now().UTC().Format("2006-01-02")
	if out := g.exported("sampling", "audit", "--day", day); !strings.Contains(out,
		"every draw is as the secret says") || !strings.Contains(out, "at a rate of 100%,") {
		t.Errorf("%s", out)
	}
}

// A certificate is renewed in its place, as certbot does it. Half of a pair is refused.
func TestARenewedCertificateIsShownAfterReload(t *testing.T) {
	t.Parallel()
	lines := certificate(t)
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), mail: lines})
	first := presented(t, g.addr)

	oldCert, oldKey := certificateFiles(lines)
	newCert, newKey := certificateFiles(certificate(t))
	if err := os.Rename(newCert, oldCert); err != nil {
		t.Fatal(err)
	}
	g.reload(refused)
	if !strings.Contains(g.log.String(), "private key does not match") {
		t.Errorf("the log does not say why:\n%s", g.log)
	}
	if presented(t, g.addr) != first {
		t.Error("half a pair was taken")
	}
	if err := os.Rename(newKey, oldKey); err != nil {
		t.Fatal(err)
	}
	g.reload(taken)
	if presented(t, g.addr) == first {
		t.Error("the old certificate is still shown")
	}
}

// ownRule is a rule of the school's own, with all that one has to have.
const ownRule = `subject: Own
about: {nl: Eigen, en: Own}
rules:
  - id: conduct.insult.own
    purpose: conduct
    clause: %s
    category: insult
    title: {nl: Eigen woord, en: Own word}
    phrases: [zeurkous]
    score: 100
    match: ["Jij bent een zeurkous", "zeurkous!"]
    no-match: ["Wat een mooie kous", "Zij zeurt niet"]
`

func TestNewRulesCountAfterReload(t *testing.T) {
	t.Parallel()
	s := settings{nextHop: testenv.StartSink(t).Addr()}
	g := prepareGateway(t, s)
	packs := filepath.Join(g.dir, "own")
	if err := os.Mkdir(packs, 0o700); err != nil {
		t.Fatal(err)
	}
	s.rest = fmt.Sprintf("rules: {packs: [%s]}\n", packs)
	g.configure(s)
	g.start()
	t.Cleanup(g.kill)
	message := letter("Wat ben jij een zeurkous.")
	if r := g.judged(message); r.Action != "pass" {
		t.Errorf("before there is a rule: %+v", r)
	}
	pack := filepath.Join(packs, "own.yaml")
	if err := os.WriteFile(pack, fmt.Appendf(nil, ownRule, "C2.2a"), 0o600); err != nil {
		t.Fatal(err)
	}
	g.reload(taken)
	if r := g.judged(message); r.Action != "quarantine" || r.Rule != "conduct.insult.own" {
		t.Errorf("with a rule: %+v", r)
	}
	// A rule that breaks the code is refused with the clause, and the old one stays.
	if err := os.WriteFile(pack, fmt.Appendf(nil, ownRule, "C9.9z"), 0o600); err != nil {
		t.Fatal(err)
	}
	g.reload(refused)
	if !strings.Contains(g.log.String(), "C9.9z") || !strings.Contains(g.log.String(), "own.yaml:6:13") {
		t.Errorf("the log does not say what is wrong, and where:\n%s", g.log)
	}
	if r := g.judged(message); r.Action != "quarantine" {
		t.Errorf("after a broken rule: %+v", r)
	}
	if _, errs, code := run(t, "", "config", "check", g.config()); code != 1 || !strings.Contains(errs, "C9.9z") {
		t.Errorf("config check: %d %s", code, errs)
	}
}

// What is refused is refused whole: nothing of it counts, not even the sample rate, and
// config check refuses what the gateway would.
func TestWhatIsRefusedIsRefusedWhole(t *testing.T) {
	t.Parallel()
	for name, old := range map[string][2]string{
		"a route to what is no domain":     {`to: ["*"]`, `to: ["*", "no domain"]`},
		"a shared network anybody gets in": {"trusted:", "shared: [{networks: [192.0.2.0/24], field: X-Key, key-file: short.key}]\n  trusted:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), sample: "0", mail: certificate(t)})
			if err := os.WriteFile(filepath.Join(g.dir, "short.key"), []byte("geheim"), 0o600); err != nil {
				t.Fatal(err)
			}
			g.replace("sluis.yaml", old[0], old[1])
			g.replace("sluis.yaml", "sample-rate: 0", "sample-rate: 1")
			if out, errs, code := run(t, "", "config", "check", g.config()); code != 1 {
				t.Errorf("config check: %d\n%s%s", code, out, errs)
			}
			g.reload(refused)
			if r := g.judged(letter(secret)); r.Drawn || r.Action != "pass" {
				t.Errorf("the new sample rate counts: %+v", r)
			}
			if acts := g.exported("ledger", "export"); strings.Contains(acts, "sampling-rate") ||
				strings.Contains(acts, "config-loaded") {
				t.Errorf("the ledger has a configuration that was refused:\n%s", acts)
			}
		})
	}
}

// What only a restart can change is not passed over in silence.
func TestWhatNeedsARestartIsSaid(t *testing.T) {
	t.Parallel()
	for name, old := range map[string][2]string{
		"mail.hostname":           {"hostname: sluis.school.example", "hostname: nieuw.school.example"},
		"mail.limits.inspections": {"policy:", "  limits: {inspections: 3}\npolicy:"},
		"metrics":                 {"metrics: {", "metrics: {public: true, "},
		"log":                     {"metrics:", "log: {level: debug}\nmetrics:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr()})
			g.replace("sluis.yaml", old[0], old[1])
			g.reload(refused)
			if !strings.Contains(g.log.String(), name+" cannot change while the gateway runs") {
				t.Errorf("the log does not say so:\n%s", g.log)
			}
		})
	}
}
