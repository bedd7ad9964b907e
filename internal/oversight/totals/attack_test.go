package totals

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"sluis/internal/journal"
)

// The adversary has all reports there are, knows the roster and how this package works,
// and has no keys. What is tried here must not pin down a small cell or a person.

// truth adds up what the rows of a table really are.
func truth(s *school, month, table string) (rows map[string]*people) {
	m := newMonth(month, sizes)
	for _, c := range s.all[month] {
		m.take(c)
	}
	return m.records[table]
}

// Margins minus visible cells, and the interval that is left for every hidden cell: for a
// table with one total that interval is exact, and so is what linear programming gives.
func TestMarginsGiveNothingBack(t *testing.T) {
	s := newSchool(6, nil)
	a, _ := archive(t, s)
	hidden := 0
	for i := range 6 {
		name := october.AddDate(0, i, 0).Format(monthForm)
		m, err := a.Month(t.Context(), name, later.AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range traffic {
			rows := truth(s, name, d.table)
			total := row(t, m.Tables, d.table, "total")[Records]
			together, n, visible, slack := newPeople(), 0, int64(0), 4*total.Base
			for row, p := range rows {
				f := rowOf(m.Tables, d.table, row)[Records]
				if f.Hidden == Shown {
					visible, slack = visible+f.Value, slack+4*f.Base
					continue
				}
				n++
				hidden++
				together.join(p)
			}
			if n == 0 {
				continue
			}
			if n == 1 {
				t.Errorf("%s %s: one row alone is hidden", name, d.table)
			}
			if why := together.safe(a.Rules); why != Shown {
				t.Errorf("%s %s: what is hidden is %s, and total minus the rest gives it", name, d.table, why)
			}
			// Nobody can say of one hidden row more than that it is between nothing and all
			// that is hidden.
			upper := max(0, total.Value-visible) + slack
			for row, p := range rows {
				if f := rowOf(m.Tables, d.table, row)[Records]; f.Hidden == FewPeople && upper < 2*p.total() {
					t.Errorf("%s %s: %s is %d, and is known to be at most %d", name, d.table, row, p.total(), upper)
				}
			}
		}
	}
	if hidden < 30 {
		t.Errorf("only %d rows were hidden: the test shows little", hidden)
	}
}

func rowOf(tables []Table, table, name string) map[string]Figure {
	for _, x := range tables {
		for _, r := range x.Rows {
			if x.Name == table && r.Name == name {
				return r.Figures
			}
		}
	}
	return nil
}

// Totals of different tables are of the same people, and give no second look.
func TestEveryTableHasTheSameTotal(t *testing.T) {
	a, _ := archive(t, newSchool(1, nil))
	m, err := a.Month(t.Context(), "2026-10", later)
	if err != nil {
		t.Fatal(err)
	}
	want := row(t, m.Tables, Volume, "total")
	for _, d := range traffic {
		if got := row(t, m.Tables, d.table, "total"); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s has the total %v, and %s %v", d.table, got, Volume, want)
		}
	}
}

// Join and leave: the same month with and without one person, for each of 150. Who takes
// the difference for what that person did is wrong, mostly by more than it was.
func TestWhoLeavesIsNotSeen(t *testing.T) {
	figure := func(skip int) (Figure, int64) {
		s := newSchool(1, func(team string, i int) bool { return team == "team Noord" && i == skip })
		a, _ := archive(t, s)
		m, err := a.Month(t.Context(), "2026-10", later)
		if err != nil {
			t.Fatal(err)
		}
		return row(t, m.Tables, Groups, "team Noord")[Records], 0
	}
	all, _ := figure(-1)
	each := truth(newSchool(1, nil), "2026-10", Groups)["team Noord"]
	near, largest := 0, int64(0)
	const tried = 40
	for i := range tried {
		f, _ := figure(i)
		did := each.by[person("2026-10", "team Noord", i)]
		if did == 0 {
			t.Fatal("the test looks for nobody")
		}
		guess := all.Value - f.Value
		if math.Abs(float64(guess-did)) < float64(did)/2 {
			near++
		}
		largest = max(largest, guess, -guess)
		if f.Base != all.Base {
			t.Errorf("one person moves the bound from %d to %d", all.Base, f.Base)
		}
		if all.Base < 2*did && did > 2*all.Base {
			t.Errorf("a person adds %d, more than the base %d allows", did, all.Base)
		}
	}
	if near > tried/3 {
		t.Errorf("%d of %d guesses are near, want a third at most", near, tried)
	}
	if largest > 6*all.Base {
		t.Errorf("a difference of %d, with a base of %d", largest, all.Base)
	}
}

