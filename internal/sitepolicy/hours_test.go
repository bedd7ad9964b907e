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

// TestHours: hours past midnight belong to the evening before, with its holidays.
func TestHours(t *testing.T) {
	holidays := []Period{{First: date("2026-11-27"), Last: date("2026-11-28")}} // friday and saturday
	nights := Hours{
		Days:   []time.Weekday{time.Thursday, time.Friday, time.Sunday},
		From:   22 * time.Hour,
		To:     6 * time.Hour,
		Except: holidays,
	}
	for moment, want := range map[string]bool{
		"2026-11-26 21:59": false, "2026-11-26 22:00": true, "2026-11-27 05:59": true, "2026-11-27 06:00": false, // thursday night ends on a holiday
		"2026-11-27 22:00": false, "2026-11-28 01:00": false, // friday night begins on one
		"2026-11-29 01:00": false, "2026-11-29 23:00": true, "2026-11-30 05:00": true, "2026-11-30 23:00": false,
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", moment, amsterdam)
		if err != nil {
			t.Fatal(err)
		}
		if nights.contains(at) != want {
			t.Errorf("%s: %v", moment, !want)
		}
	}
	midnight := Hours{From: 20 * time.Hour, To: 24 * time.Hour}
	if !midnight.contains(at("mon", "23:59")) || midnight.contains(at("tue", "00:00")) {
		t.Error("hours until midnight: got another end, want 24:00")
	}
}

func date(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

// TestSummerTime: hours are those of the clock on the wall.
func TestSummerTime(t *testing.T) {
	h := Hours{From: 8 * time.Hour, To: 15 * time.Hour}
	for day, utc := range map[string]string{"2026-01-15": "07:00", "2026-07-15": "06:00"} {
		at, err := time.Parse("2006-01-02 15:04", day+" "+utc)
		if err != nil {
			t.Fatal(err)
		}
		if !h.contains(at.In(amsterdam)) || h.contains(at.Add(-time.Minute).In(amsterdam)) {
			t.Errorf("%s: got another beginning of lessons, want 08:00", day)
		}
	}
}
