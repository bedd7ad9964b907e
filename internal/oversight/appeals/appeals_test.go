package appeals

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluis/internal/roster"
	"sluis/internal/store"
	"sluis/rules"
)

func TestAppeals(t *testing.T) {
	dir := t.TempDir()
	s := Open(store.Open(dir))
	rule, _ := rules.ParseID("web.gambling")
	pupils, _ := roster.ParseGroup("leerlingen")
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	ask := func(host string, why Need) error {
		return s.Add(host, rules.Gambling, rule, pupils, why, now)
	}
	for _, err := range []error{
		ask("a.example", Lesson),
		ask("b.example", Wrong),
		ask("b.example", Wrong),
		ask("b.example", Lesson),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s = Open(store.Open(dir)) // the gateway starts anew
	list := func(closed bool) []Appeal {
		all, err := s.List(closed)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	open := list(false)
	if len(open) != 3 || open[0].Host != "b.example" || open[0].Count != 2 || open[0].Need != Wrong ||
		open[0].Group != "leerlingen" {
		t.Fatalf("open: %+v", open)
	}
	if err := s.Close(open[0].ID, "van de lijst gehaald"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(open[0].ID, "nog eens"); err == nil {
		t.Error("closed twice")
	}
	if err := ask("b.example", Wrong); err != nil {
		t.Fatal(err)
	}
	if open, all := list(false), list(true); len(open) != 3 || len(all) != 4 {
		t.Errorf("%d open, %d in all", len(open), len(all))
	}
	for _, bad := range []error{ask("", Lesson), ask("a.example", "because"), ask(strings.Repeat("a", 300), Lesson)} {
		if bad == nil {
			t.Error("nonsense is kept")
		}
	}
}

func TestBounded(t *testing.T) {
	s := Open(store.Open(t.TempDir()))
	if err := s.appeals.Update(func(all *[]Appeal) error {
		for i := range maxOpen {
			*all = append(
				*all,
				Appeal{ID: i, Category: rules.Gambling, Host: fmt.Sprintf("h%d.example", i), Need: Lesson, Count: 1},
			)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Add("one-more.example", rules.Gambling, rules.ID{}, roster.Group{}, Lesson, time.Now()); !errors.Is(
		err,
		ErrTooMany,
	) {
		t.Errorf("error %v", err)
	}
	if err := s.Add("h7.example", rules.Gambling, rules.ID{}, roster.Group{}, Lesson, time.Now()); err != nil {
		t.Errorf("one that is open already: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	if err := store.Open(dir).Put("appeals", "appeals", []byte("{")); err != nil {
		t.Fatal(err)
	}
	if err := Check(store.Open(dir)); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("error %v", err)
	}
}

func TestNotMoreThanCanBeWritten(t *testing.T) {
	s := Open(store.Open(t.TempDir()))
	now := time.Date(2026, 11, 23, 10, 0, 30, 0, time.UTC)
	for i := range maxRate + 5 {
		if err := s.Add(
			"a.example", rules.Gambling, rules.ID{}, roster.Group{}, Lesson, now,
		); (err != nil) != (i >= maxRate) {
			t.Fatalf("appeal %d: error %v, want one beyond the rate alone", i, err)
		}
	}
	if err := s.Add("a.example", rules.Gambling, rules.ID{}, roster.Group{}, Lesson, now.Add(time.Minute)); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	if all, err := s.List(false); err != nil || len(all) != 1 || all[0].Count != maxRate+1 {
		t.Errorf("the appeals are %+v, %v, want one that counts all", all, err)
	}
}

// TestOfAnOwnListAndNoRule: what a school blocks by a list of its own has neither category nor
// rule, and is read again as it was.
func TestOfAnOwnListAndNoRule(t *testing.T) {
	dir := t.TempDir()
	s := Open(store.Open(dir))
	if err := s.Add("games.example", rules.NoCategory, rules.ID{}, roster.Group{}, Lesson, time.Now()); err != nil {
		t.Fatal(err)
	}
	s = Open(store.Open(dir))
	if all, err := s.List(false); err != nil || len(all) != 1 || all[0].Category != rules.NoCategory ||
		all[0].Host != "games.example" {
		t.Errorf("the appeals are %+v, %v, want one without a category", all, err)
	}
}
