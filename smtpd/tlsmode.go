package smtpd

import "fmt"

// TLSMode says what is asked of the connection to a next hop.
type TLSMode uint8

// The modes.
const (
	TLSOpportunistic TLSMode = iota // if it is offered and works
	TLSNone
	TLSRequired // encrypted, to anybody
	TLSVerified // encrypted, to the host that we mean
)

var tlsModeNames = [...]string{"opportunistic", "none", "required", "verified"}

// String returns the name that configuration uses.
func (m TLSMode) String() string {
	if int(m) < len(tlsModeNames) {
		return tlsModeNames[m]
	}
	return fmt.Sprintf("tls(%d)", m)
}

// MarshalText implements encoding.TextMarshaler.
func (m TLSMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *TLSMode) UnmarshalText(b []byte) error {
	for i, n := range tlsModeNames {
		if n == string(b) {
			*m = TLSMode(i)
			return nil
		}
	}
	return fmt.Errorf("unknown TLS mode %q: use none, opportunistic, required or verified", b)
}
