package filter

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
	"unicode/utf8"

	"sluis/filter/text"
	"sluis/rules"
)

// Whatever comes is inspected to its end, in the same way each time, and what is found is
// within bounds (C3.3a).
func FuzzInspect(f *testing.F) {
	for _, m := range mails(f) {
		f.Add(uint8(Message), "", m)
	}
	f.Add(uint8(Document), "a.txt", []byte("Vuile fl1kk3r, BSN 264780139, wachtwoord: Zomer!84kast, geb. 3-1-2017, "+
		"5461 AB\n\n krijg \t de\r\n tering \xff\xfe"))
	f.Add(uint8(Document), "lijst.csv", []byte("naam;geboren\nA;03-01-2017\nB;04-01-2017\n"))
	f.Add(uint8(Message), "", []byte("Subject: krijg\n =?utf-8?q?_de_tering?=\nContent-Type: multipart/mixed; "+
		"boundary=\"\"\n\n--\n\nIk haat vrouwen. \xc4\xb0\xe2\x84\xaa"))
	f.Add(uint8(Document), "a.html", []byte("<p>Ik ha<b>at</b> vluchte&shy;lingen<a "+
		"href='http://xn--voorbeldschool-eob.example'>www.voorbeeldschool.example</a>"))
	e := engine(f)
	f.Fuzz(func(t *testing.T, kind uint8, name string, content []byte) {
		if len(content) > 128<<10 {
			return
		}
		item := func() Item {
			return Item{Kind: Kind(kind % 2), Name: name, Sender: name, Directions: rules.AnyDirection,
				Content: bytes.NewReader(content), Size: int64(len(content))}
		}
		x, err := e.Inspect(t.Context(), item(), everything)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range x.Findings {
			if found.Count < 1 || found.Count > maxDistinct || found.Score < 1 || found.Score > 100 ||
				len(found.Excerpts) == 0 || len(found.Excerpts) > maxExcerpts || !x.Purposes.Has(found.Purpose) {
				t.Errorf("%s: %d hits, score %d, %d excerpts", found.Rule, found.Count, found.Score,
					len(found.Excerpts))
			}
			for _, ex := range found.Excerpts {
				if shown := ex.Reveal(); !utf8.ValidString(shown) ||
					strings.ContainsFunc(shown, unicode.IsControl) && !strings.ContainsRune(shown, 0x7f) &&
						!strings.ContainsFunc(shown, func(r rune) bool { return r >= 0x80 && r < 0xa0 }) {
					t.Errorf("%s: an excerpt that cannot be shown: %q", found.Rule, shown)
				}
			}
		}
		again, err := e.Inspect(t.Context(), item(), everything)
		if err != nil || !reflect.DeepEqual(x, again) {
			t.Errorf("inspected twice: %+v, then %+v, %v", x, again, err)
		}
	})
}

