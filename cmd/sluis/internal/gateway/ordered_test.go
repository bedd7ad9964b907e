package gateway

import (
	"fmt"
	"testing"

	"sluis/cmd/sluis/internal/config"
)

// TestAConfigurationAloneShortensNothing: a site that the configuration takes off the list of those that are never
// inspected leaves it if an order of the board names it too; the names are checked whether one does or not.
func TestAConfigurationAloneShortensNothing(t *testing.T) {
	for name, c := range map[string]struct {
		ordered []string
		want    string
	}{
		"no order":                {nil, "[]"},
		"an order of another":     {[]string{"digid.nl"}, "[]"},
		"an order of it":          {[]string{"ING.nl"}, "[ing.nl]"},
		"an order of another too": {[]string{"digid.nl", "ing.nl"}, "[ing.nl]"},
	} {
		if got := fmt.Sprint(onlyOrdered([]string{"ing.nl"}, c.ordered)); got != c.want {
			t.Errorf("%s: %s leave the list, want %s", name, got, c.want)
		}
	}
	cfg := &config.Config{}
	cfg.Web.Inspect.Never.Without = []string{"ing.nl"} // and names no officer
	if _, err := sitePolicy(cfg, nil, nil, true); err == nil {
		t.Error("a list that is shortened without an officer is taken, want an error")
	}
}
