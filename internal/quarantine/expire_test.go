package quarantine

import (
	"testing"
	"time"
)

// A message that nobody reviewed is not destroyed with those that a person did: it stays longer.
func TestWhatNobodyReviewedStaysLonger(t *testing.T) {
	for name, c := range map[string]struct {
		before, others time.Duration // from now
		reviewed       bool
		want           int
	}{
		"reviewed":                    {time.Hour, -time.Hour, true, 1},
		"not reviewed":                {time.Hour, -time.Hour, false, 0},
		"not reviewed, long over":     {time.Hour, time.Hour, false, 1},
		"reviewed, its time not over": {-time.Hour, -time.Hour, true, 0},
	} {
		s, _ := open(t, t.TempDir(), newIdentity(t))
		id := seal(t, s, "Geheim.")
		if c.reviewed {
			if err := s.Judge(t.Context(), id, Kept, Intent{Reason: "later"}); err != nil {
				t.Fatal(err)
			}
		}
		now := time.Now()
		n, err := s.ExpireReviewed(t.Context(), now.Add(c.before), now.Add(c.others))
		if err != nil || n != c.want {
			t.Errorf("%s: %d destroyed, %v, want %d", name, n, err, c.want)
		}
	}
}
