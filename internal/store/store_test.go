package store

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"database/sql"
)

type loan struct {
	ID    string   `json:"id"`
	Notes []string `json:"notes"`
}

func (l loan) Key() string { return l.ID }

var errNoLoan = errors.New("there is no such loan")

// memory is another place for documents: what a second implementation has to do.
type memory struct {
	mu        sync.Mutex
	documents map[string]map[string][]byte
	locks     map[string]*sync.Mutex
}

func (m *memory) Get(collection, id string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b, ok := m.documents[collection][id]; ok {
		return b, nil
	}
	return nil, ErrNotFound
}

func (m *memory) Put(collection, id string, document []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.documents[collection] == nil {
		m.documents[collection] = map[string][]byte{}
	}
	m.documents[collection][id] = document
	return nil
}

func (m *memory) IDs(collection string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.documents[collection])), nil
}

func (m *memory) Lock(collection string) (io.Closer, error) {
	m.mu.Lock()
	if m.locks[collection] == nil {
		m.locks[collection] = &sync.Mutex{}
	}
	l := m.locks[collection]
	m.mu.Unlock()
	l.Lock()
	return unlocker{l}, nil
}

type unlocker struct{ *sync.Mutex }

func (u unlocker) Close() error { u.Unlock(); return nil }

func (m *memory) Version(string) (string, error) { return "", nil }

func (m *memory) Database(string, string) (*sql.DB, error) { return nil, errors.ErrUnsupported }

// places are the stores that every promise about documents is tested on.
func places(t *testing.T) map[string]func() Store {
	dir := t.TempDir()
	kept := &memory{documents: map[string]map[string][]byte{}, locks: map[string]*sync.Mutex{}}
	return map[string]func() Store{
		"directory": func() Store { return Open(dir) }, // as each process does
		"memory":    func() Store { return kept },
	}
}

func TestADocumentIsKeptAndListed(t *testing.T) {
	for name, open := range places(t) {
		loans := NewCollection[loan](open(), "loans", errNoLoan)
		if list, err := loans.List(); err != nil || len(list) != 0 {
			t.Errorf("%s: an empty collection has %v, %v", name, list, err)
		}
		if _, err := loans.Get("a"); !errors.Is(err, errNoLoan) {
			t.Errorf("%s: of no document the error is %v, want %v", name, err, errNoLoan)
		}
		if err := loans.Update("a", func(*loan) error { return nil }); !errors.Is(err, errNoLoan) {
			t.Errorf("%s: an update of no document: error %v, want %v", name, err, errNoLoan)
		}
		for _, id := range []string{"b", "a"} {
			if err := loans.Put(loan{id, nil}); err != nil {
				t.Fatal(err)
			}
		}
		if err := loans.Update("a", func(l *loan) error { l.Notes = []string{"late"}; return nil }); err != nil {
			t.Fatal(err)
		}
		refused := errors.New("refused")
		if err := loans.Update("a", func(l *loan) error { l.Notes = nil; return refused }); err != refused {
			t.Errorf("%s: error %v, want %v", name, err, refused)
		}
		again := NewCollection[loan](open(), "loans", errNoLoan)
		list, err := again.List()
		if got := fmt.Sprint(list); err != nil || got != "[{a [late]} {b []}]" {
			t.Errorf("%s: has %s, %v, want [{a [late]} {b []}]", name, got, err)
		}
	}
}

