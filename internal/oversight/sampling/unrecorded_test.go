package sampling

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/testenv"
)

// crashed returns a sampler that drew n messages and was cut off, when the records of the first kept
// were on disk and known to be.
func crashed(t *testing.T, n, kept int) (dir string, l *ledger.Ledger, all []Draw) {
	t.Helper()
	dir = t.TempDir()
	l, err := ledger.Open(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(filepath.Join(dir, "s"), l, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	if err := s.Prepare(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	for range n {
		id := filter.NewID()
		drawn, err := s.Draw(id, now)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Draw{ID: id, Time: now, Drawn: drawn})
	}
	for _, d := range all[:kept] {
		s.Recorded([]filter.ID{d.ID})
	}
	return dir, l, all
}

// restarted opens the sampler again, as the gateway does after a crash, with some records found in
// segments.
func restarted(t *testing.T, dir string, l *ledger.Ledger, found ...Draw) *Sampler {
	t.Helper()
	s, err := Open(filepath.Join(dir, "s"), l, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	err = s.Reconcile(t.Context(), func(ids map[filter.ID]bool) error {
		for _, d := range found {
			delete(ids, d.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func audited(t *testing.T, dir string, l *ledger.Ledger, records []Draw) Report {
	t.Helper()
	r, err := Audit(time.Now().UTC().Format(dayForm), filepath.Join(dir, "s"), l,
		func(_ string, use func(Draw) error) error {
			for _, d := range records {
				if err := use(d); err != nil {
					return err
				}
			}
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A draw whose record a crash took is no deviation; a record that was taken away is one, also if as
// many were lost in crashes.
func TestADrawThatACrashLeftIsToldFromARecordTakenAway(t *testing.T) {
	dir, l, all := crashed(t, 20, 15)
	restarted(t, dir, l, all[15:17]...) // two had their record in a segment, three had none
	if r := audited(t, dir, l, all[:17]); !r.Fair() || r.Lost != 3 || r.Counted != 20 || r.Uncounted != 0 {
		t.Errorf("after the crash: %+v, want a fair day with 3 lost", r)
	}
	if r := audited(t, dir, l, all[1:17]); r.Fair() || r.Missing != 1 {
		t.Errorf("with a record taken away: %+v, want that one is missing", r)
	}
	if r := audited(t, dir, l, append([]Draw{{ID: filter.NewID(), Time: all[0].Time}}, all[1:17]...)); r.Fair() {
		t.Errorf("with a record exchanged: %+v, want that it is not fair", r)
	}
}

// Crash upon crash, also while the ledger is written, and draws in between.
func TestManyCrashesAddUp(t *testing.T) {
	dir, l, all := crashed(t, 10, 8)
	list := filepath.Join(dir, "s", unrecordedName)
	before, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	restarted(t, dir, l)
	if err := os.WriteFile(list, before, 0o600); err != nil { // as if it had been cut off before it ended
		t.Fatal(err)
	}
	s, records := restarted(t, dir, l), all[:8:8]
	for i := range 30 {
		d := Draw{ID: filter.NewID(), Time: time.Now().UTC()}
		if d.Drawn, err = s.Draw(d.ID, d.Time); err != nil {
			t.Fatal(err)
		}
		if i%3 != 0 {
			records = append(records, d)
			s.Recorded([]filter.ID{d.ID})
		} else {
			s = restarted(t, dir, l)
		}
	}
	restarted(t, dir, l)
	if r := audited(t, dir, l, records); !r.Fair() || r.Lost != 2+10 {
		t.Errorf("%+v, want a fair day with 12 lost", r)
	}
}

// The list is as long as what goes on at once, and a damaged one does no harm.
func TestTheListOfDrawsWithoutRecordsIsBounded(t *testing.T) {
	dir, l, _ := crashed(t, 3, 3)
	s := restarted(t, dir, l)
	for range 1000 {
		id := filter.NewID()
		if _, err := s.Draw(id, time.Now()); err != nil {
			t.Fatal(err)
		}
		s.Recorded([]filter.ID{id, filter.NewID()})
	}
	list := filepath.Join(dir, "s", unrecordedName)
	if info, err := os.Stat(list); err != nil || info.Size() > slotSize {
		t.Errorf("%d bytes, %v, want one place", info.Size(), err)
	}
	if err := os.WriteFile(list, []byte("no list at all, and longer than a place of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := audited(t, dir, l, nil); r.Lost != 0 {
		t.Errorf("%d lost, want none", r.Lost)
	}
	restarted(t, dir, l)
}

// A disk that is full keeps no draw from being made: mail that needs no room goes on.
func TestADrawIsMadeOnAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		testenv.Lack(t, "there is no /dev/full here: %v", err)
	}
	defer full.Close()
	u := unrecorded{file: full, slots: map[filter.ID]int64{}}
	if err := u.add(open{filter.NewID(), time.Now()}); err != nil {
		t.Errorf("got %v, want that the draw is made", err)
	}
	if len(u.slots) > 0 {
		t.Errorf("%d draws are followed, want none", len(u.slots))
	}
}

// TestDrawsOfAProcessThatEnded: they are in the ledger at once, so that the day is fair while the gateway goes on.
func TestDrawsOfAProcessThatEnded(t *testing.T) {
	dir := t.TempDir()
	l, err := ledger.Open(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	s := restarted(t, dir, l)
	var all []Draw
	for range 10 {
		d := Draw{ID: filter.NewID(), Time: time.Now().UTC()}
		if d.Drawn, err = s.Draw(d.ID, d.Time); err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	var left []filter.ID
	for i, d := range all {
		if i < 4 {
			left = append(left, d.ID)
		} else {
			s.Recorded([]filter.ID{d.ID})
		}
	}
	for range 2 { // once is enough
		if err := s.Abandoned(t.Context(), left); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Prepare(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if r := audited(t, dir, l, all[4:]); !r.Fair() || r.Lost != 4 || r.Uncounted != 0 {
		t.Errorf("got %+v, want a fair day with 4 lost", r)
	}
	if r := audited(t, dir, l, all[5:]); r.Fair() || r.Missing != 1 {
		t.Errorf("with a record taken away: got %+v, want that one is missing", r)
	}
}
