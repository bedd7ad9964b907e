package filter

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sluis/rules"
)

// own is a pack of a school's own that calls security what looks for words.
const own = `subject: Eigen
about: {nl: Eigen, en: Own}
rules:
  - id: security.phishing.union
    purpose: security
    clause: C3.3a
    category: phishing
    title: {nl: Vakbond, en: Union}
    phrases: ["vakbond*", advocaat, arbeidsconflict]
    score: 100
    match: [de vakbond komt, een advocaat]
    no-match: [de bond, een raadsman]
  - id: security.phishing.dossier
    purpose: security
    clause: C3.3a
    category: phishing
    title: {nl: Dossier, en: File}
    regexp: 'dossier[0-9]{3}'
    score: 100
    match: [dossier123, in dossier999]
    no-match: [dossier, dossier12]
  - id: security.attachment.own-program
    purpose: security
    clause: C3.3a
    category: attachment
    title: {nl: Programma, en: Program}
    structure: executable-attachment
    score: 100
    match:
      - message: "Subject: x\nContent-Type: application/octet-stream; name=\"setup.exe\"\n\nMZ\n"
      - message: "Subject: x\nContent-Type: text/plain; name=\"start.js\"\n\nvar a\n"
    no-match: [niets, nog niets]
`

// What a school calls security is no reason to look for words in confidential mail: of its own rules
// those alone run that read no text; the built-in ones run as always (C3.2g).
func TestOwnRulesLookForNoWordsInConfidentialMail(t *testing.T) {
	set, err := rules.Load(Vocabulary(), rules.Builtin(), fstest.MapFS{"eigen.yaml": {Data: []byte(own)}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Compile(set, Options{OwnDomains: []string{"voorbeeldschool.example"}})
	if err != nil {
		t.Fatal(err)
	}
	const program = "Subject: x\r\nContent-Type: application/octet-stream; name=\"setup.exe\"\r\n\r\nMZ\r\n"
	builtin := exampleOf(t, set, "security.phishing.pressure")
	for name, tc := range map[string]struct {
		text         string
		rule         string
		confidential bool // found in confidential mail as well
	}{
		"phrases":            {"Subject: x\r\n\r\nIk heb een advocaat van de vakbond.\r\n", "security.phishing.union", false},
		"an expression":      {"Subject: x\r\n\r\nZie dossier123 hierover.\r\n", "security.phishing.dossier", false},
		"a shape":            {program, "security.attachment.own-program", true},
		"a built-in shape":   {program, "security.attachment.executable", true},
		"a built-in phrase ": {builtin, "security.phishing.pressure", true},
	} {
		for _, confidential := range []bool{false, true, false} {
			item := Item{
				Directions:   rules.DirectionsOf(rules.In),
				Content:      strings.NewReader(tc.text),
				Size:         int64(len(tc.text)),
				Confidential: confidential,
			}
			x, err := e.Inspect(t.Context(), item, rules.SetOf(rules.Security))
			if err != nil {
				t.Fatal(err)
			}
			found := slices.ContainsFunc(x.Findings, func(f Finding) bool { return f.Rule.String() == tc.rule })
			if want := !confidential || tc.confidential; found != want {
				t.Errorf("%s, confidential %v: found %v, want %v", name, confidential, found, want)
			}
		}
	}
}

// exampleOf returns a message that a built-in rule catches.
func exampleOf(t *testing.T, set *rules.Set, rule string) string {
	t.Helper()
	for _, r := range set.Rules() {
		if r.ID.String() != rule {
			continue
		}
		if x := r.Match[0]; x.Message != "" {
			return strings.ReplaceAll(x.Message, "\n", "\r\n")
		}
		return "Subject: x\r\n\r\n" + r.Match[0].Text + "\r\n"
	}
	t.Fatalf("there is no rule %s with an example", rule)
	return ""
}

// A pack that says that it comes with Sluis does not: where it was loaded from counts.
func TestOnlyTheBuiltInPacksAreBuiltIn(t *testing.T) {
	read := func(fsys fs.FS) []rules.Rule {
		set, err := rules.Load(Vocabulary(), fsys)
		if err != nil {
			t.Fatal(err)
		}
		return set.Rules()
	}
	for _, r := range read(rules.Builtin()) {
		if !r.Builtin {
			t.Errorf("%s is not built in", r.ID)
		}
	}
	copied := fstest.MapFS{}
	text, err := fs.ReadFile(rules.Builtin(), "security-phishing.yaml")
	if err != nil {
		t.Fatal(err)
	}
	copied["security-phishing.yaml"] = &fstest.MapFile{Data: text}
	for _, r := range read(copied) {
		if r.Builtin {
			t.Errorf("%s of a copy is built in", r.ID)
		}
	}
}
