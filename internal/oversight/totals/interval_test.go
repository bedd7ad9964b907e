package totals

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"

	"sluis/internal/journal"
	"sluis/internal/roster"
)

// program is what an adversary knows of numbers that are at least 0: linear inequalities
// and equalities. Each number is a name.
type program struct {
	at    map[string]int
	terms []map[string]float64
	most  []float64
	equal []bool
}

func newProgram() *program { return &program{at: map[string]int{}} }

// know adds: the sum of these terms is at most this, or equal to it.
func (p *program) know(terms map[string]float64, most float64, equal bool) {
	for _, name := range slices.Sorted(maps.Keys(terms)) {
		if _, ok := p.at[name]; !ok {
			p.at[name] = len(p.at)
		}
	}
	p.terms, p.most, p.equal = append(p.terms, terms), append(p.most, most), append(p.equal, equal)
}

// between adds: the sum of these names is from low to high.
func (p *program) between(names []string, low, high float64) {
	up, down := map[string]float64{}, map[string]float64{}
	for _, n := range names {
		up[n], down[n] = 1, -1
	}
	p.know(up, high, false)
	if low > 0 {
		p.know(down, -low, false)
	}
}

// interval returns the least and the most that the sum of some names can be.
func (p *program) interval(names []string) (low, high float64, err error) {
	slacks := 0
	for _, e := range p.equal {
		if !e {
			slacks++
		}
	}
	a := mat.NewDense(len(p.terms), len(p.at)+slacks, nil)
	next := len(p.at)
	for i, terms := range p.terms {
		for name, k := range terms {
			a.Set(i, p.at[name], k)
		}
		if !p.equal[i] {
			a.Set(i, next, 1)
			next++
		}
	}
	cost := make([]float64, len(p.at)+slacks)
	for _, n := range names {
		cost[p.at[n]] = 1
	}
	low, _, err = lp.Simplex(cost, a, p.most, 1e-9, nil)
	if err != nil {
		return 0, 0, fmt.Errorf("least: %w", err)
	}
	for i := range cost {
		cost[i] = -cost[i]
	}
	high, _, err = lp.Simplex(cost, a, p.most, 1e-9, nil)
	if err != nil {
		return 0, 0, fmt.Errorf("most: %w", err)
	}
	return low, -high, nil
}

// adversary puts what a month's report gives away into a program. It knows how the tables
// hang together: one joint table of kind, sample and group lies under three of them, in
// which pupils have no mail and only what goes out takes part in the draw. And it is told
// what nobody outside knows: how much of each figure was cut off; and if it is exact, what
// each figure was before there was noise on it.
func adversary(s *school, m Month, exact bool) (p *program, cells map[string]map[string][]string) {
	p, cells = newProgram(), map[string]map[string][]string{}
	put := func(table, row, name string) {
		if cells[table] == nil {
			cells[table] = map[string][]string{}
		}
		cells[table][row] = append(cells[table][row], name)
	}
	rows := func(table string) []string { return slices.Sorted(maps.Keys(truth(s, m.Month, table))) }
	var all []string
	for _, kind := range rows(Volume) {
		for _, sample := range rows(Sample) {
			for _, g := range rows(Groups) {
				if _, pupils := sizes[groupOrNone(g)]; pupils && (kind != "web" || sample != "not-eligible") ||
					kind == "mail-in" && (sample == "drawn" || sample == "not-drawn") {
					continue
				}
				name := kind + "|" + sample + "|" + g
				put(Volume, kind, name)
				put(Sample, sample, name)
				put(Groups, g, name)
				all = append(all, name)
			}
		}
	}
	for _, table := range []string{Parts, Decisions} { // two more looks at the same records
		same := map[string]float64{}
		for _, n := range all {
			same[n] = -1
		}
		for _, r := range rows(table) {
			put(table, r, table+"|"+r)
			same[table+"|"+r] = 1
		}
		p.know(same, 0, true)
	}
	for _, d := range traffic {
		for r, people := range truth(s, m.Month, d.table) {
			if f := rowOf(m.Tables, d.table, r)[Records]; f.Hidden == Shown {
				p.published(cells[d.table][r], f, people, exact)
			}
		}
	}
	everybody := newPeople()
	for _, people := range truth(s, m.Month, Volume) {
		everybody.join(people)
	}
	p.published(all, rowOf(m.Tables, Volume, "total")[Records], everybody, exact)
	month := rowOf(m.Tables, Capacity, "month")[Records]
	p.between(all, float64(month.Value-month.Base+1), float64(month.Value))
	threats, found := float64(0), float64(0)
	for _, t := range m.Tables {
		for _, r := range t.Rows {
			switch f := r.Figures[Records]; {
			case t.Name == Threats:
				threats += float64(f.Value)
			case t.Name == Categories: // hidden or cut off: any number
				found += 1e6
			}
		}
	}
	p.between(cells[Decisions]["quarantine"], threats, threats+found)
	return p, cells
}

