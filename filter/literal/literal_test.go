package literal

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cloudflare/ahocorasick"
)

// naive finds the same by looking at every place.
func naive(ps []Pattern, text []byte) []Hit {
	var hits []Hit
	low := folded(string(text))
	for end := range len(text) + 1 {
		for i, p := range ps {
			start := end - len(p.Text)
			if start < 0 || low[start:end] != folded(p.Text) {
				continue
			}
			if !p.OpenLeft && start > 0 && wordByte[text[start-1]] && wordByte[text[start]] {
				continue
			}
			if !p.OpenRight && end < len(text) && wordByte[text[end]] && wordByte[text[end-1]] {
				continue
			}
			hits = append(hits, Hit{i, start, end})
		}
	}
	return hits
}

func scan(t testing.TB, ps []Pattern, text []byte) []Hit {
	t.Helper()
	m, err := Compile(ps)
	if err != nil {
		t.Fatal(err)
	}
	var hits []Hit
	m.Scan(text, func(h Hit) bool { hits = append(hits, h); return true })
	return hits
}

func sorted(hits []Hit) []Hit {
	slices.SortFunc(hits, func(a, b Hit) int {
		return 1000000*(a.End-b.End) + 1000*(a.Start-b.Start) + a.Pattern - b.Pattern
	})
	return hits
}

func compare(t testing.TB, ps []Pattern, text []byte) {
	t.Helper()
	got, want := sorted(scan(t, ps, text)), sorted(naive(ps, text))
	if !slices.Equal(got, want) {
		t.Fatalf("patterns %v, text %q:\ngot  %v\nwant %v", ps, text, got, want)
	}
}

func TestFindsWhatIsThereAndWhere(t *testing.T) {
	ps := []Pattern{{Text: "he"}, {Text: "she", OpenRight: true}, {Text: "his"}, {Text: "hers", OpenLeft: true},
		{Text: "s", OpenLeft: true, OpenRight: true}, {Text: "he"}}
	for _, text := range []string{"", "he", "SHE", "ushers", "his hers", "she sells his shells", "he.he", "hé he"} {
		compare(t, ps, []byte(text))
	}
}

func TestNestedAndRepeatedPatterns(t *testing.T) {
	var ps []Pattern
	for n := 1; n < 40; n++ {
		ps = append(ps, Pattern{Text: strings.Repeat("a", n), OpenLeft: true, OpenRight: true})
	}
	compare(t, ps, bytes.Repeat([]byte("a"), 100))
}

func TestAgreesWithNaiveSearchOnRandomText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func(n int) string {
		b := make([]byte, 1+r.IntN(n))
		for i := range b {
			b[i] = "abAB \xc3\x89\xa9\xc5\xa0\xa1."[r.IntN(12)]
		}
		return string(b)
	}
	for range 500 {
		var ps []Pattern
		for range 1 + r.IntN(8) {
			ps = append(ps, Pattern{word(5), r.IntN(2) == 0, r.IntN(2) == 0})
		}
		compare(t, ps, []byte(word(200)))
	}
}

func TestSameSetAsCloudflare(t *testing.T) {
	ps, words := patterns(2000)
	text := []byte(strings.ToLower(prose(1 << 20)))
	want := ahocorasick.NewStringMatcher(words).Match(text)
	seen := map[int]bool{}
	for i := range ps {
		ps[i].OpenLeft, ps[i].OpenRight = true, true
	}
	for _, h := range scan(t, ps, text) {
		seen[h.Pattern] = true
	}
	for _, i := range want {
		if !seen[i] {
			t.Fatalf("missed %q", words[i])
		}
	}
	if len(seen) != len(want) || len(want) == 0 {
		t.Errorf("found %d patterns, cloudflare %d", len(seen), len(want))
	}
}

func TestCaseOfDiacriticsDoesNotMatter(t *testing.T) {
	ps := []Pattern{{Text: "Één"}, {Text: "ČEŠTINA"}, {Text: "ömsk"}, {Text: "knäckebröd"}, {Text: "š"}}
	for _, text := range []string{"één ÉÉN Eén", "čeština Čeština", "ÖMSK", "KNÄCKEBRÖD!", "Š š"} {
		compare(t, ps, []byte(text))
	}
	if n := len(scan(t, ps, []byte("ÉÉN, Čeština, KnäckeBRÖD en Š"))); n != 4 {
		t.Errorf("%d hits", n)
	}
}

func TestShortWordsAtTheEndsOfATextAndBetweenSigns(t *testing.T) {
	ps := []Pattern{{Text: "pw"}, {Text: "bsn"}, {Text: "iq", OpenRight: true}, {Text: "lul", OpenLeft: true},
		{Text: "x"}, {Text: "+31"}}
	for _, text := range []string{"pw", "bsn", "bsn.", "(pw)", "pw bsn pw", "xpw", "pwx", "iqtest", "flul", "x", "+31",
		"bel +31 6", strings.Repeat("bsn,pw;", 1000), strings.Repeat(" ", 2047) + "bsn"} {
		compare(t, ps, []byte(text))
	}
}

