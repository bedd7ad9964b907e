package journal

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/internal/testenv"
)

// nobody has a pseudonym.
type nobody struct{}

func (nobody) pseudonym(roster.Subject, time.Time) (Pseudonym, bool, error) {
	return Pseudonym{}, false, nil
}

func openDB(t testing.TB, dir string) *DB {
	t.Helper()
	db, err := OpenDB(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func startWriter(t testing.TB, dir string, names pseudonymiser, db Store) *Writer {
	t.Helper()
	w, err := newWriter(dir, names, db, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func everything(t testing.TB, db Store) []Record {
	t.Helper()
	var all []Record
	if _, err := db.Each(t.Context(), time.Time{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), 0,
		func(r Record) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// hourly returns the totals of the roll-up.
func hourly(t testing.TB, db Store) (rows, records, bytes int64) {
	t.Helper()
	if err := db.Hours(t.Context(), time.Time{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), func(h Hour) error {
		rows, records, bytes = rows+1, records+h.Records, bytes+h.Bytes
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows, records, bytes
}

// people is a roster with a colleague, a counsellor and a pupil.
func people(t testing.TB) *roster.Roster {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.yaml")
	text := `groups:
  - {name: team, kind: staff}
  - {name: bovenbouw, kind: pupils}
people:
  - {address: juf@school.example, group: team}
  - {address: vp@school.example, group: team, role: confidential-counsellor}
  - {address: leerling@school.example, group: bovenbouw}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return must(roster.Load(path, []string{"school.example"}))
}

// C3.2g, K4: what the writer keeps of each kind of person, whatever it is given.
func TestWhoTheJournalKnows(t *testing.T) {
	r := people(t)
	keys := must(OpenKeys(filepath.Join(t.TempDir(), "keys")))
	for name, c := range map[string]struct {
		who                    string
		flagged, eligible      bool
		pseudonym, group, peer bool
		record                 bool
	}{
		"a colleague":                              {"juf@school.example", false, true, true, true, true, true},
		"a colleague who writes to a counsellor":   {"juf@school.example", true, false, false, false, false, false},
		"a counsellor":                             {"vp@school.example", true, false, false, false, false, false},
		"a counsellor whom the gateway overlooked": {"vp@school.example", false, false, false, false, false, false},
		"and who took part in the draw":            {"vp@school.example", false, true, false, false, false, true},
		"a pupil":                                  {"leerling@school.example", false, false, false, true, true, true},
		"a stranger":                               {"ouder@gezin.example", false, false, false, true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			db := openDB(t, t.TempDir())
			w := startWriter(t, t.TempDir(), keys, db)
			rec := ordinary(1)
			rec.Confidential, rec.Eligible, rec.pseudonym = c.flagged, c.eligible, Pseudonym{1}
			w.Put(rec, r.Subject(c.who))
			if err := w.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := everything(t, db)
			if rows, records, _ := hourly(t, db); rows != 1 || records != 1 {
				t.Errorf("%d records in %d rows of the roll-up, want one", records, rows)
			}
			if !c.record {
				if len(got) != 0 {
					t.Errorf("got %+v, want an hourly count alone", got)
				}
				return
			}
			if len(got) != 1 || (got[0].pseudonym != Pseudonym{}) != c.pseudonym ||
				(got[0].Group.String() != "") != c.group ||
				(got[0].Peer.String() != "") != c.peer {
				t.Errorf("got %+v, want pseudonym %v, group %v, peer %v", got, c.pseudonym, c.group, c.peer)
			}
			if got[0].pseudonym == (Pseudonym{1}) {
				t.Error("the pseudonym is not of the writer's making")
			}
		})
	}
}

// slow holds the writer up until it is let go.
type slow struct{ gate chan struct{} }

func (s slow) pseudonym(roster.Subject, time.Time) (Pseudonym, bool, error) {
	<-s.gate
	return Pseudonym{}, false, nil
}

func TestMailGoesOnWhenTheJournalDoesNot(t *testing.T) {
	db := openDB(t, t.TempDir())
	held := slow{make(chan struct{})}
	w := startWriter(t, t.TempDir(), held, db)
	const more = 40
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range (queued + more) / 8 {
				w.Put(ordinary(i), roster.Subject{})
			}
		})
	}
	wg.Wait() // and so Put did not wait for the writer
	dropped := w.Dropped()
	if dropped < more-1 || dropped > more {
		t.Errorf("%d records dropped, of %d that do not fit", dropped, more)
	}
	close(held.gate)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(everything(t, db)); int64(n) != queued+more-dropped {
		t.Errorf("%d records, of %d that were not dropped", n, queued+more-dropped)
	}
	w.Put(ordinary(0), roster.Subject{})
	if w.Dropped() != dropped+1 {
		t.Error("a record after Close is not counted")
	}
}

func TestCloseLosesNothing(t *testing.T) {
	db := openDB(t, t.TempDir())
	dir := t.TempDir()
	w := startWriter(t, dir, nobody{}, db)
	var wg sync.WaitGroup
	for c := range 4 {
		wg.Go(func() {
			for i := range 500 {
				w.Put(ordinary(c*1000+i), roster.Subject{})
			}
		})
	}
	wg.Wait()
	for range 2 { // a second time does nothing
		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[filter.ID]bool{}
	for _, r := range everything(t, db) {
		seen[r.ID] = true
	}
	if len(seen) != 2000 || w.Dropped() != 0 || !w.Healthy() {
		t.Errorf("%d records, %d dropped; want 2000 and none", len(seen), w.Dropped())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("%d segments are left, want none", len(left))
	}
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	held := slow{make(chan struct{})}
	w := startWriter(t, t.TempDir(), held, openDB(t, t.TempDir()))
	w.Put(ordinary(0), roster.Subject{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
	close(held.gate)
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// What is Put is in a file of its own a moment later, before anybody closes anything.
func TestARecordOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	w := startWriter(t, dir, nobody{}, openDB(t, t.TempDir()))
	defer w.Close(t.Context())
	w.Put(ordinary(7), roster.Subject{})
	testenv.Eventually(t, "the record is in a file", func() bool {
		names, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, n := range names {
			if b, err := os.ReadFile(n); err == nil && len(b) > 0 && filepath.Ext(n) == openName {
				got, _ := ids(t, b)
				return slices.Equal(got, []int{7})
			}
		}
		return false
	})
}

func TestAFullDiskIsToldAndOvercome(t *testing.T) {
	if !alone(t) {
		return
	}
	db := openDB(t, t.TempDir())
	dir := t.TempDir()
	w := startWriter(t, dir, nobody{}, db)
	fill(t, 300) // one record and a piece
	for i := range 50 {
		w.Put(ordinary(i), roster.Subject{})
	}
	testenv.Eventually(t, "the trouble is told", func() bool { return !w.Healthy() })
	time.Sleep(3 * syncEvery) // a few tries in vain
	empty(t)
	testenv.Eventually(t, "the records arrived", func() bool { return w.Healthy() && len(everything(t, db)) == 50 })
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(everything(t, db)); n != 50 || w.Dropped() != 0 {
		t.Errorf("%d records, %d dropped; want 50 and none", n, w.Dropped())
	}
}

// fill lets no file of this process grow beyond a size, as a full disk would.
func fill(t *testing.T, size uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}); err != nil {
		testenv.Lack(t, "this system does not limit the size of files")
	}
	t.Cleanup(func() { empty(t) })
}

func empty(t *testing.T) {
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE,
		&unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}); err != nil {
		t.Error(err)
	}
}

func TestADiskThatStaysFullCostsRecordsAndNoMemory(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		testenv.Lack(t, "this system has no /dev/full")
	}
	defer full.Close()
	w := &Writer{names: nobody{}, log: slog.New(slog.DiscardHandler)}
	s, largest := &segment{f: full}, 0
	const n = 100_000
	for i := range n {
		w.append(s, entry{rec: ordinary(i)})
		if i%100 == 0 {
			w.write(s)
		}
		largest = max(largest, len(s.frame))
	}
	if largest > 5<<20 || w.Dropped() == 0 || w.Dropped()+int64(s.count) != n {
		t.Errorf("%d bytes were held, %d records dropped and %d kept of %d", largest, w.Dropped(), s.count, n)
	}
}

func BenchmarkPut(b *testing.B) {
	// A backend that has everything at once: what it does is not on the way of a record.
	w := startWriter(b, b.TempDir(), nobody{}, takes{})
	r := ordinary(1)
	b.ReportAllocs()
	for b.Loop() {
		w.Put(r, roster.Subject{})
	}
	b.StopTimer()
	if err := w.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(w.Dropped()), "dropped")
}

// alone runs the test in a process of its own, for limits of a process are those of the
// test's own log as well. It returns true in that process.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv("SLUIS_TEST_ALONE") != "" {
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "SLUIS_TEST_ALONE=1")
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("=== RUN")) {
		t.Errorf("the test in a process of its own: %v, want it to run and pass\n%s", err, out)
	}
	return false
}

// takes is a backend that keeps nothing.
type takes struct{ Store }

func (takes) Load(context.Context, Segment) (int64, error) { return 0, nil }
