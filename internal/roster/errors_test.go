package roster

import (
	"fmt"
	"strings"
	"testing"
)

func TestErrorsTellWhereAndWhatToWrite(t *testing.T) {
	for name, tc := range map[string]struct{ file, text, want string }{
		"unknown key":              {"r.yaml", "people:\n  - {address: a@b.nl, rool: gmr}\n", ":2:23: unknown key: a roster has"},
		"key of another level":     {"r.yaml", "people:\n  - {address: a@b.nl, networks: [10.0.0.0/8]}\n", ":2:23: unknown key"},
		"a list where one belongs": {"r.yaml", "people:\n  - {address: [a@b.nl]}\n", ":2:15: expected one value here"},
		"second document":          {"r.yaml", "# ours\n---\npeople: []\n---\npeople: []\n", ":4:1: a second document"},
		"brackets without end":     {"r.yaml", "people: " + strings.Repeat("[", 100), ":1:41: brackets in brackets"},
		"line without end":         {"r.yaml", "people: []\n#" + strings.Repeat("x", maxLine), ":2:1: the line is longer"},
		"no address":               {"r.yaml", "people:\n  - {address: jan, role: gmr}\n", ":2:15: this is no mail address"},
		"two addresses in one":     {"r.yaml", "people:\n  - {address: 'a@b.nl, c@d.nl'}\n", ":2:15: this is no mail address"},
		"alias that is none":       {"r.yaml", "people:\n  - {address: a@b.nl, aliases: [b]}\n", ":2:33: this is no mail address"},
		"two people, one mailbox": {"r.yaml",
			"people:\n  - {address: a@b.nl}\n  - {address: c@d.nl, aliases: [A+x@B.nl.]}\n",
			":3:33: this address, or one that leads to the same mailbox, stands on line 2 already"},
		"person and list":          {"r.yaml", "people:\n  - {address: a@b.nl}\nlists:\n  - {address: a@b.nl, members: []}\n", ":4:15: this address"},
		"unknown role":             {"r.yaml", "people:\n  - {address: a@b.nl, role: juf}\n", ":2:29: this is no confidential role: write participation-council"},
		"unknown group":            {"r.yaml", "people:\n  - {address: a@b.nl, group: x}\n", ":2:30: this group is not among the groups"},
		"no kind":                  {"r.yaml", "groups:\n  - name: x\n", ":2:11: a group needs a kind: write staff"},
		"kind that is none":        {"r.yaml", "groups:\n  - {name: x, kind: crew}\n", ":2:21: a group needs a kind"},
		"group twice":              {"r.yaml", "groups:\n  - {name: x, kind: staff}\n  - {name: x, kind: pupils}\n", ":3:12: this group is there already"},
		"group named for a person": {"r.yaml", "groups:\n  - {name: jan@b.nl, kind: staff}\n", ":2:12: the name of a group is at most 40 letters"},
		"network without bits":     {"r.yaml", "groups:\n  - {name: x, kind: staff, networks: [10.0.0.1]}\n", ":2:39: this is no network"},
		"network in its middle":    {"r.yaml", "groups:\n  - {name: x, kind: staff, networks: [10.0.0.1/8]}\n", ":2:39: a network begins at its first address: write 10.0.0.0/8"},
		"network of two groups":    {"r.yaml", "groups:\n  - {name: x, kind: staff, networks: [10.0.0.0/8]}\n  - {name: y, kind: staff, networks: [10.0.0.0/8]}\n", ":3:39: this network is another group's"},
		"no domain":                {"r.yaml", "domains: [nl]\n", ":1:11: this is no domain"},
		"empty table":              {"r.csv", "", ":1:1: the table is empty"},
		"misspelled column":        {"r.csv", "address,rool\na@b.nl,gmr\n", ":1:9: unknown column"},
		"column twice":             {"r.csv", "address,role,rol\n", ":1:14: a second column for the role"},
		"no column of addresses":   {"r.csv", "role,group\n", ":1:1: no column address"},
		"no heading":               {"r.csv", "a@b.nl,gmr\n", ":1:1: unknown column"},
		"too few cells":            {"r.csv", "address,role\na@b.nl\n", ":2:1: this row has more or fewer columns"},
		"quote in a cell":          {"r.csv", "address,role\na\"@b.nl,\n", ":2:2: a quote that does not belong here"},
		"quote without end":        {"r.csv", "address,role\n\"a@b.nl,\nb@b.nl,\n", ":2:"},
		"empty address":            {"r.csv", "address,role\n,gmr\n", ":2:1: this is no mail address"},
		"pupils taken for staff": {"r.csv", "address,group\na@b.nl,klas 8\n", ":2:8: the kind of this group is " +
			"not given"}, // K4
		"two kinds of one group": {"r.csv", "address,group,kind\na@b.nl,x,staff\nb@b.nl,x,pupils\n", ":3:10: the group is of another kind elsewhere"},
		"not UTF-8":              {"r.csv", "address,group\na@b.nl,Staff\nb@b.nl,Ma\xefs\n", ":3:1: this is not UTF-8"},
		"UTF-16":                 {"r.csv", "\xff\xfea\x00d\x00", ":1:1: this is not UTF-8"},
	} {
		_, err := load(t, tc.file, tc.text)
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if !strings.Contains(err.Error(), "/"+tc.file+tc.want) {
			t.Errorf("%s: got\n%v\nwant %s%s", name, err, tc.file, tc.want)
		}
	}
}

