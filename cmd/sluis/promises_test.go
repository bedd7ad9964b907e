package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// promise is a sentence that people read, and the tests that would fail if it were false: package:Test.
type promise struct {
	sentence string // a part of it that says what is promised
	tests    string
}

// readmePromises has every promise of the README, in its order. A bullet without one fails the test below.
var readmePromises = []promise{
	{"Leaks are looked for in random samples only", "filter:TestGrounds cmd/sluis:TestVerdicts " +
		"internal/oversight/sampling:TestAnAuditFindsEachManipulation"},
	{"Confidential roles are exempt", "cmd/sluis:TestEveryWayToReachTheCounsellorIsExempt " +
		"internal/roster:TestConfidentialByEveryAddressThatLeadsThere"},
	{"of which group of ten people or more", "internal/roster:TestAGroupThatIsAPersonHasNoName " +
		"cmd/sluis:TestTheCommandLineSinglesNobodyOut"},
	{"Encrypted connections stay encrypted", "proxy:TestSplice internal/sitepolicy:TestNeverInspected"},
	{"The ICT service opens one with a reason", "internal/console:TestNothingOpensWithoutSecrecyProofAndReason " +
		"internal/quarantine:TestAnyOfTheRecipientsOpensAndNobodyElse"},
	{"under a written order of the board", "internal/oversight/orders:TestAnOrderFromRequestToOutcome"},
	{"at the next hop for each recipient that it accepted", "cmd/sluis:TestNothingAcceptedIsLostWhenKilled"},
	{"byte for byte what came in", "smtpd:TestWhatIsForwardedIsByteIdentical smtpd:TestDKIMSurvives"},
	{"the scanner of that message does not have it", "filter:TestAScannerHoldsTheRulesOfItsPurposesOnly " +
		"rules:TestNoRuleFindsNumbersOfPersonsOutsideTheSample internal/oversight/report:TestOwnRulesArePrintedInFull"},
	{"Content is nowhere but at the next hop", "cmd/sluis:TestTheCanaryIsNowhere cmd/sluis:TestTheWebCanaryIsNowhere"},
	{"no open relay and no open proxy", "smtpd:TestNoRelayTrickGetsThrough proxy/egress:TestCheck"},
	{"has at least ten behind it", "internal/oversight/totals:TestNoFigureOfOnePerson " +
		"internal/oversight/totals:TestLinearProgrammingPinsDownNoHiddenCell"},
	{"A pseudonym never leaves the journal", "internal/journal:TestAnExportHasEveryFieldButThePseudonym " +
		"internal/oversight/orders:TestThereIsNoWayToAPersonButAnOrderOrTheirOwnRequest"},
	{"A link to an account that decides goes to its person", "cmd/sluis:TestTheCommandLineGivesNoLinkOfOneWhoDecides " +
		"cmd/sluis:TestAnAliasOpensNoDossier cmd/sluis:TestARoleThatIsTakenOffTheRosterWaitsForThePrivacyOfficer"},
	{"No place of help", "internal/sitepolicy:TestNoHelpLineIsBlocked"},
	{"Mail goes on when the web proxy crashes", "cmd/sluis:TestMailGoesOnWhenTheProxyEnds"},
	{"A record is in the journal once", "internal/journal:TestKillingTheServerLosesNothing " +
		"internal/journal:TestKillingTheGatewayLosesNothing"},
	{"A site's certificate is always verified", "proxy:TestThePageSaysWhatIsWrongWithACertificate " +
		"proxy:TestHostOfTheTargetCounts"},
	{"A site gets the target of a request byte for byte", "proxy:TestTargetsArriveByteForByte " +
		"proxy:TestNoSpellingLeadsAround"},
}