// published adds a figure, whose noise is at most two of its base, and rounding half of one.
func (p *program) published(names []string, f Figure, who *people, exact bool) {
	if exact {
		p.between(names, float64(who.total())-1, float64(who.total())+1) // exactly gives the solver trouble
		return
	}
	cut := max(0, who.others-f.Base)
	for _, n := range who.by {
		cut += max(0, n-f.Base)
	}
	low, high := float64(f.Value+cut)-2.5*float64(f.Base), float64(f.Value+cut)+2.5*float64(f.Base)
	if f.Value == 0 { // it may have been below
		low = 0
	}
	p.between(names, low, high)
}

func groupOrNone(name string) (g roster.Group) {
	if name != "other" {
		g = group(name)
	}
	return g
}

// For every hidden cell the interval that all published figures of a month together leave,
// exactly, by linear programming: it reaches down to half and up to double of what is
// hidden, so that nobody can say what it is. Even without noise on what is shown, which is
// what the choice of what is hidden has to stand up to alone, it is as wide as the cell.
func TestLinearProgrammingPinsDownNoHiddenCell(t *testing.T) { // C3.2b
	const months = 3
	s := newSchool(months, nil)
	for i := range months {
		month := october.AddDate(0, i, 0)
		s.hours = hoursOf(s.all[month.Format(monthForm)], month)
		a, _ := archive(t, s)
		m := must(a.Month(t.Context(), month.Format(monthForm), later))
		for _, exact := range []bool{false, true} {
			if hidden := attack(t, s, m, exact); hidden < 5 {
				t.Errorf("only %d cells were hidden: the test shows little", hidden)
			}
		}
	}
}

// attack computes the interval of each hidden cell of a month, and returns how many there
// are.
func attack(t *testing.T, s *school, m Month, exact bool) (hidden int) {
	t.Helper()
	p, cells := adversary(s, m, exact)
	for _, d := range traffic {
		for r, people := range truth(s, m.Month, d.table) {
			why := rowOf(m.Tables, d.table, r)[Records].Hidden
			if why == Shown {
				continue
			}
			hidden++
			low, high, err := p.interval(cells[d.table][r])
			if err != nil {
				t.Fatalf("%s %s %s: %v", m.Month, d.table, r, err)
			}
			is, known := float64(people.total()), float64(0)
			if low > is+1 || high < is-1 {
				t.Fatalf(
					"%s %s %s is %g, and the adversary is sure that it is from %g to %g: the test knows what is not so",
					m.Month,
					d.table,
					r,
					is,
					low,
					high,
				)
			}
			if d.table == Decisions && r == "quarantine" {
				known = float64(rowOf(m.Tables, Threats, "phishing")[Records].Value) // from outside, and public
			}
			narrow := low-known > (is-known)/2 || high-known < 2*(is-known)
			if exact {
				narrow = high-low < is-known
			}
			if why != Complement && narrow {
				t.Errorf(
					"%s %s: %s is %g, and is known to be from %g to %g (exact: %v)",
					m.Month,
					d.table,
					r,
					is,
					low,
					high,
					exact,
				)
			}
		}
	}
	return hidden
}

// Linear programming sees what arithmetic does not show, which the test above relies on:
// of two tables with one total, a cell that is hidden in one and given away by the other.
func TestTheProgramFindsWhatIsGivenAway(t *testing.T) {
	p := newProgram()
	p.between([]string{"a", "b"}, 10, 10)
	p.between([]string{"a", "c"}, 7, 7)
	p.between([]string{"c"}, 4, 4)
	low, high, err := p.interval([]string{"b"})
	if err != nil || math.Abs(low-7) > 1e-6 || math.Abs(high-7) > 1e-6 {
		t.Errorf("from %g to %g, %v; want exactly 7", low, high, err)
	}
}

// hoursOf is the roll-up of contributions, all in one hour of their part of the month.
func hoursOf(all []journal.Contribution, month time.Time) (hours []journal.Hour) {
	for _, c := range all {
		hours = append(
			hours,
			journal.Hour{Hour: month.AddDate(0, 0, int(c.Part)*7-7).Add(9 * time.Hour), Cell: c.Cell, Sums: c.Sums},
		)
	}
	return hours
}
