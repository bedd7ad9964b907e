package totals

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/roster"
	"sluis/rules"
)

var (
	october = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	later   = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func group(name string) roster.Group { return must(roster.ParseGroup(name)) }

// school is a made-up year of traffic of 430 people.
type school struct {
	all   map[string][]journal.Contribution // by month
	hours []journal.Hour
}

// teams are groups of staff with their sizes, and two buildings of pupils.
var teams = map[string]int{
	"team Noord": 150,
	"team Zuid":  130,
	"team West":  100,
	"staf":       38,
	"directie":   4,
	"conciërges": 8,
}

var sizes = map[roster.Group]roster.Size{
	group("leerlingen Noord"): {
		Kind:   roster.Pupils,
		People: 320,
	}, group("leerlingen Zuid"): {Kind: roster.Pupils, People: 6},
}

// person is a number for a person in a month, as the journal gives them.
func person(month string, team string, i int) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", month, team, i))
	return binary.BigEndian.Uint64(sum[:]) | 1
}

// newSchool makes months of traffic. without leaves one person out.
func newSchool(months int, without func(team string, i int) bool) *school {
	s := &school{all: map[string][]journal.Contribution{}}
	for m := range months {
		name := october.AddDate(0, m, 0).Format(monthForm)
		for team, n := range teams {
			for i := range n {
				if without != nil && without(team, i) {
					continue
				}
				r := rand.New(rand.NewPCG(uint64(m), uint64(i*31+len(team))))
				for part := uint8(1); part <= 4; part++ {
					records := int64(5 + r.IntN(40) + i%7*10)
					for _, c := range []journal.Cell{
						{Kind: journal.Mail, Direction: rules.Out, Eligible: true, Drawn: r.IntN(20) == 0},
						{Kind: journal.Mail, Direction: rules.In}, {Kind: journal.Web, Direction: rules.Out},
					} {
						c.Group = group(team)
						s.all[name] = append(
							s.all[name],
							journal.Contribution{
								Cell:   c,
								Part:   part,
								Person: person(name, team, i),
								Sums:   journal.Sums{Records: records, Bytes: records * 20_000},
							},
						)
					}
				}
			}
		}
		for g, size := range sizes {
			s.all[name] = append(
				s.all[name],
				journal.Contribution{
					Cell: journal.Cell{Kind: journal.Web, Direction: rules.Out, Group: g},
					Part: 1,
					Sums: journal.Sums{Records: int64(size.People) * 300, Bytes: int64(size.People) * 6_000_000},
				},
			)
		}
		found := journal.Cell{
			Kind:      journal.Mail,
			Direction: rules.Out,
			Group:     group("staf"),
			Action:    filter.Quarantine,
			Purpose:   rules.Leak,
			Category:  must(rules.ParseCategory("identity")),
			Clause:    must(rules.ParseClause("C3.3b")),
		}
		threat := journal.Cell{
			Kind:      journal.Mail,
			Direction: rules.In,
			Action:    filter.Quarantine,
			Purpose:   rules.Security,
			Category:  must(rules.ParseCategory("phishing")),
			Clause:    must(rules.ParseClause("C2.9a")),
		}
		s.all[name] = append(s.all[name],
			journal.Contribution{Cell: found, Part: 1, Person: person(name, "staf", 1), Sums: journal.Sums{Records: 3}},
			journal.Contribution{Cell: threat, Part: 1, Sums: journal.Sums{Records: 7}})
		confidential := journal.Cell{Kind: journal.Mail, Direction: rules.Out, Confidential: true}
		s.all[name] = append(
			s.all[name],
			journal.Contribution{Cell: confidential, Part: 2, Sums: journal.Sums{Records: 60, Bytes: 600_000}},
		)
	}
	return s
}

func (s *school) Contributions(
	_ context.Context,
	month time.Time,
	_ [32]byte,
	use func(journal.Contribution) error,
) error {
	for _, c := range s.all[month.Format(monthForm)] {
		if err := use(c); err != nil {
			return err
		}
	}
	return nil
}

func (s *school) Hours(_ context.Context, _, _ time.Time, use func(journal.Hour) error) error {
	for _, h := range s.hours {
		if err := use(h); err != nil {
			return err
		}
	}
	return nil
}

