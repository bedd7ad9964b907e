package setting

import (
	"maps"
	"net/netip"
	"testing"
	"time"
)

// TestLeavesAreAllSettings, by their keys, whatever their types.
func TestLeavesAreAllSettings(t *testing.T) {
	type inner struct {
		On   bool          `yaml:"on"`
		Wait time.Duration `yaml:"wait"`
	}
	type shared struct {
		Depth int `yaml:"depth"`
	}
	type config struct {
		Name     string           `yaml:"name"`
		Networks []netip.Prefix   `yaml:"networks"`
		By       map[string]inner `yaml:"by"`
		List     []inner          `yaml:"list"`
		Maybe    *bool            `yaml:"maybe"`
		None     *inner           `yaml:"none"`
		shared   `yaml:",inline"`
		Hidden   string `yaml:"-"`
	}
	no := false
	got := Leaves(&config{
		Name:     "a",
		Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		By:       map[string]inner{"x": {On: true}},
		List:     []inner{{}, {Wait: time.Minute}},
		Maybe:    &no,
		shared:   shared{Depth: 3},
		Hidden:   "h",
	})
	want := map[string]string{
		"name":        "a",
		"networks.0":  "10.0.0.0/8",
		"by.x.on":     "true",
		"list.1.wait": "1m0s",
		"depth":       "3",
		"maybe":       "false",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
