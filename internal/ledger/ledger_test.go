package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func open(t testing.TB, dir string) *Ledger {
	t.Helper()
	l, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// write appends n acts.
func write(t testing.TB, l *Ledger, n int) {
	t.Helper()
	for i := range n {
		if _, err := l.Append(
			t.Context(), QuarantineOpened, Data{ID: fmt.Sprintf("%032x", i), Reason: "beoordelen <&>"},
		); err != nil {
			t.Fatal(err)
		}
	}
}

func export(t testing.TB, l *Ledger) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := l.Export(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func content(t testing.TB, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func entries(t testing.TB, l *Ledger) []Entry {
	t.Helper()
	var all []Entry
	for e, err := range l.Find(Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func TestWhatWasAppendedIsThereAndVerifies(t *testing.T) {
	dir := t.TempDir()
	for n := range 4 { // a restart each time; an empty ledger verifies as well
		l := open(t, dir)
		v, err := Verify(bytes.NewReader(export(t, l)), nil)
		if err != nil || v.Entries != int64(2*n) || v.Key != l.VerifierKey() || v.Root == "" {
			t.Fatalf("the export is %+v, %v, want all entries, the root and the ledger's key", v, err)
		}
		write(t, l, 2)
	}
	for i, e := range entries(t, open(t, dir)) {
		if e.Index != int64(i) || e.Kind != QuarantineOpened || e.Data.Reason != "beoordelen <&>" ||
			e.Time.IsZero() {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "ledger.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
}

// What a person types may be in any encoding.
func TestAReasonInAnotherEncodingIsNoTampering(t *testing.T) {
	dir := t.TempDir()
	for _, reason := range []string{"caf\xe9", "\xff\xfe", "\u2028\x00\x7f<script>", strings.Repeat("é", 1000)} {
		l := open(t, dir)
		if _, err := l.Append(t.Context(), QuarantineReleased, Data{Reason: reason}); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(bytes.NewReader(export(t, l)), nil); err != nil {
			t.Errorf("reason %q: %v, want an export that verifies", reason, err)
		}
	}
	l := open(t, dir)
	if _, err := l.Append(t.Context(), QuarantineReleased, Data{Reason: strings.Repeat("x", maxLine)}); err == nil {
		t.Error("a reason that cannot be read back was taken")
	}
	if _, err := Verify(bytes.NewReader(export(t, l)), nil); err != nil {
		t.Error(err)
	}
}

// tampered are ways to change a file of six entries, and what is told of each.
var tampered = map[string]struct {
	change func(lines []string) []string
	want   string
}{
	"a letter of a reason": {
		func(l []string) []string { l[2] = strings.Replace(l[2], "beoordelen", "Beoordelen", 1); return l },
		"entry 2 is broken",
	},
	"the last entry": {
		func(l []string) []string { l[5] = strings.Replace(l[5], "opened", "deleted", 1); return l },
		"entry 5 is broken",
	},
	"the first entry": {
		func(l []string) []string { l[0] = strings.Replace(l[0], "opened", "deleted", 1); return l },
		"entry 0 is broken",
	},
	"a time": {
		func(l []string) []string { l[4] = strings.Replace(l[4], `"time":"20`, `"time":"19`, 1); return l },
		"entry 4 is broken",
	},
	"spaces": {
		func(l []string) []string { l[1] = strings.Replace(l[1], `":`, `": `, 1); return l },
		"entry 1 is broken",
	},
	"a second value for a key": {
		func(l []string) []string { l[3] = strings.Replace(l[3], `{`, `{"kind":"x",`, 1); return l },
		"entry 3 is broken",
	},
	"a key that is not ours": {
		func(l []string) []string { l[3] = strings.Replace(l[3], `{`, `{"more":"x",`, 1); return l },
		"entry 3 is broken",
	},
	"one deleted": {func(l []string) []string { return append(l[:2:2], l[3:]...) }, "entry 2 is broken"},
	"one deleted and renumbered": {
		func(l []string) []string { return renumber(append(l[:2:2], l[3:]...)) },
		"entry 2 is broken",
	},
	"one added": {func(l []string) []string { return append(l[:3:3], l[2:]...) }, "entry 3 is broken"},
	"one added and renumbered": {
		func(l []string) []string { return renumber(append(l[:3:3], l[2:]...)) },
		"entry 3 is broken",
	},
	"one added at the end": {func(l []string) []string { return renumber(append(l, l[5])) }, "entry 6 is broken"},
	"two exchanged": {
		func(l []string) []string { l[1], l[4] = l[4], l[1]; return l },
		"entry 1 is broken",
	},
	"two exchanged, renumbered": {
		func(l []string) []string { l[1], l[4] = l[4], l[1]; return renumber(l) },
		"entry 1 is broken",
	},
	"a signature of another": {func(l []string) []string {
		l[5] = l[5][:strings.Index(l[5], `"sig"`)] + l[4][strings.Index(l[4], `"sig"`):]
		return l
	}, "entry 5 is broken"},
	"no signature": {
		func(l []string) []string { l[5] = l[5][:strings.Index(l[5], `,"sig"`)] + "}"; return l },
		"entry 5 is broken",
	},
	"nonsense": {func(l []string) []string { l[3] = "nonsense"; return l }, "entry 3 is broken"},
	"an empty line": {
		func(l []string) []string { return append(l[:3:3], append([]string{""}, l[3:]...)...) },
		"entry 3 is broken",
	},
	"rolled back by two":     {func(l []string) []string { return l[:4] }, "rolled back"},
	"rolled back to nothing": {func(l []string) []string { return nil }, "rolled back"},
	"the file began with another": {
		func(l []string) []string { return append([]string{l[0]}, l...) },
		"entry 1 is broken",
	},
}

func renumber(lines []string) []string {
	for i, l := range lines {
		_, rest, _ := strings.Cut(l, `"index":`)
		lines[i] = fmt.Sprintf(`{"v":2,"index":%d%s`, i, rest[strings.Index(rest, ","):])
	}
	return lines
}

func join(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// Opening with an index reads the end alone: what is changed before it is found by Check. Without an
// index, opening finds it as well.
func TestTamperingWithTheFileIsFound(t *testing.T) { // C3.3g
	for name, c := range tampered {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, open(t, dir), 6)
			lines := strings.Split(strings.TrimSpace(string(content(t, dir, "ledger.jsonl"))), "\n")
			if err := os.WriteFile(
				filepath.Join(dir, "ledger.jsonl"), []byte(join(c.change(lines))), 0o600,
			); err != nil {
				t.Fatal(err)
			}
			l, err := Open(dir)
			if err == nil {
				err = l.Check(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if err := removeIndex(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("without an index: got %v, want %s", err, c.want)
			}
		})
	}
}

func TestTamperingWithAnExportIsFound(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 6)
	witness := content(t, dir, "checkpoint")
	whole := string(export(t, l))
	for name, c := range tampered {
		t.Run(name, func(t *testing.T) {
			lines := strings.Split(strings.TrimSpace(whole), "\n")
			changed := join(append(c.change(lines[:6:6]), lines[6]))
			_, err := Verify(strings.NewReader(changed), nil)
			if err == nil || !strings.Contains(err.Error(), "is broken") {
				t.Errorf("got %v", err)
			}
			if c.want != "rolled back" && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	for cut := range len(whole) - 1 { // the last is its line feed
		if _, err := Verify(strings.NewReader(whole[:cut]), nil); err == nil {
			t.Fatalf("cut off at %d of %d, and nothing was noticed", cut, len(whole))
		}
	}
	if _, err := Verify(strings.NewReader(whole+"\n"), nil); err == nil {
		t.Error("a line after the end went unnoticed")
	}
	if _, err := Verify(strings.NewReader(strings.ReplaceAll(whole, "\n", "\r\n")), witness); err != nil {
		t.Errorf("the line endings of another system: %v", err)
	}
}

// Who has the gateway's key can sign another history. A witness's checkpoint shows it.
func TestAWitnessSeesWhatTheKeyCannot(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 3)
	early := export(t, l)
	witness := content(t, dir, "checkpoint")
	write(t, l, 4)
	late := content(t, dir, "checkpoint")
	whole := export(t, l)
	for name, w := range map[string][]byte{"none": nil, "an older one": witness, "the last one": late} {
		if _, err := Verify(bytes.NewReader(whole), w); err != nil {
			t.Errorf("with witness %s: %v, want an export that verifies", name, err)
		}
	}
	if _, err := Verify(bytes.NewReader(early), nil); err != nil {
		t.Errorf("an older export is whole in itself: %v", err)
	}
	if _, err := Verify(bytes.NewReader(early), late); err == nil || !strings.Contains(err.Error(), "rolled back") {
		t.Errorf("rolled back: %v", err)
	}
	for _, f := range []string{"ledger.jsonl", "checkpoint"} {
		if err := os.Remove(filepath.Join(dir, f)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "ledger.jsonl"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrBroken) {
		t.Errorf("nothing is left of the ledger: %v, want ErrBroken", err)
	}
	secret := bytes.Join(bytes.SplitAfter(content(t, dir, "ledger.key"), []byte("\n"))[:2], nil)
	if err := os.WriteFile(filepath.Join(dir, "ledger.key"), secret, 0o600); err != nil {
		t.Fatal(err)
	}
	forged := open(t, dir)
	write(t, forged, 8)
	if _, err := Verify(bytes.NewReader(export(t, forged)), witness); err == nil ||
		!strings.Contains(err.Error(), "rewritten") {
		t.Errorf("rewritten: %v", err)
	}
	other := open(t, t.TempDir())
	write(t, other, 8)
	if _, err := Verify(bytes.NewReader(export(t, other)), witness); err == nil ||
		!strings.Contains(err.Error(), "signature") {
		t.Errorf("another key: %v", err)
	}
	if _, err := Verify(bytes.NewReader(whole), []byte("nonsense")); err == nil {
		t.Error("a checkpoint of nonsense was taken")
	}
}

// An older checkpoint is that of the beginning, for any two sizes.
func TestEveryCheckpointIsABeginningOfTheNext(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	var all [][]byte
	for range 9 {
		write(t, l, 1)
		all = append(all, content(t, dir, "checkpoint"))
	}
	whole := export(t, l)
	for i, c := range all {
		v, err := note.NewVerifier(l.VerifierKey())
		if err != nil {
			t.Fatal(err)
		}
		n, err := note.Open(c, note.VerifierList(v))
		if err != nil {
			t.Fatal(err)
		}
		if tree, err := tlog.ParseTree([]byte(n.Text)); err != nil || tree.N != int64(i+1) {
			t.Errorf("checkpoint %d is of %d entries, %v", i, tree.N, err)
		}
		if _, err := Verify(bytes.NewReader(whole), c); err != nil {
			t.Errorf("checkpoint %d: %v", i, err)
		}
	}
}

func TestADamagedKeyIsToldAndNotReplaced(t *testing.T) {
	for _, key := range []string{"", "nonsense", "PRIVATE+KEY+x+y+z\n"} {
		dir := t.TempDir()
		open(t, dir)
		if err := os.WriteFile(filepath.Join(dir, "ledger.key"), []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "backup") {
			t.Errorf("key %q: error %v, want the advice to restore a backup", key, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	dir := f.TempDir()
	l := open(f, dir)
	for range 3 {
		if _, err := l.Append(f.Context(), SamplingCommit, Data{Day: "2026-11-23", Rate: 0.05}); err != nil {
			f.Fatal(err)
		}
	}
	witness, whole := content(f, dir, "checkpoint"), export(f, l)
	root, err := Verify(bytes.NewReader(whole), witness)
	if err != nil {
		f.Fatal(err)
	}
	key := l.VerifierKey()
	lines := bytes.SplitAfter(whole, []byte("\n"))
	f.Add(whole)
	f.Add(bytes.Join(lines[1:], nil))
	f.Add(bytes.Join(lines[:3], nil))
	f.Add([]byte(`{"checkpoint":"","key":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Verify(bytes.NewReader(b), nil)
		// With our key there is one history of three entries.
		if err == nil && v.Key == key && v.Entries == root.Entries && v.Root != root.Root {
			t.Error("a forged export verifies")
		}
		if _, err := Verify(bytes.NewReader(b), witness); err == nil && (v.Key != key || v.Root != root.Root) {
			t.Error("a forged export verifies against a checkpoint")
		}
	})
}

// alone runs the test in a process of its own, for limits of a process are those of the
// test's own log as well. It returns true in that process.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv("SLUIS_TEST_ALONE") != "" {
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "SLUIS_TEST_ALONE=1")
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("=== RUN")) {
		t.Errorf("the test alone: %v, want it to run\n%s", err, out)
	}
	return false
}
