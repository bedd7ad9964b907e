package orders

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"sluis/internal/ledger"
)

// found is an outcome with unauthorised use, all of it done on one day.
func found(day time.Time) Result {
	return Result{Unauthorised: true, Discussed: day, Consequences: day, Destroyed: day}
}

// told is an outcome with unauthorised use of day 8, whose consequences were told on another day.
func told(consequences time.Time) Result {
	r := found(day(8))
	r.Consequences = consequences
	return r
}

// day returns the start of the day so many days after monday.
func day(n int) time.Time { return monday.Truncate(24*time.Hour).AddDate(0, 0, n) }

// TestAnOutcomeHasDaysThatCanBe: what was found is discussed not before the order began, and not later than today; the
// period is from the day of the decision to a week after it (C3.2f).
func TestAnOutcomeHasDaysThatCanBe(t *testing.T) {
	for name, c := range map[string]struct {
		now    int // day
		result Result
		want   error
		late   bool
	}{
		"at the end":                       {8, found(day(8)), nil, false},
		"during the order":                 {8, found(day(1)), nil, false},
		"five days after the end":          {13, found(day(12)), nil, false},
		"ten days after the end":           {20, found(day(18)), nil, true},
		"long after the end":               {60, found(day(50)), nil, true},
		"in 2020":                          {8, found(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)), ErrTooEarly, false},
		"the day before it began":          {8, found(day(-1)), ErrTooEarly, false},
		"tomorrow":                         {8, found(day(9)), ErrTooEarly, false},
		"not discussed":                    {8, Result{Unauthorised: true, Destroyed: day(8)}, ErrNoDays, false},
		"not destroyed":                    {8, Result{Unauthorised: true, Discussed: day(8)}, ErrNoDays, false},
		"destroyed before it began":        {8, Result{Destroyed: day(-3)}, ErrTooEarly, false},
		"told of consequences before that": {8, told(day(-2)), ErrTooEarly, false},
		"not told of consequences":         {8, told(time.Time{}), nil, false},
		"nothing found, much later":        {60, Result{Destroyed: day(60)}, nil, false},
		"a view that is too long":          {8, Result{Destroyed: day(8), View: strings.Repeat("x", maxText+1)}, ErrLongView, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			r := about(juf)
			r.From, r.LookBack = day(0), ""
			id := h.approved(r)
			h.now = day(c.now).Add(20 * time.Hour)
			err := h.Complete(t.Context(), officer, id, c.result)
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if o, _, err := h.Get(id); err != nil || c.want == nil && o.Outcome.Late != c.late {
				t.Errorf("got %+v, %v, want late %t", o.Outcome, err, c.late)
			}
		})
	}
}

// TestAnOutcomeIsOverdue: five working days after the end of an order that counted, until it is completed.
func TestAnOutcomeIsOverdue(t *testing.T) {
	h := newHouse(t)
	r := about(juf)
	r.From, r.LookBack = day(0), ""
	id := h.approved(r)
	refused, _ := h.Request(t.Context(), officer, h.people, about(meester))
	for n, want := range map[int]int{3: 0, 7: 0, 12: 0, 17: 1, 40: 1} {
		h.now = day(n).Add(9 * time.Hour)
		h.start()
		if ids, err := h.Overdue(); err != nil || len(ids) != want || want == 1 && ids[0] != id {
			t.Errorf("day %d: overdue %q, %v, want %d, and never %s that nobody approved", n, ids, err, want, refused)
		}
	}
	h.now = day(41)
	if err := h.Complete(t.Context(), officer, id, found(day(40))); err != nil {
		t.Fatal(err)
	}
	if ids, err := h.Overdue(); err != nil || len(ids) != 0 {
		t.Errorf("overdue %q, %v after it was completed", ids, err)
	}
}

