package console

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"sluis/internal/ledger"
	"sluis/internal/roster"
)

// peopleRoutes are about the roster: who is in which group, and whose role is confidential.
var peopleRoutes = []route{
	{pattern: "GET /people", who: keepers, nav: "nav-people", needs: proof, do: (*visit).people},
	{pattern: "POST /people/preview", who: keepers, needs: proof, quiet: "nothing changes until it is confirmed", body: maxTable + 64<<10, do: (*visit).previewPeople},
	{pattern: "POST /people/import", who: keepers, needs: proof, tells: ledger.PeopleImported, body: 2 * maxTable, do: (*visit).importPeople},
}

// maxTable bounds a table of people: 20,000 take about 2 MB.
const maxTable = 4 << 20

// Roster is what the console knows and changes of who is who.
type Roster interface {
	// People returns how many people there are, and how many of them with a confidential role.
	People() (all, confidential int)
	// Groups returns the groups.
	Groups() []roster.Group
	// Preview returns what changes if a table takes the place of the one there is:
	// roster.ErrNoTable if there is none to replace.
	Preview(table []byte) (roster.Changes, error)
	// Replace puts a table in its place and in force.
	Replace(table []byte) error
}

// peopleView is what the page shows.
type peopleView struct {
	All, Confidential int
	Groups            []roster.Group
	Changes           *roster.Changes
	Table             string // that is looked at before it counts
	Wrong             string // with the table: where and what, without what stands there
}

// Parts are the kinds of change, with the people of each.
func (w peopleView) Parts() []peoplePart {
	c := w.Changes
	return []peoplePart{{"added", c.Added}, {"removed", c.Removed}, {"moved", c.Moved}, {"confidential", c.Confidential}, {"ordinary", c.Ordinary}, {"new-groups", c.NewGroups}, {"removed-groups", c.RemovedGroups}}
}

type peoplePart struct {
	Name string
	Of   []string
}

// peopleParts are the names of the kinds of change.
var peopleParts = []string{"added", "removed", "moved", "confidential", "ordinary", "new-groups", "removed-groups"}

// Few returns as many as a page shows.
func (p peoplePart) Few() []string { return p.Of[:min(len(p.Of), 100)] }

func (v *visit) peopleView() (w peopleView) {
	w.All, w.Confidential = v.c.o.Roster.People()
	w.Groups = v.c.o.Roster.Groups()
	return w
}

func (v *visit) people() error { return v.show("people", v.peopleView()) }

func (v *visit) peopleAgain(w peopleView, problem string) error {
	v.renderWith(http.StatusUnprocessableEntity, "people", w, v.T(problem))
	return nil
}

// table reads what was uploaded, in memory alone: it holds names.
func (v *visit) table() ([]byte, error) {
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

// previewPeople shows what would change.
func (v *visit) previewPeople() error {
	table, err := v.table()
	if err != nil {
		return err
	}
	w := v.peopleView()
	if len(table) == 0 {
		return v.peopleAgain(w, "people-nothing")
	}
	return v.compare(w, table)
}

func (v *visit) compare(w peopleView, table []byte) error {
	changes, err := v.c.o.Roster.Preview(table)
	switch {
	case errors.Is(err, roster.ErrNoTable):
		return v.peopleAgain(w, "people-no-table")
	case err != nil:
		w.Wrong = err.Error()
		return v.peopleAgain(w, "people-wrong")
	}
	w.Changes, w.Table = &changes, string(table)
	return v.show("people", w)
}

// importPeople puts in force what was looked at. The ledger has counts only.
func (v *visit) importPeople() error {
	table := []byte(v.r.PostFormValue("table"))
	w := v.peopleView()
	changes, err := v.c.o.Roster.Preview(table)
	if err != nil {
		return v.compare(w, table)
	}
	if strconv.Itoa(changes.Count()) != v.field("count") { // somebody else was first
		return v.compare(w, table)
	}
	if _, err := v.c.o.Ledger.Append(v.r.Context(), ledger.PeopleImported, ledger.Data{Actor: v.by(), Step: "roster", Count: changes.Count()}); err != nil {
		return err
	}
	if err := v.c.o.Roster.Replace(table); err != nil {
		return err
	}
	v.note("people-imported")
	return v.see("/people")
}
