package quarantine

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"sluis/filter"
	"sluis/internal/keybook"
	"sluis/internal/ledger"
)

// TestADamagedIndexIsMadeAnew: whatever happens to the index, the sealed messages are there after the next start, and
// can be opened and released; the ledger says that it was made anew.
func TestADamagedIndexIsMadeAnew(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"gone":  os.Remove,
		"empty": func(path string) error { return os.Truncate(path, 0) },
		"no database": func(path string) error {
			return os.WriteFile(path, bytes.Repeat([]byte("kapot "), 4000), 0o600)
		},
		"a damaged head":   func(path string) error { return overwrite(path, 0, 200) },
		"a damaged schema": func(path string) error { return overwrite(path, 100, 3000) },
		"damaged pages":    func(path string) error { return overwrite(path, 5000, 30_000) },
		"cut off":          func(path string) error { return os.Truncate(path, 5000) },
	} {
		dir, key := t.TempDir(), newIdentity(t)
		s, _ := open(t, dir, key)
		var ids []filter.ID
		for range 3 {
			ids = append(ids, seal(t, s, "geheim "+name))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, more := range []string{"-wal", "-shm"} {
			os.Remove(filepath.Join(dir, indexFile+more))
		}
		if err := damage(filepath.Join(dir, indexFile)); err != nil {
			t.Fatal(err)
		}
		w := newWitness(t)
		s, err := Open(dir, w, key.Recipient())
		if err != nil {
			t.Fatalf("%s: got %v, want it opened", name, err)
		}
		missing, err := s.Reconcile(t.Context())
		if len(missing) > 0 || err != nil {
			t.Errorf("%s: got %v missing, %v, want none", name, missing, err)
		}
		if n := len(w.acts); n != 1 || w.acts[0] != ledger.QuarantineRebuilt {
			t.Errorf("%s: the ledger has %v, want that the index was made anew", name, w.acts)
		}
		for _, id := range ids {
			if e := state(t, s, id); e.State != Quarantined || e.Recipients == 0 {
				t.Errorf("%s: got %+v, want it quarantined", name, e)
			}
			h := &hop{}
			reply, err := s.Release(t.Context(), id, Intent{Reason: "goed"}, h, key)
			if err != nil || !reply.OK {
				t.Errorf("%s: a release: got %+v, %v, want it taken", name, reply, err)
			}
		}
		if kept, _ := filepath.Glob(filepath.Join(dir, indexFile+".damaged-*")); len(kept) == 0 && name != "gone" {
			t.Errorf("%s: the damaged index is gone, want it kept", name)
		}
		s.Close()
	}
}

func overwrite(path string, at, n int) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for i := at; i < min(len(b), at+n); i++ {
		b[i] = 0xa5
	}
	return os.WriteFile(path, b, 0o600)
}

// TestAnIndexIsNotMadeAnewUnderAGateway: a command beside a gateway that runs does nothing to a damaged index.
func TestAnIndexIsNotMadeAnewUnderAGateway(t *testing.T) {
	dir, key := t.TempDir(), newIdentity(t)
	s, _ := open(t, dir, key)
	seal(t, s, "geheim")
	if _, err := s.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, indexFile), filepath.Join(dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, newWitness(t), key.Recipient()); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v, want that a gateway uses it", err)
	}
	if sealed, err := s.sealedFiles("sealed"); len(sealed) != 1 || err != nil {
		t.Errorf("got %d sealed messages, %v, want the one", len(sealed), err)
	}
}

// TestALostReleaseKeyIsNotReplaced: while something waits that only it opens, or the ledger names it.
func TestALostReleaseKeyIsNotReplaced(t *testing.T) {
	dir, key := t.TempDir(), newIdentity(t)
	s, w := open(t, dir, key)
	id := seal(t, s, "geheim")
	h := &hop{replies: map[string]Reply{"b@out.example": later}}
	if _, err := s.Release(t.Context(), id, Intent{Reason: "goed"}, h, key); err != nil {
		t.Fatal(err)
	}
	if got := ReleaseKey(dir).Check(w); got != nil {
		t.Errorf("got %v, want the key known", got)
	}
	if err := os.Remove(filepath.Join(dir, "release", releaseKey)); err != nil {
		t.Fatal(err)
	}
	second := seal(t, s, "nog een")
	if _, err := s.Release(t.Context(), second, Intent{Reason: "goed"}, h, key); !errors.Is(err, keybook.ErrLost) {
		t.Errorf("got %v, want that the key is lost", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "release", releaseKey)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want no key made in its place", err)
	}
	if e := state(t, s, second); e.State != Quarantined {
		t.Errorf("got %+v, want it quarantined as before", e)
	}
}
