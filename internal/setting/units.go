package setting

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of bytes. It is written as a number, or as 50MB or 10KB, in powers
// of 1024.
type Size int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Size) UnmarshalText(b []byte) error {
	text, unit := strings.ToUpper(strings.TrimSpace(string(b))), int64(1)
	for suffix, n := range map[string]int64{"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30} {
		if rest, ok := strings.CutSuffix(text, suffix); ok {
			text, unit = strings.TrimSpace(rest), n
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 1<<40/unit {
		return fmt.Errorf("%q is not a size: write for instance 50MB", b)
	}
	*s = Size(n * unit)
	return nil
}

// Rate is a share between 0 and 1. It is written as 0.05 or 5%.
type Rate float64

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Rate) UnmarshalText(b []byte) error {
	text, unit := strings.TrimSpace(string(b)), 1.0
	if t, ok := strings.CutSuffix(text, "%"); ok {
		text, unit = strings.TrimSpace(t), 100
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= unit) {
		return fmt.Errorf("%q is not a share: write for instance 5%% or 0.05, at most 100%%", b)
	}
	*r = Rate(v / unit)
	return nil
}
