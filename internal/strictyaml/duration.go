package strictyaml

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// duration decodes a span of time as people write it in a configuration: 90s, 5m, 12h or 30d,
// which time.ParseDuration does not know.
func duration(d *time.Duration, node []byte) error {
	var text string
	if err := yaml.Unmarshal(node, &text); err != nil {
		return err
	}
	v, err := ParseDuration(text)
	if err == nil {
		*d = v
	}
	return err
}

// ParseDuration reads a span of time that is written as 90s, 5m, 12h or 30d. It is not
// negative.
func ParseDuration(s string) (time.Duration, error) {
	text := strings.TrimSpace(s)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	v, err := time.ParseDuration(text)
	if err != nil || v < 0 {
		return 0, fmt.Errorf("%q is not a span of time: write for instance 90s, 5m, 12h or 30d", s)
	}
	return v, nil
}
