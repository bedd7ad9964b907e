package literal

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cloudflare/ahocorasick"
)

// Lists that are made to have all their phrases looked at in one place.
var alike = map[string]func() []string{
	"one beginning": func() (words []string) {
		for i := range 500 {
			words = append(words, fmt.Sprintf("overeenkomst%03d", i))
		}
		return words
	},
	"one end": func() (words []string) {
		for i := range 500 {
			words = append(words, fmt.Sprintf("%c%cing", 'a'+i%26, 'a'+i/26))
		}
		return words
	},
	"one letter": func() (words []string) {
		for n := 1; n < 300; n++ {
			words = append(words, strings.Repeat("a", n))
		}
		return words
	},
	"two letters": func() (words []string) {
		for n := range 10 {
			for i := range 1 << n {
				words = append(words, "ab"+strings.NewReplacer("0", "a", "1", "b").Replace(fmt.Sprintf("%0*b", n+1, i)))
			}
		}
		return words
	},
}

// Time is linear because what is done at one place of a text is bounded: few phrases have
// one gram, few entries are looked through, and no phrase that is compared is long, nor so
// much like itself that it is compared again and again.
func TestWorkAtOnePlaceIsBounded(t *testing.T) {
	for name, list := range alike {
		var ps []Pattern
		for _, w := range list() {
			ps = append(ps, Pattern{Text: w, OpenLeft: true, OpenRight: true})
		}
		m, err := Compile(ps)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []table{m.long, m.short, m.tiny} {
			grams, run := map[uint64]int{}, 0
			for _, b := range append(table.buckets, table.buckets...) { // the last goes on in the first
				for _, e := range b {
					if e.known == 0 {
						continue
					}
					grams[table.hash(e.window)]++
					if size := m.phrases[e.phrase].size; size > mostBytes {
						t.Errorf("%s: a phrase of %d bytes is compared", name, size)
					}
				}
				if run++; b[0].more == 0 {
					run = 0
				}
				if run > 2*mostShared*mostForms {
					t.Fatalf("%s: %d buckets to look through", name, run)
				}
			}
			for _, n := range grams {
				if n > 2*mostShared { // each was counted twice
					t.Fatalf("%s: %d phrases of one gram", name, n/2)
				}
			}
		}
	}
}

func TestListsThatAreMuchAlikeAreFound(t *testing.T) {
	for name, list := range alike {
		t.Run(name, func(t *testing.T) {
			words := list()
			var ps []Pattern
			for _, w := range words {
				ps = append(ps, Pattern{Text: w, OpenLeft: true, OpenRight: true})
			}
			compare(t, ps, []byte(strings.Join(words[len(words)-4:], " ")+" "+strings.Join(words[:4], "")))
		})
	}
}

// A phrase that begins in the middle of a letter, or is longer than what has a gram, is
// found all the same.
func TestPhrasesThatHaveNoGramAreFound(t *testing.T) {
	long := strings.Repeat("van de ", mostBytes/7) + "school"
	ps := []Pattern{{"\xa1bcd", true, true}, {"\xa9\xa9\xa9\xa9", true, true}, {long, true, true}, {strings.Repeat("ab", 40), true, true}}
	for _, text := range []string{"\xc5\xa0bcd", "\xa1bcd", "\xc3\x89\xa9\xa9\xa9\xa9", strings.ToUpper(long), strings.Repeat("aB", 50)} {
		if n := len(scan(t, ps, []byte(text))); n == 0 {
			t.Errorf("nothing found in %.20q", text)
		}
		compare(t, ps, []byte(text))
	}
}

// What cloudflare's matcher finds in a text that is folded, byte for byte, is found.
func FuzzSameSetAsCloudflare(f *testing.F) {
	f.Add("he\nshe\nhis\nhers", "ushers", uint16(1))
	f.Add("leerling\nleerlingen\nling\nlingerie", "Leerlingen lezen. ", uint16(300))
	f.Add("caf\xc3\xa9\n\xc3\xa9\xc3\xa9n\n\xa9\xc3", "caf\xc3\x89 \xc3\xa9\xc3\x89N", uint16(7))
	f.Fuzz(func(t *testing.T, list, text string, times uint16) {
		words := map[string]bool{}
		var ps []Pattern
		var all []string
		for w := range strings.SplitSeq(folded(list), "\n") {
			if w != "" && !words[w] && len(all) < 50 {
				words[w] = true
				all, ps = append(all, w), append(ps, Pattern{w, true, true})
			}
		}
		if len(all) == 0 || len(text) > 200 || len(list) > 1000 { // the other takes the square of it
			t.Skip()
		}
		// Folding again changes nothing in a text, though it may in a piece of it.
		whole := folded(strings.Repeat(text, 1+int(times)%300))
		want, got := map[string]bool{}, map[string]bool{}
		for _, i := range ahocorasick.NewStringMatcher(all).Match([]byte(whole)) {
			want[all[i]] = true
		}
		for _, h := range scan(t, ps, []byte(whole)) {
			got[ps[h.Pattern].Text] = true
		}
		for _, w := range all {
			if want[w] != got[w] && folded(w) == w {
				t.Errorf("%q in %q: found %v, cloudflare %v", w, whole, got[w], want[w])
			}
		}
	})
}
