package filter

import (
	"testing"

	"sluis/filter/domains"
	"sluis/filter/peopleindex"
	"sluis/rules"
)

// engine returns an engine with the built-in rules.
func engine(t testing.TB) *Engine {
	t.Helper()
	set, err := rules.Load(Vocabulary(), rules.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	people, err := peopleindex.Example()
	if err != nil {
		t.Fatal(err)
	}
	sites, err := domains.Example()
	if err != nil {
		t.Fatal(err)
	}
	e, err := Compile(set, Options{OwnDomains: []string{"voorbeeldschool.example"}, People: people, Sites: sites})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestBuiltinRulesJudgeTheirExamplesAsTheySay(t *testing.T) {
	failures, err := engine(t).TestRules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range failures {
		t.Error(f)
	}
}
