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
	p.get(at).check("", has("Nog 71 uur"), lacks("<script>alert"))
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
	p.get(at+"/form").check("form",
		status(http.StatusOK),
		has("28"),
		header("Content-Disposition", "attachment"))
	board := h.sworn("board", ledger.Board)
	board.get(at).check("the board", status(http.StatusOK), lacks("/step"))
	if len(h.entries(ledger.BreachOpened)) != 1 || len(h.entries(ledger.BreachClosed)) != 1 {
		t.Error("the ledger lacks the opening or the end of the file, want one entry of each")
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
	a.must("", status(http.StatusOK), lacks("dochter"))
	all, err := h.services.Imagery.Cases()
	if err != nil || len(all) != 1 {
		t.Fatalf("cases %+v, %v; want one", all, err)
	}
	at := "/cases/" + all[0].ID
	p.get(at).check("not read yet", status(http.StatusOK), lacks("dochter"))
	p.post(at+"/read", nil).check("once it is read", has("Mijn dochter &lt;b&gt;staat&lt;/b&gt; erop."))
	for _, step := range []string{"takedown-requested", "taken-down", "closed"} {
		p.post(at+"/step", url.Values{"step": {step}}).check(step, status(http.StatusSeeOther))
	}
	p.post(at+"/read", nil).check("once the case is closed", lacks("dochter"))
	p.post(at+"/step", url.Values{"step": {"inspected"}}).check("a closed case",
		status(http.StatusUnprocessableEntity))
	if n := len(h.entries(ledger.ImageryCase)); n < 5 {
		t.Errorf("%d entries of the case in the ledger, want 5 or more", n)
	}
	nobody.post("/complaint", url.Values{"text": {" "}}).check("empty", status(http.StatusUnprocessableEntity))
	last := 0
	for range complaintsAtOnce {
		last = nobody.post("/complaint", url.Values{"text": {"nog een"}}).status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("complaints one after the other: status %d at last, want 429", last)
	}
}

func TestRetentionIsShown(t *testing.T) { // C3.3g
	h := newHouse(t)
	a := h.as(ledger.Board).get("/retention")
	for _, want := range []string{"12.345", "1\u00a0oktober\u00a02026", "183 dagen", "2026-11"} {
		a.check("", has(want))
	}
}
