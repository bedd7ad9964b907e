package console

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
)

// TestWhatIsHeldAboutMe: an employee sees and takes along own records and nobody else's, and
// each time is in the ledger before anything is looked up (C3.2f).
func TestWhatIsHeldAboutMe(t *testing.T) {
	h := newHouse(t)
	h.traffic("employee@school.example", 3)
	h.traffic("juf@school.example", 4)
	p := h.as(ledger.Employee)
	p.get("/access").check("the page looks something up by itself",
		status(http.StatusOK),
		lacks("<tbody>"),
		recorded(ledger.InsightGiven, 0))
	p.post("/access", url.Values{"form": {"page"}}).check("",
		status(http.StatusOK),
		times(`<th scope="row">`, 3))
	a := p.post("/access", url.Values{"form": {"csv"}})
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil || len(rows) != 4 || !strings.Contains(a.header.Get("Content-Disposition"), ".csv") {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	var all struct {
		Address string `json:"address"`
		Records []any  `json:"records"`
	}
	if err := json.Unmarshal([]byte(p.post("/access", url.Values{"form": {"json"}}).body), &all); err != nil ||
		len(all.Records) != 3 ||
		all.Address != "employee@school.example" {
		t.Errorf("%+v, %v", all, err)
	}
	if a := p.post("/access", url.Values{"form": {"html"}}); !strings.Contains(a.body, "<table>") ||
		!strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d", a.status)
	}
	p.post("/access", url.Values{"form": {"x"}}).check("", status(http.StatusBadRequest))
	if len(h.asked) != 4 || h.asked[0] != "employee@school.example" {
		t.Errorf("told by mail: %v", h.asked)
	}
	told := h.entries(ledger.InsightGiven)
	if len(told) != 4 || told[0].Data.Actor.Name != "employee" || told[0].Data.Step != "account" {
		t.Errorf("in the ledger: %+v", told)
	}
}

// TestNothingIsHeldByName: who is not on the list of staff, or a pupil, is told so, and nothing
// is looked up.
func TestNothingIsHeldByName(t *testing.T) { // K4, C3.2g
	h := newHouse(t)
	h.traffic("leerling@school.example", 2)
	for _, name := range []string{"leerling", "stranger"} {
		p := h.named(name, ledger.Employee)
		p.get("/access").check(name, status(http.StatusOK), has("niets op naam bewaard"), lacks(`name="form"`))
		p.post("/access", url.Values{"form": {"json"}}).check(name, status(http.StatusUnprocessableEntity))
	}
	if n := len(h.entries(ledger.InsightGiven)); n != 0 {
		t.Errorf("%d in the ledger", n)
	}
}

// TestAnOpenBrowserTellsNothing: who signed in a while ago shows again who they are.
func TestAnOpenBrowserTellsNothing(t *testing.T) {
	h := newHouse(t)
	h.traffic("employee@school.example", 3)
	p := h.as(ledger.Employee)
	late := time.Now().Add(proofTime + time.Minute)
	h.now = func() time.Time { return late }
	p.post("/access", url.Values{"form": {"json"}}).check("", to("/proof?next=/access"))
	if n := len(h.entries(ledger.InsightGiven)); n != 0 {
		t.Errorf("%d in the ledger", n)
	}
	p.proves("employee")
	p.post("/access", url.Values{"form": {"json"}}).check("", status(http.StatusOK))
}

// TestWhatIsControlled tells it as it is configured, to everybody (K2, K3).
func TestWhatIsControlled(t *testing.T) {
	h := newHouse(t)
	for _, r := range ledger.Roles {
		a := h.as(r).get("/conduct")
		if r.Privileged() && a.status == http.StatusSeeOther { // a second factor first
			continue
		}
		if a.status != http.StatusOK || !strings.Contains(a.body, "5%") && !strings.Contains(a.body, "5\u00a0%") ||
			!strings.Contains(a.body, "/complaint") {
			t.Errorf("%s: %d\n%s", r, a.status, a.body)
		}
	}
}
