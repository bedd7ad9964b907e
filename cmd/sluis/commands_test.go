package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluis/internal/testenv"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckSaysWhatAndWhy(t *testing.T) {
	clean, leak := write(t, "schoon.eml", letter(harmless)), write(t, "lek.txt", secret)
	attack := write(t, "factuur.eml", executable)
	type finding struct {
		Rule, Purpose, Clause string
		Count, Score          int
	}
	type verdict struct {
		File, Action, Category  string
		Purposes, Uninspectable []string
		Findings                []finding
		Ambiguous               bool
		Parts, Bytes            int
	}
	for name, tc := range map[string]struct {
		stdin string
		args  []string
		code  int
		want  []verdict
	}{
		"nothing found": {args: []string{clean}, code: 0,
			want: []verdict{{File: clean, Action: "pass", Purposes: []string{"security", "conduct"}, Parts: 1}}},
		"not looked for": {args: []string{leak}, code: 0, want: []verdict{{File: leak, Action: "pass",
			Purposes: []string{"security", "conduct"}, Parts: 1}}},
		"leak": {args: []string{"--all-purposes", leak}, code: 3,
			want: []verdict{{File: leak, Action: "quarantine", Category: "credentials",
				Purposes: []string{"security", "conduct", "leak"},
				Findings: []finding{{"leak.credentials.secret", "leak", "C2.1b", 1, 100}}, Parts: 1}}},
		"leaks do not come in": {args: []string{"--all-purposes", "--direction", "in", leak}, code: 0,
			want: []verdict{{File: leak, Action: "pass",
				Purposes: []string{"security", "conduct", "leak"}, Parts: 1}}},
		"leaks do not leave a school by internal mail": {
			args: []string{"--all-purposes", "--direction", "internal", leak}, code: 0,
			want: []verdict{{File: leak, Action: "pass", Purposes: []string{"security", "conduct", "leak"}, Parts: 1}},
		},
		"internal mail": {stdin: executable, args: []string{"--direction", "internal", "-"}, code: 3,
			want: []verdict{{File: "-", Action: "quarantine", Category: "attachment",
				Purposes: []string{"security", "conduct"},
				Findings: []finding{{"security.attachment.executable", "security", "C3.3a", 1, 100},
					{"security.attachment.double-extension", "security", "C2.9a", 1, 100}}, Parts: 3}}},
		"standard input": {stdin: executable, args: []string{"--direction", "in", "-"}, code: 3,
			want: []verdict{{File: "-", Action: "quarantine", Category: "attachment",
				Purposes: []string{"security", "conduct"},
				Findings: []finding{{"security.attachment.executable", "security", "C3.3a", 1, 100},
					{"security.attachment.double-extension", "security", "C2.9a", 1, 100}}, Parts: 3}}},
		"one after the other": {args: []string{clean, attack}, code: 3,
			want: []verdict{{File: clean, Action: "pass", Purposes: []string{"security", "conduct"}, Parts: 1},
				{File: attack, Action: "quarantine", Category: "attachment", Purposes: []string{"security", "conduct"},
					Findings: []finding{{"security.attachment.executable", "security", "C3.3a", 1, 100},
						{"security.attachment.double-extension", "security", "C2.9a", 1, 100}}, Parts: 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			out, errs, code := run(t, tc.stdin, append([]string{"check", "--json"}, tc.args...)...)
			if code != tc.code {
				t.Errorf("exit code %d\n%s%s", code, out, errs)
			}
			got := decodeLines[verdict](t, out)
			for i := range got {
				if got[i].Bytes == 0 {
					t.Error("no bytes")
				}
				got[i].Bytes = 0
			}
			if g, w := asJSON(t, got), asJSON(t, tc.want); g != w {
				t.Errorf("got  %s\nwant %s", g, w)
			}
			if strings.Contains(out, "Zomer!Regen84kast") {
				t.Error("the password is shown")
			}
		})
	}
	// A file that cannot be read does not hide what is in the others.
	out, errs, code := run(t, "", "check", "--json", "--all-purposes", "/does/not/exist", leak, t.TempDir(), clean)
	if got := decodeLines[verdict](t, out); code != 1 || len(got) != 2 || got[0].Action != "quarantine" ||
		got[1].Action != "pass" || !strings.Contains(errs, "/does/not/exist") || !strings.Contains(errs, "directory") {
		t.Errorf("%d %s%s", code, out, errs)
	}
	if _, errs, code := run(t, "", "check", "/does/not/exist"); code != 1 ||
		!strings.Contains(errs, "/does/not/exist") {
		t.Errorf("%d %s", code, errs)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("null", "[]").Replace(string(b))
}

// The confidential are recognised by check, too (C3.2g).
func TestCheckKnowsTheRoster(t *testing.T) {
	g := prepareGateway(t, settings{nextHop: "127.0.0.1:25"})
	leak := write(t, "lek.eml", letter(secret+" "+threat))
	for from, code := range map[string]int{teacher: 3, counsellor: 0} {
		if out, errs, got := run(t, "", "check", "--config", g.config(), "--all-purposes", "--from", from,
			leak); got != code {
			t.Errorf("from %s: exit code %d\n%s%s", from, got, out, errs)
		}
	}
}

func TestConfigExampleIsInOrder(t *testing.T) {
	example, _, code := run(t, "", "config", "example")
	if code != 0 {
		t.Fatal(code)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"sluis.yaml": example, "roster.yaml": roster, "smarthost.password": "geheim"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, errs, code := run(t, "", "config", "check", filepath.Join(dir, "sluis.yaml")); code != 0 ||
		!strings.Contains(out, "is in order") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
}

func TestConfigCheckSaysWhere(t *testing.T) {
	g := prepareGateway(t, settings{nextHop: "127.0.0.1:25"})
	good, err := os.ReadFile(g.config())
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ old, new, want string }{
		"unknown key":     {"mail:", "mial:", `sluis.yaml:7:1: unknown key "mial"`},
		"key too deep":    {"{to: [", "{too: [", `unknown key "too"`},
		"given twice":     {"data: ", "data: /a\ndata: ", "data"},
		"no YAML":         {"organisation:", "organisation: [", "sluis.yaml:"},
		"its own hop":     {"hosts: [\"127.0.0.1:25\"]", "hosts: [\"" + g.addr + "\"]", "mail would go round in a loop"},
		"half TLS":        {"trusted:", "tls: {certificate: a.pem}\n  trusted:", "certificate and key belong together"},
		"no such file":    {"trusted:", "tls: {certificate: a.pem, key: b.pem}\n  trusted:", "a.pem"},
		"leaks coming in": {"policy:", "policy:\n  actions: {leak: {in: tag}}", "C3.3b"},
		"a longer life":   {"metrics:", "journal: {retention: 400d}\nmetrics:", "C3.3g"},
		"no reason":       {"metrics:", "rules: {disabled: [{id: leak.credentials.secret}]}\nmetrics:", "C3.2a"},
		"wrong type":      {"hostname: sluis.school.example", "hostname: [1]", "sluis.yaml:8:13: expected a text here, not a list"},
		"open relay":      {"127.0.0.1/32", "0.0.0.0/0", "this would be an open relay"},
		"bad rate":        {"sample-rate: 1", "sample-rate: 300%", "sample-rate"},
		"no certificate":  {"tls: none, timeout", "tls: what, timeout", `unknown TLS mode "what"`},
		"no roster file":  {"roster.yaml", "roster.yml", "roster.yml"},
		"bad directive":   {"policy:", "policy:\n  actions: {leak: {out: explode}}", "explode"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(g.dir, name+".yaml")
			text := strings.Replace(string(good), tc.old, tc.new, 1)
			if text == string(good) {
				t.Fatal("nothing was changed")
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, errs, code := run(t, "", "config", "check", path)
			want := strings.Replace(tc.want, "sluis.yaml", path, 1)
			if code != 1 || !strings.Contains(errs, want) {
				t.Errorf("%d, want %q in\n%s", code, want, errs)
			}
			inFile := regexp.MustCompile(regexp.QuoteMeta(path)+`:[0-9]+:[0-9]+: `).MatchString(errs) &&
				strings.Contains(errs, "> ") && strings.Contains(errs, "^")
			if elsewhere := name == "no roster file" || name == "no such file"; !elsewhere && !inFile {
				t.Errorf("does not show where:\n%s", errs)
			}
		})
	}
}

// A command line that is none is an error as any other, and no output.
func TestAWrongCommandLine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"blah"}, {"check"}, {"check", "--direction", "up", "x"}, {"serve"},
		{"quarantine", "show", "x"}, {"journal", "tail", "--data", "a", "--config", "b"}} {
		if out, errs, code := run(t, "", args...); code != 1 || out != "" || !strings.Contains(errs, "Usage: sluis") {
			t.Errorf("%v: exit code %d, said %q and %q", args, code, out, errs)
		}
	}
	if out, errs, code := run(t, "", "quarantine", "--help"); code != 0 || errs != "" ||
		!strings.Contains(out, "Review the quarantine") {
		t.Errorf("--help: %d %q %q", code, out, errs)
	}
}

