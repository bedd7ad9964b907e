package journal

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/internal/testenv"
	"sluis/rules"
)

// segmentOf seals records in a segment.
func segmentOf(t testing.TB, dir, name string, records ...Record) Segment {
	t.Helper()
	s := must(createSegment(dir, name))
	for i := range records {
		s.add(&records[i])
	}
	if err := s.sync(); err != nil {
		t.Fatal(err)
	}
	if done, err := s.end(); !done || err != nil {
		t.Fatal(done, err)
	}
	if err := sealFull(dir); err != nil {
		t.Fatal(err)
	}
	return Segment{Name: name, path: filepath.Join(dir, name+sealedName)}
}

func load(t testing.TB, s Store, segments ...Segment) {
	t.Helper()
	for _, g := range segments {
		if unread, err := s.Load(t.Context(), g); err != nil || unread != 0 {
			t.Fatal(unread, err)
		}
	}
}

// byDay is the order in which records of one segment are read.
func byDay(records []Record) []Record {
	return slices.SortedStableFunc(
		slices.Values(records),
		func(a, b Record) int { return cmp.Compare(day(a.Time), day(b.Time)) },
	)
}

// november is a time of the month that the tests are about.
func november(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 30, 0, 0, time.UTC) }

func at(n int, when time.Time, who Pseudonym) Record {
	r := ordinary(n)
	r.Time, r.pseudonym = when, who
	return r
}

