package journal

import (
	"path/filepath"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/rules"
)

// secret is a record of confidential traffic as a gateway hands it over, with all that it knows.
func secret(n int, when time.Time) Record {
	r := full()
	r.ID, r.Time, r.Eligible, r.Drawn = filter.ID{0xC0, 0xFF, byte(n)}, when, false, false
	return r
}

// testCounts: of confidential traffic a backend has how much there was in each hour, and no record (C3.2g). That of
// an earlier version, which kept them, is passed over.
func testCounts(t *testing.T, s Store) {
	var all []Record
	for i := range 30 {
		r := secret(i, november(1+i%2, 9+i%3).Add(time.Duration(i)*time.Second))
		if i < 20 {
			r.seal(Pseudonym{}, roster.Subject{})
		}
		all = append(all, r)
	}
	all = append(all, ordinary(7))
	segment := segmentOf(t, t.TempDir(), "1", all...)
	load(t, s, segment, segment) // the second time it has it
	if got := everything(t, s); len(got) != 1 || got[0].Confidential {
		t.Errorf("%d records, want that which is not confidential: %+v", len(got), got)
	}
	if got := contributions(t, s, [32]byte{}); len(got) > 1 {
		t.Errorf("confidential traffic is in what people contributed: %v", got)
	}
	var records, bytes int64
	hours := map[time.Time]bool{}
	err := s.Hours(t.Context(), november(1, 0).Add(-time.Hour), november(28, 0), func(h Hour) error {
		if h.Confidential {
			records, bytes, hours[h.Hour] = records+h.Records, bytes+h.Bytes, true
		}
		return nil
	})
	if err != nil || records != 30 || bytes != 30*full().Bytes || len(hours) != 6 {
		t.Errorf("%d records of %d bytes in %d hours, %v; want 30 in 6", records, bytes, len(hours), err)
	}
}

// TestConfidentialTrafficLeavesNoRecord: neither in the segments that wait nor in the database is anything of
// one message that is confidential but that it was in an hour (C3.2g).
func TestConfidentialTrafficLeavesNoRecord(t *testing.T) {
	home := t.TempDir()
	db := openDB(t, filepath.Join(home, "journal"))
	w := startWriter(t, filepath.Join(home, "segments"), nobody{}, away{db, func() bool { return false }})
	r := secret(1, november(3, 9).Add(17*time.Minute))
	want := Record{
		Time:         november(3, 9).Truncate(time.Hour),
		Kind:         r.Kind,
		Direction:    r.Direction,
		Purposes:     rules.SetOf(rules.Security),
		Confidential: true,
		Bytes:        r.Bytes,
		Recipients:   r.Recipients,
	}
	w.Put(r, roster.Subject{})
	if err := w.Close(t.Context()); err == nil {
		t.Fatal("closed, want the segment to wait for its backend")
	}
	waiting := must(segments(filepath.Join(home, "segments")))
	if len(waiting) != 1 {
		t.Fatalf("%d segments wait, want one", len(waiting))
	}
	must(waiting[0].Each(t.Context(), func(got Record) error {
		if got != want {
			t.Errorf("a segment has %+v, want %+v", got, want)
		}
		return nil
	}))
	load(t, db, waiting[0])
	if _, n, _ := hourly(t, db); n != 1 || len(everything(t, db)) != 0 {
		t.Errorf("%d in the hourly counts and %d records, want one and none", n, len(everything(t, db)))
	}
	if days := must(filepath.Glob(filepath.Join(home, "journal", "days", "*"))); len(days) != 0 {
		t.Errorf("there are files of records: %v", days)
	}
	for _, mark := range [][]byte{r.ID[:3], []byte(r.Peer.String()), []byte(r.Rule.String())} {
		if onDisk(filepath.Join(home, "journal"), mark) {
			t.Errorf("the database has %q of a confidential message", mark)
		}
	}
}