// What was quarantined is opened with a reason only, released as it came, past the rules,
// and tried again by the gateway if the next hop cannot take it now (C3.3e).
func TestReview(t *testing.T) {
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	data := "X-Token: t\nSubject: a\n\n" + secret + "\n"
	for range 3 {
		g.try(teacher, []string{parent}, data)
	}
	held := g.held()
	if len(held) != 3 {
		t.Fatalf("%+v", held)
	}
	if errs := g.refusal("quarantine", "show", held[0].ID); !strings.Contains(errs, "--reason") {
		t.Errorf("opened without a reason: %s", errs)
	}
	for stage, want := range map[string]string{
		"findings": "leak.credentials.secret", "text": "Zomer!Regen84kast", "headers": "Subject: a",
	} {
		out := g.exported("quarantine", "show", held[0].ID, "--stage", stage, "--reason", "melding 12")
		if !strings.Contains(out, want) || strings.Contains(out, parent) {
			t.Errorf("%s: want %q and no address in\n%s", stage, want, out)
		}
	}
	if out := g.exported("quarantine", "show", held[0].ID, "--stage", "headers", "--reveal", "2", "--reason",
		"melding 12"); !strings.Contains(out, parent) || strings.Contains(out, teacher) {
		t.Errorf("want the recipient and not the sender in\n%s", out)
	}
	if out := g.exported("quarantine", "release", held[0].ID, "--reason", "is een test"); !strings.HasPrefix(out,
		"released") {
		t.Errorf("%s", out)
	}
	sum := testenv.TokenSum([]byte(strings.ReplaceAll(data, "\n", "\r\n")))
	if a := sink.Arrivals()["t"]; a.Times != 1 || a.Sum != sum || !slices.Equal(a.To, []string{"<" + parent + ">"}) {
		t.Errorf("%+v", a)
	}
	if errs := g.refusal("quarantine", "show", held[0].ID, "--reason", "nog eens"); !strings.Contains(errs, "gone") {
		t.Errorf("opened after its release: %s", errs)
	}

	sink.Misbehave(on(testenv.OnBody, "451 4.3.0 Straks"))
	if out := g.exported("quarantine", "release", held[1].ID, "--reason", "is een test",
		"--json"); !strings.Contains(out, `"releasing"`) {
		t.Errorf("%s", out)
	}
	if out := g.exported("quarantine", "delete", held[2].ID, "--reason", "echt een lek",
		"--json"); !strings.Contains(out, `"destroyed"`) {
		t.Errorf("%s", out)
	}
	states := map[string]string{}
	for _, e := range g.held() {
		states[e.ID] = e.State
	}
	if states[held[0].ID] != "released" || states[held[1].ID] != "releasing" || states[held[2].ID] != "destroyed" {
		t.Errorf("%v", states)
	}
	acts := g.exported("ledger", "export")
	for _, want := range []string{"quarantine-opened", "quarantine-released", "quarantine-deleted", "melding 12", "echt een lek"} {
		if !strings.Contains(acts, want) {
			t.Errorf("the ledger lacks %q", want)
		}
	}
	verifyLedger(t, g)
	tampered := write(t, "ledger", strings.Replace(acts, "echt een lek", "echt geen lek", 1))
	if _, errs, code := run(t, "", "ledger", "verify", tampered); code != 3 || !strings.Contains(errs, "NOT in order") {
		t.Errorf("a changed ledger: %d %s", code, errs)
	}
}

