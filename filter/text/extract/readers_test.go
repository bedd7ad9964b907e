package extract

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluis/internal/testenv"
)

// reader is another reader of mail: a program of testdata/readers that prints what it finds in each message of a
// directory.
type reader struct {
	name, program, script string
	args                  []string
}

// readers are those of this machine.
func readers(t *testing.T) []reader {
	testenv.Need(t, testenv.Python, testenv.GMime, "perl", testenv.MIMETools, "node", "npm")
	postal, err := testenv.NPM(t.Context(), "postal-mime@4.0.0")
	if err != nil {
		testenv.Lack(t, "%v", err)
	}
	return []reader{
		{"Python", testenv.Python, "python.py", nil},
		{"GMime", testenv.Python, "gmime.py", nil},
		{"MIME::Tools", "perl", "mimetools.pl", nil},
		{"postal-mime", "node", "postal.mjs", []string{postal}},
	}
}

// find returns what a reader finds, by the name of the message's file.
func (r reader) find(ctx context.Context, dir string) (map[string][]byte, error) {
	args := append([]string{filepath.Join("testdata", "readers", r.script)}, r.args...)
	cmd := exec.CommandContext(ctx, r.program, append(args, dir)...)
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	found := map[string][]byte{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		name, encoded, _ := strings.Cut(lines.Text(), "\t")
		if found[name], err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, err
		}
	}
	return found, lines.Err()
}

// Whatever another reader finds in a message is found here, in a reading of it, not only in its bytes.
func TestWhatAnyReaderFindsIsFound(t *testing.T) {
	all, others := specimens(), readers(t)
	dir := t.TempDir()
	for _, s := range all {
		if err := os.WriteFile(filepath.Join(dir, s.name), []byte(s.message), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	by := map[string][]string{} // readers that find the word, by specimen
	for _, r := range others {
		found, err := r.find(t.Context(), dir)
		if err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		if len(found) != len(all) {
			t.Errorf("%s read %d messages, want %d", r.name, len(found), len(all))
		}
		finds := 0
		for _, s := range all {
			if bytes.Contains(found[s.name], []byte(s.word)) {
				by[s.name] = append(by[s.name], r.name)
				finds++
			}
		}
		t.Logf("%s finds the word in %d of %d messages", r.name, finds, len(all))
	}
	ours, missed := 0, 0
	for _, s := range all {
		shown := showMessage(t, s.message)
		switch seen := strings.Contains(shown.all(), s.word); {
		case seen:
			ours++
		case len(by[s.name]) > 0 && strings.HasPrefix(s.name, codec):
			t.Logf("%s: found by %s only: no character set of mail", s.name, strings.Join(by[s.name], ", "))
		case len(by[s.name]) > 0:
			missed++
			t.Errorf("%s: found by %s, not here; doubts %v", s.name, strings.Join(by[s.name], ", "),
				shown.report.Doubts)
		}
	}
	t.Logf("found here in %d of %d messages; by any other reader in %d; missed %d", ours, len(all), len(by), missed)
}
