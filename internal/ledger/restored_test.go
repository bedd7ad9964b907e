package ledger

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

// saved copies a ledger as a backup does.
func saved(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// A backup is put back: the witness who was mailed a newer checkpoint sees what is lost, and nobody
// else is accused of anything.
func TestARestoredLedgerGoesOnAndTheWitnessSeesIt(t *testing.T) {
	for name, damage := range map[string]func(dir, newer string) error{
		"all of it put back": func(string, string) error { return nil },
		"the checkpoint is newer than the ledger": func(dir, newer string) error {
			b, err := os.ReadFile(newer + "/checkpoint")
			return errors.Join(err, os.WriteFile(dir+"/checkpoint", b, 0o600))
		},
		"no checkpoint": func(dir, _ string) error { return os.Remove(dir + "/checkpoint") },
		"the checkpoint is older, as a copy of a running gateway has it": func(dir, _ string) error {
			b, err := os.ReadFile(dir + "/early")
			return errors.Join(err, os.WriteFile(dir+"/checkpoint", b, 0o600))
		},
	} {
		dir := t.TempDir()
		l := open(t, dir)
		write(t, l, 3)
		early, err := l.Checkpoint()
		if err := errors.Join(err, os.WriteFile(dir+"/early", early, 0o600)); err != nil {
			t.Fatal(err)
		}
		write(t, l, 2)
		backup := saved(t, dir)
		write(t, l, 4)
		mailed, err := l.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		if err := damage(backup, dir); err != nil {
			t.Fatal(err)
		}
		if l, err := Open(backup); err == nil {
			if err := l.Continues(mailed); !errors.Is(err, ErrRolledBack) {
				t.Errorf("%s: before it is said: %v, want ErrRolledBack", name, err)
			}
			if _, err := Verify(bytes.NewReader(export(t, l)), mailed); err == nil {
				t.Errorf("%s: the witness sees nothing", name)
			}
		} else if !errors.Is(err, ErrBroken) {
			t.Fatalf("%s: %v, want ErrBroken", name, err)
		}
		r, err := Restored(t.Context(), backup, mailed, CommandLine, "de schijf was stuk")
		if err != nil || r.Entry != 5 || r.Lost.N != 9 {
			t.Fatalf("%s: %+v, %v, want 5 entries, and 9 that the witness knows", name, r, err)
		}
		l = open(t, backup)
		write(t, l, 7)
		if err := errors.Join(l.Check(t.Context()), l.Continues(mailed), l.Continues(early)); err != nil {
			t.Errorf("%s: it goes on: %v", name, err)
		}
		v, err := Verify(bytes.NewReader(export(t, l)), mailed)
		if err != nil || v.Restored == nil || v.Restored.Lost.N != 9 || v.Entries != 13 {
			t.Errorf("%s: the witness sees %+v, %v, want a restoration", name, v, err)
		}
		if v, err := Verify(bytes.NewReader(export(t, l)), early); err != nil || v.Restored != nil {
			t.Errorf("%s: a witness of before the backup sees %+v, %v, want nothing of it", name, v, err)
		}
		all := entries(t, l)
		if e := all[5]; e.Kind != LedgerRestored || e.Data.Count != 9 || e.Data.Reason != "de schijf was stuk" {
			t.Errorf("%s: entry 5 is %+v, want the restoration", name, e)
		}
		if _, err := Open(backup); err != nil {
			t.Errorf("%s: it does not open again: %v", name, err)
		}
	}
}

func TestWhatIsNotRestored(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 3)
	early, err := l.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	write(t, l, 3)
	other := open(t, t.TempDir())
	write(t, other, 9)
	strange, err := other.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cited  []byte
		reason string
		want   string
	}{
		"nothing is lost":            {early, "x", "nothing is lost"},
		"without a reason":           {early, "", "say why"},
		"another ledger's":           {strange, "x", "signature"},
		"nonsense":                   {[]byte("x"), "x", "signature"},
		"a checkpoint without a key": {bytes.Replace(early, []byte("\n3\n"), []byte("\n9\n"), 1), "x", "signature"},
	} {
		_, err := Restored(t.Context(), dir, c.cited, CommandLine, c.reason)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if got := found(t, l, Query{Kinds: []Kind{LedgerRestored}}); len(got) != 0 {
		t.Errorf("restorations %v, want none", got)
	}
}

// A cut ledger cannot be restored in silence: the entry names what is gone, to whoever verifies.
func TestARestorationOfAnotherTreeExcusesNothing(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 2)
	backup := saved(t, dir)
	write(t, l, 2)
	older, err := l.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	write(t, l, 2)
	newest, err := l.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Restored(t.Context(), backup, older, CommandLine, "x"); err != nil {
		t.Fatal(err)
	}
	l = open(t, backup)
	write(t, l, 9)
	if _, err := Verify(bytes.NewReader(export(t, l)), newest); err == nil {
		t.Error("whoever has a newer checkpoint than the cited one sees nothing")
	}
	if err := l.Continues(newest); !errors.Is(err, ErrRolledBack) {
		t.Errorf("got %v, want ErrRolledBack", err)
	}
}

func TestTheCheckpointInAMail(t *testing.T) {
	l := open(t, t.TempDir())
	write(t, l, 2)
	signed, err := l.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"itself":             string(signed),
		"a mail":             "Bewaar dit bericht.\n\n" + string(signed) + "\nGroeten\n",
		"lines of a windows": strings.ReplaceAll("Dag\n\n"+string(signed)+"\n", "\n", "\r\n"),
		"no line at the end": strings.TrimSuffix(string(signed), "\n"),
	} {
		got, err := CheckpointIn(strings.NewReader(text))
		if err != nil || !bytes.Equal(got, signed) {
			t.Errorf("%s: got %q, %v, want the checkpoint", name, got, err)
		}
	}
	if _, err := CheckpointIn(strings.NewReader("niets")); err == nil {
		t.Error("a text without one: no error")
	}
}
