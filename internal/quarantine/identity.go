package quarantine

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"filippo.io/age"
)

// NewIdentity returns the file of a new private key.
func NewIdentity() []byte {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err) // only a failing source of randomness, which crypto/rand never is
	}
	return fmt.Appendf(nil, "# public key: %s\n%s\n", id.Recipient(), id)
}

// LoadIdentity reads a private key.
func LoadIdentity(path string) (*age.X25519Identity, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read quarantine key: %w", err)
	}
	id, err := ParseIdentity(b)
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return id, nil
}

// ParseIdentity returns the private key in a file.
func ParseIdentity(b []byte) (*age.X25519Identity, error) {
	wrong := errors.New("holds no private key of age (AGE-SECRET-KEY-1...)")
	for line := range bytes.Lines(b) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		id, err := age.ParseX25519Identity(string(line))
		if err != nil {
			return nil, wrong
		}
		return id, nil
	}
	return nil, wrong
}
