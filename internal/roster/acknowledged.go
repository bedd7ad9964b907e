package roster

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"sluis/internal/store/disk"
)

// Acknowledged keeps who has said to know one version of the code of conduct (K3): that it
// was done, and nothing else. People are in it as keyed hashes that are good for nothing
// else, and pupils are not in it at all (K4). It is safe for concurrent use.
type Acknowledged struct {
	path string
	mu   sync.Mutex
	file acknowledgedFile
}

type acknowledgedFile struct {
	Version string          `json:"version"`
	Key     []byte          `json:"key"`
	Done    map[string]bool `json:"done"`
}

// OpenAcknowledged opens the file in a directory. Of another version than the given one
// nothing is kept: the key is made anew, and everybody is asked again.
func OpenAcknowledged(dir, version string) (*Acknowledged, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("acknowledged: %w", err)
	}
	a := &Acknowledged{path: filepath.Join(dir, "acknowledged.json")}
	b, err := os.ReadFile(a.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("acknowledged: %w", err)
	}
	if err == nil && json.Unmarshal(b, &a.file) != nil {
		return nil, fmt.Errorf(
			"acknowledged: %s is damaged: restore it from a backup, or remove it, and everybody is asked again",
			a.path,
		)
	}
	if a.file.Version != version || len(a.file.Key) != 32 {
		a.file = acknowledgedFile{Version: version, Key: make([]byte, 32), Done: map[string]bool{}}
		rand.Read(a.file.Key)
	}
	return a, nil
}

// Asked reports whether a person still has to be asked. Pupils, and who is nobody in
// particular, are not.
func (a *Acknowledged) Asked(s Subject) bool {
	if s.key == "" {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.file.Done[a.hash(s)]
}

// Mark records that a person did. It returns once it is on disk.
func (a *Acknowledged) Mark(s Subject) error {
	if s.key == "" {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	h := a.hash(s)
	a.file.Done[h] = true
	b, err := json.Marshal(a.file)
	if err == nil {
		err = disk.Replace(a.path, b)
	}
	if err != nil {
		delete(a.file.Done, h)
		return fmt.Errorf("acknowledged: %w", err)
	}
	return nil
}

// Count returns how many did.
func (a *Acknowledged) Count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.file.Done)
}

func (a *Acknowledged) hash(s Subject) string {
	m := hmac.New(sha256.New, a.file.Key)
	m.Write([]byte(s.key))
	return hex.EncodeToString(m.Sum(nil)[:16])
}
