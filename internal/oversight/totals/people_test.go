package totals

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/rules"
)

// con is what one person contributes in the first part of a month.
func con(person uint64, c journal.Cell, records int64) journal.Contribution {
	return journal.Contribution{
		Cell:   c,
		Part:   1,
		Person: person,
		Sums:   journal.Sums{Records: records, Bytes: records * 1000},
	}
}

// blocked is a request that a category of sites stopped.
func blocked(category, clause string) journal.Cell {
	return journal.Cell{
		Kind:      journal.Web,
		Direction: rules.Out,
		Action:    filter.Reject,
		Purpose:   rules.Conduct,
		Category:  must(rules.ParseCategory(category)),
		Clause:    must(rules.ParseClause(clause)),
	}
}

// TestNoFigureOfOnePerson: however often few people do something, categories and clauses do not show
// it, nor say whether it was often (C3.2b).
func TestNoFigureOfOnePerson(t *testing.T) {
	gambling := blocked("gambling", "C2.8c")
	pupils := gambling
	pupils.Group = group("leerlingen Noord")
	each := func(people int, n int64) (all []journal.Contribution) {
		for p := range people {
			all = append(all, con(uint64(p+1), gambling, n))
		}
		return all
	}
	for name, c := range map[string]struct {
		all  []journal.Contribution
		want Figure
	}{
		"one person, 40 times":               {each(1, 40), Figure{Hidden: Few}},
		"one person, once":                   {each(1, 1), Figure{Hidden: Few}},
		"nine people, 100 times each":        {each(9, 100), Figure{Hidden: Few}},
		"nine people, and one nobody counts": {append(each(9, 2), con(0, gambling, 500)), Figure{Hidden: Few}},
		"one person without a pseudonym":     {[]journal.Contribution{con(0, gambling, 40)}, Figure{Hidden: Few}},
		"a building, which may be one pupil": {[]journal.Contribution{con(0, pupils, 40)}, Figure{Hidden: Few}},
		"one person, in parts of the month": {
			slices.Concat(each(1, 10), each(1, 10), each(1, 10), each(1, 10)),
			Figure{Hidden: Few},
		},
		"ten people, once each": {each(10, 1), Figure{Value: 10, Base: 10}},
		"ten people, and one 1000 times more": {
			append(each(10, 1), con(11, gambling, 1000)),
			Figure{Value: 10, Base: 10},
		},
		"ten people, and others 1000 times more": {
			append(each(10, 1), con(0, gambling, 1000)),
			Figure{Value: 10, Base: 10},
		},
		"twelve people, ten times each": {each(12, 10), Figure{Value: 120, Base: 20}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMonth("2026-11", sizes)
			for p := range uint64(30) {
				m.take(con(p+1, journal.Cell{Kind: journal.Web}, 100))
			}
			for _, x := range c.all {
				m.take(x)
			}
			tables := m.tables(Rules{MinPeople: 10}, noise{})
			for table, name := range map[string]string{Categories: "gambling", Clauses: "C2.8c"} {
				if f := row(t, tables, table, name)[Records]; f != c.want {
					t.Errorf("%s: %+v, want %+v", table, f, c.want)
				}
			}
		})
	}
}

// TestNoReviewOfOnePerson: how often messages of few people were opened or judged is not shown either.
func TestNoReviewOfOnePerson(t *testing.T) {
	by := func(people int, n int64) map[uint64]int64 {
		all := map[uint64]int64{}
		for p := range people {
			all[uint64(p+1)] = n
		}
		return all
	}
	a, _ := archive(t, newSchool(1, nil))
	a.Review = func(context.Context, time.Time, time.Time) (Review, error) {
		return Review{Outcomes: map[string]Shares{
			"opened":    {By: by(1, 40)},
			"released":  {By: by(9, 3), Others: 90},
			"confirmed": {Others: 30},
			"wrong":     {By: by(12, 1), Others: 1},
		}}, nil
	}
	m := must(a.Month(t.Context(), "2026-10", later))
	for name, want := range map[string]Figure{
		"opened":    {Hidden: Few},
		"released":  {Hidden: Few},
		"confirmed": {Hidden: Few},
		"wrong":     {Value: 10, Base: 10},
	} {
		if f := row(t, m.Tables, Reviewed, name)[Records]; f != want {
			t.Errorf("%s: %+v, want %+v", name, f, want)
		}
	}
}

// TestPeopleWithoutAPseudonymCountAsOne: what a confidential counsellor or a stranger does does not
// show in a figure of others: together they are one contributor, who is cut off (C3.2b, C3.2g).
func TestPeopleWithoutAPseudonymCountAsOne(t *testing.T) {
	small := journal.Cell{Kind: journal.Web, Group: group("leerlingen Zuid")}
	for name, extra := range map[string]journal.Cell{
		"a counsellor":               {Confidential: true, Kind: journal.Mail, Direction: rules.Out},
		"a stranger":                 {Kind: journal.Mail, Direction: rules.In},
		"somebody who is not known":  {Kind: journal.Web, Group: group("team Noord")},
		"a building of too few":      small,
		"a counsellor who gets mail": {Confidential: true, Kind: journal.Mail, Direction: rules.In},
	} {
		t.Run(name, func(t *testing.T) {
			with := func(n int64) []Table {
				m := newMonth("2026-11", sizes)
				for part := uint8(1); part <= 4; part++ {
					for p := range uint64(12) {
						c := con(p+1, journal.Cell{Kind: journal.Mail, Direction: rules.Out}, 10)
						c.Part = part
						m.take(c)
					}
				}
				c := con(0, extra, n)
				c.Part = 2
				m.take(c)
				return m.tables(Rules{MinPeople: 10}, noise{})
			}
			tables, more := with(300), with(300_000)
			calm, busy := row(t, tables, Parts, "1")[Records], row(t, tables, Parts, "2")[Records]
			if busy.Hidden != Shown || busy.Value > calm.Value+5*calm.Base {
				t.Errorf("the part with 300 more is %+v, the others are %+v: they show", busy, calm)
			}
			if fmt.Sprint(tables) != fmt.Sprint(more) {
				t.Errorf("a thousand times as much shows:\n%v\n%v", tables, more)
			}
		})
	}
}