// Phrases that share all their grams, and more of them than a table has room for.
func TestPhrasesThatAreMuchAlike(t *testing.T) {
	var ps []Pattern
	for i := range 300 {
		ps = append(ps, Pattern{Text: fmt.Sprintf("aaaaaaa%c%c", 'a'+i%26, 'a'+i/26), OpenLeft: true, OpenRight: true},
			Pattern{Text: fmt.Sprintf("bb%cb", 'a'+i%26), OpenLeft: true, OpenRight: true})
	}
	text := []byte(strings.Repeat("aaaaaaaaabaaaaaaazzbbcbbbb ", 200))
	compare(t, ps, text)
}

func TestAStreamFindsWhatAScanFinds(t *testing.T) {
	ps := []Pattern{{Text: "he"}, {Text: "she", OpenRight: true}, {Text: "verzekering"}, {Text: "bsn"}, {Text: "één"},
		{Text: "s", OpenLeft: true, OpenRight: true}}
	text := []byte(strings.Repeat("she sells Verzekeringen, één verzekering; bsn he. Geen herverzekering ", 40))
	want := sorted(scan(t, ps, text))
	m, err := Compile(ps)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1; size < 60; size++ {
		var got []Hit
		s := m.NewStream(func(h Hit) bool { got = append(got, h); return true })
		for piece := range slices.Chunk(text, size) {
			s.Write(piece)
		}
		s.Close()
		if !slices.Equal(sorted(got), want) {
			t.Fatalf("in pieces of %d: %d hits, want %d", size, len(got), len(want))
		}
	}
}

func TestScanStopsWhenTold(t *testing.T) {
	m, err := Compile([]Pattern{{Text: "verzekering", OpenRight: true}, {Text: "he"}, {Text: "x", OpenLeft: true, OpenRight: true}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{strings.Repeat("verzekering ", 1000), strings.Repeat("he ", 3000), strings.Repeat("x", 3000)} {
		n := 0
		m.Scan([]byte(text), func(Hit) bool { n++; return n < 3 })
		if n != 3 {
			t.Errorf("%.10q: %d hits after it was told to stop at 3", text, n)
		}
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	ps, _ := patterns(500)
	m, err := Compile(ps)
	if err != nil {
		t.Fatal(err)
	}
	text, n := []byte(prose(64<<10)), 0
	if a := testing.AllocsPerRun(10, func() { m.Scan(text, func(Hit) bool { n++; return true }) }); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

// patterns returns n made-up phrases; every fourth is in prose.
func patterns(n int) ([]Pattern, []string) {
	r := rand.New(rand.NewPCG(3, 4))
	seen := map[string]bool{}
	var ps []Pattern
	var words []string
	for len(ps) < n {
		w := syllables[r.IntN(len(syllables))] + syllables[r.IntN(len(syllables))] + syllables[r.IntN(len(syllables))]
		if len(ps)%4 != 0 {
			w += fmt.Sprint(r.IntN(100))
		}
		if !seen[w] && len(w) >= 4 {
			seen[w] = true
			ps, words = append(ps, Pattern{Text: w}), append(words, w)
		}
	}
	return ps, words
}

func prose(n int) string {
	r := rand.New(rand.NewPCG(5, 6))
	var b strings.Builder
	for b.Len() < n {
		for range 1 + r.IntN(4) {
			b.WriteString(syllables[r.IntN(len(syllables))])
		}
		b.WriteByte(' ')
	}
	return b.String()
}

var syllables = strings.Fields("ge be ver ont school kind klas les boek oud er in op aan uit lijk heid ing en de " +
	"het een van dat voor met zijn naar loop werk reken taal lees groep leer schrijf week dag maand jaar gym plein " +
	"tas brood pen")

func FuzzMatcher(f *testing.F) {
	f.Add("he\nshe\nhis", "ushers", uint8(3))
	f.Add("a\naa\naaa", "aaaaaa", uint8(255))
	f.Add("\xff\n\x00", "\x00\xff", uint8(0))
	f.Fuzz(func(t *testing.T, words, text string, open uint8) {
		var ps []Pattern
		for i, w := range strings.Split(words, "\n") {
			if w != "" && len(ps) < 20 {
				ps = append(ps, Pattern{w, open>>(i%8)&1 == 1, open>>((i+1)%8)&1 == 1})
			}
		}
		if len(text) < 2000 {
			compare(t, ps, []byte(text))
		}
	})
}

func folded(s string) string { return string(appendFolded(nil, s)) }

// attacks are texts that make the search look closer at as many places as can be.
func attacks(words []string, size int) map[string][]byte {
	var cut, pieces bytes.Buffer
	for i := 0; cut.Len() < size; i++ {
		w := words[i%len(words)]
		cut.WriteString(w[:len(w)-1])
	}
	for i := 0; pieces.Len() < size; i++ {
		w := words[i%len(words)]
		at := i / len(words) % max(1, len(w)-4)
		pieces.WriteString(w[at:min(len(w), at+5)])
	}
	return map[string][]byte{"phrases cut short": cut.Bytes(), "pieces": pieces.Bytes(),
		"one phrase": bytes.Repeat([]byte(words[0][:len(words[0])-1]), size/len(words[0])),
		"one letter": bytes.Repeat([]byte("e"), size)}
}

func BenchmarkHostile(b *testing.B) {
	ps, words := patterns(11000)
	m, err := Compile(ps)
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range attacks(words, 1<<20) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				m.Scan(text, func(Hit) bool { return true })
			}
		})
	}
}

