package exceptions

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/store"
	"sluis/rules"
)

// noon is when the tests play.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.Local)

func day(days int) string { return noon.AddDate(0, 0, days).Format(time.DateOnly) }

// ict is the author of the exceptions.
var ict = ledger.Actor{Name: "ict", Role: ledger.ICT}

// street is an exception as the ICT service makes it.
func street() Exception {
	return Exception{
		Rule:   "conduct.insult.nl",
		Within: []string{"hoerstraat"},
		Reason: "een straatnaam",
		Author: "ict",
		Until:  day(30),
	}
}

func newStore(t *testing.T) (*Store, *ledger.Ledger, string) {
	t.Helper()
	dir := t.TempDir()
	l, err := ledger.Open(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	return Open(store.Open(dir), l), l, dir
}

func add(t *testing.T, s *Store, x Exception) string {
	t.Helper()
	id, err := s.Add(t.Context(), ict, x, noon)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func list(t *testing.T, s *Store) []Exception {
	t.Helper()
	all, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func entries(t *testing.T, l *ledger.Ledger) (all []ledger.Entry) {
	t.Helper()
	for e, err := range l.Find(ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func TestWhatAnExceptionNeeds(t *testing.T) { // C3.3f
	site := Exception{Host: "molen.example", Reason: "les", Author: "ict", Until: day(1)}
	for name, tc := range map[string]struct {
		of     Exception
		change func(*Exception)
		want   error
	}{
		"to a rule":                    {street(), func(*Exception) {}, nil},
		"to a site":                    {site, func(*Exception) {}, nil},
		"to a site, for a group":       {site, func(x *Exception) { x.Group = "leerlingen" }, nil},
		"to a site in A-labels":        {site, func(x *Exception) { x.Host = "xn--school-gre-e4a9y.example" }, nil},
		"until today":                  {street(), func(x *Exception) { x.Until = day(0) }, nil},
		"of a year":                    {street(), func(x *Exception) { x.Until = day(365) }, nil},
		"to nothing":                   {street(), func(x *Exception) { x.Rule = "" }, ErrUnclear},
		"to a rule and a site":         {street(), func(x *Exception) { x.Host = "molen.example" }, ErrUnclear},
		"to a whole rule":              {street(), func(x *Exception) { x.Within = nil }, ErrUnclear},
		"of more words than one reads": {street(), func(x *Exception) { x.Within = make([]string, maxWithin+1) }, ErrUnclear},
		"to all sites of a country":    {site, func(x *Exception) { x.Host = "nl" }, ErrInvalidHost},
		"to an address":                {site, func(x *Exception) { x.Host = "https://molen.example/" }, ErrInvalidHost},
		"to a pattern":                 {site, func(x *Exception) { x.Host = "*.example" }, ErrInvalidHost},
		"to a name with a line break":  {site, func(x *Exception) { x.Host = "molen.example\n" }, ErrInvalidHost},
		"to a name without end":        {site, func(x *Exception) { x.Host = strings.Repeat("a.", 130) + "example" }, ErrInvalidHost},
		"without a reason":             {street(), func(x *Exception) { x.Reason = " \t" }, ErrNoReason},
		"with a novel for a reason":    {street(), func(x *Exception) { x.Reason = strings.Repeat("x", maxText+1) }, ErrNoReason},
		"of nobody":                    {street(), func(x *Exception) { x.Author = "" }, ErrNoReason},
		"without an end":               {street(), func(x *Exception) { x.Until = "" }, ErrInvalidEnd},
		"until some day":               {street(), func(x *Exception) { x.Until = "ooit" }, ErrInvalidEnd},
		"until yesterday":              {street(), func(x *Exception) { x.Until = day(-1) }, ErrInvalidEnd},
		"of more than a year":          {street(), func(x *Exception) { x.Until = day(367) }, ErrInvalidEnd},
	} {
		tc.change(&tc.of)
		if err := tc.of.Check(noon); !errors.Is(err, tc.want) || tc.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
		s, l, _ := newStore(t)
		if _, err := s.Add(
			t.Context(), ledger.Actor{Name: tc.of.Author, Role: ledger.ICT}, tc.of, noon,
		); (err == nil) != (tc.want == nil) ||
			len(list(t, s)) != len(entries(t, l)) {
			t.Errorf("%s: kept %d, told %d: %v", name, len(list(t, s)), len(entries(t, l)), err)
		}
	}
}

func TestItHoldsThroughItsLastDay(t *testing.T) {
	x := street()
	for at, want := range map[time.Time]bool{
		noon: true,
		time.Date(2026, 12, 24, 23, 59, 59, 0, time.Local): true,
		time.Date(2026, 12, 25, 0, 0, 0, 0, time.Local):    false,
	} {
		if x.Holds(at) != want {
			t.Errorf("at %v: %v", at, !want)
		}
	}
}

func TestItIsInTheLedgerAndStaysToBeSeen(t *testing.T) {
	s, l, dir := newStore(t)
	id := add(t, s, street())
	if es := entries(t, l); len(es) != 1 || es[0].Kind != ledger.ExceptionChanged ||
		es[0].Data != (ledger.Data{
			Actor:  ledger.Actor{Name: "ict", Role: "ict"},
			Ref:    id,
			Step:   "made",
			Day:    day(30),
			Reason: "een straatnaam",
		}) {
		t.Errorf("the ledger has %+v, want one exception, with its reason and author", es)
	}
	if err := s.Finish(
		t.Context(), ledger.Actor{Name: "els", Role: ledger.Admin}, id, noon.Add(time.Hour),
	); err != nil {
		t.Fatal(err)
	}
	if es := entries(t, l); len(es) != 2 ||
		es[1].Data != (ledger.Data{Actor: ledger.Actor{Name: "els", Role: "admin"}, Ref: id, Step: "ended"}) {
		t.Errorf("the ledger has %+v, want the end as its second entry", es)
	}
	for name, of := range map[string]string{"again": id, "that is none": "x", "without a name": ""} {
		if err := s.Finish(
			t.Context(), ledger.Actor{Name: "els", Role: ledger.Admin}, of, noon.Add(2*time.Hour),
		); !errors.Is(
			err,
			ErrNotFound,
		) {
			t.Errorf("ended %s: %v", name, err)
		}
	}
	later := Open(store.Open(dir), l) // after a restart
	all := list(t, later)
	if len(all) != 1 || all[0].By != "els" || !all[0].Holds(noon) || all[0].Holds(noon.Add(time.Hour)) ||
		!all[0].Made.Equal(noon) {
		t.Errorf("the exceptions are %+v, want one that was ended after an hour", all)
	}
}

// What others say of when and by whom it was made or ended does not count.
func TestNobodyMakesOneThatIsEndedOrOlder(t *testing.T) {
	s, _, _ := newStore(t)
	x := street()
	x.ID, x.Made, x.Ended, x.By = "mine", noon.AddDate(-1, 0, 0), noon, "els"
	id := add(t, s, x)
	if got := list(t, s)[0]; got.ID != id || id == "mine" || !got.Made.Equal(noon) || !got.Ended.IsZero() ||
		got.By != "" {
		t.Errorf("the exception is %+v, want its id and times to be the store's", got)
	}
}

func TestWhatCannotBeToldIsNotDone(t *testing.T) {
	s, _, _ := newStore(t)
	id := add(t, s, street())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Add(gone, ict, street(), noon); err == nil {
		t.Error("made without an entry")
	}
	if err := s.Finish(gone, ict, id, noon); err == nil {
		t.Error("ended without an entry")
	}
	if all := list(t, s); len(all) != 1 || !all[0].Holds(noon) {
		t.Errorf("the exceptions are %+v, want the first one as it was", all)
	}
}

func TestADamagedFileIsToldAndLeftAsItIs(t *testing.T) {
	s, l, dir := newStore(t)
	id := add(t, s, street())
	const damaged = `[{"id":"x","reason":"geheim`
	if err := store.Open(dir).Put("exceptions", "exceptions", []byte(damaged)); err != nil {
		t.Fatal(err)
	}
	_, read := Read(store.Open(dir))
	_, listed := s.List()
	_, added := s.Add(t.Context(), ict, street(), noon)
	for what, err := range map[string]error{
		"read": read,
		"list": listed,
		"add":  added,
		"end":  s.Finish(t.Context(), ict, id, noon),
	} {
		if err == nil || !strings.Contains(err.Error(), "exceptions/exceptions.json is damaged: restore it") ||
			strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: error %v, want that it is damaged, without content", what, err)
		}
	}
	if b, err := store.Open(dir).Get("exceptions", "exceptions"); err != nil || string(b) != damaged {
		t.Errorf("now it is %q, %v", b, err)
	}
	if n := len(entries(t, l)); n != 1 {
		t.Errorf("%d entries of what was not done", n-1)
	}
}

// The console and a command have the file at once: each with a store of its own, as
// processes have.
func TestTwoProcessesLoseNothingOfEachOther(t *testing.T) {
	s, _, dir := newStore(t)
	const each = 15
	done := make(chan error)
	for p := range 2 {
		l, err := ledger.Open(filepath.Join(dir, "ledger"))
		if err != nil {
			t.Fatal(err)
		}
		own := Open(store.Open(dir), l)
		go func() {
			var errs []error
			for i := range each {
				x := street()
				x.Reason = fmt.Sprintf("%d.%d", p, i)
				_, err := own.Add(t.Context(), ict, x, noon)
				errs = append(errs, err)
			}
			done <- errors.Join(errs...)
		}()
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Fatal(err)
	}
	ids, reasons := map[string]bool{}, map[string]bool{}
	for _, x := range list(t, s) {
		ids[x.ID], reasons[x.Reason] = true, true
	}
	if len(ids) != 2*each || len(reasons) != 2*each {
		t.Errorf("%d ids of %d exceptions, want %d", len(ids), len(reasons), 2*each)
	}
}

// fill keeps so many exceptions, as the file may have become.
func fill(t *testing.T, s *Store, holding, over int) {
	t.Helper()
	err := s.exceptions.Update(func(all *[]Exception) error {
		for i := range over + holding {
			x := street()
			if x.ID = fmt.Sprint(i); i < over {
				x.Ended = noon.Add(-time.Hour)
			}
			*all = append(*all, x)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestThereIsAnEndToHowManyHold(t *testing.T) {
	s, l, _ := newStore(t)
	fill(t, s, maxHolding, 1)
	if _, err := s.Add(t.Context(), ict, street(), noon); !errors.Is(err, ErrTooMany) {
		t.Errorf("one too many: %v", err)
	}
	if n := len(entries(t, l)); n != 0 {
		t.Errorf("%d entries of what was not made", n)
	}
	if err := s.Finish(t.Context(), ict, "1", noon); err != nil {
		t.Fatal(err)
	}
	add(t, s, street()) // there is a place now
}

func TestTheOldestThatIsOverMakesPlace(t *testing.T) {
	s, _, _ := newStore(t)
	fill(t, s, 3, maxKept-3)
	id := add(t, s, street())
	all := list(t, s)
	if len(all) != maxKept || all[0].ID != id || all[len(all)-1].ID != "1" {
		t.Errorf("%d are kept, from %s to %s", len(all), all[len(all)-1].ID, all[0].ID)
	}
}

func TestOnlyExceptionsThatRulesCanHaveReachThem(t *testing.T) {
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	var words, structure string
	for _, r := range set.Rules() {
		if r.Structure != "" {
			structure = r.ID.String()
		} else if len(r.Phrases) > 0 {
			words = r.ID.String()
		}
	}
	if words == "" || structure == "" {
		t.Fatal("no rules to make exceptions to")
	}
	change := func(f func(*Exception)) Exception { x := street(); x.Rule = words; f(&x); return x }
	all := []Exception{
		change(func(*Exception) {}),
		change(func(x *Exception) { x.Rule = "conduct.gone.nl" }),
		change(func(x *Exception) { x.Rule = "no rule" }),
		change(func(x *Exception) { x.Rule = structure }), // it looked for words in an earlier version
		change(func(x *Exception) { x.Rule, x.Host = "", "molen.example" }),
		change(func(x *Exception) { x.Ended = noon.Add(-time.Minute) }),
		change(func(x *Exception) { x.Until = day(-1) }),
		change(func(x *Exception) { x.Until = day(3650) }), // the clock was put back
		change(func(x *Exception) { x.Within = []string{""} }),
	}
	xs := ToRules(all, set, noon)
	if len(xs) != 1 || xs[0].Rule.String() != words || xs[0].Author != "ict" || xs[0].Reason == "" ||
		len(xs[0].Within) != 1 {
		t.Fatalf("the rules get %+v, want the one exception that holds", xs)
	}
	with, err := set.WithExceptions(noon, xs...)
	if err != nil || with.Fingerprint() == set.Fingerprint() {
		t.Errorf("it does not count: %v", err)
	}
	for i, x := range all {
		if err := x.Try(set, noon); i == 0 && err != nil || (i == 1 || i == 2 || i == 3 || i == 8) && err == nil {
			t.Errorf("exception %d: %v", i, err)
		}
	}
}
