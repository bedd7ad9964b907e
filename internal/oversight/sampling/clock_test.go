package sampling

import (
	"path/filepath"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
)

// A clock that is wrong for a moment (a bad NTP answer, a virtual machine that was resumed) reveals
// no secret of a day that goes on, and leaves every draw of the day as it was.
func TestAClockThatIsWrongForAMomentRevealsNothing(t *testing.T) {
	for name, jump := range map[string]time.Duration{
		"three days ahead": 72 * time.Hour, "twelve years ahead": 12 * 365 * 24 * time.Hour,
		"a day ahead": 24 * time.Hour, "three days behind": -72 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, err := ledger.Open(filepath.Join(dir, "ledger"))
			if err != nil {
				t.Fatal(err)
			}
			now := time.Now().UTC()
			var records []Draw
			run := func(at time.Time) { // a process of the gateway
				s, err := Open(filepath.Join(dir, "s"), l, 0.5)
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					if err := s.Prepare(t.Context(), at); err != nil {
						t.Fatal(err)
					}
				}
				for range 20 {
					d := Draw{ID: filter.NewID(), Time: at}
					if d.Drawn, err = s.Draw(d.ID, at); err != nil {
						t.Fatal(err)
					}
					if at.Equal(now) {
						records = append(records, d)
					}
				}
			}
			run(now)
			run(now.Add(jump))
			run(now)
			if r := audited(t, dir, l, records); !r.Fair() {
				t.Errorf("today's audit after the jump: %+v, want that it is fair", r)
			}
			for e, err := range l.Find(ledger.Query{Kinds: []ledger.Kind{ledger.SamplingReveal}}) {
				if err != nil || e.Data.Day >= now.Format(dayForm) {
					t.Errorf("the secret of %s is revealed, %v", e.Data.Day, err)
				}
			}
		})
	}
}
