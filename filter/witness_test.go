package filter

import (
	"strings"
	"testing"

	"sluis/filter/literal"
	"sluis/rules"
)

// forgetful is a search that misses one phrase.
type forgetful struct {
	searcher
	misses int
}

func (f forgetful) Scan(text []byte, emit func(literal.Hit) bool) {
	f.searcher.Scan(text, func(h literal.Hit) bool { return h.Pattern == f.misses || emit(h) })
}

// inventive is a search that reports a phrase that is not there.
type inventive struct {
	searcher
	invents int
}

func (i inventive) Scan(text []byte, emit func(literal.Hit) bool) {
	i.searcher.Scan(text, emit)
	emit(literal.Hit{Pattern: i.invents})
}

// TestTheWitnessMissesNoDefect: whichever phrase a search were to miss, the rules do not load.
func TestTheWitnessMissesNoDefect(t *testing.T) {
	set, err := rules.Load(Vocabulary(), rules.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	good, all := searchOf(t, set, rules.Security, rules.Conduct, rules.Leak)
	conduct, _ := searchOf(t, set, rules.Security, rules.Conduct)
	security, _ := searchOf(t, set, rules.Security)
	if err := witnessAll(set, all, []search{security, conduct, good}); err != nil {
		t.Fatalf("the search as it is: %v, want none", err)
	}
	tried := 0
	for _, r := range set.Rules() {
		texts := all.textsOf(r)
		for i := 0; i < len(texts); i += 1 + len(texts)/3 {
			for _, s := range []search{security, conduct, good} {
				planted := s.numberOf(texts[i])
				if planted < 0 {
					continue // its purpose is not of this search
				}
				searches := []search{good, {forgetful{s, planted}, s.patterns}}
				if err := witnessRule(r, texts, searches); !names(err, r, texts[i]) {
					t.Errorf("%s: %q is missed: got %v, want an error with rule and phrase", r.ID, texts[i], err)
				}
				tried++
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d defects were planted", tried)
	}
}

// TestTheWitnessDoesNotBelieveEverything: a search that reports what is not there is refused.
func TestTheWitnessDoesNotBelieveEverything(t *testing.T) {
	patterns := map[literal.Pattern]int{{Text: "geheim"}: 0}
	m, err := literal.Compile([]literal.Pattern{{Text: "geheim"}})
	if err != nil {
		t.Fatal(err)
	}
	w := newWitness([]string{"geheim"})
	for text, want := range map[string]bool{"een geheim": true, "een geheimpje": false, "iets": false} {
		s := search{inventive{m, 0}, patterns}
		if _, ok := s.agrees(w.texts, w.sees([]byte(text)), []byte(text)); ok != want {
			t.Errorf("%q: got agreement %v, want %v", text, ok, want)
		}
	}
}

// TestTheSameRulesAreWitnessedOnce, by their fingerprint.
func TestTheSameRulesAreWitnessedOnce(t *testing.T) {
	set, err := rules.Load(Vocabulary(), rules.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	known := fingerprints{}
	for range 2 {
		if _, err := Compile(set, Options{Witnessed: known}); err != nil {
			t.Fatal(err)
		}
	}
	if n := known[set.Fingerprint()]; n != 1 {
		t.Errorf("witnessed %d times, want once", n)
	}
}

type fingerprints map[string]int

func (f fingerprints) Has(s string) bool { return f[s] > 0 }
func (f fingerprints) Add(s string)      { f[s]++ }

func names(err error, r rules.Rule, phrase string) bool {
	return err != nil && strings.Contains(err.Error(), r.ID.String()) && strings.Contains(err.Error(), phrase)
}

func BenchmarkWitness(b *testing.B) {
	set, err := rules.Load(Vocabulary(), rules.Builtin())
	if err != nil {
		b.Fatal(err)
	}
	good, all := searchOf(b, set, rules.Security, rules.Conduct, rules.Leak)
	for b.Loop() {
		if err := witnessAll(set, all, []search{good}); err != nil {
			b.Fatal(err)
		}
	}
}

// searchOf returns the search of some purposes, with the builder that made it.
func searchOf(t testing.TB, set *rules.Set, ps ...rules.Purpose) (search, *builder) {
	t.Helper()
	s, b, err := buildScanner(set, grounded{purposes: rules.SetOf(ps...)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return search{s.matcher, b.patterns}, b
}

// numberOf returns the number of a pattern with this text; -1 if the search has none.
func (s search) numberOf(text string) int {
	for open := range 4 {
		p := literal.Pattern{Text: text, OpenLeft: open&1 != 0, OpenRight: open&2 != 0}
		if n, ok := s.patterns[p]; ok {
			return n
		}
	}
	return -1
}
