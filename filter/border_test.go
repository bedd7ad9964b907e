package filter

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"sluis/filter/text"
	"sluis/rules"
)

// pack returns an engine with these rules and no others.
func pack(t testing.TB, list string) *Engine {
	t.Helper()
	set, err := rules.Load(Vocabulary(), fstest.MapFS{"test.yaml": {Data: []byte("subject: Test\nabout: {nl: Test, en: Test}\nrules:\n" + list)}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Compile(set, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ruleOf returns a rule with what a test does not care for.
func ruleOf(id, matcher string) string {
	purpose, category := "conduct", "category: insult\n    clause: C2.2a"
	if strings.Contains(matcher, "detect:") || strings.Contains(matcher, "regexp:") { // of any characters
		purpose, category = "leak", "category: identity\n    clause: C2.4a"
	}
	return fmt.Sprintf("  - id: %s\n    purpose: %s\n    %s\n    title: {nl: t, en: t}\n    score: 100\n    match: "+
		"[a, b]\n    no-match: [a, b]\n    %s\n",
		id, purpose, category, strings.ReplaceAll(matcher, "\n", "\n    "))
}

// A long text comes in segments. What is written across the border of two, or has its
// context on the other side, is judged as anywhere else (C3.3a, C3.3b).
func TestNothingIsLostWhereATextIsCut(t *testing.T) {
	e := pack(t, ruleOf("phrase", `phrases: ["vuile vlegel"]`)+
		ruleOf("near", "phrases: [ongedierte]\nnear: [asielzoekers]\nwindow: 400")+
		ruleOf("unless", "phrases: [kwibus]\nunless: [scheldwoord]\nwindow: 400")+
		ruleOf("regexp", `regexp: 'pas [a-z]{3,60} op'`+"\nwindow: 100")+
		ruleOf("keyword", `regexp: '[0-9]{4} keer'`+"\nkeywords: [pesten]\nwindow: 300")+
		ruleOf("bsn", "detect: bsn"))
	gap := strings.Repeat("en nog iets ", 22)
	for _, tc := range []struct{ name, text, want string }{
		{"a phrase", "Jij bent een vuile vlegel.", "phrase"},
		{"context before", "asielzoekers " + gap + "ongedierte", "near"},
		{"context after", "ongedierte " + gap + "asielzoekers", "near"},
		{"what excuses it, before", "scheldwoord " + gap + "kwibus", ""},
		{"what excuses it, after", "kwibus " + gap + "scheldwoord", ""},
		{"an expression", "wie pas " + strings.Repeat("k", 60) + " op", "regexp"},
		{"a keyword after", "1234 keer " + gap[:200] + " pesten", "keyword"},
		{"a keyword before", "pesten " + gap[:200] + " 1234 keer", "keyword"},
		{"a number", "BSN van dit kind: 264780139 dus", "bsn"},
		{"another number", "ordernummer 264780139 voor de leerling", ""},
	} {
		for at := text.MaxSegment - 2*text.MaxOverlap - 600; at < text.MaxSegment+200; at += 61 {
			body := strings.Repeat("wie leest er mee. ", at/18+1)[:at] + " " + tc.text + " " +
				strings.Repeat("nog wat. ", 2000)
			var got []string
			for _, f := range inspect(t, e, Document, []byte(body)).Findings {
				got = append(got, f.Rule.String())
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("%s at %d: %v, want %q", tc.name, at, got, tc.want)
				break
			}
		}
	}
}
