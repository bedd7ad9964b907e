package setting

import (
	"testing"
	"time"

	"sluis/internal/strictyaml"
)

func TestUnits(t *testing.T) {
	for text, want := range map[string]Size{"0": 0, "1": 1, "10KB": 10 << 10, "50 mb": 50 << 20, "2GB": 2 << 30, "1024GB": 1 << 40,
		"": -1, "-1": -1, "1.5MB": -1, "50MiB": -1, "MB": -1, "1025GB": -1, "9223372036854775807GB": -1, "5 5": -1, "1KBMB": -1} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); (err != nil) != (want < 0) || err == nil && s != want {
			t.Errorf("size %q: %d, %v", text, s, err)
		}
	}
	for text, want := range map[string]time.Duration{
		"0": 0, "90s": 90 * time.Second, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute,
		"30d": 720 * time.Hour, " 1d ": 24 * time.Hour,
		"": -1, "-5m": -1, "5": -1, "1.5d": -1, "99999d": -1, "d": -1, "1w": -1, "-1d": -1} {
		d, err := strictyaml.ParseDuration(text)
		if (err != nil) != (want < 0) || err == nil && d != want {
			t.Errorf("duration %q: got %v, %v, want %v", text, d, err, want)
		}
	}
	for text, want := range map[string]Rate{"0": 0, "1": 1, "0.05": 0.05, "5%": 0.05, "100 %": 1, "0.5%": 0.005,
		"": -1, "5": -1, "101%": -1, "-1%": -1, "NaN": -1, "Inf": -1, "%": -1} {
		var r Rate
		if err := r.UnmarshalText([]byte(text)); (err != nil) != (want < 0) || err == nil && r != want {
			t.Errorf("rate %q: %v, %v", text, r, err)
		}
	}
}