// pagePromises are those of pages, by catalogue of texts and key.
var pagePromises = map[string]map[string]string{
	"proxy/blockpage/messages/blocked": {
		"privacy":  "proxy:TestBlocked proxy:TestPlain",
		"not-kept": "internal/journal:TestAnExportHasEveryFieldButThePseudonym proxy:TestBlocked",
		"kept": "internal/journal:TestAPseudonymIsTheSameWithinAMonthOnly " +
			"internal/oversight/orders:TestThereIsNoWayToAPersonButAnOrderOrTheirOwnRequest",
	},
	"internal/console/messages/conduct": {
		"conduct-security":      "cmd/sluis:TestVerdicts",
		"conduct-conduct":       "cmd/sluis:TestVerdicts proxy:TestUploadsThroughTheProxy",
		"conduct-leak":          "cmd/sluis:TestLeaksAreLookedForOutsideAgreements filter:TestGrounds",
		"conduct-leak-none":     "internal/console:TestTheConductPageSaysWhatIsSo",
		"conduct-inside":        "internal/console:TestTheConductPageSaysWhatIsSo internal/sitepolicy:TestNeverInspected",
		"conduct-outside":       "internal/console:TestTheConductPageSaysWhatIsSo",
		"conduct-no-web":        "internal/console:TestTheConductPageSaysWhatIsSo",
		"conduct-not-1":         "internal/oversight/orders:TestAnOrderFromRequestToOutcome",
		"conduct-not-2":         "cmd/sluis:TestEveryWayToReachTheCounsellorIsExempt",
		"conduct-who-1":         "internal/console:TestNothingOpensWithoutSecrecyProofAndReason",
		"conduct-who-2":         "internal/oversight/totals:TestNoFigureOfOnePerson",
		"conduct-who-3":         "internal/console:TestAdministratorsSeeNoContent",
		"conduct-kept-text":     "cmd/sluis:TestRetentionIsShownAndKept",
		"conduct-administrator": "", // says what is not promised
	},
	"internal/console/messages/access": {
		"access-what-text":     "smtpd:TestTheOtherSideOfOrdinaryMailIsNotRecorded internal/oversight/access:TestAPageSaysWhatIsHeldInBothLanguages",
		"access-long-text":     "internal/journal:TestAPseudonymIsTheSameWithinAMonthOnly cmd/sluis:TestRetentionIsShownAndKept",
		"access-who-text":      "internal/oversight/orders:TestThereIsNoWayToAPersonButAnOrderOrTheirOwnRequest",
		"access-not-told":      "internal/console:TestWithoutNoticeThereIsNoInsight",
		"access-administrator": "",
	},
	"internal/oversight/report/messages/report": {
		"promises-gateway": "internal/oversight/report:TestOwnRulesArePrintedInFull",
		"promises-sample": "internal/oversight/sampling:TestAnAuditFindsEachManipulation " +
			"internal/journal:TestPupilsAndConfidentialRolesHaveNone",
		"promises-traffic":       "cmd/sluis:TestTheCanaryIsNowhere internal/oversight/totals:TestNoFigureOfOnePerson",
		"promises-administrator": "",
	},
}

// promising are the keys that hold promises: one that the table above does not have fails.
var promising = map[string]string{
	"proxy/blockpage/messages/blocked":          `^(privacy|kept|not-kept)$`,
	"internal/console/messages/conduct":         `^conduct-(security|conduct|leak.*|inside|outside|no-web|not-[12]|who-.*|kept-text|administrator)$`,
	"internal/console/messages/access":          `^access-(what-text|long-text|who-text|not-told|administrator)$`,
	"internal/oversight/report/messages/report": `^promises-(gateway|sample|traffic|administrator)$`,
}

// TestEveryPromiseHasItsTest: each promise of the README and of the pages stands there, and names tests that exist.
func TestEveryPromiseHasItsTest(t *testing.T) {
	readme := words(t, "../../README.md")
	for _, p := range readmePromises {
		if !strings.Contains(readme, p.sentence) {
			t.Errorf("the README does not say %q", p.sentence)
		}
		checkTests(t, p.sentence, p.tests)
	}
	for _, bullet := range promisesOf(t) {
		held := false
		for _, p := range readmePromises {
			held = held || strings.Contains(bullet, p.sentence)
		}
		if !held {
			t.Errorf("no test is named for %q", bullet)
		}
	}
	for catalogue, keys := range pagePromises {
		for _, lang := range []string{"nl", "en"} {
			var texts map[string]any
			b, err := os.ReadFile(filepath.Join("../..", catalogue+"."+lang+".json"))
			if err == nil {
				err = json.Unmarshal(b, &texts)
			}
			if err != nil {
				t.Fatal(err)
			}
			for key := range texts {
				if _, ok := keys[key]; !ok && regexp.MustCompile(promising[catalogue]).MatchString(key) {
					t.Errorf("no test is named for %s of %s", key, catalogue)
				}
			}
			for key := range keys {
				if texts[key] == nil {
					t.Errorf("%s has no %s", catalogue, key)
				}
			}
		}
		for key, tests := range keys {
			if tests != "" {
				checkTests(t, key, tests)
			}
		}
	}
}

// words returns a document as words with one space between.
func words(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(string(b), "**", "")), " ")
}

// promisesOf returns the bullets of the README that promise: those at its top and those under "What it promises".
func promisesOf(t *testing.T) (bullets []string) {
	t.Helper()
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), "**", "")
	top, rest, _ := strings.Cut(text, "## Try it")
	_, rest, found := strings.Cut(rest, "## What it promises")
	promised, _, ended := strings.Cut(rest, "## What it does not promise")
	if !found || !ended {
		t.Fatal("the README has no section of promises")
	}
	for _, part := range []string{top, promised} {
		for _, b := range strings.Split(part, "\n- ")[1:] {
			bullets = append(bullets, strings.Join(strings.Fields(b), " "))
		}
	}
	return bullets
}

// checkTests makes sure that tests exist.
func checkTests(t *testing.T, of, tests string) {
	t.Helper()
	if tests == "" {
		t.Errorf("%q names no test", of)
	}
	for _, test := range strings.Fields(tests) {
		dir, name, _ := strings.Cut(test, ":")
		files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(b), "func "+name+"(")
		}
		if !found {
			t.Errorf("%q names %s of %s, which is not there", of, name, dir)
		}
	}
}
