package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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

// key is what the file of the key holds.
type key struct {
	secret, public string
	signer         note.Signer
	verifier       note.Verifier

	// least is how many entries the ledger has at least: the third line of the file, which comes with
	// the first entry in this format. Those before could be cut off without the key; these cannot,
	// unless the file of the key is put back as well. 0: there is none yet.
	least int64
}

const leastName = "entries at least "

// parseKey reads the file of a key.
func parseKey(text []byte) (k key, err error) {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) == 2 || len(lines) == 3 {
		k.secret, k.public = lines[0], lines[1]
	}
	if len(lines) == 3 {
		least, ok := strings.CutPrefix(lines[2], leastName)
		if k.least, err = strconv.ParseInt(least, 10, 64); err == nil && (!ok || k.least <= 0) {
			err = errors.New("no number of entries")
		}
	}
	if err == nil {
		k.signer, err = note.NewSigner(k.secret)
	}
	if err == nil {
		k.verifier, err = note.NewVerifier(k.public)
	}
	if err != nil {
		return k, fmt.Errorf("%w: %s holds no key: restore it from a backup", ErrBroken, keyName)
	}
	return k, nil
}

// pair is the key without the number of entries.
func (k key) pair() []byte { return []byte(k.secret + "\n" + k.public + "\n") }

// raise notes in the file of the key, once, that the ledger has entries in this format.
func (k *key) raise(dir string, entries int64) error {
	if k.least > 0 {
		return nil
	}
	text := fmt.Appendf(k.pair(), "%s%d\n", leastName, entries)
	if err := disk.Replace(filepath.Join(dir, keyName), text); err != nil {
		return fmt.Errorf("write the ledger's key: %w", err)
	}
	k.least = entries
	return nil
}

// fits checks that a ledger is as long as it has to be, and has no more entries behind its last
// checkpoint than the one that a crash may leave. Before there was an entry in this format there may
// be any number.
func (k key) fits(entries, checkpoint int64) error {
	switch {
	case k.least == 0:
		return nil
	case entries < k.least || checkpoint < k.least:
		const short = "the ledger was rolled back: it had %d entries or more, and has %d now, of which %d are signed"
		return fmt.Errorf(short, k.least, entries, checkpoint)
	case entries > checkpoint+1:
		return fmt.Errorf("the ledger has %d entries, and its last checkpoint is of %d: one of the two was put back",
			entries, checkpoint)
	}
	return nil
}
