package filter

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sluis/filter/text"
)

// spread is a rule's context written down plainly: it looks at every place of every phrase.
type spread struct {
	line   string
	origin []int // where each byte of it is in the text
	text   string
}

func newSpread(content string) *spread {
	s := &spread{text: content}
	var line []byte
	for i := range len(content) {
		if content[i] > ' ' {
			line = append(line, content[i])
		} else if n := len(line); n == 0 || line[n-1] != ' ' {
			line = append(line, ' ')
		} else {
			continue
		}
		s.origin = append(s.origin, i)
	}
	s.line = string(line)
	return s
}

func (s *spread) places(phrases ...string) (ps []place) {
	low := strings.ToLower(s.line)
	word := func(i int) bool {
		return i >= 0 && i < len(low) && (low[i] >= 'a' && low[i] <= 'z' || low[i] >= '0' && low[i] <= '9')
	}
	for _, p := range phrases {
		for i := range len(low) {
			if strings.HasPrefix(low[i:], p) && !word(i-1) && !word(i+len(p)) {
				ps = append(ps, place{i, i + len(p)})
			}
		}
	}
	return ps
}

var sentenceEnd = regexp.MustCompile(`[.!?;](?:[\x00- ]|$)|\n[ \t\r]*\n`)

// judge returns what a rule finds.
func (s *spread) judge(phrases, near, also, unless, except []string, window int, sentence bool) map[string]bool {
	within := func(p place, phrases []string, sentence bool) bool {
		return slices.ContainsFunc(s.places(phrases...), func(q place) bool {
			if q.end < p.start-window || q.start > p.end+window || q.start < p.end && q.end > p.start {
				return false
			}
			from, to := min(p.end, q.end), max(p.start, q.start)
			return !sentence || !sentenceEnd.MatchString(s.text[s.origin[from-1]+1:s.origin[to]])
		})
	}
	found := map[string]bool{}
	for _, p := range s.places(phrases...) {
		excepted := slices.ContainsFunc(s.places(except...),
			func(q place) bool { return q.start <= p.start && p.end <= q.end })
		if !excepted && (len(near) == 0 || within(p, near, sentence)) && (len(also) == 0 ||
			within(p, also, sentence)) && !within(p, unless, false) {
			found[strings.ToLower(s.line[p.start:p.end])] = true
		}
	}
	return found
}

var vocabulary = []string{"aap", "noot", "mies", "aap noot", "noot mies", "wim", "zus", "jet aap", "jet", "teun", "vuur", "gijs"}

func (c *chooser) phrases(most int) (ps []string) {
	for range c.of(most + 1) {
		if p := c.pick(vocabulary); !slices.Contains(ps, p) {
			ps = append(ps, p)
		}
	}
	return ps
}

// holdContext holds what a rule finds to its definition, and what it finds in pieces of the
// text to what it finds in the whole.
func holdContext(t *testing.T, c *chooser) (found int) {
	phrases, near, also, unless, window := append(c.phrases(2), "schaap"), c.phrases(2), c.phrases(1), c.phrases(1),
		4+c.of(60)
	phrases = slices.Compact(slices.Sorted(slices.Values(phrases)))
	if len(near) == 0 {
		also = nil
	}
	sentence := len(near) > 0 && c.of(2) == 1
	matcher := fmt.Sprintf("window: %d\nsentence: %v\nphrases: [%s]", window, sentence, strings.Join(phrases, ", "))
	for key, list := range map[string][]string{"near": near, "also": also, "unless": unless} {
		if len(list) > 0 {
			matcher += fmt.Sprintf("\n%s: [%s]", key, strings.Join(list, ", "))
		}
	}
	s := alone(t, matcher)
	if s == nil {
		t.Fatalf("the rule does not load: %s", matcher)
	}
	var b strings.Builder
	for range 10 + c.of(200) {
		b.WriteString(c.pick(append([]string{"ding", "Aap", "schaapaap", "\n", "\r\n", " \t", "boek", "kijk eens"},
			vocabulary...)) + c.pick([]string{" ", " ", " ", "\n", "  ", ". ", ".\n\n", ""}))
	}
	content := b.String()
	want := newSpread(content).judge(phrases, near, also, unless, nil, window, sentence)
	for _, size := range []int{len(content), 800} {
		run := newRun(s, &Options{})
		for at, overlap := 0, 0; ; {
			end := min(len(content), at+size)
			seg := text.Segment{Text: []byte(content[at:end]), Overlap: overlap}
			if end < len(content) {
				seg.Next = 500
			}
			if err := run.segment(seg); err != nil {
				t.Fatal(err)
			}
			if end == len(content) {
				break
			}
			at, overlap = end-seg.Next, seg.Next
		}
		for v := range want {
			if _, ok := run.distinct[run.key(0, []byte(v))]; !ok {
				t.Errorf("in pieces of %d, %q is not found by\n%s\nin %q", size, v, matcher, content)
			}
		}
		if run.state[0].count != len(want) {
			t.Errorf("in pieces of %d, %d values found, want %q, by\n%s\nin %q", size, run.state[0].count,
				slices.Sorted(maps.Keys(want)), matcher, content)
		}
		run.close()
	}
	return len(want)
}

