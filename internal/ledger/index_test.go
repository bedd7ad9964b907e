package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// usedLedger returns a ledger that was used, in a directory, and its entries.
func usedLedger(t *testing.T, n int) (dir string, all []Entry) {
	t.Helper()
	dir = t.TempDir()
	l := open(t, dir)
	for i := range n {
		put(t, l, []Kind{OrderUsed, QuarantineOpened, SignedIn}[i%3], Data{Ref: fmt.Sprint("r", i%5), ID: fmt.Sprint(i)})
	}
	return dir, entries(t, l)
}

// agrees checks that a ledger has these entries, can be searched, added to and verified.
func agrees(t *testing.T, dir string, all []Entry) {
	t.Helper()
	l := open(t, dir)
	put(t, l, BreachOpened, Data{Ref: "r1"})
	got := entries(t, l)
	if len(got) != len(all)+1 || !slices.EqualFunc(got[:len(all)], all, func(a, b Entry) bool {
		return a.Index == b.Index && a.Kind == b.Kind && a.Data == b.Data && a.Time.Equal(b.Time)
	}) {
		t.Fatalf("%d entries, want the %d that there were and another one", len(got), len(all))
	}
	want := []int64{int64(len(all))}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Data.Ref == "r1" {
			want = append(want, int64(i))
		}
	}
	if found := found(t, l, Query{Ref: "r1", Newest: true}); !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := Verify(bytes.NewReader(export(t, l)), nil); err != nil {
		t.Error(err)
	}
}

// Whatever is wrong with the index, the ledger is as it was: the index is made anew.
func TestAnIndexThatDoesNotFitIsMadeAnew(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	keep := func(dir string) map[string][]byte {
		kept := map[string][]byte{}
		for _, name := range []string{marksName, hashesName} {
			kept[name] = content(t, dir, name)
		}
		return kept
	}
	restore := func(dir string, kept map[string][]byte) {
		for name, b := range kept {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	change := func(name string, do func([]byte) []byte) func(dir string) {
		return func(dir string) { restore(dir, map[string][]byte{name: do(content(t, dir, name))}) }
	}
	cases := map[string]func(dir string){
		"none": func(dir string) { _ = removeIndex(dir) },
		"no hashes": func(dir string) {
			if err := os.Remove(filepath.Join(dir, hashesName)); err != nil {
				t.Fatal(err)
			}
		},
		"stale": func(dir string) {
			kept := keep(dir)
			put(t, open(t, dir), SecrecyAccepted, Data{})
			restore(dir, kept)
		},
		"of another ledger": func(dir string) {
			other, _ := usedLedger(t, 20)
			restore(dir, keep(other))
		},
		"forged by whoever has no key": func(dir string) {
			s := newSeal("guess")
			x, err := openIndex(dir, s)
			if err != nil {
				t.Fatal(err)
			}
			defer x.close()
			info, err := os.Stat(filepath.Join(dir, fileName))
			if err != nil {
				t.Fatal(err)
			}
			g := &growth{}
			g.add(s, mark{}, 0)
			g.addHashes([]tlog.Hash{{1}})
			if err := x.write(g, header{1, 10, inodeOf(info)}); err != nil {
				t.Fatal(err)
			}
		},
		"a mark in another's place": change(marksName, func(b []byte) []byte {
			copy(b[headerSize+markSize:], b[headerSize:headerSize+markSize])
			return b
		}),
	}
	for _, name := range []string{marksName, hashesName} {
		cases[name+" cut off"] = change(name, func(b []byte) []byte { return b[:len(b)/2] })
		cases[name+" empty"] = change(name, func([]byte) []byte { return nil })
		cases[name+" longer"] = change(name, func(b []byte) []byte { return append(b, b...) })
		for i := range 20 {
			cases[fmt.Sprint(name, " with wrong byte ", i)] = change(name, func(b []byte) []byte {
				b[random.IntN(len(b))] ^= 1 << random.IntN(8)
				return b
			})
		}
	}
	for name, do := range cases {
		t.Run(name, func(t *testing.T) {
			dir, all := usedLedger(t, 20)
			do(dir)
			if name == "stale" {
				all = entries(t, open(t, dir))
			}
			agrees(t, dir, all)
		})
	}
}

// An index that fits hides nothing: what it finds is verified against the tree, and its own marks
// are authenticated.
func TestAnEntryThatWasChangedIsNotFoundAsIfItWereRight(t *testing.T) {
	dir, _ := usedLedger(t, 9)
	name := filepath.Join(dir, fileName)
	text := strings.Replace(string(content(t, dir, fileName)), `"ref":"r1"`, `"ref":"rX"`, 1)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir)
	var got error
	for _, err := range l.Find(Query{Ref: "r1"}) {
		got = errors.Join(got, err)
	}
	if got == nil || !strings.Contains(got.Error(), "entry 1 is broken") {
		t.Errorf("Find: %v, want that entry 1 is broken", got)
	}
	if err := l.Check(t.Context()); !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "entry 1 is broken") {
		t.Errorf("Check: %v, want that entry 1 is broken", err)
	}
	put(t, l, OrderUsed, Data{}) // goes on, and the fault stays in sight
	if _, err := Verify(bytes.NewReader(export(t, l)), nil); err == nil || !strings.Contains(err.Error(), "entry 1") {
		t.Errorf("Verify: %v, want that entry 1 is broken", err)
	}
}

// A search goes on when the index is damaged under it.
func TestASearchOutlivesItsIndex(t *testing.T) {
	dir, all := usedLedger(t, 3*scanned)
	l := open(t, dir)
	seen := 0
	for e, err := range l.Find(Query{}) {
		if err != nil || e.Index != int64(seen) {
			t.Fatalf("entry %d, %v, want entry %d", e.Index, err, seen)
		}
		if seen++; seen == 10 {
			x, err := openIndex(dir, l.seal)
			if err != nil {
				t.Fatal(err)
			}
			junk := bytes.Repeat([]byte{7}, 2*scanned*markSize)
			if _, err := x.marks.WriteAt(junk, int64(headerSize)); err != nil {
				t.Fatal(err)
			}
			x.close()
		}
	}
	if seen != len(all) {
		t.Errorf("%d entries, want %d", seen, len(all))
	}
}

// Two processes with an index each go on from one another's entries.
func TestTwoProcessesShareAnIndex(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	for i := range 40 {
		put(t, []*Ledger{a, b}[i%2], OrderUsed, Data{ID: fmt.Sprint(i), Reason: "x"})
		if i%7 == 0 {
			_ = removeIndex(dir)
		}
		if i%11 == 0 {
			if err := b.Erase(t.Context(), int64(i), byPrivacy); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, l := range map[string]*Ledger{"a": a, "b": b, "anew": open(t, dir)} {
		if err := l.Check(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n, err := l.Count(Query{Kinds: []Kind{OrderUsed}}); err != nil || n != 40 {
			t.Errorf("%s: %d, %v, want 40", name, n, err)
		}
	}
}

func FuzzMark(f *testing.F) {
	s := newSeal("k")
	f.Add(mark{offset: 3, at: 4, kind: 5}.append(nil, s, 7), int64(7))
	f.Fuzz(func(t *testing.T, b []byte, index int64) {
		if len(b) != markSize {
			return
		}
		if m, err := parseMark(b, s, index); err == nil && !bytes.Equal(m.append(nil, s, index), b) {
			t.Errorf("%x was read as %+v, which is written otherwise", b, m)
		}
	})
}
