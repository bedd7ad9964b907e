package quarantine

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluis/filter"
)

// crash copies a quarantine as a crash of the machine would leave it.
func crash(t testing.TB, dir string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "crashed")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return copied
}

// steps are what Seal does, in its order.
var steps = []string{"content", "write", "sync", "link", "sync directory", "index"}

// during runs a hook before each step of sealing, the middle of the content included.
func during(s *Store, content string, hook func(step string) error) io.Reader {
	s.fault = hook
	half := len(content) / 2
	return io.MultiReader(strings.NewReader(content[:half]), readerFunc(func([]byte) (int, error) {
		if err := hook("content"); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}), strings.NewReader(content[half:]))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestACrashBeforeSealReturnsLeavesNothing(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	before := seal(t, s, "from before")
	var crashed, seen []string
	e, env, x := sample(t)
	err := s.Seal(t.Context(), e, env, x, during(s, strings.Repeat("y", 300_000), func(step string) error {
		seen, crashed = append(seen, step), append(crashed, crash(t, dir))
		return nil
	}))
	if err != nil || !slices.Equal(seen, steps) {
		t.Fatalf("steps %v, %v", seen, err)
	}
	after := crash(t, dir)
	for i, dir := range append(crashed, after) {
		s, _ := open(t, dir, key)
		missing, err := s.Reconcile(t.Context())
		if err != nil || len(missing) != 0 {
			t.Errorf("step %d: missing %v, %v", i, missing, err)
		}
		_, err = s.Get(t.Context(), e.ID)
		if whole := dir == after; whole != (err == nil) ||
			len(names(t, dir)) != map[bool]int{false: 1, true: 2}[whole] {
			t.Errorf("step %d: %v, files %v", i, err, names(t, dir))
		}
		if _, got := read(t, s, before, key); got != "from before" {
			t.Errorf("step %d: the other message is %q", i, got)
		}
	}
}

func TestAFaultAtAnyStepLeavesNothing(t *testing.T) {
	key := newIdentity(t)
	for _, at := range steps {
		dir := t.TempDir()
		s, _ := open(t, dir, key)
		full := errors.New("no space left")
		e, env, x := sample(t)
		fault := func(step string) error {
			if step == at {
				return full
			}
			return nil
		}
		if err := s.Seal(t.Context(), e, env, x, during(s, strings.Repeat("y", 300_000), fault)); !errors.Is(
			err,
			full,
		) {
			t.Errorf("full at %s: error %v, want that of the disk", at, err)
		}
		if _, err := s.Get(t.Context(), e.ID); !errors.Is(err, ErrNotFound) || len(names(t, dir)) != 0 {
			t.Errorf("%s: %v, left %v", at, err, names(t, dir))
		}
		s.fault = nil
		if err := s.Seal(t.Context(), e, env, x, strings.NewReader("again")); err != nil {
			t.Errorf("%s: cannot be sealed again: %v", at, err)
		}
	}
}

func TestACancelledSealLeavesNothing(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	ctx, cancel := context.WithCancel(t.Context())
	s.fault = func(step string) error {
		if step == "index" {
			cancel()
		}
		return nil
	}
	e, env, x := sample(t)
	if err := s.Seal(ctx, e, env, x, strings.NewReader("x")); err == nil || len(names(t, dir)) != 0 {
		t.Errorf("%v, left %v", err, names(t, dir))
	}
}

func TestOneMessageIsNeverPutInThePlaceOfAnother(t *testing.T) {
	key := newIdentity(t)
	s, _ := open(t, t.TempDir(), key)
	e, env, x := sample(t)
	if err := s.Seal(t.Context(), e, env, x, strings.NewReader("first")); err != nil {
		t.Fatal(err)
	}
	if err := s.Seal(t.Context(), e, env, x, strings.NewReader("second")); err == nil {
		t.Error("sealed twice under one id")
	}
	if _, got := read(t, s, e.ID, key); got != "first" {
		t.Errorf("it is %q now", got)
	}
}

func TestWithdrawnIsAsIfNeverSetAside(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	id := seal(t, s, "x")
	for range 2 {
		if err := s.Withdraw(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Get(t.Context(), id); !errors.Is(err, ErrNotFound) || len(names(t, dir)) != 0 {
		t.Errorf("%v, left %v", err, names(t, dir))
	}
}

func TestAMessageWithoutItsFileIsReported(t *testing.T) {
	key := newIdentity(t)
	s, _ := open(t, t.TempDir(), key)
	id, _ := seal(t, s, "lost"), seal(t, s, "there")
	if err := os.Remove(s.path(id)); err != nil {
		t.Fatal(err)
	}
	missing, err := s.Reconcile(t.Context())
	if err != nil || !slices.Equal(missing, []filter.ID{id}) {
		t.Errorf("missing %v, %v", missing, err)
	}
}

func TestOnlyOneGatewayTakesMail(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	a, _ := open(t, dir, key)
	b, _ := open(t, dir, key)
	if _, err := a.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Reconcile(t.Context()); !errors.Is(err, ErrInUse) {
		t.Errorf("a second gateway: %v", err)
	}
	if _, err := a.Reconcile(t.Context()); err != nil {
		t.Errorf("the same gateway: %v", err)
	}
	a.Close()
	if _, err := b.Reconcile(t.Context()); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
}
