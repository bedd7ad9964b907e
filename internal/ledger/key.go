package ledger

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"sluis/internal/store/disk"
)

// The files of a ledger in its directory.
const (
	fileName       = "ledger.jsonl"
	checkpointName = "checkpoint"
	keyName        = "ledger.key"
)

// openKey returns the key of the ledger in dir. It makes ledger and key where there is neither: a
// key that is lost is not replaced, nor is a ledger whose key is there.
func openKey(dir string) ([]byte, error) {
	if err := disk.MakeDir(dir); err != nil {
		return nil, err
	}
	file, path := filepath.Join(dir, fileName), filepath.Join(dir, keyName)
	key, err := os.ReadFile(path)
	if err == nil {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: %s is lost, its key is there: restore it from a backup", ErrBroken, fileName)
		}
		return key, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if written(file) || written(filepath.Join(dir, checkpointName)) {
		const lost = "%w: %s is lost, and nothing can be added without it: restore it from a backup"
		return nil, fmt.Errorf(lost, ErrBroken, keyName)
	}
	// The file comes first: whoever finds a key finds the ledger.
	if err := disk.Create(file, nil); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return disk.ReadOrCreate(path, newKey)
}

// written reports whether there is something in a file, or that cannot be known.
func written(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0 || err != nil && !errors.Is(err, os.ErrNotExist)
}

// newKey returns a signing key and, on the second line, the one that verifies.
func newKey() []byte {
	secret, public, err := note.GenerateKey(rand.Reader, "sluis-ledger")
	if err != nil {
		panic(err) // only a failing source of randomness, which crypto/rand never is
	}
	return []byte(secret + "\n" + public + "\n")
}

// parseKey returns what signs, what verifies, and the public key.
func parseKey(key []byte) (note.Signer, note.Verifier, string, error) {
	secret, public, _ := bytes.Cut(bytes.TrimSpace(key), []byte("\n"))
	signer, err := note.NewSigner(string(secret))
	verifier, wrong := note.NewVerifier(string(public))
	if err != nil || wrong != nil {
		return nil, nil, "", fmt.Errorf("%w: %s holds no key: restore it from a backup", ErrBroken, keyName)
	}
	return signer, verifier, string(public), nil
}
