package filter

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluis/internal/testenv"
	"sluis/rules"
)

// vocabularies are words with two sentences of their language that each may stand in.
var vocabularies = []struct{ name, file, first, second string }{
	{"nl", "dutch", "De kinderen hadden het vandaag over %s op het plein.", "Groetjes van juf %s, groep 4"},
	{"de", "ngerman", "Die Kinder haben heute über %s gesprochen.", "Viele Grüße, %s und die Klasse"},
	{"fr", "french", "Les enfants ont parlé de %s aujourd'hui.", "Bien à vous, %s et les élèves"},
	{"en", "american-english", "The children talked about %s today.", "Kind regards, %s and the class"},
}

// No word of four dictionaries, no first or last name, place or street is conduct by itself, in a sentence or in a
// signature (C2.2a, C3.3f), but for those in testdata/dictionary.txt, which were reviewed one by one. What stands
// there and is no more hit is an error, too.
func TestNoWordOfADictionaryIsConductByItself(t *testing.T) {
	testenv.Need(t, testenv.Dictionaries, "node", "npm")
	e := engine(t)
	hit := map[string]bool{}
	tried := 0
	try := func(language string, words []string, forms ...string) {
		tried += len(words)
		for _, form := range append(forms, "%s") {
			for some := range slices.Chunk(words, 64) {
				conductIn(t, e, form, some, func(w string) { hit[language+" "+w] = true })
			}
		}
	}
	for _, v := range vocabularies {
		content, err := os.ReadFile(filepath.Join("/usr/share/dict", v.file))
		if err != nil {
			t.Fatal(err)
		}
		try(v.name, strings.Split(strings.TrimSpace(string(content)), "\n"), v.first, v.second)
	}
	try("name", properNames(t), vocabularies[0].first, vocabularies[0].second)
	if tried < 1_200_000 {
		t.Errorf("only %d words were tried", tried)
	}
	reviewed := map[string]bool{}
	content, err := os.ReadFile("testdata/dictionary.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			reviewed[line] = true
		}
	}
	for w := range hit {
		if !reviewed[w] {
			t.Errorf("%s is hit: mend the rule, or review the word", w)
		}
	}
	for w := range reviewed {
		if !hit[w] {
			t.Errorf("%s is reviewed, and no rule hits it", w)
		}
	}
}

// conductIn calls hit with the words for which rules of conduct would act where each stands in a sentence of its own.
func conductIn(t *testing.T, e *Engine, form string, words []string, hit func(string)) {
	var b strings.Builder
	for _, w := range words {
		fmt.Fprintf(&b, form+"\n\n", w)
	}
	x := inspect(t, e, Document, []byte(b.String()))
	if !slices.ContainsFunc(x.Findings, func(f Finding) bool {
		return f.Purpose == rules.Conduct && (len(words) > 1 || x.Decisive(f, rules.Out))
	}) {
		return
	}
	if len(words) == 1 {
		hit(words[0])
		return
	}
	conductIn(t, e, form, words[:len(words)/2], hit)
	conductIn(t, e, form, words[len(words)/2:], hit)
}

// properNames returns names of people, places and streets of every language that a public package has.
func properNames(t *testing.T) []string {
	dir, err := testenv.NPM(t.Context(), "@faker-js/faker@10.6.0")
	if err != nil {
		testenv.Lack(t, "%v", err)
	}
	out, err := exec.CommandContext(t.Context(), "node", "testdata/names.mjs", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
