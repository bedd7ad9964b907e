package console

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"sluis/internal/ledger"
	"sluis/internal/roster"
)

// peoplePages show the roster, and replace it by a table: who is in which group, and whose role is
// confidential. The ledger has counts only.
type peoplePages struct {
	roster Roster
	ledger *ledger.Ledger
}

func (p *peoplePages) routes() []route {
	return []route{
		get("/people", watchers, p.show).inMenu("nav-people").needing(proof),
		post("/people/preview", keepers, p.preview).needing(proof).
			unrecorded("nothing changes until it is confirmed").taking(maxTable + 64<<10),
		post("/people/import", keepers, p.replace).needing(proof).
			recorded(ledger.PeopleImported).taking(2 * maxTable),
		post("/people/agree", only(ledger.Privacy), p.agree).needing(proof).recorded(ledger.RosterAgreed),
	}
}

// maxTable bounds a table of people: 20,000 take about 2 MB.
const maxTable = 4 << 20

// peopleView is the page.
type peopleView struct {
	All, Confidential int
	Groups            []roster.Group
	Changes           *roster.Changes
	Table             string // that the changes are of
	Wrong             string // with the table: where and what, without its content
	Waiting           []roster.Risk
	MayImport         bool
	MayAgree          bool
}

// Parts are the kinds of change, with the people of each.
func (w peopleView) Parts() []peoplePart {
	c := w.Changes
	return []peoplePart{
		{"added", c.Added},
		{"removed", c.Removed},
		{"moved", c.Moved},
		{"confidential", c.Confidential},
		{"ordinary", c.Ordinary},
		{"new-groups", c.NewGroups},
		{"removed-groups", c.RemovedGroups},
	}
}

// peoplePart is a kind of change, with its people or groups.
type peoplePart struct {
	Name string
	Of   []string
}

// peopleParts are the names of the kinds of change.
var peopleParts = []string{"added", "removed", "moved", "confidential", "ordinary", "new-groups", "removed-groups"}

// Few returns as many as a page shows.
func (p peoplePart) Few() []string { return p.Of[:min(len(p.Of), 100)] }

func (p *peoplePages) view(v *visit) (w peopleView) {
	w.All, w.Confidential = p.roster.People()
	w.Groups, w.Waiting = p.roster.Groups(), p.roster.Waiting()
	w.MayImport, w.MayAgree = keepers.may(v.Role), v.Role == ledger.Privacy
	return w
}

func (p *peoplePages) show(v *visit) error { return v.show("people", p.view(v)) }

// table reads what was uploaded, in memory alone: it holds names.
func table(v *visit) ([]byte, error) {
	parts, err := v.r.MultipartReader()
	if err != nil {
		return nil, errUnclear
	}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, uploadFault(err)
		}
		if part.FormName() != "table" {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(part, maxTable+1))
		if err != nil {
			return nil, uploadFault(err)
		}
		if len(b) > maxTable {
			return nil, errTooLarge
		}
		return b, nil
	}
}

func uploadFault(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return errTooLarge
	}
	return errUnclear
}

// preview shows what would change.
func (p *peoplePages) preview(v *visit) error {
	b, err := table(v)
	if err != nil {
		return err
	}
	w := p.view(v)
	if len(b) == 0 {
		return v.again("people", w, "people-nothing")
	}
	return p.compare(v, w, b)
}

func (p *peoplePages) compare(v *visit, w peopleView, table []byte) error {
	changes, err := p.roster.Preview(table)
	switch {
	case errors.Is(err, roster.ErrNoTable):
		return v.again("people", w, "people-no-table")
	case err != nil:
		w.Wrong = err.Error()
		return v.again("people", w, "people-wrong")
	}
	w.Changes, w.Table = &changes, string(table)
	return v.show("people", w)
}

// Errors of what the privacy officer agrees to.
var (
	ErrRosterChanged = errors.New("what waits for the privacy officer changed meanwhile")
	ErrRosterUntold  = errors.New("those concerned did not get notice yet")
)

var agreeProblems = problems{"people-again": ErrRosterChanged, "people-untold": ErrRosterUntold}

// agree makes what waits count, as it is on the page.
func (p *peoplePages) agree(v *visit) error {
	err := p.roster.Agree(v.r.Context(), v.actor(), v.r.PostForm["risk"])
	if problem := agreeProblems.key(err); problem != "" {
		return v.again("people", p.view(v), problem)
	}
	if err != nil {
		return err
	}
	v.note("people-agreed")
	return v.see("/people")
}

// replace puts the table of the preview in force.
func (p *peoplePages) replace(v *visit) error {
	table := []byte(v.r.PostFormValue("table"))
	w := p.view(v)
	changes, err := p.roster.Preview(table)
	if err != nil {
		return p.compare(v, w, table)
	}
	if strconv.Itoa(changes.Count()) != v.field("count") { // another was first
		return p.compare(v, w, table)
	}
	d := ledger.Data{Actor: v.actor(), Step: "roster", Count: changes.Count()}
	if _, err := p.ledger.Append(v.r.Context(), ledger.PeopleImported, d); err != nil {
		return err
	}
	if err := p.roster.Replace(table); err != nil {
		return err
	}
	v.note("people-imported")
	return v.see("/people")
}
