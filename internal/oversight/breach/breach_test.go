package breach

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluis/internal/lang/langtest"
	"sluis/internal/ledger"
	"sluis/internal/store"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func open(t *testing.T) (*Store, *ledger.Ledger, string) {
	t.Helper()
	book, err := ledger.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := Open(store.Open(dir), book)
	s.now = func() time.Time { return monday }
	return s, book, dir
}

func begin(t *testing.T, s *Store) string {
	t.Helper()
	f, err := s.Begin(
		t.Context(),
		ledger.Actor{Name: "beheerder", Role: "ict"},
		"a1",
		"Lijst met BSN van groep Jansen",
		monday.Add(-time.Hour),
	)
	if err != nil {
		t.Fatal(err)
	}
	return f.ID
}

func TestABreachFileFromDiscoveryToItsEnd(t *testing.T) { // C2.12a
	s, book, dir := open(t)
	id := begin(t, s)
	f, err := s.Get(id)
	if err != nil || !f.Deadline().Equal(monday.Add(71*time.Hour)) || f.Message != "a1" || !f.Open() {
		t.Fatalf("the file is %+v, %v, want it open, with 71 hours left", f, err)
	}
	if left, done := f.Left(monday); left != 71*time.Hour || done {
		t.Errorf("%v left, done %v", left, done)
	}
	if left, _ := f.Left(monday.Add(80 * time.Hour)); left != -9*time.Hour {
		t.Errorf("%v left when it is too late", left)
	}
	facts := Facts{
		Happened: "Een lijst ging naar het verkeerde adres.\nIngetrokken.",
		Nature:   []string{"confidentiality"},
		People:   "leerlingen",
		Number:   28,
		Data:     "naam, BSN",
		Special:  true,
	}
	for i, err := range []error{
		s.Fill(t.Context(), ledger.Actor{Name: "fg", Role: "privacy"}, id, facts),
		s.Add(t.Context(), ledger.Actor{Name: "fg", Role: "privacy"}, id, Noted, "Ontvanger heeft de mail verwijderd."),
		s.Add(t.Context(), ledger.Actor{Name: "fg", Role: "privacy"}, id, Reported, "Meldnummer 1"),
		s.Add(t.Context(), ledger.Actor{Name: "fg", Role: "privacy"}, id, Informed, "Ouders zijn gebeld."),
		s.Add(t.Context(), ledger.Actor{Name: "fg", Role: "privacy"}, id, Closed, "Klaar."),
	} {
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	f, err = s.Get(id)
	if _, done := f.Left(monday); err != nil || !done || f.Open() || len(f.Steps) != 5 || f.Facts.Number != 28 {
		t.Errorf("the file is %+v, %v, want it closed after five steps", f, err)
	}
	for l, want := range map[string][]string{
		"nl": {
			"28", "nee", "naam, BSN", "ja", "Meldnummer 1", "(nog niet ingevuld)", "vertrouwelijkheid",
			"gemeld bij de toezichthouder", "   Ingetrokken.",
		},
		"en": {"yes", "no", "(not filled in yet)"},
	} {
		var b strings.Builder
		if err := f.WriteForm(&b, l); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: the form has no %q:\n%s", l, w, &b)
			}
		}
	}
	var kinds []string
	for e, err := range book.Find(ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, strings.TrimPrefix(string(e.Kind), "breach-")+":"+e.Data.Step)
		if s := fmt.Sprintf("%+v", e.Data); strings.Contains(s, "Jansen") || strings.Contains(s, "Ouders") ||
			e.Data.Ref != id {
			t.Errorf("the ledger has %s", s)
		}
	}
	want := "[opened: step:facts step:noted step:reported step:informed closed:closed]"
	if got := fmt.Sprint(kinds); got != want {
		t.Errorf("the ledger has %s, want %s", got, want)
	}
	if info, err := os.Stat(filepath.Join(dir, "breaches", id+".json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v, want mode 0600", info, err)
	}
}