// TestTheShareThatWasDrawnIsSeen: in an ordinary school, with confidential roles, groups that are small and
// strangers, the table of the sample hides nothing.
func TestTheShareThatWasDrawnIsSeen(t *testing.T) {
	for name, c := range map[string]struct{ staff, pupils, confidential, strangers int64 }{
		"25 staff, no web":         {25, 0, 10, 500},
		"40 staff and pupils":      {40, 180, 300, 4000},
		"60 staff, nobody secret":  {60, 220, 0, 0},
		"200 staff, three schools": {200, 900, 1000, 20_000},
	} {
		t.Run(name, func(t *testing.T) {
			pupils := group("leerlingen")
			m := newMonth("2026-11", map[roster.Group]roster.Size{pupils: {Kind: roster.Pupils, People: int(c.pupils)}})
			for p := range uint64(c.staff) {
				sent, drawn := int64(20+p%17*5), int64(1+p%3)
				out := journal.Cell{Kind: journal.Mail, Direction: rules.Out, Eligible: true}
				m.take(con(p+1, out, sent))
				out.Drawn = true
				m.take(con(p+1, out, drawn))
				m.take(con(p+1, journal.Cell{Kind: journal.Mail, Direction: rules.In}, 2*sent))
			}
			m.take(con(0, journal.Cell{Kind: journal.Mail, Direction: rules.Out, Confidential: true}, c.confidential))
			m.take(con(0, journal.Cell{Kind: journal.Mail, Direction: rules.In}, c.strangers))
			m.take(con(0, journal.Cell{Kind: journal.Web, Group: pupils}, c.pupils*300))
			for _, row := range []string{"drawn", "not-drawn", "not-eligible", "total"} {
				f := rowOf(m.tables(Rules{MinPeople: 10}, noise{}), Sample, row)[Records]
				if f.Hidden != Shown || f.Base == 0 {
					t.Errorf("%s: %+v, want a figure", row, f)
				}
			}
		})
	}
}

// TestAQuarterNeedsNoJournal: quarters and years are made of the months' figures and nothing else, so
// that they tell nothing that these do not. A hidden figure stays as open as in its months together.
func TestAQuarterNeedsNoJournal(t *testing.T) {
	s := newSchool(3, nil)
	a, _ := archive(t, s)
	var low, high, is = map[string]float64{}, map[string]float64{}, map[string]float64{}
	for i := range 3 {
		month := october.AddDate(0, i, 0)
		s.hours = hoursOf(s.all[month.Format(monthForm)], month)
		m := must(a.Month(t.Context(), month.Format(monthForm), later))
		p, cells := adversary(s, m, false)
		for r, who := range truth(s, m.Month, Groups) {
			from, to, err := p.interval(cells[Groups][r])
			if err != nil {
				t.Fatal(err)
			}
			low[r], high[r], is[r] = low[r]+from, high[r]+to, is[r]+float64(who.total())
		}
	}
	a.Source = nil // all that follows is made of the months
	hidden := 0
	for _, name := range []string{"2026-Q4", "2026"} {
		q := must(a.Existing(t.Context(), name))
		for r := range low {
			if f := row(t, q.Tables, Groups, r)[Records]; f.Hidden == Shown || f.Hidden == Complement {
				continue
			}
			hidden++
			if low[r] > is[r]/2 || high[r] < 2*is[r] {
				t.Errorf("%s: %s is %g, and is known to be from %g to %g", name, r, is[r], low[r], high[r])
			}
		}
		again := must(a.Existing(t.Context(), name))
		if x, y := must(json.Marshal(q)), must(json.Marshal(again)); !slices.Equal(x, y) {
			t.Errorf("%s differs from time to time", name)
		}
	}
	if hidden < 6 {
		t.Errorf("only %d figures are hidden: the test shows little", hidden)
	}
}

// TestAQuarterOfSmallCounts: through the frozen months, in each of which one person was found, the
// quarter says that there were few, and not none.
func TestAQuarterOfSmallCounts(t *testing.T) {
	s := newSchool(3, nil)
	gambling := blocked("gambling", "C2.8c")
	for i := range 3 {
		name := october.AddDate(0, i, 0).Format(monthForm)
		if i == 1 { // a month without any, and one that is large
			continue
		}
		for p := range 1 + i*6 {
			s.all[name] = append(s.all[name], con(person(name, "team Noord", p), gambling, 2))
		}
	}
	a, _ := archive(t, s)
	q := must(a.Period(t.Context(), "2026-Q4", later))
	for _, table := range []string{Categories, Clauses} {
		name := map[string]string{Categories: "gambling", Clauses: "C2.8c"}[table]
		if f := row(t, q.Tables, table, name)[Records]; f.Hidden == Shown && f.Value == 0 {
			t.Errorf("%s has %+v, want no 0", fmt.Sprint(table, " ", name), f)
		}
	}
	if f := row(t, q.Tables, Categories, "identity")[Records]; f.Hidden != Few {
		t.Errorf("three months of few are %+v, want few", f)
	}
}
