package sampling

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
)

// evening is when the day's last messages are counted.
var evening = monday.Add(10 * time.Hour)

func TestARecordThatIsTakenAwayIsMissed(t *testing.T) { // C3.3b
	for name, c := range map[string]struct {
		do                         func(s *school)
		missing, uncounted, counts int
		exchanged                  bool
	}{
		"nothing was done":               {func(*school) {}, 0, 0, 40, false},
		"one that was drawn":             {func(s *school) { s.lose(true) }, 1, 0, 40, false},
		"one that was not":               {func(s *school) { s.lose(false) }, 1, 0, 40, false},
		"the last five":                  {func(s *school) { s.drawn = s.drawn[:35] }, 5, 0, 40, false},
		"all":                            {func(s *school) { s.drawn = nil }, 40, 0, 40, false},
		"another was put in its place":   {func(s *school) { s.drawn[7] = s.drawn[8] }, 1, 0, 40, false},
		"more came, and are not counted": {func(s *school) { s.mail(3, evening.Add(time.Minute)) }, 0, 3, 40, false},
	} {
		s := newSchool(t, 0.5)
		s.mail(40, monday.Add(time.Hour))
		s.prepare(evening)
		c.do(s)
		r, err := s.audit(today)
		if err != nil || r.Missing != c.missing || r.Uncounted != c.uncounted || r.Exchanged != c.exchanged ||
			r.Counted != c.counts {
			t.Errorf("%s: %+v, %v, want other counts", name, r, err)
		}
		if honest := c.missing == 0 && !c.exchanged; r.Fair() != honest {
			t.Errorf("%s: fair is %v", name, r.Fair())
		}
	}
}

// lose takes away the first message that was drawn, or was not.
func (s *school) lose(is bool) {
	i := slices.IndexFunc(s.drawn, func(d drawn) bool { return d.drawn == is })
	s.drawn = slices.Delete(s.drawn, i, i+1)
}

// The count goes on after a kill, which is a sampler that nobody closes, to the last draw;
// and around midnight, where messages of two days come in any order.
func TestTheCountOutlivesAKillAndMidnight(t *testing.T) {
	s := newSchool(t, 0.1)
	midnight := monday.Truncate(24 * time.Hour).Add(24 * time.Hour)
	for i := range 10 {
		s.mail(7, midnight.Add(-time.Second))
		s.mail(5, midnight.Add(time.Second))
		if i%3 == 0 {
			s.start(0.1, midnight)
		}
	}
	s.prepare(midnight.Add(time.Hour))
	for day, n := range map[string]int{today: 70, tomorrow: 50} {
		if r := s.fair(day, n); r.Counted != n || r.Uncounted != 0 {
			t.Errorf("%s: %+v, want all draws counted", day, r)
		}
	}
}

// If the file of the count is lost or damaged, it is made again from the list of draws.
func TestALostCountIsMadeAgain(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"lost":     os.Remove,
		"cut":      func(p string) error { return os.Truncate(p, 20) },
		"empty":    func(p string) error { return os.Truncate(p, 0) },
		"set back": func(p string) error { c := count{n: 3}; return os.WriteFile(p, c.append(nil), 0o600) },
		"damaged":  func(p string) error { return os.WriteFile(p, []byte(strings.Repeat("x", countSize)), 0o600) },
	} {
		s := newSchool(t, 0.1)
		s.mail(20, monday)
		s.prepare(monday.Add(time.Hour))
		s.mail(4, monday.Add(61*time.Minute))
		if err := spoil(s.countPath(today)); err != nil {
			t.Fatal(err)
		}
		s.start(0.1, monday.Add(2*time.Hour))
		s.mail(6, monday.Add(2*time.Hour))
		s.prepare(monday.Add(3 * time.Hour))
		if r := s.fair(today, 30); r.Counted != 30 || r.Uncounted != 0 {
			t.Errorf("%s: %+v, want all 30 counted", name, r)
		}
	}
}

func TestTheCountIsToldOnceAndItsFileGoes(t *testing.T) {
	s := newSchool(t, 0.1)
	s.mail(5, monday)
	for range 3 {
		s.prepare(monday.Add(time.Hour))
	}
	if es := s.book.of(ledger.SamplingCount, today); len(es) != 1 || es[0].Data.Count != 5 ||
		strings.Contains(es[0].Data.Commit, s.drawn[0].id.String()) {
		t.Errorf("the ledger has %+v, want one count of 5, without an id", es)
	}
	s.start(0.1, monday.AddDate(0, 0, 5))
	if _, err := os.Stat(s.countPath(today)); !os.IsNotExist(err) {
		t.Errorf("the file of a day that is long over: %v", err)
	}
	if r := s.fair(today, 5); r.Counted != 5 {
		t.Errorf("the audit is %+v, want 5 draws counted", r)
	}
}

func TestALedgerThatCountsBackwardsIsNotBelieved(t *testing.T) {
	s := newSchool(t, 0.1)
	s.mail(5, monday)
	s.prepare(monday.Add(time.Hour))
	fewer := s.book.of(ledger.SamplingCount, today)[0]
	fewer.Data.Count = 2
	s.book.entries = append(s.book.entries, fewer)
	if _, err := s.audit(today); err == nil || !strings.Contains(err.Error(), "counts fewer draws") {
		t.Errorf("error %v, want that a count went down", err)
	}
	fewer.Data.Commit = "no number"
	s.book.entries = append(s.book.entries, fewer)
	if _, err := s.audit(today); err == nil {
		t.Error("a count that is none was believed")
	}
}

func TestCrashesExplainADrawWithoutARecord(t *testing.T) {
	s := newSchool(t, 0.1)
	tell := func(k ledger.Kind, at time.Time) { s.book.now = at; s.book.Append(t.Context(), k, ledger.Data{}) }
	tell(ledger.GatewayStarted, monday.AddDate(0, 0, -1))
	tell(ledger.GatewayStopped, monday)
	tell(ledger.GatewayStarted, monday)
	tell(ledger.GatewayStarted, monday.Add(time.Hour)) // after a crash
	s.mail(5, monday.Add(time.Hour))
	s.prepare(monday.Add(2 * time.Hour))
	if r := s.fair(today, 5); r.Crashes != 1 {
		t.Errorf("%d crashes", r.Crashes)
	}
}