func TestWhatABreachFileDoesNotTake(t *testing.T) {
	s, book, _ := open(t)
	id := begin(t, s)
	add := func(id string, k Kind, text string) error {
		return s.Add(t.Context(), ledger.Actor{Name: "fg", Role: "privacy"}, id, k, text)
	}
	for name, c := range map[string]struct{ got, want error }{
		"closed without a report": {add(id, Closed, "klaar"), ErrUndecided},
		"nothing written":         {add(id, Noted, " \n"), ErrInvalidText},
		"a book":                  {add(id, Noted, strings.Repeat("x", maxText+1)), ErrInvalidText},
		"another file":            {add("0123456789abcdef", Noted, "x"), ErrNotFound},
		"a path":                  {add("../orders/x", Noted, "x"), ErrNotFound},
		"facts of book size": {s.Fill(
			t.Context(), ledger.Actor{Name: "fg", Role: "privacy"}, id, Facts{Data: strings.Repeat("x", maxText+1)},
		), ErrInvalidText},
		"opened without a word": {func() error {
			_, err := s.Begin(t.Context(), ledger.Actor{Name: "x", Role: "ict"}, "", "", monday)
			return err
		}(), ErrInvalidText},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: error %v, want another", name, c.got)
		}
	}
	if err := add(id, "opened", "x"); err == nil {
		t.Error("opened twice")
	}
	if _, err := s.Begin(
		t.Context(), ledger.Actor{Name: "x", Role: "ict"}, "", "later", monday.Add(time.Hour),
	); err == nil {
		t.Error("discovered in the future")
	}
	if n, _ := book.Count(ledger.Query{}); n != 1 {
		t.Errorf("%d entries in the ledger, want 1", n)
	}
	if err := add(id, NotNeeded, "versleuteld"); err != nil {
		t.Fatal(err)
	}
	if err := add(id, Closed, "klaar"); err != nil {
		t.Fatal(err)
	}
	if err := add(id, Noted, "toch nog"); !errors.Is(err, ErrClosed) {
		t.Errorf("added to a closed file: %v", err)
	}
}

type broken struct{}

func (broken) Append(context.Context, ledger.Kind, ledger.Data) (ledger.Receipt, error) {
	return ledger.Receipt{}, errors.New("the disk is full")
}

func TestNoStepWithoutATrace(t *testing.T) {
	s, _, _ := open(t)
	id := begin(t, s)
	s.ledger = broken{}
	if err := s.Add(t.Context(), ledger.Actor{Name: "fg", Role: "privacy"}, id, Noted, "x"); err == nil {
		t.Error("added without a trace")
	}
	if _, err := s.Begin(t.Context(), ledger.Actor{Name: "x", Role: "ict"}, "", "y", monday); err == nil {
		t.Error("opened without a trace")
	}
	if list, err := s.List(); err != nil || len(list) != 1 || len(list[0].Steps) != 1 {
		t.Errorf("the files are %+v, %v, want one with its first step", list, err)
	}
}

func TestManyStepsAtOnceAreAllKept(t *testing.T) {
	s, book, dir := open(t)
	id := begin(t, s)
	var wg sync.WaitGroup
	for p := range 4 { // as many processes
		other := Open(store.Open(dir), book)
		wg.Go(func() {
			for range 5 {
				if err := other.Add(
					t.Context(), ledger.Actor{Name: fmt.Sprint(p), Role: "privacy"}, id, Noted, "x",
				); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if f, err := s.Get(id); err != nil || len(f.Steps) != 21 {
		t.Errorf("%d steps, %v", len(f.Steps), err)
	}
}

func TestTexts(t *testing.T) {
	var keys []string
	for _, q := range questions {
		keys = append(keys, q.key)
	}
	langtest.Package(t, langtest.Families{
		"question-": keys,
		"nature-":   Natures,
		"step-":     langtest.Words([]Kind{Opened, Noted, Informed, Reported, NotNeeded, Closed}),
	})
}
