package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// witnessed is the file with the rules of which search and witness agreed (filter.Witnessed).
// A line has the program, since another one may search otherwise, and the rules' fingerprint.
type witnessed struct{ path string }

// maxWitnessed is how many sets of rules the file remembers.
const maxWitnessed = 20

// Has implements filter.Witnessed.
func (w witnessed) Has(fingerprint string) bool {
	return slices.Contains(w.lines(), w.line(fingerprint))
}

// Add implements filter.Witnessed. If the file cannot be written the next start takes longer.
func (w witnessed) Add(fingerprint string) {
	lines := append(w.lines(), w.line(fingerprint))
	lines = lines[max(0, len(lines)-maxWitnessed):]
	if os.MkdirAll(filepath.Dir(w.path), 0o700) == nil {
		_ = os.WriteFile(w.path, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
	}
}

func (w witnessed) lines() []string {
	text, err := os.ReadFile(w.path)
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// line names this program, by its size and time, and a set of rules.
func (w witnessed) line(fingerprint string) string {
	program := "unknown"
	if path, err := os.Executable(); err == nil {
		if info, err := os.Stat(path); err == nil {
			program = fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
		}
	}
	return program + " " + fingerprint
}

// presumed is for a preview, which changes nothing: its rules are witnessed when they come into
// force.
type presumed struct{}

// Has implements filter.Witnessed.
func (presumed) Has(string) bool { return true }

// Add implements filter.Witnessed.
func (presumed) Add(string) {}
