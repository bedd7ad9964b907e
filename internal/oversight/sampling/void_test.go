package sampling

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
)

// TestADamagedSecretStopsNothing: draws by a secret that is damaged, lost or replaced are declared void in the ledger,
// an audit of the day says so, and the day goes on with another secret that is committed to.
func TestADamagedSecretStopsNothing(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	day, next := "2026-11-23", "2026-11-24"
	for name, damage := range map[string]func(path string) error{
		"damaged":  func(path string) error { return os.WriteFile(path, []byte("kapot"), 0o600) },
		"empty":    func(path string) error { return os.Truncate(path, 0) },
		"cut off":  func(path string) error { return os.Truncate(path, 20) },
		"lost":     os.Remove,
		"replaced": func(path string) error { return replaceSecret(path) },
		"as it is": nil,
	} {
		for _, which := range []string{day, next} {
			dir, book := t.TempDir(), bookIn(t)
			s, err := Open(dir, book, 0.5)
			if err == nil {
				err = s.Prepare(t.Context(), now)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Draw(filter.NewID(), now); err != nil {
				t.Fatal(err)
			}
			if damage != nil {
				if err := damage(filepath.Join(dir, which+".json")); err != nil {
					t.Fatal(err)
				}
			}
			again, err := Open(dir, book, 0.5)
			if err == nil {
				err = again.Prepare(t.Context(), now.Add(time.Minute))
			}
			if err != nil {
				t.Errorf("%s, %s: a start got %v, want none", name, which, err)
				continue
			}
			if _, err := again.Draw(filter.NewID(), now.Add(2*time.Minute)); err != nil {
				t.Errorf("%s, %s: a draw got %v, want one", name, which, err)
			}
			want := 1
			if damage == nil {
				want = 0
			}
			if got := voids(t, book); len(got) != want || want == 1 && got[0] != which {
				t.Errorf("%s, %s: void are %v, want %d", name, which, got, want)
			}
			_, err = Audit(which, dir, book, func(string, func(Draw) error) error { return nil })
			if got := errors.Is(err, ErrVoid); got != (want == 1) {
				t.Errorf("%s, %s: an audit got %v, want that it is void: %v", name, which, err, want == 1)
			}
			if err := again.Prepare(t.Context(), now.Add(time.Hour)); err != nil || len(voids(t, book)) != want {
				t.Errorf("%s, %s: later got %v, %v, want nothing more", name, which, err, voids(t, book))
			}
		}
	}
}

func bookIn(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// voids returns the days that the ledger says are void.
func voids(t *testing.T, l *ledger.Ledger) (days []string) {
	t.Helper()
	for e, err := range l.Find(ledger.Query{Kinds: []ledger.Kind{ledger.SamplingVoid}}) {
		if err != nil {
			t.Fatal(err)
		}
		days = append(days, e.Data.Day)
	}
	return days
}

// replaceSecret puts another secret in the place of one, as it would be written.
func replaceSecret(path string) error {
	c, err := read(path)
	if err != nil {
		return err
	}
	c.Secret[0]++
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}
