package console

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/report"
)

// TestAnAccessRequestGivesOwnRecords: an employee reads and takes along own records and no others, and
// each request is in the ledger before a record is read (C3.2f).
func TestAnAccessRequestGivesOwnRecords(t *testing.T) {
	h := newHouse(t)
	h.traffic("employee@school.example", 3)
	h.traffic("juf@school.example", 4)
	p := h.as(ledger.Employee)
	p.get("/access").check("the page looks something up by itself",
		status(http.StatusOK),
		lacks("<tbody>"),
		recorded(ledger.AccessGiven, 0))
	p.post("/access", url.Values{"form": {"page"}}).check("",
		status(http.StatusOK),
		times(`<th scope="row">`, 3))
	a := p.post("/access", url.Values{"form": {"csv"}})
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil || len(rows) != 4 || !strings.Contains(a.header.Get("Content-Disposition"), ".csv") {
		t.Errorf("the table has %d rows, %v; want a heading and 3 records", len(rows), err)
	}
	var all struct {
		Address string `json:"address"`
		Records []any  `json:"records"`
	}
	if err := json.Unmarshal([]byte(p.post("/access", url.Values{"form": {"json"}}).body), &all); err != nil ||
		len(all.Records) != 3 ||
		all.Address != "employee@school.example" {
		t.Errorf("the records are %+v, %v; want the 3 of the employee", all, err)
	}
	p.post("/access", url.Values{"form": {"html"}}).check("",
		has("<table>"),
		header("Content-Disposition", "attachment"))
	p.post("/access", url.Values{"form": {"x"}}).check("", status(http.StatusBadRequest))
	if len(h.requested) != 4 || h.requested[0] != "employee@school.example" {
		t.Errorf("notices of access requests to %v, want one to the employee for each", h.requested)
	}
	given := h.entries(ledger.AccessGiven)
	if len(given) != 4 || given[0].Data.Actor.Name != "employee" || given[0].Data.Step != "account" {
		t.Errorf("the ledger has %+v, want four requests by the employee's account", given)
	}
}

// TestAccessWithoutRecordsByName: people who are not on the list of staff, and pupils, read that
// nothing is stored by name, and no record is read.
func TestAccessWithoutRecordsByName(t *testing.T) { // K4, C3.2g
	h := newHouse(t)
	h.traffic("leerling@school.example", 2)
	for _, name := range []string{"leerling", "stranger"} {
		p := h.named(name, ledger.Employee)
		p.get("/access").check(name, status(http.StatusOK), has("niets op naam bewaard"), lacks(`name="form"`))
		p.post("/access", url.Values{"form": {"json"}}).check(name, status(http.StatusUnprocessableEntity))
	}
	if n := len(h.entries(ledger.AccessGiven)); n != 0 {
		t.Errorf("%d requests in the ledger, want none", n)
	}
}

// TestAnOpenBrowserIsNotEnoughForAccess: people who signed in a while ago prove again who they are.
func TestAnOpenBrowserIsNotEnoughForAccess(t *testing.T) {
	h := newHouse(t)
	h.traffic("employee@school.example", 3)
	p := h.as(ledger.Employee)
	late := time.Now().Add(proofTime + time.Minute)
	h.now = func() time.Time { return late }
	p.post("/access", url.Values{"form": {"json"}}).check("", to("/proof?next=/access"))
	if n := len(h.entries(ledger.AccessGiven)); n != 0 {
		t.Errorf("%d requests in the ledger, want none", n)
	}
	p.proves("employee")
	p.post("/access", url.Values{"form": {"json"}}).check("", status(http.StatusOK))
}

// TestTheControlsAreShownToEverybody: as they are configured (K2, K3).
func TestTheControlsAreShownToEverybody(t *testing.T) {
	h := newHouse(t)
	for _, r := range ledger.Roles {
		a := h.as(r).get("/conduct")
		if r.Privileged() && a.status == http.StatusSeeOther { // a second factor first
			continue
		}
		a.check(string(r), status(http.StatusOK), has("/complaint"))
		if !strings.Contains(strings.ReplaceAll(a.body, "\u00a0", ""), "5%") {
			t.Errorf("%s: no share of 5%% in the page, want it", r)
		}
	}
}

// TestTheConductPageSaysWhatIsSo: that encrypted traffic is inspected only where it is, that nothing is drawn where
// nothing is, and what does not hold against whoever administers the server (K2).
func TestTheConductPageSaysWhatIsSo(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*report.Facts)
		has, not string
	}{
		"nothing is inspected": {func(f *report.Facts) { f.WebControl = true },
			"alleen de naam van de site telt", "wordt ook de inhoud van versleuteld verkeer"},
		"something is inspected": {func(f *report.Facts) { f.WebControl, f.Inspected = true, true },
			"wordt ook de inhoud van versleuteld verkeer", "alleen de naam van de site telt"},
		"there is no proxy": {func(*report.Facts) {}, "Internetverkeer wordt niet gecontroleerd", "wordt ook de inhoud van versleuteld verkeer"},
		"nothing is drawn":  {func(f *report.Facts) { f.Rate = 0 }, "Er wordt nu niets geloot", "Alleen een steekproef"},
		"mail and uploads are drawn": {func(*report.Facts) {},
			"van de mail en uploads naar buiten", "Er wordt nu niets geloot"},
		"whoever administers the server": {func(*report.Facts) {},
			"Tegen wie de server beheert, gelden deze beloften over personen nog niet", "van de berichten, door loting"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(s *setup) {
				facts := s.Totals.Facts
				s.Totals.Facts = func(ctx context.Context, from, to time.Time, lang, period string) (
					f report.Facts, err error) {

					f, err = facts(ctx, from, to, lang, period)
					c.change(&f)
					return f, err
				}
			})
			page := h.as(ledger.Employee).get("/conduct")
			if !strings.Contains(page.body, c.has) || strings.Contains(page.body, c.not) {
				t.Errorf("want %q and not %q in\n%s", c.has, c.not, page.body)
			}
		})
	}
}