func TestOneGatewayForOneDirectory(t *testing.T) {
	g := newGateway(t, settings{nextHop: "127.0.0.1:1"})
	if _, errs, code := run(t, "", "serve", "--config", g.config()); code != 1 ||
		!strings.Contains(errs, "another gateway runs on") {
		t.Errorf("%d %s", code, errs)
	}
}

// A gateway that is asked to end finishes what it has begun, and takes nothing new.
func TestAGatewayEndsGracefully(t *testing.T) {
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	c, idle := dialRaw(t, g), dialRaw(t, g)
	idle.say("EHLO idle\r\n", "250")
	c.say("EHLO c\r\n", "250")
	c.say(fmt.Sprintf("MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n", teacher, parent), "250", "250", "354")
	g.cmd.Process.Signal(syscall.SIGTERM)
	idle.want("421 4.3.2")
	g.eventually("take no connections", func() bool { _, err := greeting(g.addr); return err != nil })
	c.say("X-Token: last\r\n\r\nx\r\n.\r\n", "250")
	c.want("421 4.3.2")
	g.stop()
	if code := g.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d\n%s", code, g.log)
	}
	if sink.Arrivals()["last"].Times != 1 {
		t.Error("the message is lost")
	}
	g.records(1)
}

func TestMetricsCount(t *testing.T) {
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr()})
	g.try(teacher, []string{parent}, letter(secret))
	g.try(teacher, []string{parent}, letter(harmless))
	page := string(g.page("metrics"))
	for _, want := range []string{"sluis_smtp_messages_total 2", "sluis_journal_dropped_total 0", "go_goroutines"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	if code, text := g.healthz(); code != 200 || text != "ok\n" {
		t.Errorf("%d %s", code, text)
	}
}

