package report

import (
	"strings"
	"testing"
	"testing/fstest"

	"sluis/filter"
	"sluis/rules"
)

// ownPack is what a school adds; its words are not what its purpose says.
const ownPack = `subject: Eigen
about: {nl: Waarom, en: Why}
rules:
  - id: own.phishing
    purpose: security
    clause: C2.9a
    category: phishing
    title: {nl: "Verdachte post", en: "Suspicious post"}
    phrases: ["vakbond*", advocaat, arbeidsconflict]
    near: [ontslag, <b>]
    unless: [sjabloon]
    score: 100
    match: ["a", "b"]
    no-match: ["a", "b"]
`

// said returns a report as words.
func said(t *testing.T, f Facts) string {
	t.Helper()
	r, err := New(f)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, s := range r.Sections {
		words = append(append(words, s.Title), s.Text...)
		for _, row := range s.Rows {
			words = append(words, row...)
		}
	}
	return strings.Join(words, " ")
}

// TestOwnRulesArePrintedInFull: a purpose is a label, and whoever reads the report sees every word that is
// looked for under it (C3.2a), and the sites that the organisation blocks itself (C2.8e).
func TestOwnRulesArePrintedInFull(t *testing.T) {
	f := facts("nl")
	if out := said(t, f); !strings.Contains(out, "alle regels komen met Sluis mee") {
		t.Errorf("without own rules: %s", out)
	}
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin(), fstest.MapFS{"eigen.yaml": {Data: []byte(ownPack)}})
	if err != nil {
		t.Fatal(err)
	}
	f.Rules = set.Rules()
	f.Blocked = []Blocked{{What: "spel.example/chat", Clause: "art. 4"}}
	f.Disabled = []string{"conduct.insult.severe"}
	out := said(t, f)
	for _, want := range []string{
		"own.phishing", "Verdachte post", "vakbond*", "advocaat", "arbeidsconflict", "ontslag", "<b>", "sjabloon",
		"C2.9a", "spel.example/chat", "art. 4", "conduct.insult.severe",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(out, "klik hier") {
		t.Error("the report prints words of the built-in rules, want own ones alone")
	}
}

// TestTheReportSaysHowTheSampleIs: that nothing is drawn, and why it is hardly a sample (C3.3b).
func TestTheReportSaysHowTheSampleIs(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Facts)
		want   string
	}{
		"nothing is drawn": {func(f *Facts) { f.Rate = 0 }, "naar lekken wordt niet gezocht"},
		"all, for a reason": {func(f *Facts) { f.Rate, f.RateReason = 1, "na het lek van mei" },
			"Waarom dit deel geloot wordt: na het lek van mei"},
		"all, for none": {func(f *Facts) { f.Rate, f.Unreasoned = 1, true }, "geen reden voor gegeven"},
	} {
		f := facts("nl")
		c.change(&f)
		if out := said(t, f); !strings.Contains(out, c.want) {
			t.Errorf("%s: no %q", name, c.want)
		}
	}
	out := said(t, facts("nl"))
	if strings.Contains(out, "reden voor gegeven") || strings.Contains(out, "niet gezocht") {
		t.Error("an ordinary sample is reported as if it were none")
	}
}

// TestTheReportSaysWhatDoesNotHoldYet: the promises about persons, against whoever administers the server.
func TestTheReportSaysWhatDoesNotHoldYet(t *testing.T) {
	for lang, want := range map[string]string{
		"nl": "Tegen wie de server beheert, gelden de beloften over personen nog niet.",
		"en": "Against whoever administers the server the promises about persons do not hold yet.",
	} {
		if out := said(t, facts(lang)); !strings.Contains(out, want) {
			t.Errorf("%s: no %q", lang, want)
		}
	}
}

// TestTheReportListsAgreements: where leaks are not looked for, until when, and what has ended (C2.4a).
func TestTheReportListsAgreements(t *testing.T) {
	f := facts("nl")
	if out := said(t, f); !strings.Contains(out, "geen overeenkomsten opgegeven") {
		t.Error("without agreements: want it said")
	}
	f.Approved = []Approved{
		{Name: "DUO", Where: "duo.nl", Last: november.AddDate(1, 0, 0)},
		{Name: "GGD", Where: "ggd.example", Last: november.AddDate(0, 0, -3), Ended: true},
	}
	out := said(t, f)
	for _, want := range []string{"DUO (duo.nl), tot en met ", "GGD (ggd.example): afgelopen op"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
}
