package roll

import "testing"

// FuzzParse: what is read as a roll is exactly what Canonical writes.
func FuzzParse(f *testing.F) {
	f.Add(`{"before":"","from":"2026-11-28T10:00:00Z","lost":false,"members":[],"number":1,"quorum":2,` +
		`"site":{"id":"a","origin":"b"}}`)
	f.Add(`{"number":1e0}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parse(text)
		if err != nil {
			return
		}
		if again, err := Canonical(v); err != nil || again != text {
			t.Errorf("%q is read as %q, %v", text, again, err)
		}
	})
}