func TestDemoGoesAsScripted(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // a second time on what the first left
		out, errs, code := run(t, "", "demo", "--once", "--data", dir, "--address", testenv.FreeAddr(t), "--console",
			testenv.FreeAddr(t))
		if code != 0 {
			t.Fatalf("exit code %d\n%s%s", code, out, errs)
		}
		for _, want := range []string{"QUARANTINED, sealed", "byte for byte", "not drawn in the sample", "a confidential role is not controlled (C3.2g)", "OUTCOME"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
	}
	if out, _, code := run(t, "", "quarantine", "list", "--data", dir); code != 0 ||
		!strings.Contains(out, "leak.identity.bsn") {
		t.Errorf("%s", out)
	}
}

func TestRulesCommands(t *testing.T) {
	out, errs, code := run(t, "", "rules", "test")
	if code != 0 || !strings.Contains(out, "rules judge their examples as they say") {
		t.Errorf("%s%s", out, errs)
	}
	list, _, _ := run(t, "", "rules", "list")
	if n := strings.Count(list, "\n"); n < 20 || !strings.Contains(list, "leak.identity.bsn") {
		t.Errorf("%s", list)
	}
	if out, _, code := run(t, "", "rules", "show", "leak.identity.bsn"); code != 0 || !strings.Contains(out, "C2.4a") {
		t.Errorf("%s", out)
	}
	if _, errs, code := run(t, "", "rules", "show", "no.such.rule"); code != 1 ||
		!strings.Contains(errs, "rules list") {
		t.Errorf("%d %s", code, errs)
	}
}

// The school's own list makes its people known, and is kept as hashes only (C2.4a).
func TestImportedPeopleAreRecognised(t *testing.T) {
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	list := write(t, "leerlingen.csv", "voornaam;achternaam;geboortedatum\nKanarie;Vogelzang;3-4-2015\n")
	mail := letter("Kanarie Vogelzang (3 april 2015) gaat over.")
	send := func(want int) {
		t.Helper()
		if reply := g.try(teacher, []string{parent}, mail); reply[0] != '2' {
			t.Fatal(reply)
		}
		if n := len(g.held()); n != want {
			t.Errorf("%d in quarantine, want %d", n, want)
		}
	}
	send(0)
	if out := g.exported("people", "import", "leerlingen", list); !strings.Contains(out, "1 people") {
		t.Errorf("%s", out)
	}
	g.cmd.Process.Signal(syscall.SIGHUP)
	g.eventually("reload", func() bool { return strings.Contains(g.log.String(), "reloaded configuration") })
	send(1)
	kept, err := os.ReadFile(filepath.Join(g.data(), "people", "leerlingen.hashes"))
	if err != nil || strings.Contains(strings.ToLower(string(kept)), "vogelzang") {
		t.Errorf("names are kept, or %v", err)
	}
	if out := g.exported("people", "list"); !strings.Contains(out, "leerlingen") {
		t.Errorf("%s", out)
	}
	g.exported("people", "remove", "leerlingen")
	if out := g.exported("ledger", "export"); !strings.Contains(out, "people-imported") ||
		!strings.Contains(out, "people-removed") {
		t.Error("not in the ledger")
	}
}