// One dominant sender is hidden with whatever row it is in, and is not found by the rest.
func TestADominantSenderIsNotSeen(t *testing.T) {
	s := newSchool(1, nil)
	cell := journal.Cell{Kind: journal.Mail, Group: group("staf")}
	s.all["2026-10"] = append(
		s.all["2026-10"],
		journal.Contribution{
			Cell:   cell,
			Part:   2,
			Person: person("2026-10", "staf", 3),
			Sums:   journal.Sums{Records: 90_000, Bytes: 9_000_000_000},
		},
	)
	a, _ := archive(t, s)
	m, err := a.Month(t.Context(), "2026-10", later)
	if err != nil {
		t.Fatal(err)
	}
	if f := row(t, m.Tables, Groups, "staf")[Records]; f.Hidden != Dominated {
		t.Errorf("the figure of staf is %+v, want it hidden as dominated", f)
	}
	for _, d := range traffic {
		for _, x := range m.Tables {
			if x.Name != d.table {
				continue
			}
			for _, r := range x.Rows {
				if f := r.Figures[Records]; f.Hidden == Shown && f.Value > 80_000 && r.Name != "total" {
					t.Errorf("%s of %s is %d: there is somebody in it", r.Name, x.Name, f.Value)
				}
			}
		}
	}
}

// A year of reports: a small group's share is not found by adding up what is left each
// month, for what is left is never of fewer than ten people.
func TestAYearOfReportsGivesNoSmallGroup(t *testing.T) {
	s := newSchool(12, nil)
	a, _ := archive(t, s)
	now := october.AddDate(1, 1, 0)
	var left, directie int64
	for i := range 12 {
		name := october.AddDate(0, i, 0).Format(monthForm)
		m, err := a.Month(t.Context(), name, now)
		if err != nil {
			t.Fatal(err)
		}
		visible := int64(0)
		for row := range truth(s, name, Groups) {
			visible += rowOf(m.Tables, Groups, row)[Records].Value
		}
		left += row(t, m.Tables, Groups, "total")[Records].Value - visible
		directie += truth(s, name, Groups)["directie"].total()
	}
	if left >= directie && left < 2*directie {
		t.Errorf("what is left in a year is %d, and the group of four did %d", left, directie)
	}
	p, err := a.Period(t.Context(), "2027", now)
	if err != nil {
		t.Fatal(err)
	}
	if f := row(t, p.Tables, Groups, "directie")[Records]; f.Hidden == Shown || f.Value != 0 {
		t.Errorf("the year shows %+v, want it hidden", f)
	}
}

// Brute force over all names: neither the numbers that people are counted under nor the
// reports can be made from names without the keys, and no report has such a number.
func TestNamesDoNotOpenAReport(t *testing.T) {
	s := newSchool(1, nil)
	a, _ := archive(t, s)
	frozen := string(must(a.Frozen(t.Context(), "2026-10", later)))
	there := map[uint64]bool{}
	for _, c := range s.all["2026-10"] {
		if c.Person != 0 {
			there[c.Person] = true
		}
		if c.Person != 0 && strings.Contains(frozen, fmt.Sprint(c.Person)) {
			t.Fatal("a report has the number of a person")
		}
	}
	if len(there) != 430 {
		t.Fatalf("%d people, want 430", len(there))
	}
	found := 0
	for i := range 430 {
		name := fmt.Sprintf("p%d@school.example", i)
		plain := sha256.Sum256([]byte(name))
		keyed := hmac.New(sha256.New, []byte("2026-10"))
		keyed.Write([]byte(name))
		for _, h := range [][]byte{plain[:], keyed.Sum(nil)} {
			if there[binary.BigEndian.Uint64(h)] || there[binary.LittleEndian.Uint64(h)] {
				found++
			}
		}
	}
	if found > 0 {
		t.Errorf("%d people were found by their names", found)
	}
}

// The noise is what an adversary cannot take off: it is the same for the same people,
// another for others, spread as it should be, and with another key all is different.
func TestTheNoise(t *testing.T) {
	k := noise(derive([]byte("a"), "noise"))
	seen := map[int64]int{}
	p := newPeople()
	for i := range 3000 {
		p.add(uint64(i*i+1), 1)
		n := k.of(p, "2026-10", Records)
		if n != k.of(p, "2026-10", Records) {
			t.Fatal("the noise of the same people differs")
		}
		seen[n]++
	}
	var values []int64
	for n := range seen {
		values = append(values, n)
	}
	if slices.Sort(values); !slices.Equal(values, []int64{-2, -1, 0, 1, 2}) || seen[0] < 900 || seen[0] > 1100 ||
		seen[2] < 270 ||
		seen[2] > 400 {
		t.Errorf("the noise spreads as %v, want a binomial curve", seen)
	}
	same := 0
	other := noise(derive([]byte("b"), "noise"))
	for i := range 1000 {
		q := newPeople()
		q.add(uint64(i+1), 5)
		if k.of(q, "2026-10", Records) == other.of(q, "2026-10", Records) {
			same++
		}
	}
	if same > 330 {
		t.Errorf("another key gives the same noise %d of 1000 times", same)
	}
}
