package domains

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// build writes an index of lists by category and opens it.
func build(t testing.TB, lists map[string][]string) *Index {
	t.Helper()
	x, err := Open(file(t, lists))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func file(t testing.TB, lists map[string][]string) string {
	t.Helper()
	var categories []string
	for c := range lists {
		categories = append(categories, c)
	}
	slices.Sort(categories)
	b, err := NewBuilder(categories...)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range categories {
		for _, n := range lists[c] {
			if !b.Add(i, n) {
				t.Errorf("%q is not taken", n)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "index")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := b.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestANameIsInItsCategoriesAndThoseAbove(t *testing.T) {
	x := build(t, map[string][]string{
		"gambling": {"casino.example", "spel.nl", "xxx"},
		"phishing": {"inlog.spel.nl", "münchen.example", "Upper.Example."},
	})
	for host, want := range map[string]string{
		"casino.example": "gambling", "www.casino.example": "gambling", "a.b.c.casino.example": "gambling",
		"CASINO.example.": "gambling", "spel.nl": "gambling", "inlog.spel.nl": "gambling phishing", "x.inlog.spel.nl": "gambling phishing",
		"iets.xxx": "gambling", "xxx": "gambling", "xn--mnchen-3ya.example": "phishing", "upper.example": "phishing",
		"nocasino.example": "", "casino.example.nl": "", "example": "", "nl": "", "": "", ".": "", "..": "",
		"school.nl": "", "192.0.2.1": "",
		strings.Repeat("a.", 200) + "casino.example": "",
	} {
		if got := strings.Join(x.Categories(x.Lookup(host)), " "); got != want {
			t.Errorf("%.40s: %q, want %q", host, got, want)
		}
	}
	if got := x.Categories(^Set(0)); !slices.Equal(got, []string{"gambling", "phishing"}) || x.Len() != 6 {
		t.Errorf("%v, %d names", got, x.Len())
	}
}

func TestEveryListedNameIsFoundAndNoOther(t *testing.T) {
	const n = 200_000
	lists := map[string][]string{"a": nil, "b": nil}
	for i := range n {
		lists[string("ab"[i%2])] = append(lists[string("ab"[i%2])], listedName(i))
	}
	x := build(t, lists)
	for i := range n {
		if got := x.Lookup(listedName(i)); got != 1<<(i%2) {
			t.Fatalf("%s: %b", listedName(i), got)
		}
		if got := x.Lookup(otherName(i)); got != 0 {
			t.Fatalf("%s: %b", otherName(i), got)
		}
	}
	t.Logf("%.1f bytes a name", float64(x.Size())/n)
	if x.Size() > 16*n {
		t.Errorf("%d bytes for %d names", x.Size(), n)
	}
}

// listedName and otherName make names that look like those of sites.
func listedName(i int) string { return madeUp(i) + ".example" }
func otherName(i int) string  { return madeUp(i) + ".invalid" }

func madeUp(i int) string {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	var b strings.Builder
	for range 2 + r.IntN(3) {
		b.WriteByte("bdfgklmnprst"[r.IntN(12)])
		b.WriteByte("aeiou"[r.IntN(5)])
	}
	return fmt.Sprintf("%s%d", b.String(), i)
}

func TestADamagedIndexIsRefused(t *testing.T) {
	path := file(t, map[string][]string{"a": {"een.example", "twee.example"}})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		if i >= 60 && i < headerSize {
			continue // not used
		}
		bad := bytes.Clone(whole)
		bad[i] ^= 0x40
		if _, err := parse(bad); !errors.Is(err, ErrDamaged) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := parse(whole[:i]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no file, no error")
	}
}

func TestTooManyCategoriesAreRefused(t *testing.T) {
	if _, err := NewBuilder(make([]string, 65)...); err == nil {
		t.Error("65 are taken")
	}
	b, err := NewBuilder("a")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "a b.example", "192.0.2.1", "a..example", strings.Repeat("a", 300), "exa/mple.nl"} {
		if b.Add(0, name) {
			t.Errorf("%.20q is taken", name)
		}
	}
	if b.Add(1, "a.example") {
		t.Error("a category that is not there is taken")
	}
}

func FuzzParse(f *testing.F) {
	path := file(f, map[string][]string{"a": {"een.example", "twee.example"}})
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, "een.example")
	f.Add(whole[:headerSize], "")
	f.Fuzz(func(t *testing.T, b []byte, host string) {
		b = bytes.Clone(b)
		if len(b) >= headerSize { // with sums that are right, so that what is behind them is reached
			binary.LittleEndian.PutUint32(b[52:], crc32.Checksum(b[headerSize:], castagnoli))
			binary.LittleEndian.PutUint32(b[56:], crc32.Checksum(b[:56], castagnoli))
		}
		if x, err := parse(b); err == nil {
			x.Categories(x.Lookup(host))
			x.LookupURL(host, "/"+host)
		}
	})
}

func FuzzEntry(f *testing.F) {
	f.Add("host.example/bad")
	f.Add("host.example/%62ad/../x?q=1")
	f.Add("host.example")
	f.Add("=203.0.113.0/24")
	f.Add("198.51.100.7/x")
	f.Add("[2001:db8::7]/x")
	f.Fuzz(func(t *testing.T, entry string) {
		b, err := NewBuilder("a", "b")
		if err != nil {
			t.Fatal(err)
		}
		b.Add(1, "sentinel.example")
		if !b.AddEntry(0, entry) || entry[0] == exceptionKey {
			return
		}
		var file bytes.Buffer
		if _, err := b.WriteTo(&file); err != nil {
			t.Fatal(err)
		}
		x, err := parse(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if entry[0] == networkKey {
			if p, err := netip.ParsePrefix(entry[1:]); err != nil || x.Lookup(p.Addr().String()) != 1 {
				t.Fatalf("%q is listed and not found", entry)
			}
			return
		}
		host, path, _ := strings.Cut(entry, "/")
		if strings.Count(path, "/")+strings.Count(path, "?")+strings.Count(path, "&")+strings.Count(path,
			"#") >= maxSteps || len(path) > 2<<10 {
			return // deeper than is looked
		}
		if name, ok := Name(host); ok {
			host = name // as requests have it
		}
		if got := x.LookupURL(host, "/"+path); got != 1 {
			t.Fatalf("%q is listed and not found: %b", entry, got)
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add("/a/./b/../%63//d?e=%2f%7e")
	f.Fuzz(func(t *testing.T, p string) {
		if once := Path(p); Path(once) != once {
			t.Fatalf("%q becomes %q and then %q", p, once, Path(once))
		}
	})
}

// TestBuildingTakesLittleMemory: an index of millions of names is made beside the gateway.
func TestBuildingTakesLittleMemory(t *testing.T) {
	const n = 200_000
	names := make([]string, n)
	for i := range names {
		names[i] = listedName(i)
	}
	b, err := NewBuilder("a")
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.Grow(n)
	for _, name := range names {
		b.Add(0, name)
	}
	if _, err := b.WriteTo(io.Discard); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / n; each > 40 { // 16 for the entry, 15 for the file
		t.Errorf("%d bytes a name", each)
	}
}

func BenchmarkLookup(b *testing.B) {
	const n = 5_000_000
	list := make([]string, n)
	hosts := make([]string, 1<<16)
	for i := range list {
		list[i] = listedName(i)
	}
	for i := range hosts {
		hosts[i] = "www." + otherName(i)
		if i%2 == 0 {
			hosts[i] = "www." + listedName(i*13%n)
		}
	}
	x := build(b, map[string][]string{"a": list})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		x.Lookup(hosts[i&(len(hosts)-1)])
		i++
	}
}
