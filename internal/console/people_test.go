package console

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluis/internal/ledger"
	"sluis/internal/roster"
)

// peopleTable is a roster that is a CSV file.
type peopleTable struct {
	t    testing.TB
	path string

	waiting []roster.Risk
	untold  bool
}

func (p *peopleTable) file() string {
	if p.path == "" {
		p.path = filepath.Join(p.t.TempDir(), "roster.csv")
		const table = "adres;groep;soort;rol\n" +
			"jan@school.example;team;personeel;\npiet@school.example;team;personeel;gmr\n"
		if err := os.WriteFile(p.path, []byte(table), 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	return p.path
}

func (p *peopleTable) now() *roster.Roster {
	r, err := roster.Load(p.file(), []string{"school.example"})
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p *peopleTable) People() (all, confidential int) { return p.now().People() }
func (p *peopleTable) Groups() []roster.Group          { return p.now().Groups() }
func (p *peopleTable) Replace(b []byte) error          { return os.WriteFile(p.file(), b, 0o600) }
func (p *peopleTable) Waiting() []roster.Risk          { return p.waiting }
func (p *peopleTable) Agree(_ context.Context, _ ledger.Actor, keys []string) error {
	if p.untold {
		return ErrRosterUntold
	}
	agreed := func(k roster.Risk) bool { return slices.Contains(keys, k.Key()) }
	left := slices.DeleteFunc(slices.Clone(p.waiting), agreed)
	if len(left) == len(p.waiting) || len(p.waiting)-len(left) != len(keys) {
		return ErrRosterChanged
	}
	p.waiting = left
	return nil
}
func (p *peopleTable) Preview(b []byte) (roster.Changes, error) {
	r, err := roster.LoadWith(p.file(), b, []string{"school.example"})
	if err != nil {
		return roster.Changes{}, err
	}
	return roster.Compare(p.now(), r), nil
}

// uploads sends a table as a browser does.
func (p *person) uploads(content string) answer {
	p.h.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	f, err := w.CreateFormFile("table", "x.csv")
	if err != nil {
		p.h.t.Fatal(err)
	}
	f.Write([]byte(content))
	w.Close()
	r := p.request(http.MethodPost, "/people/preview", nil)
	r, err = http.NewRequestWithContext(p.h.t.Context(), http.MethodPost, r.URL.String(), &b)
	if err != nil {
		p.h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.do(r)
}

func TestATableOfPeopleIsShownBeforeItCounts(t *testing.T) {
	h := newHouse(t)
	ict := h.as(ledger.ICT).proves("ict")
	const better = "adres;groep;soort;rol\n" +
		"jan@school.example;directie;personeel;\nels@school.example;team;personeel;gmr\n"
	a := ict.uploads(better)
	for _, want := range []string{"els@school.example", "piet@school.example", "directie", "Let op"} {
		a.check("", status(http.StatusOK), has(want))
	}
	if n, _ := h.services.Roster.People(); n != 2 || strings.Contains(ict.get("/people").body, "directie") {
		t.Error("the table counts before it is confirmed, want it to wait")
	}
	ict.post(
		"/people/import",
		url.Values{"table": {better}, "count": {"99"}},
	).check(
		"another count than the preview had",
		status(http.StatusOK),
		recorded(ledger.PeopleImported, 0),
	)
	ict.post("/people/import", url.Values{"table": {better}, "count": {"4"}}).must("",
		status(http.StatusSeeOther))
	es := h.entries(ledger.PeopleImported)
	if len(es) != 1 || es[0].Data.Count != 4 || es[0].Data.Actor.Name != "ict" ||
		!strings.Contains(ict.get("/people").body, "directie") {
		t.Errorf("the ledger has %+v, want one import of 4 changes by ict", es)
	}
}

func TestHostileTablesAreRefused(t *testing.T) {
	h := newHouse(t)
	ict := h.as(ledger.ICT).proves("ict")
	for name, c := range map[string]struct {
		table string
		want  int
	}{
		"nothing":                  {"", http.StatusUnprocessableEntity},
		"no heading":               {"<script>alert(1)</script>\n", http.StatusUnprocessableEntity},
		"a group that is a script": {"adres;groep;soort\njan@school.example;<script>alert(1)</script>;personeel\n", http.StatusUnprocessableEntity},
		"binary":                   {"adres\x00\xff", http.StatusUnprocessableEntity},
		"an open quote":            {"adres;groep\n\"jan", http.StatusUnprocessableEntity},
		"too large":                {strings.Repeat("a", maxTable+1), http.StatusRequestEntityTooLarge},
		"far too large":            {strings.Repeat("a", 3*maxTable), http.StatusRequestEntityTooLarge},
	} {
		ict.uploads(c.table).check(name, status(c.want), lacks("<script>alert"))
	}
}

// TestWhatCanPointAtAPersonTakesThePrivacyOfficer: it is named on the preview and while it waits; the ICT
// service cannot agree to it, and what is agreed to is what was on the page.
func TestWhatCanPointAtAPersonTakesThePrivacyOfficer(t *testing.T) {
	h := newHouse(t)
	people := h.services.Roster.(*peopleTable)
	ict, fg := h.as(ledger.ICT).proves("ict"), h.as(ledger.Privacy).proves("privacy")
	ict.uploads("adres;aliassen;groep;soort;rol\njan@school.example;piet@school.example;team;personeel;\n").check(
		"the preview of an alias",
		status(http.StatusOK),
		has("Een adres wordt van een ander"),
		has("piet@school.example: piet@school.example → jan@school.example"),
		has("piet@school.example: participation-council"),
		has("privacyfunctionaris"),
		lacks("Er verandert niets"))
	people.waiting = []roster.Risk{
		{Kind: roster.Rebound, Of: "piet@school.example", From: "piet@school.example", To: "jan@school.example"},
		{Kind: roster.RoleLost, Of: "piet@school.example", Role: "participation-council"},
	}
	fg.get("/people").check("", status(http.StatusOK), has("piet@school.example → jan@school.example"),
		has("Ik stem in"), lacks("/people/import"), lacks(`name="table"`))
	ict.get("/people").check("", has("piet@school.example → jan@school.example"), lacks("Ik stem in"))
	first := url.Values{"risk": {people.waiting[0].Key()}}
	ict.post("/people/agree", first).check("by the ICT service", status(http.StatusForbidden))
	h.as(ledger.Board).proves("board").post("/people/agree", first).check("by the board", status(http.StatusForbidden))
	fg.post("/people/agree", nil).check("nothing ticked", status(http.StatusUnprocessableEntity))
	fg.post("/people/agree", url.Values{"risk": {"x"}}).check("something else", status(http.StatusUnprocessableEntity))
	people.untold = true
	fg.post("/people/agree", first).check("before they got notice", status(http.StatusUnprocessableEntity))
	people.untold = false
	fg.post("/people/agree", first).must("", to("/people"))
	if len(people.waiting) != 1 || people.waiting[0].Kind != roster.RoleLost {
		t.Errorf("%v wait, want the one that was not ticked", people.waiting)
	}
}
