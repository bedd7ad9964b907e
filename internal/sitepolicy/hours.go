package sitepolicy

import (
	"slices"
	"time"
)

// Hours are a part of the week, as the clock on the wall shows it.
type Hours struct {
	Days     []time.Weekday // none: all
	From, To time.Duration  // since midnight; To before From: past midnight; the same: all day
	Except   []Period       // such as holidays
}

// Period is from the first day to the last.
type Period struct{ First, Last time.Time }

const day = 24 * time.Hour

func (h Hours) valid() bool {
	within := func(d time.Duration) bool { return d >= 0 && d <= day }
	return within(h.From) && within(h.To) && !slices.ContainsFunc(h.Except, func(p Period) bool {
		return p.First.Format(time.DateOnly) > p.Last.Format(time.DateOnly)
	})
}

// contains reports whether a moment is within the hours. Those past midnight belong to the
// day on which they begin.
func (h Hours) contains(t time.Time) bool {
	at := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
	switch {
	case h.From == h.To:
	case h.From < h.To:
		if at < h.From || at >= h.To {
			return false
		}
	case at < h.To:
		t = t.AddDate(0, 0, -1)
	case at < h.From:
		return false
	}
	if len(h.Days) > 0 && !slices.Contains(h.Days, t.Weekday()) {
		return false
	}
	return !slices.ContainsFunc(h.Except, func(p Period) bool { return p.contains(t) })
}

func (p Period) contains(t time.Time) bool {
	date := t.Format(time.DateOnly)
	return p.First.Format(time.DateOnly) <= date && date <= p.Last.Format(time.DateOnly)
}

// during reports whether a moment is within some of the hours; within none if there are none
// is always.
func during(hs []Hours, t time.Time) bool {
	return len(hs) == 0 || slices.ContainsFunc(hs, func(h Hours) bool { return h.contains(t) })
}
