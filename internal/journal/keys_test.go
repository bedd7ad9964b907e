package journal

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

	"sluis/internal/ledger"
	"sluis/internal/roster"
)

var inNovember = november(23, 14)

func openKeys(t testing.TB, dir string) *Keys {
	t.Helper()
	k, err := OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pseudonym(t testing.TB, k *Keys, s roster.Subject, at time.Time) Pseudonym {
	t.Helper()
	p, ok, err := k.pseudonym(s, at)
	if err != nil || !ok || p == (Pseudonym{}) {
		t.Fatalf("pseudonym: %v, %v; want one", ok, err)
	}
	return p
}

// person is a member of a roster.
func person(t testing.TB, address string) roster.Subject {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.yaml")
	text := "groups: [{name: team, kind: staff}]\npeople: [{address: " + address + ", group: team}]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return must(roster.Load(path, []string{"school.example"})).Subject(address)
}

func TestAPseudonymIsTheSameWithinAMonthOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	r, k := people(t), openKeys(t, dir)
	juf := r.Subject("juf@school.example")
	p := pseudonym(t, k, juf, inNovember)
	if p != pseudonym(t, k, r.Subject(`"JUF+x"@School.Example.`), inNovember.AddDate(0, 0, 7)) {
		t.Error("another pseudonym by another address")
	}
	if p == pseudonym(t, k, juf, inNovember.AddDate(0, 1, 0)) ||
		p == pseudonym(t, k, juf, inNovember.AddDate(1, 0, 0)) {
		t.Error("the same pseudonym in another month")
	}
	if p == pseudonym(t, k, person(t, "other@school.example"), inNovember) {
		t.Error("the same pseudonym for somebody else")
	}
	if p != pseudonym(t, openKeys(t, dir), juf, inNovember) {
		t.Error("another pseudonym after a restart")
	}
	if p == pseudonym(t, openKeys(t, filepath.Join(t.TempDir(), "keys")), juf, inNovember) {
		t.Error("the same pseudonym with another key")
	}
	key, err := os.ReadFile(filepath.Join(dir, "2026-11.key"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("juf@school.example"))
	if p != Pseudonym(mac.Sum(nil)[:16]) {
		t.Error("not the HMAC-SHA-256 of the address")
	}
}

func TestTheMonthIsThatOfUTC(t *testing.T) {
	k := openKeys(t, filepath.Join(t.TempDir(), "keys"))
	amsterdam := time.FixedZone("CET", 3600)
	pseudonym(t, k, person(t, "a@school.example"), time.Date(2026, 12, 1, 0, 30, 0, 0, amsterdam))
	if months, err := k.Months(); err != nil || fmt.Sprint(months) != "[2026-11]" {
		t.Error(months, err)
	}
}

func TestPupilsAndConfidentialRolesHaveNone(t *testing.T) { // K4, C3.2g
	dir := filepath.Join(t.TempDir(), "keys")
	r, k := people(t), openKeys(t, dir)
	for _, a := range []string{"leerling@school.example", "vp@school.example", "iemand@elders.example", ""} {
		if p, ok, err := k.pseudonym(r.Subject(a), inNovember); ok || err != nil || p != (Pseudonym{}) {
			t.Errorf("%q has a pseudonym: %v, %v; want none", a, ok, err)
		}
	}
	if months, _ := k.Months(); len(months) > 0 {
		t.Errorf("keys were made for nobody: %v", months)
	}
}

func TestAForgottenMonthStaysAnonymous(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	k := openKeys(t, dir)
	juf := person(t, "juf@school.example")
	pseudonym(t, k, juf, inNovember)
	december := pseudonym(t, k, juf, inNovember.AddDate(0, 1, 0))
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
		if p, ok, err := k.pseudonym(juf, inNovember); ok || err != nil || p != (Pseudonym{}) {
			t.Errorf("%s: a pseudonym in a month without a key: %v %v", name, ok, err)
		}
		if months, err := k.Months(); err != nil || fmt.Sprint(months) != "[2026-12]" {
			t.Errorf("%s: months %v, %v; want 2026-12", name, months, err)
		}
		if pseudonym(t, k, juf, inNovember.AddDate(0, 1, 0)) != december {
			t.Errorf("%s: the other month changed", name)
		}
		if err := k.Forget("2026-11"); err != nil {
			t.Errorf("%s: forgetting again: %v, want no error", name, err)
		}
	}
}