// alone returns a scanner of one rule; nil if the rule does not load.
func alone(t testing.TB, matcher string) *scanner {
	t.Helper()
	set, err := rules.Load(Vocabulary(), fstest.MapFS{"test.yaml": {Data: []byte("subject: Test\nabout: {nl: Test, en: Test}\nrules:\n" + ruleOf("a", matcher))}})
	if err != nil {
		return nil
	}
	s, _, err := buildScanner(set, grounded{purposes: everything}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// chooser makes choices from the bytes of a fuzzer.
type chooser struct{ from []byte }

func (c *chooser) of(n int) int {
	if len(c.from) == 0 {
		return 0
	}
	v := int(c.from[0])
	c.from = c.from[1:]
	return v % n
}

func (c *chooser) pick(list []string) string { return list[c.of(len(list))] }

var atoms = []string{
	"school", "KLAS", "skelet", "pas op", "één", "k", "s", "i", "a  b", "a\tb", "x\ny", `\b`, `\B`, `\s`, `\s{1,3}`,
	` ?`, `.`, `.{0,9}`, `[a-z]{0,6}`, `[^a-z]{1,4}`,
	`\pL{2,4}`, `\W`, `\d{3}`, "(?i:Kelvin)", "(?i:groeſ)", "(?i:stil)", "(?i)", "(?-i)", "(?s)", "(?m)^", "(?m)$",
	`\.`, `\*ster\*`, "*", "", "-", "(?:juf){2}", "(?:meester)?", "[Kk]ind", "[sS]chool",
}

// expression makes a regular expression, which need not be valid.
func (c *chooser) expression(depth int) string {
	var b strings.Builder
	for range 1 + c.of(4) {
		if depth < 2 && c.of(5) == 4 {
			b.WriteString("(?:" + c.expression(depth+1) + "|" + c.expression(depth+1) + ")" +
				c.pick([]string{"", "", "?", "{1,2}"}))
			continue
		}
		b.WriteString(c.pick(atoms))
	}
	return b.String()
}

var fragments = []string{
	"school", "School", "SCHOOL", "ſchool", "klas", "\u212alas", "Klas", "skelet", "\u017f\u212aelet", "pas op",
	"pas\nop", "pas  op", "één", "e\u0301e\u0301n", "een", "a  b", "a b", "a\tb", "x\ny", "x y",
	"Kelvin", "kelvin", "\u212aelvin", "groeſ", "groes", "stil", "ſtil", "st\u0130l", "STIL", "*ster*", "juf", "jufjuf",
	"meester", "kind", "Kind", "\u212aind",
	" ", " ", "\n", "\r\n", ".", "-", "123", "é", "ï", "\u200b", "\u00ad", "\u00a0", "ﬁ", "s", "k", "i", "\xff", "日本",
}

func (c *chooser) text() string {
	var b strings.Builder
	for range 2 + c.of(60) {
		b.WriteString(c.pick(fragments))
		if c.of(3) == 0 {
			b.WriteByte(' ')
		}
	}
	if c.of(4) == 0 { // beyond any window
		return b.String() + strings.Repeat(" en zo", 80) + b.String()
	}
	return b.String()
}

// values returns what a regular expression finds by itself in what text is folded to.
func values(pattern string, content []byte) map[string]bool {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAll(text.Fold(nil, content), -1) {
		found[string(bytes.ToLower(m))] = true
	}
	return found
}

// What an expression finds around its keywords is what it finds everywhere, for every
// expression that the loader takes (C3.3b: a missed optimisation costs time, a missed hit
// is a leak).
func FuzzExpression(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		seed := make([]byte, 90)
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		c := &chooser{choices}
		holdExpression(t, c.expression(0), c.text())
	})
}

// holdExpression reports whether a rule with the expression loads, and holds it to what the
// expression finds by itself.
func holdExpression(t *testing.T, pattern, content string) bool {
	matcher := "window: 120\nregexp: '" + strings.ReplaceAll(pattern, "'", "''") + "'"
	if strings.ContainsFunc(pattern, unicode.IsControl) {
		return false // no way to write it in a pack
	}
	s := alone(t, matcher)
	if s == nil {
		s = alone(t, matcher+"\nunanchored: true")
	}
	if s == nil {
		return false
	}
	run := newRun(s, &Options{})
	defer run.close()
	if err := run.segment(text.Segment{Text: text.Fold(nil, []byte(content))}); err != nil {
		t.Fatal(err)
	}
	want := values(pattern, []byte(content))
	for v := range want {
		if _, ok := run.distinct[run.key(0, []byte(v))]; !ok {
			t.Errorf("%q finds %q, and the rule (keywords %q) does not, in %q", pattern, v, s.rules[0].Keywords,
				content)
		}
	}
	if run.state[0].count != len(want) {
		t.Errorf("%q finds %q, and the rule (keywords %q) %d, in %q", pattern, slices.Sorted(maps.Keys(want)),
			s.rules[0].Keywords, run.state[0].count, content)
	}
	return true
}

// A run of the fuzzer that is the same each time, in every test run.
func TestExpressionsFindAroundTheirKeywordsWhatTheyFindEverywhere(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	loaded, anchored := 0, 0
	for range 2000 {
		choices := make([]byte, 120)
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		c := &chooser{choices}
		pattern := c.expression(0)
		if holdExpression(t, pattern, c.text()) {
			loaded++
			if _, ok := rules.RequiredLiterals(pattern); ok {
				anchored++
			}
		}
		if t.Failed() {
			return
		}
	}
	if loaded < 400 || anchored < 100 {
		t.Errorf("%d expressions were tried, %d of them with keywords: that shows little", loaded, anchored)
	}
}