// A reviewer's false positive becomes an exception, for the words that it is about only
// (C3.3f), and explain says why.
func TestAnExceptionIsAboutItsWordsOnly(t *testing.T) {
	street, insult := write(t, "straat.txt", "Wij wonen in de Klootzakstraat 5."),
		write(t, "scheldwoord.txt", "Wat ben jij een klootzak!")
	pack := write(t, "eigen.yaml", `subject: Own
about: {nl: "Eigen regel.", en: "Own rule."}
rules:
  - id: conduct.insult.own
    purpose: conduct
    clause: C2.2a
    category: insult
    title: {nl: "Scheldwoord", en: "Swear word"}
    phrases: ["klootzak*"]
    score: 100
    match: ["klootzak", "klootzakken"]
    no-match: ["kloot", "zak"]
`)
	s := settings{nextHop: "127.0.0.1:25", rest: "rules: {packs: [" + filepath.Dir(pack) + "]}\n"}
	g := prepareGateway(t, s)
	explain := func(file string) string {
		t.Helper()
		out, errs, code := run(t, "", "rules", "explain", "--config", g.config(), file)
		if code != 0 {
			t.Fatal(errs)
		}
		return out
	}
	if out := explain(street); !strings.Contains(out, "conduct.insult.own") || !strings.Contains(out, "enough") {
		t.Errorf("%s", out)
	}
	until := time.Now().AddDate(0, 1, 0).Format("2006-01-02")
	s.rest = "rules:\n  packs: [" + filepath.Dir(pack) + "]\n" +
		"  exceptions: [{rule: conduct.insult.own, within: [klootzakstraat], reason: straatnaam, " +
		"author: ICT-dienst, until: " + until + "}]\n"
	g.configure(s)
	if out := explain(street); !strings.Contains(out, "no rule saw anything") {
		t.Errorf("%s", out)
	}
	if out := explain(insult); !strings.Contains(out, "conduct.insult.own") {
		t.Errorf("%s", out)
	}
}

// Links to hosts that the school has listed are quarantined, also for the confidential (C2.9a).
func TestListedLinksAreQuarantined(t *testing.T) {
	list := write(t, "phishing.txt", "0.0.0.0 boef.example\n")
	index := filepath.Join(t.TempDir(), "sites")
	if out, errs, code := run(t, "", "sites", "build", index, "phishing="+list); code != 0 ||
		!strings.Contains(out, "phishing: 1 names") {
		t.Fatalf("%s%s", out, errs)
	}
	if out, _, code := run(t, "", "sites", "lookup", index, "www.boef.example", "school.example"); code != 0 ||
		out != "www.boef.example: phishing\nschool.example: not listed\n" {
		t.Errorf("%s", out)
	}
	if _, errs, code := run(t, "", "sites", "build", index,
		"phishing="+write(t, "leeg.txt", "# nothing\n")); code != 1 || !strings.Contains(errs, "is it a list?") {
		t.Errorf("%d %s", code, errs)
	}
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), rest: "rules: {sites: " + index + "}\n"})
	for _, text := range []string{"Log in op https://inlog.boef.example/school", "Log in op https://www.school.example/"} {
		if reply := g.try(parent, []string{counsellor}, letter(text)); reply[0] != '2' {
			t.Error(reply)
		}
	}
	if held := g.held(); len(held) != 1 || held[0].Rule != "security.phishing.listed" {
		t.Errorf("%+v", held)
	}
}