// A crash between the mark and the destruction leaves both files.
func TestDestructionIsMadeGoodAfterACrash(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	k := openKeys(t, dir)
	pseudonym(t, k, person(t, "a@school.example"), inNovember)
	if err := os.WriteFile(filepath.Join(dir, "2026-11.destroyed"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k = openKeys(t, dir)
	if _, ok, err := k.pseudonym(person(t, "a@school.example"), inNovember); ok || err != nil {
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
	pseudonym(t, openKeys(t, dir), person(t, "a@school.example"), inNovember)
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "2026-11.key"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", filepath.Base(path), info.Mode(), err, want)
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
	if _, ok, err := k.pseudonym(person(t, "a@school.example"), inNovember); ok || err == nil ||
		!strings.Contains(err.Error(), "2026-11") {
		t.Errorf("pseudonym %v, %v; want an error that names 2026-11", ok, err)
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
					p, ok, err := k.pseudonym(person(t, "a@school.example"), inNovember.AddDate(0, month, 0))
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

func TestPseudonymsCostLittle(t *testing.T) {
	k := openKeys(t, filepath.Join(t.TempDir(), "keys"))
	s := person(t, "voornaam.achternaam@school.example")
	turn := inNovember.AddDate(0, 1, 0) // both months of a turn of the month are kept ready
	if n := testing.AllocsPerRun(100, func() { pseudonym(t, k, s, inNovember); pseudonym(t, k, s, turn) }); n > 2 {
		t.Errorf("%v allocations, want at most 2", n)
	}
}

func BenchmarkPseudonym(b *testing.B) {
	k := openKeys(b, filepath.Join(b.TempDir(), "keys"))
	s := person(b, "voornaam.achternaam@school.example")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := k.pseudonym(s, inNovember); err != nil {
			b.Fatal(err)
		}
	}
}

// C3.2c, C3.2f: without an entry in the ledger no one's records are found.
func TestAPersonIsFoundByWhatTheLedgerHas(t *testing.T) {
	k := openKeys(t, filepath.Join(t.TempDir(), "keys"))
	book := must(ledger.Open(t.TempDir()))
	r, db := people(t), openDB(t, t.TempDir())
	juf := r.Subject("juf@school.example")
	other := r.Subject("leerling@school.example")
	w := must(NewWriter(t.TempDir(), k, db, nil))
	for i, when := range []time.Time{november(1, 9), november(20, 9), november(31, 9), november(62, 9)} {
		w.Put(at(i, when, Pseudonym{}), juf)
		w.Put(at(i+10, when, Pseudonym{}), other)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	find := func(r ledger.Receipt, who roster.Subject, since, until time.Time) (n int, err error) {
		err = k.Find(t.Context(), r, db, who, since, until, func(Record) error { n++; return nil })
		return n, err
	}
	receipt := func(kind ledger.Kind) ledger.Receipt {
		return must(book.Append(t.Context(), kind, ledger.Data{Ref: "a"}))
	}
	for name, r := range map[string]ledger.Receipt{"no receipt": {},
		"one of something else": receipt(ledger.QuarantineOpened)} {
		if n, err := find(r, juf, november(1, 0), november(30, 0)); err == nil || n > 0 {
			t.Errorf("%s: found %d records, %v; want a refusal", name, n, err)
		}
	}
	order, own := receipt(ledger.OrderUsed), receipt(ledger.AccessGiven)
	for name, c := range map[string]struct {
		r            ledger.Receipt
		who          roster.Subject
		since, until time.Time
		want         int
	}{
		"an order":                        {order, juf, november(1, 0), november(29, 0), 2},
		"a person's own request":          {own, juf, november(1, 0), november(29, 0), 2},
		"two months":                      {order, juf, november(2, 0), november(40, 0), 2},
		"from the last second of a month": {order, juf, november(30, 23), november(31, 10), 1},
		"years":                           {order, juf, november(-900, 0), november(900, 0), 4},
		"no time at all":                  {order, juf, november(2, 0), november(2, 0), 0},
		"a pupil (K4)":                    {order, other, november(1, 0), november(90, 0), 0},
		"nobody":                          {order, roster.Subject{}, november(1, 0), november(90, 0), 0},
	} {
		if n, err := find(c.r, c.who, c.since, c.until); err != nil || n != c.want {
			t.Errorf("%s: %d records, want %d; %v", name, n, c.want, err)
		}
	}
	if err := k.Forget("2026-11"); err != nil {
		t.Fatal(err)
	}
	if n, err := find(order, juf, november(1, 0), november(90, 0)); err != nil || n != 2 {
		t.Errorf("after November's key was destroyed: %d records, %v", n, err)
	}
	if months := must(k.Months()); fmt.Sprint(months) != "[2026-12 2027-01]" {
		t.Errorf("looking made keys: %v", months)
	}
}
