package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"sluis/filter"
	"sluis/rules"
)

// TestNoRuleFindsNumbersOfPersonsOutsideTheSample: conduct rules, which run on every message, and those of
// security cannot look for what identifies a person (C3.3b); words they may look for as before.
func TestNoRuleFindsNumbersOfPersonsOutsideTheSample(t *testing.T) {
	const (
		conduct  = "purpose: conduct\n    clause: C2.2a\n    category: insult"
		security = "purpose: security\n    clause: C2.9a\n    category: phishing"
		leak     = "purpose: leak\n    clause: C2.4a\n    category: identity"
	)
	for name, c := range map[string]struct{ purpose, matcher, want string }{
		"nine digits":                     {conduct, "regexp: '[0-9]{9}'\nunanchored: true", "can match a digit"},
		"digits by name":                  {conduct, `regexp: 'bsn \d{9}'`, "can match a digit"},
		"digits of Unicode":               {conduct, `regexp: 'bsn \p{Nd}{9}'`, "can match a digit"},
		"all but letters":                 {conduct, `regexp: 'bsn [^a-z]{9}'`, "can match a digit"},
		"all but space":                   {conduct, `regexp: 'leerling \S{9}'`, "can match a digit"},
		"word characters":                 {conduct, `regexp: 'leerling \w{9}'`, "can match a digit"},
		"anything":                        {conduct, `regexp: 'leerling .{9}'`, "can match a digit"},
		"one digit, of two choices":       {conduct, `regexp: 'groep (acht|8)'`, "can match a digit"},
		"an address":                      {conduct, `regexp: 'van [a-z]{1,20}@[a-z]{1,20}'`, "can match an @"},
		"a number as a phrase":            {conduct, `phrases: ["264780139"]`, "a digit or an @"},
		"a number near a word":            {conduct, "phrases: [leerling]\nnear: [\"264780139\"]", "a digit or an @"},
		"a number with one side open":     {conduct, `phrases: ["NL91*"]`, "a digit or an @"},
		"a number of other digits":        {conduct, `phrases: ["bsn ２６４"]`, "a digit or an @"},
		"a number as a keyword":           {conduct, "regexp: 'is [a-z]{3,9}'\nkeywords: [\"264780139\"]", "a digit or an @"},
		"somebody's address":              {conduct, `phrases: ["juf@school"]`, "a digit or an @"},
		"a detector":                      {conduct, "detect: bsn", "inspected for only in the sample"},
		"nine digits for security":        {security, "regexp: '[0-9]{9}'\nunanchored: true", "more than 3 digits"},
		"any number for security":         {security, `regexp: 'klant \S{1,20}'`, "more than 3 digits"},
		"a postcode for security":         {security, `regexp: '[1-9][0-9]{3} ?[a-z]{2}'` + "\nunanchored: true", "more than 3 digits"},
		"in groups, for security":         {security, `regexp: 'klant [0-9]{3}(-[0-9]{3}){2}'`, "more than 3 digits"},
		"a detector for security":         {security, "detect: bsn", "inspected for only in the sample"},
		"words":                           {conduct, `phrases: [sukkel, "vuile vlegel"]`, ""},
		"words between words":             {conduct, `regexp: 'pas [a-z]{3,60} op'` + "\nwindow: 100", ""},
		"words, however written":          {conduct, "phrases: [sukkel]\nmisspelt: true\nnear: [jij]", ""},
		"24 hours, for security":          {security, `regexp: 'binnen [0-9]{1,2} uur'`, ""},
		"hours as a phrase, for security": {security, `phrases: ["binnen 24 uur"]`, ""},
		"nine digits in the sample":       {leak, "regexp: 'klant [0-9]{9}'", ""},
	} {
		t.Run(name, func(t *testing.T) {
			pack := fmt.Sprintf("subject: Eigen\nabout: {nl: Waarom, en: Why}\nrules:\n  - id: own.rule\n    %s\n    "+
				"title: {nl: t, en: t}\n    score: 100\n    match: [a, b]\n    no-match: [a, b]\n    %s\n",
				c.purpose, strings.ReplaceAll(c.matcher, "\n", "\n    "))
			_, err := rules.Load(filter.Vocabulary(), fstest.MapFS{"own.yaml": {Data: []byte(pack)}})
			switch {
			case c.want == "" && err != nil:
				t.Errorf("%v, want it to load", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) ||
				!strings.Contains(err.Error(), "C3.3b")):
				t.Errorf("%v, want %q and the clause", err, c.want)
			}
		})
	}
}
