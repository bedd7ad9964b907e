package orders

import (
	"testing"

	"sluis/internal/oversight/roll"
)

// FuzzParsePaper: what is read as the paper of an order is exactly what was written.
func FuzzParsePaper(f *testing.F) {
	f.Add(`{"id":"1b2c","investigators":[],"request":{"kind":"targeted"},"requester":{"account":"a","person":"b"},` +
		`"roll":"c","subject":""}`)
	f.Add(`{"request":{"from":1e400}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePaper(text)
		if err != nil {
			return
		}
		p.period()
		if again, err := roll.Canonical(p); err != nil || again != text {
			t.Errorf("%q is read as %q, %v", text, again, err)
		}
	})
}