// testStore is what every backend does.
func testStore(t *testing.T, open func(t *testing.T) Store) {
	anna, bart := Pseudonym{1}, Pseudonym{2}
	t.Run("confidential traffic is an hourly count", func(t *testing.T) { testCounts(t, open(t)) })
	t.Run("every field survives", func(t *testing.T) {
		s := open(t)
		other := full()
		other.Time, other.pseudonym = other.Time.Add(time.Second), Pseudonym{}
		want := []Record{full(), other, ordinary(3)}
		load(t, s, segmentOf(t, t.TempDir(), "1", want...))
		got := everything(t, s)
		slices.SortFunc(want, byID)
		slices.SortFunc(got, byID)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
	})
	t.Run("a segment counts once however often it is loaded", func(t *testing.T) {
		s := open(t)
		dir := t.TempDir()
		one := segmentOf(t, dir, "1", ordinary(1), ordinary(2), at(3, november(2, 9), anna))
		two := segmentOf(t, dir, "2", ordinary(4))
		load(t, s, one, one, two, one, two)
		if _, records, size := hourly(t, s); records != 4 || size != 4*ordinary(0).Bytes || len(everything(t, s)) != 4 {
			t.Errorf("%d records, rolled up %d with %d bytes", len(everything(t, s)), records, size)
		}
	})
	t.Run("two segments with the same records are two", func(t *testing.T) {
		s := open(t)
		dir := t.TempDir()
		load(t, s, segmentOf(t, dir, "1", ordinary(1)), segmentOf(t, dir, "2", ordinary(1)))
		if n := len(everything(t, s)); n != 2 {
			t.Errorf("%d records, want both, which differ in their segments alone", n)
		}
	})
	t.Run("who follows sees each record once", func(t *testing.T) {
		s := open(t)
		dir := t.TempDir()
		load(
			t,
			s,
			segmentOf(t, dir, "1", ordinary(1), ordinary(2)),
			segmentOf(t, dir, "2", ordinary(3)),
			segmentOf(t, dir, "3", ordinary(4)),
		)
		from, err := s.Last(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		got, from := follow(t, s, from)
		if !slices.Contains(got, 3) || !slices.Contains(got, 4) {
			t.Errorf("the latest are %v, want 3 and 4 among them", got)
		}
		if more, _ := follow(t, s, from); len(more) > 0 {
			t.Errorf("got %v again, want nothing new", more)
		}
		load(t, s, segmentOf(t, dir, "4", ordinary(5)))
		if more, _ := follow(t, s, from); !slices.Equal(more, []int{5}) {
			t.Errorf("got %v, want the new record 5", more)
		}
		if p, err := s.Last(t.Context(), 1000); err != nil {
			t.Error(err)
		} else if all, _ := follow(t, s, p); len(all) != 5 {
			t.Errorf("got %v, want all 5", all)
		}
	})
	t.Run("a period has its own", func(t *testing.T) {
		s := open(t)
		load(
			t,
			s,
			segmentOf(
				t,
				t.TempDir(),
				"1",
				at(1, november(1, 8), anna),
				at(2, november(1, 9), anna),
				at(3, november(2, 0), anna),
				at(4, november(3, 9), anna),
			),
		)
		got := map[int]bool{}
		if _, err := s.Each(t.Context(), november(1, 9), november(3, 9), 0,
			func(r Record) error { got[int(r.ID[2])] = true; return nil }); err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || !got[2] || !got[3] {
			t.Errorf("read %v, want 2 and 3", got)
		}
	})
	t.Run("a pseudonym finds its own and nobody else's", func(t *testing.T) {
		s := open(t)
		load(
			t,
			s,
			segmentOf(
				t,
				t.TempDir(),
				"1",
				at(1, november(1, 8), anna),
				at(2, november(1, 9), bart),
				at(3, november(2, 0), Pseudonym{}),
				at(4, november(3, 9), anna),
				at(5, november(9, 9), anna),
			),
		)
		for name, c := range map[string]struct {
			who  []Pseudonym
			want []int
		}{
			"one": {[]Pseudonym{anna}, []int{1, 4}}, "of two months": {[]Pseudonym{bart, {9}}, []int{2}},
			"no key": {nil, nil}, "nobody is not looked for": {[]Pseudonym{{}}, nil},
		} {
			var got []int
			if err := s.Of(t.Context(), c.who, november(1, 0), november(5, 0),
				func(r Record) error { got = append(got, int(r.ID[2])); return nil }); err != nil {
				t.Fatal(err)
			}
			if slices.Sort(got); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	})
	t.Run("people are counted, and not known", func(t *testing.T) {
		s := open(t)
		quarantined := at(6, november(30, 23), anna)
		quarantined.Action, quarantined.Bytes, quarantined.Recipients = filter.Quarantine, 7, 3
		passed := func(n int, when time.Time, who Pseudonym) Record {
			r := at(n, when, who)
			r.Action, r.Purpose, r.Category, r.Clause, r.Bytes, r.Recipients = filter.Pass, rules.NoPurpose,
				rules.NoCategory, rules.Clause{}, 10, 1
			return r
		}
		load(
			t,
			s,
			segmentOf(
				t,
				t.TempDir(),
				"1",
				passed(1, november(7, 8), anna),
				passed(2, november(7, 9), anna),
				passed(3, november(8, 0), anna),
				passed(
					4,
					november(7, 9),
					bart,
				),
				passed(5, november(7, 9), Pseudonym{}),
				quarantined,
				passed(7, november(30, 24), anna),
				passed(8, november(0, 9), anna),
			),
		)
		counted := contributions(t, s, [32]byte{1})
		b := newBlinder([32]byte{1})
		calm, held := passed(0, november(1, 0), anna), quarantined
		want := map[Contribution]Sums{
			{Cell: calm.cell(), Part: 1, Person: b.person(anna)}: {2, 20, 2},
			{Cell: calm.cell(), Part: 2, Person: b.person(anna)}: {1, 10, 1},
			{Cell: calm.cell(), Part: 1, Person: b.person(bart)}: {1, 10, 1},
			{Cell: calm.cell(), Part: 1, Person: 0}:              {1, 10, 1},
			{Cell: held.cell(), Part: 4, Person: b.person(anna)}: {1, 7, 3},
		}
		if !reflect.DeepEqual(counted, want) {
			t.Errorf("got\n%+v\nwant\n%+v", counted, want)
		}
		for c := range contributions(t, s, [32]byte{2}) {
			if c.Person == b.person(anna) || c.Person == b.person(bart) {
				t.Error("another key counts the same numbers")
			}
		}
	})
	t.Run("hours are sums, and outlive the records", func(t *testing.T) {
		s := open(t)
		dir := t.TempDir()
		load(
			t,
			s,
			segmentOf(
				t,
				dir,
				"1",
				at(1, november(1, 8), anna),
				at(2, november(1, 8), bart),
				at(3, november(1, 9), anna),
			),
		)
		load(t, s, segmentOf(t, dir, "2", at(4, november(1, 8), anna), at(5, november(20, 8), anna)))
		n, err := s.Prune(t.Context(), november(2, 0))
		if err != nil || n != 4 {
			t.Fatalf("destroyed %d, %v; want 4", n, err)
		}
		var got []Hour
		if err := s.Hours(t.Context(), november(1, 0), november(2, 0),
			func(h Hour) error { got = append(got, h); return nil }); err != nil {
			t.Fatal(err)
		}
		cell := at(1, november(1, 8), anna)
		size := cell.Bytes
		want := []Hour{
			{november(1, 8).Truncate(time.Hour), cell.cell(), Sums{3, 3 * size, 3}},
			{november(1, 9).Truncate(time.Hour), cell.cell(), Sums{1, size, 1}},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
		if left := everything(t, s); len(left) != 1 || left[0].ID != ordinary(5).ID {
			t.Errorf("%d records are left, want the last one", len(left))
		}
	})
	t.Run("nothing is older than the retention", func(t *testing.T) { // C3.3g
		s := open(t)
		if h, err := s.Held(t.Context()); err != nil || h.Records != 0 || !h.Since.IsZero() {
			t.Fatalf("an empty store has %+v, %v; want nothing", h, err)
		}
		load(
			t,
			s,
			segmentOf(
				t,
				t.TempDir(),
				"1",
				at(1, november(1, 8), anna),
				at(2, november(2, 0), anna),
				at(3, november(2, 23), anna),
				at(4, november(3, 9), anna),
			),
		)
		if h, err := s.Held(t.Context()); err != nil || h.Records != 4 ||
			!h.Since.Equal(november(1, 0).Truncate(24*time.Hour)) ||
			!h.Until.Equal(november(4, 0).Truncate(24*time.Hour)) {
			t.Errorf("the store has %+v, %v; want the days 1 to 4 November", h, err)
		}
		if n, err := s.Prune(t.Context(), november(2, 12)); err != nil || n != 3 {
			t.Errorf("destroyed %d, %v; want 3", n, err)
		}
		if h, err := s.Held(t.Context()); err != nil || h.Records != 1 ||
			!h.Since.Equal(november(3, 0).Truncate(24*time.Hour)) {
			t.Errorf("the store has %+v, %v; want one record, of 3 November", h, err)
		}
	})
}

func byID(a, b Record) int { return bytes.Compare(a.ID[:], b.ID[:]) }

func follow(t *testing.T, s Store, from Position) (got []int, last Position) {
	t.Helper()
	last, err := s.Each(
		t.Context(),
		time.Time{},
		november(30, 0),
		from,
		func(r Record) error { got = append(got, int(r.ID[2])); return nil },
	)
	if err != nil {
		t.Fatal(err)
	}
	return got, last
}

func contributions(t *testing.T, s Store, blind [32]byte) map[Contribution]Sums {
	t.Helper()
	all := map[Contribution]Sums{}
	if err := s.Contributions(t.Context(), november(15, 0), blind, func(c Contribution) error {
		sums := c.Sums
		c.Sums = Sums{}
		sums.add(all[c])
		all[c] = sums
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEmbeddedStore(t *testing.T) {
	testStore(t, func(t *testing.T) Store { return openDB(t, t.TempDir()) })
}

func TestARollUpOfPeopleIsAlwaysOfTheSamePeople(t *testing.T) {
	if part(november(7, 23)) != 1 || part(november(8, 0)) != 2 || part(november(21, 0)) != 3 ||
		part(november(22, 0)) != 4 ||
		part(november(30, 0)) != 4 {
		t.Error("parts of a month begin on the days 1, 8, 15 and 22")
	}
	if c := reflect.TypeFor[Cell](); freeText(c, "Cell") != "" {
		t.Error("content fits in a cell")
	}
	if freeText(reflect.TypeFor[Hour](), "Hour") != "" || strings.Contains(strings.ToLower(schema), "pseudonym") {
		t.Error("a roll-up has sums only")
	}
}

// A crash can leave bytes of a block in the file of a day that the database knows nothing
// of: the next block is written over them.
func TestWhatACrashLeftInADayIsWrittenOver(t *testing.T) {
	home, dir := t.TempDir(), t.TempDir()
	db := openDB(t, home)
	load(t, db, segmentOf(t, dir, "1", ordinary(1)))
	file := db.archive.path(day(ordinary(1).Time))
	whole := must(os.ReadFile(file))
	for _, left := range []string{"half a block", strings.Repeat("more than the next block has ", 100)} {
		if err := os.WriteFile(file, append(bytes.Clone(must(os.ReadFile(file))), left...), 0o600); err != nil {
			t.Fatal(err)
		}
		load(t, db, segmentOf(t, dir, "after "+left[:4], ordinary(2)))
	}
	if n := len(everything(t, db)); n != 3 {
		t.Errorf("%d records, want 3", n)
	}
	// A file that lost something is not written on as if nothing had happened.
	if err := os.WriteFile(file, whole[:5], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Load(t.Context(), segmentOf(t, dir, "9", ordinary(4))); err == nil ||
		!strings.Contains(err.Error(), "restore it from a backup") {
		t.Errorf("on a file that was cut: %v", err)
	}
}

// A backend that refuses everything until it is mended.
type away struct {
	Store
	open func() bool
}

func (a away) Load(ctx context.Context, s Segment) (int64, error) {
	if !a.open() {
		return 0, errors.New("the server is away")
	}
	return a.Store.Load(ctx, s)
}

func TestPrunedPseudonymsAreGoneFromTheDisk(t *testing.T) { // C3.3g
	home := t.TempDir()
	db := openDB(t, home)
	mark := Pseudonym([]byte("sixteen-byte-tag"))
	load(t, db, segmentOf(t, t.TempDir(), "1", at(1, november(1, 8), mark)))
	if !onDisk(home, mark[:]) {
		t.Fatal("the test looks in the wrong place")
	}
	if _, err := db.Prune(t.Context(), november(2, 0)); err != nil {
		t.Fatal(err)
	}
	if onDisk(home, mark[:]) {
		t.Error("a pseudonym is still on the disk")
	}
}

func onDisk(home string, mark []byte) (found bool) {
	filepath.Walk(home, func(path string, info os.FileInfo, err error) error {
		if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, mark) {
			found = true
		}
		return nil
	})
	return found
}

func TestRecordsWaitInOrderWhileTheBackendIsAway(t *testing.T) {
	dir := t.TempDir()
	for i := range 30 {
		segmentOf(t, dir, time.UnixMilli(int64(i)).UTC().Format("20060102T150405.000000000"), ordinary(i))
	}
	db := openDB(t, t.TempDir())
	opened := make(chan struct{})
	w := startWriter(t, dir, nobody{}, away{db, func() bool {
		select {
		case <-opened:
			return true
		default:
			return false
		}
	}})
	w.Put(ordinary(30), roster.Subject{})
	testenv.Eventually(t, "the trouble is told", func() bool { return !w.Healthy() && w.Waiting() >= 30 })
	if n := len(everything(t, db)); n != 0 {
		t.Fatalf("%d records came through a closed door", n)
	}
	close(opened)
	testenv.Eventually(t, "all are there", func() bool { return w.Healthy() && len(everything(t, db)) == 31 })
	for i, r := range everything(t, db) {
		if int(r.ID[2]) != i {
			t.Fatalf("record %d came as number %d", r.ID[2], i)
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