func BenchmarkScan(b *testing.B) {
	text := []byte(prose(1 << 20))
	for _, n := range []int{100, 2000, 11000} {
		ps, _ := patterns(n)
		m, err := Compile(ps)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("phrases=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				m.Scan(text, func(Hit) bool { return true })
			}
			b.ReportMetric(float64(m.Size())/(1<<20), "MiB")
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	ps, _ := patterns(11000)
	for b.Loop() {
		if _, err := Compile(ps); err != nil {
			b.Fatal(err)
		}
	}
}

// A phrase is found wherever it stands: at the edges of the blocks that the search works
// in, at even places and odd ones, and at the end of the text.
func TestAPhraseIsFoundOnceAtEveryPlace(t *testing.T) {
	for _, p := range []string{"x", "pw", "bsn", "haat", "klas!", "lokaal", "leerling", "één klas", "burgerservicenummer"} {
		m, err := Compile([]Pattern{{Text: p}})
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{40, block - 1, block, block + 9, 2*block + 8, 2*block + 41} {
			text := bytes.Repeat([]byte{'.'}, size)
			for at := 0; at+len(p) <= size; at++ {
				copy(text[at:], p)
				var hits []Hit
				m.Scan(text, func(h Hit) bool { hits = append(hits, h); return true })
				if !slices.Equal(hits, []Hit{{0, at, at + len(p)}}) {
					t.Fatalf("%q at %d of %d: found %v", p, at, size, hits)
				}
				copy(text[at:], strings.Repeat(".", len(p)))
			}
		}
	}
}

// However a text is cut, a stream finds what a scan of the whole finds. The text is
// repeated, to be longer than the blocks of the search; cuts has the lengths of the pieces.
func FuzzStream(f *testing.F) {
	f.Add("he\nshe\nverzekering", "she sells verzekeringen ", []byte{1, 7, 255}, uint8(3), uint16(200))
	f.Add("\xc3\xa9\xc3\xa9n\nleerlingen\npw", "\xc3\x89\xc3\x89N leerlingen pw ", []byte{2}, uint8(85), uint16(120))
	f.Add("aaaaaaaa\na\n \n..", "aaaaaaaaa .", []byte{0, 9}, uint8(255), uint16(400))
	f.Fuzz(func(t *testing.T, words, text string, cuts []byte, open uint8, times uint16) {
		var ps []Pattern
		for i, w := range strings.Split(words, "\n") {
			if w != "" && len(ps) < 20 {
				ps = append(ps, Pattern{w, open>>(i%8)&1 == 1, open>>((i+1)%8)&1 == 1})
			}
		}
		m, err := Compile(ps)
		if err != nil || len(text) > 100 {
			t.Skip()
		}
		whole := []byte(strings.Repeat(text, int(times)%500))
		var want, got []Hit
		m.Scan(whole, func(h Hit) bool { want = append(want, h); return true })
		s := m.NewStream(func(h Hit) bool { got = append(got, h); return true })
		for i, rest := 0, whole; len(rest) > 0; i++ {
			n := len(rest)
			if len(cuts) > 0 {
				n = min(n, 1+int(cuts[i%len(cuts)])*(1+i%17))
			}
			s.Write(rest[:n])
			rest = rest[n:]
		}
		s.Close()
		byPlace := func(a, b Hit) int {
			return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Pattern, b.Pattern))
		}
		slices.SortFunc(want, byPlace)
		slices.SortFunc(got, byPlace)
		if !slices.Equal(got, want) {
			t.Fatalf("%v in pieces of %v: %d hits, want %d", ps, cuts, len(got), len(want))
		}
	})
}

// The end of a text ends a word, whatever stood in the buffer of the search before.
func TestAShortWordEndsATextOfAnyLength(t *testing.T) {
	ps := []Pattern{{Text: "pw"}, {Text: "bsn"}, {Text: "klas"}}
	for size := block - 10; size < block+20; size++ {
		for _, p := range ps {
			text := append(bytes.Repeat([]byte{'q'}, size-len(p.Text)-1), " "+p.Text...)
			if n := len(scan(t, ps, text)); n != 1 {
				t.Errorf("%q at the end of %d bytes: %d hits", p.Text, size, n)
			}
		}
	}
}
