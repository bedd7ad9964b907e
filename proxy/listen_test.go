package proxy

import "testing"

// TestModesAreWords: a log line says in a word how traffic comes in.
func TestModesAreWords(t *testing.T) {
	for mode, want := range map[Mode]string{Explicit: "proxy", HTTP: "http", TLS: "tls"} {
		if got := mode.String(); got != want {
			t.Errorf("mode %d: got %q, want %q", uint8(mode), got, want)
		}
	}
}
