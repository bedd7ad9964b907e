package access

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/roster"
	"sluis/rules"
)

const (
	juf     = "juf@school.example"
	meester = "meester@school.example"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// school is an archive with 20 records of each of two teachers.
func school(t *testing.T) (Archive, *ledger.Ledger, *roster.Roster) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "roster.yaml")
	text := `groups: [{name: team, kind: staff}, {name: bovenbouw, kind: pupils}]
people:
  - {address: juf@school.example, group: team}
  - {address: meester@school.example, group: team}
  - {address: vp@school.example, group: team, role: confidential-counsellor}
  - {address: leerling@school.example, group: bovenbouw}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	people := must(roster.Load(file, []string{"school.example"}))
	keys := must(journal.OpenKeys(filepath.Join(t.TempDir(), "keys")))
	db := must(journal.OpenDB(t.TempDir()))
	t.Cleanup(func() { db.Close() })
	w := must(journal.NewWriter(t.TempDir(), keys, db, nil))
	for _, address := range []string{juf, meester} {
		who := people.Subject(address)
		for day := -10; day < 10; day++ {
			w.Put(journal.Record{
				Time:      monday.AddDate(0, 0, day),
				ID:        filter.NewID(),
				Direction: rules.Out,
				Group:     who.Group(),
				Peer:      journal.DomainOf("gezin.example.nl"),
			}, who)
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	book := must(ledger.Open(t.TempDir()))
	return Archive{book, keys, db}, book, people
}

func TestAccessIsToOnesOwnRecordsAlone(t *testing.T) { // C3.2f, GDPR art. 15
	archive, book, people := school(t)
	give := func(by ledger.Actor, proof Proof, address string) (own []Record, err error) {
		r := Request{by, proof, people.Subject(address), monday.AddDate(0, -6, 0), monday.AddDate(0, 1, 0)}
		err = archive.Give(t.Context(), r, func(r Record) error { own = append(own, r); return nil })
		return own, err
	}
	officer := ledger.Actor{Name: "fg", Role: ledger.Privacy}
	got, err := give(officer, ByDocument, juf)
	if err != nil || len(got) != 20 {
		t.Errorf("by a document: %d records, %v, want 20", len(got), err)
	}
	for _, r := range got {
		if r.Site != "example.nl" {
			t.Errorf("got %q for the other side, want what the journal holds", r.Site)
		}
	}
	if got, err := give(ledger.Actor{Name: juf, Role: ledger.Employee}, ByAccount, juf); err != nil || len(got) != 20 {
		t.Errorf("by the account: %d records, %v, want 20", len(got), err)
	}
	var acts []string
	for e, err := range book.Find(ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		acts = append(acts, string(e.Kind)+":"+e.Data.Step)
	}
	if got, want := fmt.Sprint(acts), "[access-given:document access-given:account]"; got != want {
		t.Errorf("the ledger has %s, want %s", got, want)
	}
	for name, c := range map[string]struct {
		by      ledger.Actor
		proof   Proof
		address string
		want    error
	}{
		"without proof":      {officer, "", juf, ErrNoProof},
		"by the ICT service": {ledger.Actor{Name: "beheerder", Role: ledger.ICT}, ByDocument, juf, ErrForbidden},
		"by the board":       {ledger.Actor{Name: "voorzitter", Role: ledger.Board}, InPerson, juf, ErrForbidden},
		"a pupil":            {officer, ByDocument, "leerling@school.example", ErrUnnamed},
		"a counsellor":       {officer, ByDocument, "vp@school.example", ErrUnnamed},
		"a stranger":         {officer, ByDocument, "x@y.example", ErrUnnamed},
	} {
		if got, err := give(c.by, c.proof, c.address); !errors.Is(err, c.want) || len(got) > 0 {
			t.Errorf("%s: %d records, error %v, want none and %v", name, len(got), err, c.want)
		}
	}
	if n, err := book.Count(ledger.Query{}); err != nil || n != 2 {
		t.Errorf("the ledger has %d entries, %v, want those of the two answers", n, err)
	}
}

func TestNothingIsFoundWithoutALedger(t *testing.T) { // C3.2f
	archive, _, people := school(t)
	full := errors.New("the disk is full")
	archive.Ledger = broken{archive.Ledger, full}
	r := Request{
		ledger.Actor{Name: juf, Role: ledger.Employee},
		ByAccount,
		people.Subject(juf),
		monday.AddDate(0, -1, 0),
		monday,
	}
	err := archive.Give(t.Context(), r, func(Record) error { t.Error("a record was found"); return nil })
	if !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

// broken is a ledger that cannot append.
type broken struct {
	ledger.Book
	err error
}

func (b broken) Append(context.Context, ledger.Kind, ledger.Data) (ledger.Receipt, error) {
	return ledger.Receipt{}, b.err
}

// TestAWrongVerdictIsCorrected: what a reviewer called wrong is so in the person's own record, unless another one
// confirmed it after that; a record without a verdict has nothing to correct (C3.3f).
func TestAWrongVerdictIsCorrected(t *testing.T) {
	archive, book, people := school(t)
	who, rule := people.Subject(juf), rules.MustID("conduct.threat.violence")
	judged := map[string][]ledger.Kind{
		"nobody judged":        nil,
		"wrong":                {ledger.QuarantineWrong},
		"confirmed":            {ledger.QuarantineConfirmed},
		"wrong, and confirmed": {ledger.QuarantineWrong, ledger.QuarantineConfirmed},
		"confirmed, and wrong": {ledger.QuarantineConfirmed, ledger.QuarantineWrong},
		"opened, kept, wrong":  {ledger.QuarantineOpened, ledger.QuarantineKept, ledger.QuarantineWrong},
	}
	w := must(journal.NewWriter(t.TempDir(), archive.Keys, archive.Records.(*journal.DB), nil))
	at, want := monday.AddDate(0, 0, 15), map[time.Time]bool{}
	for name, kinds := range judged {
		id := filter.NewID()
		for _, k := range kinds {
			must(book.Append(t.Context(), k, ledger.Data{ID: id.String(), Reason: "test"}))
		}
		at = at.Add(time.Minute)
		want[at] = len(kinds) > 0 && kinds[len(kinds)-1] == ledger.QuarantineWrong
		t.Log(name, at)
		w.Put(journal.Record{Time: at, ID: id, Direction: rules.Out, Group: who.Group(), Rule: rule}, who)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 0
	r := Request{ledger.Actor{Name: juf}, ByAccount, who, monday.AddDate(0, 0, -30), monday.AddDate(0, 0, 30)}
	err := archive.Give(t.Context(), r, func(r Record) error {
		n++
		if r.Wrong != want[r.Time] {
			t.Errorf("the record of %s: judged wrong %t, want %t", r.Time, r.Wrong, want[r.Time])
		}
		return nil
	})
	if err != nil || n != 20+len(judged) {
		t.Errorf("%d records, %v", n, err)
	}
}
