package quarantine

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/rules"
)

func TestListChoosesAndOrders(t *testing.T) {
	key := newIdentity(t)
	s, _ := open(t, filepath.Join(t.TempDir(), "a strange #1?% name"), key)
	start := time.Now().Add(-time.Hour).UTC().Truncate(time.Millisecond)
	var ids []filter.ID
	for i := range 10 {
		e, env, x := sample(t)
		e.Time = start.Add(time.Duration(i) * time.Minute)
		if i%2 == 1 {
			e.Category = rules.Credentials
		}
		if err := s.Seal(t.Context(), e, env, x, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.ID)
	}
	if err := s.Delete(t.Context(), ids[3], Intent{Reason: "wrong"}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		f    Filter
		want []int
	}{
		"all, newest first": {Filter{}, []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
		"a page":            {Filter{Limit: 3}, []int{9, 8, 7}},
		"oldest first":      {Filter{Sort: Oldest, Limit: 4}, []int{0, 1, 2, 3}},
		"by purpose":        {Filter{Purpose: rules.Leak, Limit: 1}, []int{9}},
		"by another":        {Filter{Purpose: rules.Conduct}, []int{}},
		"by rule":           {Filter{Rule: rule(t, "leak.identity.bsn"), Limit: 1}, []int{9}},
		"to the outside":    {Filter{Direction: new(rules.Out), Limit: 1}, []int{9}},
		"from the outside":  {Filter{Direction: new(rules.In)}, []int{}},
		"before":            {Filter{Before: start.Add(2 * time.Minute)}, []int{1, 0}},
		"undecided":         {Filter{Undecided: true, Category: rules.Credentials}, []int{9, 7, 5, 1}},
		"one category":      {Filter{Category: rules.Credentials}, []int{9, 7, 5, 3, 1}},
		"one state":         {Filter{State: Quarantined, Category: rules.Credentials}, []int{9, 7, 5, 1}},
		"since":             {Filter{Since: start.Add(8 * time.Minute)}, []int{9, 8}},
		"none":              {Filter{State: Released}, []int{}},
	} {
		es, err := s.List(t.Context(), tt.f)
		if err != nil {
			t.Fatal(err)
		}
		got := []int{}
		for _, e := range es {
			got = append(got, slices.Index(ids, e.ID))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
		if n, err := s.Count(t.Context(), tt.f); err != nil || tt.f.Limit == 0 && n != len(tt.want) {
			t.Errorf("%s: counted %d, %v", name, n, err)
		}
	}
	if all, err := s.Rules(t.Context()); err != nil || len(all) != 1 || all[0] != rule(t, "leak.identity.bsn") {
		t.Errorf("rules %v, %v", all, err)
	}
}

// TestPagesFollowEachOther: whatever the order, every entry is on exactly one page, also
// where many are alike.
func TestPagesFollowEachOther(t *testing.T) {
	s, _ := open(t, t.TempDir(), newIdentity(t))
	fill(t, s, 250)
	for _, order := range []Sort{Newest, Oldest, Largest, Gravest} {
		f, seen, last := Filter{Sort: order, Limit: 7}, map[filter.ID]bool{}, int64(0)
		for {
			es, err := s.List(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range es {
				if seen[e.ID] {
					t.Fatalf("%q: twice", order)
				}
				v := order.value(e)
				if _, falling := order.by(); len(seen) > 0 && (falling && v > last || !falling && v < last) {
					t.Fatalf("%q: not in order", order)
				}
				seen[e.ID], last, f.After = true, v, &es[i]
			}
			if len(es) == 0 {
				break
			}
		}
		if len(seen) != 250 {
			t.Errorf("sorted by %q there are %d entries on all pages, want 250", order, len(seen))
		}
	}
}

// TestAnIndexOfAnEarlierVersionIsBroughtUpToDate: nothing that is held is lost by it.
func TestAnIndexOfAnEarlierVersionIsBroughtUpToDate(t *testing.T) {
	key, dir := newIdentity(t), t.TempDir()
	s, _ := open(t, dir, key)
	id := seal(t, s, "content")
	for _, q := range []string{
		"DROP TABLE proposals",
		"DROP INDEX entries_state",
		"ALTER TABLE entries DROP COLUMN review",
		"ALTER TABLE entries DROP COLUMN reviewed",
		"ALTER TABLE entries DROP COLUMN version",
	} {
		if _, err := s.db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	s, _ = open(t, dir, key)
	if err := s.Judge(t.Context(), id, Confirmed, Intent{Reason: "it is"}); err != nil {
		t.Fatal(err)
	}
	if e := state(t, s, id); e.Review != Confirmed || e.Version != 2 || e.State != Quarantined {
		t.Errorf("the entry is %+v, want it quarantined and confirmed, in version 2", e)
	}
}

func BenchmarkListOf100000(b *testing.B) {
	s, _ := open(b, b.TempDir(), newIdentity(b))
	fill(b, s, 100_000)
	deep, err := s.List(b.Context(), Filter{Limit: 90_000})
	if err != nil {
		b.Fatal(err)
	}
	for name, f := range map[string]Filter{
		"newest":    {},
		"held":      {State: Quarantined},
		"category":  {Category: rules.Credentials},
		"gravest":   {Sort: Gravest},
		"deep page": {After: &deep[len(deep)-1]},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if es, err := s.List(b.Context(), f); err != nil || len(es) != 100 {
					b.Fatal(len(es), err)
				}
			}
		})
	}
}

// fill puts entries without content in the index.
func fill(b testing.TB, s *Store, n int) {
	b.Helper()
	tx, err := s.db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		state := Released
		if i%100 == 0 {
			state = Quarantined
		}
		_, err := tx.Exec(
			`INSERT INTO entries (id, time, direction, purpose, category, clause, rule, score, recipients, size, state)
			VALUES (?, ?, 'out', 'leak', ?, 'C3.3b', 'leak.identity.bsn', ?, 1, ?, ?)`,
			filter.NewID().
				String(),
			time.Now().UnixMilli()-rand.Int64N(1e9),
			[]string{"identity", "credentials"}[i%2],
			i%100,
			i%5000,
			state,
		)
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
