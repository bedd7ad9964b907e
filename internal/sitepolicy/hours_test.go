package sitepolicy

import (
	"testing"
	"time"
)

func TestHolidaysAreADayOrMore(t *testing.T) {
	for text, want := range map[string]string{
		"2026-12-19 - 2027-01-03": "2026-12-19 2027-01-03", "2027-05-05": "2027-05-05 2027-05-05",
		"2027-01-03 - 2026-12-19": "", "2026-12-19 - ": "", "kerst": "", "": "", "2026-02-30": "", "2026-12-19 2027-01-03": "",
	} {
		var h Period
		err := h.UnmarshalText([]byte(text))
		if got := h.First.Format(time.DateOnly) + " " + h.Last.Format(time.DateOnly); (err == nil) != (want != "") ||
			err == nil && got != want {
			t.Errorf("%q: got %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestHoursArePartOfTheWeek(t *testing.T) {
	for text, want := range map[string]Hours{
		"mon-fri 08:00-15:00": {Days: []time.Weekday{1, 2, 3, 4, 5}, From: 8 * time.Hour, To: 15 * time.Hour},
		"fri-mon 22:00-06:30": {Days: []time.Weekday{5, 6, 0, 1}, From: 22 * time.Hour, To: 6*time.Hour + 30*time.Minute},
		"Wed 12:30-24:00":     {Days: []time.Weekday{3}, From: 12*time.Hour + 30*time.Minute, To: 24 * time.Hour},
		"20:00-24:00":         {From: 20 * time.Hour, To: 24 * time.Hour},
	} {
		var h Hours
		if err := h.UnmarshalText([]byte(text)); err != nil || len(h.Days) != len(want.Days) || h.From != want.From ||
			h.To != want.To {
			t.Errorf("%q: got %+v, %v, want %+v", text, h, err, want)
		}
		for i, d := range want.Days {
			if h.Days[i] != d {
				t.Errorf("%q: got %v, want %v", text, h.Days, want.Days)
			}
		}
	}
	for _, text := range []string{
		"", "mon", "mon-fri", "08:00", "8-15", "mon-fry 08:00-15:00", "mon 25:00-26:00", "mon 08:00-15:00 x",
		"24:01-25:00",
	} {
		var h Hours
		if h.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q: got %+v, want an error", text, h)
		}
	}
}