func TestUpdatesFollowOneAnother(t *testing.T) {
	for name, open := range places(t) {
		if err := NewCollection[loan](open(), "loans", errNoLoan).Put(loan{ID: "a"}); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 4 {
			loans, count := NewCollection[loan](open(), "loans", errNoLoan), NewValue[int](open(), "count")
			all.Go(func() {
				for range 20 {
					one := loans.Update("a", func(l *loan) error { l.Notes = append(l.Notes, "x"); return nil })
					two := count.Update(func(n *int) error { *n++; return nil })
					if err := errors.Join(one, two); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		l, err := NewCollection[loan](open(), "loans", errNoLoan).Get("a")
		if err != nil || len(l.Notes) != 80 {
			t.Errorf("%s: %d updates of a document were kept, %v, want 80", name, len(l.Notes), err)
		}
		if n, err := NewValue[int](open(), "count").Get(); err != nil || n != 80 {
			t.Errorf("%s: %d updates of a value were kept, %v, want 80", name, n, err)
		}
	}
}

func TestAnIDNamesNothingOutsideItsCollection(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret.json"), []byte(`{"id":"secret"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Open(dir)
	loans := NewCollection[loan](s, "loans", errNoLoan)
	if err := loans.Put(loan{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{
		"",
		".",
		"..",
		"../secret",
		"a/../../secret",
		"A",
		"a.json",
		"-a",
		"a\x00",
		strings.Repeat("a", 65),
	} {
		if _, err := loans.Get(id); !errors.Is(err, errNoLoan) {
			t.Errorf("Get(%q): error %v, want %v", id, err, errNoLoan)
		}
		if err := loans.Put(loan{ID: id}); err == nil {
			t.Errorf("Put of id %q gave no error", id)
		}
		if _, err := s.Database(id, ""); err == nil {
			t.Errorf("Database(%q) gave no error", id)
		}
	}
}

func TestADamagedDocumentIsAnErrorThatQuotesNothing(t *testing.T) {
	s := Open(t.TempDir())
	for name, text := range map[string]string{
		"cut off":    `{"id":"a","notes":["Jansen`,
		"of another": `{"id":"b","notes":["Jansen"]}`,
		"empty":      ``,
	} {
		if err := s.Put("loans", "a", []byte(text)); err != nil {
			t.Fatal(err)
		}
		loans := NewCollection[loan](s, "loans", errNoLoan)
		_, got := loans.Get("a")
		_, listed := loans.List()
		updated := loans.Update("a", func(*loan) error { return nil })
		for how, err := range map[string]error{"get": got, "list": listed, "update": updated} {
			if !errors.Is(err, ErrDamaged) || strings.Contains(fmt.Sprint(err), "Jansen") {
				t.Errorf("%s, %s: error %v, want that it is damaged, without content", name, how, err)
			}
		}
		if b, err := s.Get("loans", "a"); err != nil || string(b) != text {
			t.Errorf("%s: the document was changed", name)
		}
	}
}

func TestOthersCannotReadADirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := Open(dir)
	if err := NewCollection[loan](s, "loans", errNoLoan).Put(loan{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	db, err := s.Database("accounts", "CREATE TABLE IF NOT EXISTS t (x INTEGER) STRICT")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	err = filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", strings.TrimPrefix(path, dir), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestAListIsReadOnceUntilSomethingChanges, also by another process.
func TestAListIsReadOnceUntilSomethingChanges(t *testing.T) {
	dir := t.TempDir()
	mine, another := NewCollection[loan](
		Open(dir),
		"loans",
		errNoLoan,
	), NewCollection[loan](
		Open(dir),
		"loans",
		errNoLoan,
	)
	if err := another.Put(loan{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "loans"), old, old); err != nil {
		t.Fatal(err)
	}
	listed := func() int {
		t.Helper()
		list, err := mine.List()
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if n := listed(); n != 1 {
		t.Fatalf("%d documents, want 1", n)
	}
	name := filepath.Join(dir, "loans", "a.json")
	if err := os.WriteFile(name, []byte("{"), 0o600); err != nil { // in place: the directory stays as it is
		t.Fatal(err)
	}
	if n := listed(); n != 1 {
		t.Errorf("%d documents, want the one that was read", n)
	}
	if err := errors.Join(another.Put(loan{ID: "a"}), another.Put(loan{ID: "b"})); err != nil {
		t.Fatal(err)
	}
	if n := listed(); n != 2 {
		t.Errorf("%d documents after a change by another, want 2", n)
	}
}
