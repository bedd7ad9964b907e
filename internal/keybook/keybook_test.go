package keybook

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluis/internal/ledger"
)

func fresh() []byte { return []byte("0123456789abcdef0123456789abcdef") }

func newBook(t *testing.T) (*ledger.Ledger, Key) {
	t.Helper()
	dir := t.TempDir()
	l, err := ledger.Open(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	return l, Key{Name: "test.key", Path: filepath.Join(dir, "test.key"), Opens: "the tests"}
}

// A key is made where there never was one, and is the same from then on.
func TestAKeyIsMadeOnce(t *testing.T) {
	l, k := newBook(t)
	for range 3 {
		if b, err := k.Open(t.Context(), l, fresh); err != nil || string(b) != string(fresh()) {
			t.Fatalf("Open: %q, %v, want the key", b, err)
		}
	}
	if n, err := l.Count(ledger.Query{Kinds: []ledger.Kind{ledger.KeyMade}, Ref: "test.key"}); err != nil || n != 1 {
		t.Errorf("%d entries, %v, want one", n, err)
	}
	for e, err := range l.Find(ledger.Query{}) {
		if err != nil || strings.Contains(e.Data.Commit, string(fresh())) || e.Data.Commit == "" {
			t.Errorf("the entry is %+v, %v, want an id that shows nothing of the key", e, err)
		}
	}
}

// Whatever became of the file, no other key takes its place until Renew.
func TestALostKeyIsNotReplaced(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"removed":  os.Remove,
		"another":  func(path string) error { return os.WriteFile(path, []byte("another"), 0o600) },
		"emptied":  func(path string) error { return os.Truncate(path, 0) },
		"a letter": func(path string) error { return os.WriteFile(path, []byte("1123456789abcdef"), 0o600) },
	} {
		l, k := newBook(t)
		if _, err := k.Open(t.Context(), l, fresh); err != nil {
			t.Fatal(err)
		}
		if err := k.Renew(t.Context(), l, []byte("new"), ledger.CommandLine, "zomaar"); err == nil {
			t.Errorf("%s: a key that was there was renewed", name)
		}
		if err := lose(k.Path); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(k.Path)
		_, err := k.Open(t.Context(), l, fresh)
		if !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "the tests") {
			t.Errorf("%s: error %v, want that the key of the tests is lost", name, err)
		}
		if after, _ := os.ReadFile(k.Path); string(after) != string(before) {
			t.Errorf("%s: the file has %q now, want %q", name, after, before)
		}
		if err := k.Renew(t.Context(), l, []byte("new"), ledger.CommandLine, ""); err == nil {
			t.Errorf("%s: it was renewed without a reason", name)
		}
		if err := k.Renew(t.Context(), l, []byte("new"), ledger.CommandLine, "weg"); err != nil {
			t.Errorf("%s: Renew: %v", name, err)
		}
		if b, err := k.Open(t.Context(), l, fresh); err != nil || string(b) != "new" {
			t.Errorf("%s: after Renew it is %q, %v", name, b, err)
		}
	}
}

// Where the ledger knows of no key, there must be nothing that one opens.
func TestAKeyOfWhatIsThereIsNotMade(t *testing.T) {
	l, k := newBook(t)
	k.Used = func() (bool, error) { return true, nil }
	if _, err := k.Open(t.Context(), l, fresh); !errors.Is(err, ErrLost) {
		t.Errorf("Open: %v, want ErrLost", err)
	}
	if err := os.WriteFile(k.Path, fresh(), 0o600); err != nil { // of an earlier version
		t.Fatal(err)
	}
	if _, err := k.Open(t.Context(), l, fresh); err != nil {
		t.Errorf("a key that was there before the ledger knew of it: %v", err)
	}
	if err := os.Remove(k.Path); err != nil {
		t.Fatal(err)
	}
	if err := k.Check(l); !errors.Is(err, ErrLost) {
		t.Errorf("Check: %v, want ErrLost", err)
	}
}