// The context of a rule is what its definition says, in a text of one piece and of many.
func TestContextIsWhatARuleSays(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	found, none := 0, 0
	for range 1500 {
		choices := make([]byte, 450)
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		if holdContext(t, &chooser{choices}) > 0 {
			found++
		} else {
			none++
		}
		if t.Failed() {
			return
		}
	}
	if found < 300 || none < 100 {
		t.Errorf("%d rules found something, %d nothing: that shows little", found, none)
	}
}

func FuzzContext(f *testing.F) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 20 {
		seed := make([]byte, 300)
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, choices []byte) { holdContext(t, &chooser{choices}) })
}

// A disguised word is found wherever it stands in a long text, and with its context.
func TestADisguisedWordHasItsContext(t *testing.T) {
	e := pack(t, ruleOf("near", "phrases: [ongedierte]\nnear: [asielzoekers]\nwindow: 100")+
		ruleOf("unless", "phrases: [kwibus]\nunless: [scheldwoord]\nwindow: 100"))
	filler := func(n int) string { return strings.Repeat("en nog iets over de les. ", n) }
	for _, tc := range []struct{ name, text, want string }{
		{"the word", "Die asielzoekers, zegt hij, zijn 0ng3di3rt3 hoor", "near"},
		{"its context", "Die as13lzo3k3rs, zegt hij, zijn ongedierte hoor", "near"},
		{"both", "Die as13lzo3k3rs, zegt hij, zijn 0ng3di3rt3 hoor", "near"},
		{"too far", "Die as13lzo3k3rs, " + filler(5) + " zijn 0ng3di3rt3 hoor", ""},
		{"excused", "Je kw1bus, dat is een scheldwoord", ""},
		{"not excused", "Je kw1bus, dat ben jij", "unless"},
	} {
		for _, before := range []int{0, 1, 10, 100, 1000} {
			for _, after := range []int{0, 1, 10, 100, 1000} {
				var got []string
				for _, f := range inspect(t, e, Document, []byte(filler(before)+tc.text+" "+filler(after))).Findings {
					got = append(got, f.Rule.String())
				}
				if strings.Join(got, " ") != tc.want {
					t.Errorf("%s, %d before and %d after: %v, want %q", tc.name, before, after, got, tc.want)
				}
			}
		}
	}
}

// What is excused stays so, wherever else something is disguised.
func TestADisguisedWordChangesNothingFarAway(t *testing.T) {
	e := pack(t, ruleOf("unless", "phrases: [kwibus]\nunless: [scheldwoord]\nwindow: 100"))
	pad := strings.Repeat("en nu iets ", 60)
	for n := range 500 {
		said := pad + "scheldwoord " + pad[:70] + " kwibus " + pad[:n] + " h4lloot13s " + pad
		if x := inspect(t, e, Document, []byte(said)); len(x.Findings) > 0 {
			t.Fatalf("%d bytes away: hit", n)
		}
	}
}

// Words that are everywhere exhaust nothing, however long the text; and what would is told.
func TestCommonWordsExhaustNothing(t *testing.T) {
	e := engine(t)
	x := inspect(t, e, Document, []byte(letter(21, 1<<20)+" Krijg de tering. "+letter(22, 1<<18)))
	if x.Incomplete || len(x.Findings) != 1 {
		t.Errorf("incomplete %v, %d findings", x.Incomplete, len(x.Findings))
	}
	hostile := pack(t, ruleOf("a", "phrases: [aap]\nunless: [aap noot]\nnear: [mies]\nwindow: 1000"))
	if x := inspect(t, hostile, Document, []byte("mies "+strings.Repeat("aap ", 15_000)+" aap noot")); !x.Incomplete {
		t.Error("the bound was reached, and nobody tells")
	}
}
