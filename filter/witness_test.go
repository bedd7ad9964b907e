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
	s, b, err := buildScanner(set, rules.SetOf(rules.Security, rules.Conduct, rules.Leak), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := witnessAll(set, b, s.matcher); err != nil {
		t.Fatalf("the search as it is: %v, want none", err)
	}
	tried := 0
	for _, r := range set.Rules() {
		texts := b.textsOf(r)
		if len(texts) == 0 || len(texts) > witnessPiece {
			continue
		}
		for i := 0; i < len(texts); i += 1 + len(texts)/3 {
			text := texts[i]
			w := newWitness(b, texts)
			planted := w.of[text][0]
			if err := witnessRule(r, texts, b, forgetful{s.matcher, planted}); !names(err, r, text) {
				t.Errorf("%s: %q is missed: got %v, want an error with rule and phrase", r.ID, text, err)
			}
			tried++
		}
	}
	if tried < 30 {
		t.Errorf("only %d defects were planted", tried)
	}
}

// TestTheWitnessDoesNotBelieveEverything: a search that reports what is not there is refused.
func TestTheWitnessDoesNotBelieveEverything(t *testing.T) {
	w := newWitness(&builder{
		patterns: map[literal.Pattern]int{{Text: "geheim"}: 0},
		list:     []literal.Pattern{{Text: "geheim"}},
	}, []string{"geheim"})
	m, err := literal.Compile(w.patterns)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"een geheim": true, "een geheimpje": false, "iets": false} {
		if _, ok := w.agrees(inventive{m, 0}, []byte(text)); ok != want {
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
	s, builder, err := buildScanner(set, rules.SetOf(rules.Security, rules.Conduct, rules.Leak), nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := witnessAll(set, builder, s.matcher); err != nil {
			b.Fatal(err)
		}
	}
}