func TestAllIsToldTogetherAndInOrder(t *testing.T) {
	_, err := load(t, "r.csv", "address,role\na,\na@b.nl,juf\na@b.nl,\n")
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], ":2:1:") || !strings.Contains(lines[1], ":3:8:") ||
		!strings.Contains(lines[2], ":4:1:") {
		t.Error(err)
	}
}

func TestThousandErrorsAreNotAllTold(t *testing.T) {
	_, err := load(t, "r.csv", "address\n"+strings.Repeat("nobody\n", 1000))
	if err == nil || strings.Count(err.Error(), "\n") != maxListed ||
		!strings.HasSuffix(err.Error(), "and 980 more like these") {
		t.Error(err)
	}
}

func TestMoreGroupsThanThereCanBe(t *testing.T) {
	var b strings.Builder
	b.WriteString("address,group,kind\n")
	for i := range maxGroups + 1 {
		fmt.Fprintf(&b, "p%d@b.nl,person %d,staff\n", i, i)
	}
	if _, err := load(t, "r.csv", b.String()); err == nil || !strings.Contains(err.Error(), "more than 250 groups") {
		t.Error(err)
	}
}

// An error is logged when a roster is loaded again; who has which role is nobody's
// business there.
func TestErrorsTellNothingAboutPeople(t *testing.T) {
	for _, tc := range []struct{ file, text string }{
		{"r.yaml", "people:\n  - {address: canary@b.nl, canary: 1}\n"},
		{"r.yaml", "people:\n  - canary@b.nl: {role: gmr}\n"},
		{"r.yaml", "people: canary\n"},
		{"r.yaml", "people: [*canary]\n"},
		{"r.yaml", "people: [!canary x]\n"},
		{"r.yaml", "people:\n  - address: canary@b.nl\n   role: canary\n"},
		{"r.yaml", "canary: 1\ncanary: 2\n"},
		{"r.yaml", "people:\n  - {address: canary, role: canary, group: canary}\n"},
		{"r.yaml", "people:\n  - {address: canary@b.nl, role: canary, group: canary}\n  - {address: canary@b.nl}\n"},
		{"r.yaml", "groups:\n  - {name: canary@b.nl, kind: canary, networks: [canary]}\ndomains: [canary]\n"},
		{"r.yaml", "people-file: [canary]\n"},
		{"r.yaml", "people: \"canary\n"},
		{"r.csv", "canary,address\nx,canary@b.nl\n"},
		{"r.csv", "address,role,group\ncanary,canary,canary\n"},
		{"r.csv", "address,role\n\"canary\"x,\n"},
	} {
		_, err := load(t, tc.file, tc.text)
		if err == nil {
			t.Errorf("%q: no error", tc.text)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", tc.text, err)
		}
	}
}
