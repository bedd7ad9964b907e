package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/breach"
	"sluis/internal/oversight/imagery"
	"sluis/internal/store"
)

func (h *house) breachFiles(dir string) Breaches {
	h.t.Helper()
	h.breaches = breach.Open(store.Open(dir), h.ledger)
	return Breaches{h.breaches, func(_ context.Context, f breach.File) error {
		h.notified = append(h.notified, f.ID)
		return nil
	}}
}

func (h *house) cases(dir string) *imagery.Store {
	h.t.Helper()
	return imagery.Open(store.Open(dir), h.ledger, h.key.Recipient())
}

func (h *house) retention(context.Context) ([]Kept, []string, error) {
	at := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	return []Kept{
			{What: "metadata", Number: 12345, Bytes: 999, Since: at, Next: at.AddDate(0, 6, 0), Days: 183},
			{What: "quarantined messages", Days: 30},
		}, []string{
			"2026-10",
			"2026-11",
		}, nil
}

// TestABreachFileFromOpeningToReport: its form filled in, reported, closed; each step is in the
// ledger, and the privacy officer gets notice (C2.12a).
func TestABreachFileFromOpeningToReport(t *testing.T) {
	h := newHouse(t)
	p := h.sworn("privacy", ledger.Privacy)
	p.post(
		"/breaches",
		url.Values{"text": {"x"}, "day": {time.Now().AddDate(0, 0, 2).Format(time.DateOnly)}, "time": {"09:30"}},
	).check(
		"discovered in the future",
		status(http.StatusUnprocessableEntity),
	)
	a := p.post("/breaches", url.Values{"text": {"Een lijst <script>alert(1)</script> lag op straat."}})
	if a.status != http.StatusSeeOther || len(h.notified) != 1 {
		t.Fatalf("status %d, notices %v; want a breach file with a notice", a.status, h.notified)
	}
	at := a.to
	if page := p.get(at); !strings.Contains(page.body, "Nog 71 uur") || strings.Contains(page.body, "<script>alert") {
		t.Errorf("%s", page.body)
	}
	p.post(at+"/step", url.Values{"kind": {"closed"}, "text": {"klaar"}}).check("closed without a word on reporting",
		status(http.StatusUnprocessableEntity))
	p.post(
		at+"/facts",
		url.Values{
			"happened": {"Een lijst lag op straat"},
			"number":   {"28"},
			"nature":   {"confidentiality"},
			"special":  {"yes"},
		},
	).check(
		"facts",
		status(http.StatusSeeOther),
	)
	for _, kind := range []string{"reported", "informed", "closed"} {
		p.post(at+"/step", url.Values{"kind": {kind}, "text": {"gedaan"}}).check(kind,
			status(http.StatusSeeOther))
	}
	if form := p.get(at + "/form"); form.status != http.StatusOK || !strings.Contains(form.body, "28") ||
		!strings.HasPrefix(form.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("form: %d %s", form.status, form.body)
	}
	board := h.sworn("board", ledger.Board)
	board.get(at).check("the board", status(http.StatusOK), lacks("/step"))
	if len(h.entries(ledger.BreachOpened)) != 1 || len(h.entries(ledger.BreachClosed)) != 1 {
		t.Error("it is not in the ledger")
	}
	for _, id := range []string{"x", "..%2f..%2fledger", strings.Repeat("a", 64)} {
		p.get("/breaches/"+id).check(id, status(http.StatusNotFound))
	}
}

// TestAComplaintTakesNoAccount: it is sealed, read with a trace, and destroyed when the case is closed
// (C3.3d).
func TestAComplaintTakesNoAccount(t *testing.T) {
	h := newHouse(t)
	nobody, p := h.stranger(), h.sworn("privacy", ledger.Privacy)
	a := nobody.post(
		"/complaint",
		url.Values{"page": {"https://www.school.example/sportdag"}, "text": {"Mijn dochter <b>staat</b> erop."}},
	)
	if a.status != http.StatusOK || strings.Contains(a.body, "dochter") {
		t.Fatalf("%d\n%s", a.status, a.body)
	}
	all, err := h.services.Imagery.Cases()
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	at := "/cases/" + all[0].ID
	if page := p.get(at); page.status != http.StatusOK || strings.Contains(page.body, "dochter") {
		t.Errorf("not read yet: %d", page.status)
	}
	if page := p.post(at+"/read", nil); !strings.Contains(page.body, "Mijn dochter &lt;b&gt;staat&lt;/b&gt; erop.") {
		t.Errorf("read: %d\n%s", page.status, page.body)
	}
	for _, step := range []string{"takedown-asked", "taken-down", "closed"} {
		p.post(at+"/step", url.Values{"step": {step}}).check(step, status(http.StatusSeeOther))
	}
	if page := p.post(at+"/read", nil); strings.Contains(page.body, "dochter") {
		t.Error("it is still there")
	}
	p.post(at+"/step", url.Values{"step": {"looked"}}).check("a closed case",
		status(http.StatusUnprocessableEntity))
	if n := len(h.entries(ledger.ImageryCase)); n < 5 {
		t.Errorf("%d in the ledger", n)
	}
	nobody.post("/complaint", url.Values{"text": {" "}}).check("empty", status(http.StatusUnprocessableEntity))
	last := 0
	for range complaintsAtOnce {
		last = nobody.post("/complaint", url.Values{"text": {"nog een"}}).status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("one after the other: %d", last)
	}
}

func TestRetentionIsShown(t *testing.T) { // C3.3g
	h := newHouse(t)
	a := h.as(ledger.Board).get("/retention")
	for _, want := range []string{"12.345", "1\u00a0oktober\u00a02026", "183 dagen", "2026-11"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %q in %s", want, a.body)
		}
	}
}
