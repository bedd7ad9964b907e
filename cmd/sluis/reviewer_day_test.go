package main_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sluis/internal/testenv"
)

// TestAReviewersDay: a message that swaks sends is drawn and quarantined, is opened in
// stages, each with a reason, and is released with a note: both arrive. Another is a leak: it
// is confirmed, its breach file runs, and the privacy officer hears of it. Each act is in the
// ledger, which is whole; nothing of what was read is anywhere else
// (C3.3b, C3.3e, C3.3f, C2.12a).
func TestAReviewersDay(t *testing.T) {
	testenv.Need(t, "chromium", "swaks")
	t.Parallel()
	box, at := startMailbox(t), testenv.FreeAddr(t)
	g := newGateway(t, settings{nextHop: box.Addr(), console: at, rest: officeSettings})
	send := func(what string) {
		t.Helper()
		out := swaks(t, g, "--from", teacher, "--to", parent, "--header", "Subject: "+canary, "--body",
			canary+` <img src=x onerror=alert(1)> `+secret+" "+what)
		if !strings.Contains(out, "250 ") {
			t.Fatalf("not accepted:\n%s", out)
		}
	}
	send("voorbeeld")
	if rs := g.records(1); !rs[0].Drawn || rs[0].Action != "quarantine" {
		t.Fatalf("%+v", rs[0])
	}
	if got := texts(t, box, parent); len(got) != 0 {
		t.Fatal("it was delivered")
	}
	first := g.held()[0].ID

	d := g.sitDown(at, "ict", "ict")
	d.open("/quarantine")
	if see[string](d, "location.pathname") != "/quarantine" || strings.Contains(d.text(), canary) ||
		strings.Contains(d.text(), "juf@") {
		t.Fatalf("at %s: %s", see[string](d, "location.pathname"),
			strings.ReplaceAll(d.text(), canary, "(of the message)"))
	}
	d.press("tbody a")
	if p := see[string](d, "location.pathname"); p != "/quarantine/"+first {
		t.Fatalf("the list leads to %s", p)
	}
	// Without the statement of secrecy nothing opens.
	d.fill("#open-reason", "beoordelen")
	d.press("button[name=stage][value=text]")
	if p := see[string](d, "location.pathname"); p != "/secrecy" || strings.Contains(d.text(), canary) {
		t.Fatalf("opened without the statement: at %s", p)
	}
	d.do(chromedp.Click(chromedp.CSS("input[name=accept]")))
	d.press("form[action='/secrecy'] button")
	for _, stage := range []struct{ name, shows string }{{"findings", "wachtwoord"}, {"headers", canary},
		{"text", canary + " <img src=x onerror=alert(1)>"}} {
		d.open("/quarantine/" + first)
		d.fill("#open-reason", "beoordelen of de regel gelijk heeft")
		d.press("button[name=stage][value=" + stage.name + "]")
		if !strings.Contains(d.text(), stage.shows) {
			t.Errorf("%s does not show what it should", stage.name)
		}
	}
	d.open("/quarantine/" + first)
	d.fill("#reason", "een voorbeeld uit de les")
	d.fill("#note", "Dit bericht kwam later: het werd nagekeken.")
	d.press("button[formaction='/quarantine/release']")
	g.eventually("deliver what was released, and the note", func() bool { return len(texts(t, box, parent)) == 2 })
	if got := texts(t, box, parent); !strings.Contains(got[0], canary) || !strings.Contains(got[0], secret) ||
		!strings.Contains(got[1], "nagekeken") || strings.Contains(got[1], canary) {
		t.Errorf("what arrived is not the message and the note: %v, %v", len(got[0]), len(got[1]))
	}
	d.open("/quarantine/" + first)
	if see[bool](d, "!!document.querySelector('button[name=stage]')") {
		t.Error("what was released can be opened")
	}

	send("echt")
	g.records(2)
	second := g.held()[0].ID
	d.open("/quarantine/" + second)
	d.fill("#confirm-reason", "een wachtwoord dat in gebruik is")
	d.press("form[action$='/confirm'] button")
	if p := see[string](d, "location.pathname"); !strings.HasPrefix(p, "/breaches/") {
		t.Fatalf("a leak leads to %s", p)
	}
	if files := g.exported("breach", "list"); strings.Count(strings.TrimSpace(files), "\n") > 1 ||
		!strings.Contains(files, strings.TrimPrefix(see[string](d, "location.pathname"), "/breaches/")) {
		t.Errorf("breach files:\n%s", files)
	}
	g.eventually("notify the privacy officer", func() bool {
		return strings.Contains(strings.Join(texts(t, box, "fg@school.example"), ""),
			strings.TrimPrefix(see[string](d, "location.pathname"), "/breaches/"))
	})
	d.open("/quarantine/" + second)
	d.fill("#reason", "blijft hier")
	d.press("button[formaction='/quarantine/destroy']")
	if e := g.held()[0]; e.ID != second || e.State != "destroyed" {
		t.Errorf("%+v", e)
	}

	acts := map[string]int{}
	for _, a := range decodeLines[struct{ Kind string }](t, g.exported("ledger", "export")) {
		acts[a.Kind]++
	}
	for kind, want := range map[string]int{"secrecy-accepted": 1, "quarantine-opened": 3, "quarantine-confirmed": 1,
		"breach-opened": 1, "quarantine-deleted": 1} {
		if acts[kind] != want {
			t.Errorf("%d times %s in the ledger, want %d", acts[kind], kind, want)
		}
	}
	if acts["quarantine-released"] == 0 {
		t.Error("the release is not in the ledger")
	}
	if sightings([]byte(g.log.String())) != nil {
		t.Error("something of a message is in the log")
	}
	if found := inFiles(t, g.data(), sightings); len(found) != 0 {
		t.Errorf("something of a message is in %v", found)
	}
	if out := g.exported("ledger", "export"); sightings([]byte(out)) != nil || strings.Contains(out, parent) {
		t.Error("something of a message is in the ledger")
	} else if _, errs, code := run(t, "", "ledger", "verify", write(t, "export", out)); code != 0 {
		t.Errorf("the ledger is not whole: %s", errs)
	}
}