// TestTextsAreSealedForObjections: subject, reason, advice and the employee's view are in no file in clear after the
// outcome; the board and the privacy officer open them with an entry in the ledger, and nobody else; after the time
// for objections they are destroyed.
func TestTextsAreSealedForObjections(t *testing.T) {
	h := newHouse(t)
	key := must(age.GenerateX25519Identity())
	sealed := func() {
		h.start()
		h.SealWith(func(context.Context) (*age.X25519Identity, error) { return key, nil })
	}
	sealed()
	id := h.approved(about(juf))
	h.now = monday.AddDate(0, 0, 8)
	result := found(h.now)
	result.View = "Ik dacht dat het mocht, zei Jansen."
	if err := h.Complete(t.Context(), officer, id, result); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(h.dir, "orders", "*"))
	for _, f := range files {
		if b := must(os.ReadFile(f)); strings.Contains(string(b), "Jansen") || strings.Contains(string(b), "juf@") {
			t.Errorf("left in %s", filepath.Base(f))
		}
	}
	before := len(h.kinds())
	for _, by := range []ledger.Actor{tech, lawyer, {}, ledger.CommandLine} {
		if got, err := h.OpenTexts(t.Context(), by, id); !errors.Is(err, ErrForbidden) || got != (Texts{}) {
			t.Errorf("%s opened %+v, %v", by.Role, got, err)
		}
	}
	for _, by := range []ledger.Actor{officer, chair} {
		got, err := h.OpenTexts(t.Context(), by, id)
		if err != nil || got.Subject != juf || got.View != result.View || !strings.Contains(got.Reason, "Jansen") ||
			got.Advice == "" {
			t.Errorf("%s opened %+v, %v", by.Role, got, err)
		}
	}
	if got := h.kinds()[before:]; fmt.Sprint(got) != "[order-opened order-opened]" {
		t.Errorf("the ledger has %v, want each opening", got)
	}
	h.now = h.now.Add(defaultObjection + time.Hour)
	sealed()
	if _, err := h.OpenTexts(t.Context(), officer, id); !errors.Is(err, ErrSealed) {
		t.Errorf("opened after the time for objections: %v", err)
	}
	for range 2 {
		if err := h.End(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	o, state, err := h.Get(id)
	if err != nil || state != Completed || len(o.Sealed) != 0 || o.About == "" {
		t.Errorf("got %s with %d bytes sealed, %v, want none, and the days still counted", state, len(o.Sealed), err)
	}
	if faults, err := h.Faults(); err != nil || len(faults) != 0 {
		t.Errorf("got %v, %v, want that the order fits its ledger", faults, err)
	}
	kinds := h.kinds()
	if last := kinds[len(kinds)-1]; last != "order-completed:texts-destroyed" || len(kinds) != before+3 {
		t.Errorf("the ledger ends in %s of %d, want one destruction", last, len(kinds))
	}
	h.now = h.now.Add(year)
	sealed()
	if err := h.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o, _, err := h.Get(id); err != nil || o.About != "" {
		t.Errorf("the days are counted after a year, %v", err)
	}
}

// TestDaysOfAPersonAreBounded: follow-on orders about one person come to an end, also after the earlier ones are
// completed, under whichever address, and with those of the group (C3.2c).
func TestDaysOfAPersonAreBounded(t *testing.T) {
	h := newHouse(t)
	ask := func(subject, group string, days int) error {
		t.Helper()
		r := about(subject)
		r.Group, r.From, r.LookBack = group, h.now.Truncate(24*time.Hour), ""
		r.Until = r.From.AddDate(0, 0, days)
		_, err := h.Request(t.Context(), officer, h.people, r)
		return err
	}
	run := func(subject string, days int) {
		t.Helper()
		r := about(subject)
		r.From, r.LookBack = h.now.Truncate(24*time.Hour), ""
		r.Until = r.From.AddDate(0, 0, days)
		id := h.approved(r)
		h.now = r.Until.Add(9 * time.Hour)
		if err := h.Complete(t.Context(), officer, id, Result{Destroyed: h.now}); err != nil {
			t.Fatal(err)
		}
	}
	run(juf, 28)
	run("groep5@school.example", 20) // the same person
	for name, c := range map[string]struct {
		subject, group string
		days           int
		want           error
	}{
		"8 days more":               {juf, "", 8, nil},
		"9 days more":               {juf, "", 9, ErrTooManyDays},
		"9 days of the other alias": {"groep5@school.example", "", 9, ErrTooManyDays},
		"28 days of a colleague":    {meester, "", 28, nil},
		"pupils, as a group":        {"", "bovenbouw", 5, ErrPupils},
		"a group that is not there": {"", "directie", 5, ErrPupils},
		"a group of staff":          {"", "team", 5, nil},
	} {
		before := len(h.kinds())
		err := ask(c.subject, c.group, c.days)
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if wrote := len(h.kinds()) - before; (wrote == 1) != (c.want == nil) {
			t.Errorf("%s: %d entries", name, wrote)
		}
		files, _ := filepath.Glob(filepath.Join(h.dir, "orders", "*.json"))
		for _, f := range files {
			if b := must(os.ReadFile(f)); c.want == nil && !strings.Contains(string(b), "outcome") {
				os.Remove(f) // each question is asked for itself
			}
		}
		h.start()
	}
	h.now = h.now.AddDate(1, 0, 0)
	h.start()
	if err := ask(juf, "", 28); err != nil {
		t.Errorf("a year later: %v", err)
	}
}

// TestInvestigatorsAreAccountsOfTheICTService: any other name, and an account in another role, is refused.
func TestInvestigatorsAreAccountsOfTheICTService(t *testing.T) {
	h := newHouse(t)
	h.Staff(func(_ context.Context, account string) (bool, error) { return account == tech.Name, nil })
	for name, ok := range map[string]bool{tech.Name: true, "ik": false, chair.Name: false, "": false} {
		r := about(juf)
		r.Investigators = []string{name}
		_, err := h.Request(t.Context(), officer, h.people, r)
		if ok != (err == nil) || !ok && !errors.Is(err, ErrNotICT) {
			t.Errorf("%q: got %v, want it taken: %t", name, err, ok)
		}
	}
}

// TestFiveWorkingDays: those of a week, to the end of the fifth.
func TestFiveWorkingDays(t *testing.T) {
	for end, want := range map[string]string{
		"2026-11-23T09:00:00Z": "2026-12-01", // a monday: until the monday after it is over
		"2026-11-24T23:59:00Z": "2026-12-02",
		"2026-11-27T00:00:00Z": "2026-12-05", // a friday
		"2026-11-28T12:00:00Z": "2026-12-05", // a saturday
		"2026-11-29T12:00:00Z": "2026-12-05", // a sunday
	} {
		o := Order{Request: Request{Until: must(time.Parse(time.RFC3339, end))}}
		if got := o.discussBy(); !got.Equal(must(time.Parse(time.DateOnly, want))) {
			t.Errorf("an end on %s: discussed before %s, want %s", end, got, want)
		}
	}
}