// archive is one that has nothing yet. The noise has the same key every time, so that two
// of them can be compared.
func archive(t *testing.T, s Source) (*Archive, *ledger.Ledger) {
	t.Helper()
	book := must(ledger.Open(t.TempDir()))
	a := &Archive{
		Dir:    filepath.Join(t.TempDir(), "reports"),
		Source: s,
		Ledger: book,
		Rules:  Rules{MinPeople: 10},
		Sizes:  sizes,
		Rate:   0.05,
	}
	if err := os.MkdirAll(a.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.Dir, "noise.key"), bytes.Repeat([]byte{7}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	return a, book
}

func row(t *testing.T, tables []Table, table, name string) map[string]Figure {
	t.Helper()
	for _, x := range tables {
		for _, r := range x.Rows {
			if x.Name == table && r.Name == name {
				return r.Figures
			}
		}
	}
	t.Fatalf("there is no row %s in %s", name, table)
	return nil
}

func TestWhatTheBoardSees(t *testing.T) { // C3.2b
	a, _ := archive(t, newSchool(1, nil))
	m, err := a.Month(t.Context(), "2026-10", later)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		table, row string
		hidden     Why
	}{
		{Groups, "team Noord", Shown}, {Groups, "directie", FewPeople}, {Groups, "conciërges", FewPeople},
		{Groups, "leerlingen Noord", Shown},
		{Groups, "leerlingen Zuid", FewPeople}, {Groups, "other", FewPeople}, {Groups, "total", Shown},
		{Volume, "mail-out", Shown}, {Volume, "web", Shown},
		{Decisions, "quarantine", FewPeople}, {Decisions, "pass", Complement},
		{Sample, "drawn", Shown}, {Sample, "not-drawn", Shown}, {Sample, "not-eligible", Shown},
		{Categories, "identity", Few}, {Clauses, "C3.3b", Few}, {Threats, "phishing", Shown},
	} {
		if f := row(t, m.Tables, c.table, c.row)[Records]; f.Hidden != c.hidden ||
			(f.Hidden != Shown) != (f.Value == 0) {
			t.Errorf("%s of %s: %+v, want %q", c.row, c.table, f, c.hidden)
		}
	}
	if f := row(t, m.Tables, Threats, "phishing")[Records]; f.Value != 7 {
		t.Errorf("threats from outside are %+v", f)
	}
	// What is shown is close to the truth, cut off at a bound for each.
	var truth int64
	for _, c := range a.Source.(*school).all["2026-10"] {
		if c.Group == group("team Noord") {
			truth += c.Records
		}
	}
	if f := row(t, m.Tables, Groups, "team Noord")[Records]; f.Value < truth*9/10 || f.Value > truth*11/10 {
		t.Errorf("team Noord had %d records and is told to have %+v", truth, f)
	}
}

