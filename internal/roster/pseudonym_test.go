package roster

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var november = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)

func openKeys(t testing.TB, dir string) *Keys {
	t.Helper()
	k, err := OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pseudonym(t testing.TB, k *Keys, s Subject, at time.Time) [16]byte {
	t.Helper()
	p, ok, err := k.Pseudonym(s, at)
	if err != nil || !ok || p == [16]byte{} {
		t.Fatalf("no pseudonym: %v, %v", ok, err)
	}
	return p
}

func TestAPseudonymIsTheSameWithinAMonthOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	r, k := mustLoad(t, "r.yaml", school), openKeys(t, dir)
	juf := r.Subject("juf@school.example")
	p := pseudonym(t, k, juf, november)
	if p != pseudonym(t, k, r.Subject(`"GROEP5+x"@School.Example.`), november.AddDate(0, 0, 7)) {
		t.Error("another pseudonym by another address")
	}
	if p == pseudonym(t, k, juf, november.AddDate(0, 1, 0)) || p == pseudonym(t, k, juf, november.AddDate(1, 0, 0)) {
		t.Error("the same pseudonym in another month")
	}
	if p == pseudonym(t, k, Subject{key: "other@school.example"}, november) {
		t.Error("the same pseudonym for somebody else")
	}
	if p != pseudonym(t, openKeys(t, dir), juf, november) {
		t.Error("another pseudonym after a restart")
	}
	if p == pseudonym(t, openKeys(t, filepath.Join(t.TempDir(), "keys")), juf, november) {
		t.Error("the same pseudonym with another key")
	}
	key, err := os.ReadFile(filepath.Join(dir, "2026-11.key"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("juf@school.example"))
	if p != [16]byte(mac.Sum(nil)[:16]) {
		t.Error("not the HMAC-SHA-256 of the address")
	}
}

func TestTheMonthIsThatOfUTC(t *testing.T) {
	k := openKeys(t, filepath.Join(t.TempDir(), "keys"))
	amsterdam := time.FixedZone("CET", 3600)
	pseudonym(t, k, Subject{key: "a"}, time.Date(2026, 12, 1, 0, 30, 0, 0, amsterdam))
	if months, err := k.Months(); err != nil || fmt.Sprint(months) != "[2026-11]" {
		t.Error(months, err)
	}
}

func TestPupilsAndConfidentialRolesHaveNone(t *testing.T) { // K4, C3.2g
	dir := filepath.Join(t.TempDir(), "keys")
	r, k := mustLoad(t, "r.yaml", school), openKeys(t, dir)
	for _, a := range []string{"leerling@school.example", "vera.trouw@school.example", "hulp@school.example", "iemand@elders.example", ""} {
		if p, ok, err := k.Pseudonym(r.Subject(a), november); ok || err != nil || p != [16]byte{} {
			t.Errorf("%q has a pseudonym: %v %v", a, ok, err)
		}
	}
	if months, _ := k.Months(); len(months) > 0 {
		t.Errorf("keys were made for nobody: %v", months)
	}
}

func TestAForgottenMonthStaysAnonymous(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	k := openKeys(t, dir)
	juf := Subject{key: "juf@school.example"}
	pseudonym(t, k, juf, november)
	december := pseudonym(t, k, juf, november.AddDate(0, 1, 0))
	before, err := os.Open(filepath.Join(dir, "2026-11.key"))
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	if err := k.Forget("2026-11"); err != nil {
		t.Fatal(err)
	}
	left := make([]byte, keySize)
	if n, err := before.Read(left); err != nil || n != keySize || !slices.Equal(left, make([]byte, keySize)) {
		t.Errorf("the key was not overwritten: %x %v", left[:n], err)
	}
	for name, k := range map[string]*Keys{"same process": k, "after a restart": openKeys(t, dir)} {
		if p, ok, err := k.Pseudonym(juf, november); ok || err != nil || p != [16]byte{} {
			t.Errorf("%s: a pseudonym in a month without a key: %v %v", name, ok, err)
		}
		if months, err := k.Months(); err != nil || fmt.Sprint(months) != "[2026-12]" {
			t.Errorf("%s: months %v %v", name, months, err)
		}
		if pseudonym(t, k, juf, november.AddDate(0, 1, 0)) != december {
			t.Errorf("%s: the other month changed", name)
		}
		if err := k.Forget("2026-11"); err != nil {
			t.Errorf("%s: again: %v", name, err)
		}
	}
}

// A crash between the mark and the destruction leaves both files.
func TestDestructionIsMadeGoodAfterACrash(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	k := openKeys(t, dir)
	pseudonym(t, k, Subject{key: "a"}, november)
	if err := os.WriteFile(filepath.Join(dir, "2026-11.destroyed"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k = openKeys(t, dir)
	if _, ok, err := k.Pseudonym(Subject{key: "a"}, november); ok || err != nil {
		t.Errorf("a key marked as destroyed was used: %v", err)
	}
	if err := k.Forget("2026-11"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "2026-11.key")); !os.IsNotExist(err) {
		t.Error("the key is still there")
	}
}

func TestForgetTakesNothingButMonths(t *testing.T) {
	dir := t.TempDir()
	k := openKeys(t, filepath.Join(dir, "keys"))
	victim := filepath.Join(dir, "victim.key")
	if err := os.WriteFile(victim, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{"", "../victim", "2026", "2026-13", "2026-11.key", "november"} {
		if err := k.Forget(m); err == nil {
			t.Errorf("%q was taken for a month", m)
		}
	}
	if _, err := os.Stat(victim); err != nil {
		t.Error(err)
	}
}

func TestKeysAreForTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	pseudonym(t, openKeys(t, dir), Subject{key: "a"}, november)
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "2026-11.key"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", filepath.Base(path), info.Mode(), err)
		}
	}
	if err := os.Chmod(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKeys(dir); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("a directory that others can read: %v", err)
	}
}

func TestADamagedKeyIsNotReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	k := openKeys(t, dir)
	path := filepath.Join(dir, "2026-11.key")
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := k.Pseudonym(Subject{key: "a"}, november); ok || err == nil || !strings.Contains(err.Error(), "2026-11") {
		t.Errorf("%v %v", ok, err)
	}
	if b, _ := os.ReadFile(path); string(b) != "short" {
		t.Error("the damaged key was replaced")
	}
}

func TestManyAtOnceAgreeOnOneKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	var all sync.Map
	var wg sync.WaitGroup
	for range 4 { // as many processes
		k := openKeys(t, dir)
		for range 4 {
			wg.Go(func() {
				for month := range 6 { // more than are kept ready
					p, ok, err := k.Pseudonym(Subject{key: "a"}, november.AddDate(0, month, 0))
					if !ok || err != nil {
						t.Error(ok, err)
					}
					if first, loaded := all.LoadOrStore(month, p); loaded && first != p {
						t.Error("two keys for one month")
					}
				}
			})
		}
	}
	wg.Wait()
}

func TestPseudonymDoesNotAllocate(t *testing.T) {
	k := openKeys(t, filepath.Join(t.TempDir(), "keys"))
	s := Subject{key: "voornaam.achternaam@school.example"}
	turn := november.AddDate(0, 1, 0) // both months of a turn of the month are kept ready
	if n := testing.AllocsPerRun(100, func() { pseudonym(t, k, s, november); pseudonym(t, k, s, turn) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPseudonym(b *testing.B) {
	k := openKeys(b, filepath.Join(b.TempDir(), "keys"))
	s := Subject{key: "voornaam.achternaam@school.example"}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := k.Pseudonym(s, november); err != nil {
			b.Fatal(err)
		}
	}
}
