package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// TestWhatTheConsoleDecidesCounts: on a gateway at work an exception to a rule has the message
// pass that was quarantined, and once it is ended the message is quarantined again; a request on a
// block page is answered, and the site opens for the group that asked alone (C3.3f, K3).
func TestWhatTheConsoleDecidesCounts(t *testing.T) {
	testenv.Need(t, "chromium", "curl", "nginx")
	t.Parallel()
	w, at := newWebGateway(t, ""), testenv.FreeAddr(t)
	w.stop()
	w.replace("sluis.yaml", "console: {listen: none}", "console: {listen: "+at+"}")
	w.start()
	d := w.sitDown(at, "els", "ict")
	lastDay := time.Now().AddDate(0, 0, 7).Format(time.DateOnly)

	// Mail.
	const letterOfDay = "Je bent een klootzak en dat blijf je."
	verdicts := 0
	verdict := func() string {
		t.Helper()
		if reply := w.try(teacher, []string{parent}, letter(letterOfDay)); reply[0] != '2' {
			t.Fatalf("%q", reply)
		}
		verdicts++
		rs := w.records(verdicts)
		return rs[len(rs)-1].Action
	}
	if got := verdict(); got != "quarantine" {
		t.Fatalf("without an exception: %s", got)
	}
	rule := w.held()[0].Rule
	d.open("/exceptions?rule=" + rule)
	d.fill("#within", "een klootzak en dat blijf je")
	d.fill("#reason", "een citaat uit de musical")
	d.fill("#until", lastDay)
	d.press("form:has(#within) button:not(.second)")
	if !strings.Contains(d.text(), "een citaat uit de musical") {
		t.Fatal("the exception is not in the list")
	}
	w.eventually("let the message pass", func() bool { return verdict() == "pass" })
	end := func() {
		t.Helper()
		d.open("/exceptions")
		d.press("form[action$='/end'] button")
		if see[bool](d, "!!document.querySelector(\"form[action$='/end']\")") {
			t.Error("it holds yet")
		}
	}
	end()
	w.eventually("set the message aside again", func() bool { return verdict() == "quarantine" })

	// Web.
	const site = "http://www.toto.nl/"
	status := func(from string) string {
		t.Helper()
		got, _ := w.curl("--interface", from, site)
		return got
	}
	blocked := func(from string) bool { return status(from) == "403" }
	// The site is not on this machine: the proxy goes there, and says that it is not found.
	open := func(from string) bool { return strings.HasPrefix(status(from), "5") }
	const pupil, staff = "127.0.0.1", "127.3.0.3"
	if !blocked(pupil) || !blocked(staff) {
		t.Fatal("the site is open before anybody asked")
	}
	if got, _ := w.curl("-d", "host=www.toto.nl&category=gambling&rule=web.gambling&group=leerlingen&need=lesson",
		site+".well-known/sluis/appeal"); got != "200" {
		t.Fatalf("ask for a review: %s", got)
	}
	d.open("/appeals")
	if !strings.Contains(d.text(), "www.toto.nl") {
		t.Fatalf("got no appeal, want one: %s", d.text())
	}
	d.fill("input[name=reason]", "les over kansrekening")
	d.fill("input[name=until]", lastDay)
	d.press("button[value=allow]")
	w.eventually("open the site", func() bool { return open(pupil) })
	if !blocked(staff) {
		t.Error("it is open for those who did not ask")
	}
	end()
	w.eventually("close the site", func() bool { return blocked(pupil) })

	steps := map[string]int{}
	type act struct {
		Kind string
		Data struct{ Actor, Step string }
	}
	for _, a := range decodeLines[act](t, w.exported("ledger", "export")) {
		if a.Data.Actor == "els" {
			steps[a.Kind+" "+a.Data.Step]++
		}
	}
	for what, want := range map[string]int{"exception-changed made": 2, "exception-changed ended": 2, "appeal-answered allowed": 1} {
		if steps[what] != want {
			t.Errorf("%d times %s in the ledger, want %d", steps[what], what, want)
		}
	}

	w.stop()
	if err := os.WriteFile(filepath.Join(w.data(), "exceptions", "exceptions.json"),
		[]byte(`[{"host":"www.toto.nl","reason":"`+canary), 0o600); err != nil {
		t.Fatal(err)
	}
	w.start()
	if reply := w.try(teacher, []string{parent}, letter(harmless)); reply[0] != '2' {
		t.Errorf("got %q with a damaged file, want that mail goes on", reply)
	}
	if !blocked(pupil) {
		t.Error("the site is open with a damaged file, want that no exception counts")
	}
	if log := w.log.String(); strings.Contains(log, canary) {
		t.Errorf("the log has what the damaged file says:\n%s", log)
	}
}

// TestHealthByCommand: what the gateway needs is checked, with the gateway at work, without
// its next mail server, and when it is stopped.
func TestHealthByCommand(t *testing.T) {
	t.Parallel()
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	health := func(want int) (state string, checks map[string]string) {
		t.Helper()
		out, errs, code := run(t, "", "health", "--json", "--config", g.config())
		var report struct {
			State  string
			Checks []struct {
				Name  struct{ EN string }
				State string
			}
		}
		if err := json.Unmarshal([]byte(out), &report); err != nil || code != want {
			t.Fatalf("exit %d, want %d: %v\n%s%s", code, want, err, out, errs)
		}
		checks = map[string]string{}
		for _, c := range report.Checks {
			checks[c.Name.EN] = c.State
		}
		return report.State, checks
	}
	hop := "Next mail server " + sink.Addr()
	// The disk and the clock are those of the machine that tests.
	if state, checks := health(0); state == "broken" || checks["Sluis"] != "ok" || checks[hop] != "ok" ||
		checks["Journal"] != "ok" || checks["Quarantine"] != "ok" {
		t.Errorf("at work: %s, %v", state, checks)
	}
	if n := len(sink.Arrivals()); n != 0 {
		t.Errorf("%d messages were sent to find out", n)
	}
	sink.Stop()
	if state, checks := health(1); state != "broken" || checks["Sluis"] != "ok" || checks[hop] != "broken" {
		t.Errorf("without a next hop: %s, %v", state, checks)
	}
	g.stop()
	if _, checks := health(1); checks["Sluis"] != "broken" {
		t.Errorf("stopped: %v", checks)
	}
	if out, _, code := run(t, "", "health", "--config", g.config()); code != 1 ||
		!strings.Contains(out, "broken     Sluis: does not run\n           Start the service") {
		t.Errorf("in words: %d\n%s", code, out)
	}
	if _, errs, code := run(t, "", "health", "--config", filepath.Join(g.dir, "none.yaml")); code != 1 || errs == "" {
		t.Errorf("without a configuration: %d %s", code, errs)
	}
}