func TestAReportIsFrozen(t *testing.T) {
	s := newSchool(1, nil)
	a, book := archive(t, s)
	first := must(a.Frozen(t.Context(), "2026-10", later))
	s.all["2026-10"] = s.all["2026-10"][:50] // the records are destroyed in time, or a person leaves
	for range 1000 {
		if again := must(a.Frozen(t.Context(), "2026-10", later)); !bytes.Equal(again, first) {
			t.Fatal("a report changed, want the same bytes each time")
		}
	}
	frozen := 0
	for e, err := range book.Find(ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == ledger.ReportFrozen && e.Data.Ref == "2026-10" && e.Data.Commit == hash(first) {
			frozen++
		}
	}
	if frozen != 1 {
		t.Errorf("%d entries in the ledger, want one", frozen)
	}
	path := a.path("2026-10")
	if err := os.WriteFile(path, bytes.Replace(first, []byte("total"), []byte("Total"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Frozen(t.Context(), "2026-10", later); err == nil ||
		!strings.Contains(err.Error(), "not the one that was frozen") {
		t.Errorf("a changed report: %v, want it refused as not the frozen one", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Frozen(t.Context(), "2026-10", later); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("a deleted report was made anew: %v", err)
	}
}

func TestPeriodsThatAreNone(t *testing.T) {
	a, _ := archive(t, newSchool(1, nil))
	for name, want := range map[string]error{
		"": ErrPeriod, "2026-13": ErrPeriod, "2026-Q5": ErrPeriod, "../2026": ErrPeriod, "2026-1": ErrPeriod,
		"26": ErrPeriod, "2026-10-01": ErrPeriod, "2027-03": ErrNotOver, "2027-Q2": ErrNotOver, "2028": ErrNotOver,
	} {
		if _, err := a.Period(t.Context(), name, later); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
	if _, err := a.Period(t.Context(), "2026-10", october.AddDate(0, 1, 1)); !errors.Is(err, ErrNotOver) {
		t.Errorf("before its last records are in: %v", err)
	}
}

func TestAQuarterIsWhatItsMonthsShow(t *testing.T) {
	a, _ := archive(t, newSchool(3, nil))
	q, err := a.Period(t.Context(), "2026-Q4", later)
	if err != nil || len(q.Months) != 3 || len(q.Absent) != 0 {
		t.Fatalf("the quarter is %+v, %v; want three months", q, err)
	}
	var sum int64
	for _, m := range q.Months {
		sum += row(t, must(a.Month(t.Context(), m, later)).Tables, Groups, "team Zuid")[Records].Value
	}
	if f := row(t, q.Tables, Groups, "team Zuid")[Records]; f.Value != sum || f.Hidden != Shown {
		t.Errorf("the quarter has %+v, want the sum of the months, %d", f, sum)
	}
	if f := row(t, q.Tables, Groups, "directie")[Records]; f.Hidden != Missing || f.Value != 0 {
		t.Errorf("directie has %+v, want a missing figure", f)
	}
	if f := row(t, q.Tables, Threats, "phishing")[Records]; f.Value != 21 {
		t.Errorf("phishing has %+v, want 21", f)
	}
	year, err := a.Period(t.Context(), "2027", time.Date(2027, 2, 5, 0, 0, 0, 0, time.UTC))
	if err != nil || len(year.Months) != 1 || len(year.Absent) != 11 {
		t.Errorf("months %v, absent %v, %v; want one and eleven", year.Months, year.Absent, err)
	}
}

func TestRulesOfOneFigure(t *testing.T) {
	of := func(crowd int64, number int, each ...int64) *people {
		p := newPeople()
		for i, n := range each {
			p.add(uint64(i+1), n)
		}
		if number > 0 {
			p.addPupils(number, crowd)
			return p
		}
		p.add(0, crowd)
		return p
	}
	even := slices.Repeat([]int64{5}, 10)
	for name, c := range map[string]struct {
		p    *people
		want Why
	}{
		"ten": {of(0, 0, even...), Shown}, "nine": {of(0, 0, even[:9]...), FewPeople},
		"nine and one who did nothing": {of(0, 0, append(slices.Clone(even[:9]), 0)...), FewPeople},
		"nobody":                       {of(0, 0), FewPeople},
		"one with 31 %":                {of(0, 0, append(slices.Clone(even), 23)...), Dominated},
		"one with 30 %":                {of(0, 0, append(slices.Repeat([]int64{7}, 10), 30)...), Shown},
		"two with 51 %":                {of(0, 0, append(slices.Clone(even[:9]), 24, 23)...), Dominated},
		"a building":                   {of(900, 320), Shown}, "a small building": {of(900, 6), FewPeople},
		"people nobody counts":              {of(900, 0), FewPeople},
		"nine, and people nobody counts":    {of(900, 0, even[:9]...), FewPeople},
		"ten, and people nobody counts":     {of(900, 0, even...), Shown},
		"ten, and a small building":         {of(900, 9, even...), Shown},
		"nine, and a small building":        {of(900, 9, even[:9]...), FewPeople},
		"two with 51 %, one nobody counts":  {of(900, 0, append(slices.Repeat([]int64{1}, 9), 5)...), Dominated},
		"a building, and people nobody cnt": {of(900, 10), Shown},
	} {
		if got := c.p.safe(Rules{MinPeople: 10}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := of(0, 0, even[:9]...).safe(Rules{MinPeople: 1}); got != FewPeople {
		t.Errorf("nine people of a rule of one: %q, want the lowest bound of all to hold", got)
	}
	for n, want := range map[int64]int64{0: 1, 1: 1, 3: 5, 6: 10, 11: 20, 21: 50, 51: 100, 1001: 2000} {
		if got := ladder(n); got != want {
			t.Errorf("ladder(%d) = %d, want %d", n, got, want)
		}
	}
}

// TestSmallCountsStaySmall: a quarter whose months each have fewer than ten does not say that there were none.
func TestSmallCountsStaySmall(t *testing.T) {
	few, ten, hidden := Figure{Hidden: Few}, Figure{Value: 10, Base: 10}, Figure{Hidden: FewPeople}
	for _, c := range []struct {
		name   string
		months []Figure
		want   Figure
	}{
		{"all small", []Figure{few, few, few}, few},
		{"one of ten", []Figure{few, ten, few}, ten},
		{"the first of ten", []Figure{ten, few}, ten},
		{"two of ten", []Figure{ten, ten}, Figure{Value: 20, Base: 10}},
		{"one hidden", []Figure{ten, hidden}, Figure{Hidden: Missing}},
	} {
		var reports []Month
		for _, f := range c.months {
			row := Row{"threat", map[string]Figure{Records: f}}
			reports = append(reports, Month{Tables: []Table{{Name: Categories, Rows: []Row{row}}}})
		}
		if got := sum(reports)[0].Rows[0].Figures[Records]; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
