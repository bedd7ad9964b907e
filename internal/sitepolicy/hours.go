package sitepolicy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours are a part of the week, as the clock on the wall shows it. They are written as
// "mon-fri 08:00-15:00" or "22:00-06:00".
type Hours struct {
	Days     []time.Weekday // none: all
	From, To time.Duration  // since midnight; To before From: past midnight; the same: all day
	Except   []Period       // such as holidays
}

// Period is from the first day to the last, written as "2026-12-19" or
// "2026-12-19 - 2027-01-03".
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
	hour, minute, second := t.Clock()
	at := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
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

// hold reports whether a moment is within some of the hours. No hours are always.
func hold(hs []Hours, t time.Time) bool {
	return len(hs) == 0 || slices.ContainsFunc(hs, func(h Hours) bool { return h.contains(t) })
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Period) UnmarshalText(b []byte) error {
	first, last, isRange := strings.Cut(string(b), " - ")
	if !isRange {
		last = first
	}
	var err1, err2 error
	p.First, err1 = time.Parse(time.DateOnly, strings.TrimSpace(first))
	p.Last, err2 = time.Parse(time.DateOnly, strings.TrimSpace(last))
	if err1 != nil || err2 != nil || p.Last.Before(p.First) {
		return fmt.Errorf("%q are no holidays: write for instance \"2026-12-19 - 2027-01-03\", or one day", b)
	}
	return nil
}

// days are the days of the week as they are written, Sunday first.
var days = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hours) UnmarshalText(b []byte) error {
	fields := strings.Fields(strings.ToLower(string(b)))
	if len(fields) == 0 || len(fields) > 2 {
		return fmt.Errorf("%q are no hours: write \"mon-fri 08:00-15:00\", or \"22:00-06:00\" for every day", b)
	}
	if len(fields) == 2 {
		first, last, isRange := strings.Cut(fields[0], "-")
		if !isRange {
			last = first
		}
		i, j := slices.Index(days, first), slices.Index(days, last)
		if i < 0 || j < 0 {
			return fmt.Errorf("%q are no days: write mon-fri, or one of %s", fields[0], strings.Join(days, ", "))
		}
		for ; ; i = (i + 1) % 7 {
			h.Days = append(h.Days, time.Weekday(i))
			if i == j {
				break
			}
		}
	}
	from, to, ok := strings.Cut(fields[len(fields)-1], "-")
	var err1, err2 error
	h.From, err1 = clock(from)
	h.To, err2 = clock(to)
	if !ok || err1 != nil || err2 != nil {
		return fmt.Errorf("%q are no hours: write for instance 08:00-15:00", fields[len(fields)-1])
	}
	return nil
}

func clock(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}
