package access

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/lang/langtest"
	"sluis/rules"
)

func report(n int) Report {
	r := Report{
		Organisation: "School <b>",
		Address:      "juf@school.example",
		Since:        time.Unix(0, 0),
		Until:        time.Unix(1e9, 0),
		Retention:    183 * 24 * time.Hour,
	}
	for i := range n {
		r.Records = append(
			r.Records,
			Record{
				Time:      time.Unix(int64(i), 0),
				Kind:      "web",
				Direction: "out",
				Site:      "gokken.example",
				Bytes:     12_345_678,
				Action:    "reject",
				Purposes:  "security+conduct",
				Clause:    "C2.8c",
				Rule:      "web.gambling",
				Drawn:     true,
			},
		)
	}
	return r
}

func TestAPageSaysWhatIsHeldInBothLanguages(t *testing.T) { // C3.2f
	for l, want := range map[string][]string{
		"nl": {
			`lang="nl"`, "Wat er over u wordt bewaard", "183", "12,3\u00a0MB", "geweigerd", "naar buiten",
			"veiligheid, gedrag", "gokken.example", "ja", "Autoriteit Persoonsgegevens",
		},
		"en": {`lang="en"`, "What is held about you", "yes", "data protection authority"},
	} {
		var b strings.Builder
		if err := report(3).WriteHTML(&b, l); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: no %q", l, w)
			}
		}
		if strings.Contains(b.String(), "<b>") || strings.Contains(b.String(), "http") {
			t.Errorf("%s: not escaped, or something from elsewhere", l)
		}
		if _, err := html.Parse(strings.NewReader(b.String())); err != nil {
			t.Errorf("%s: %v, want a page that can be parsed", l, err)
		}
	}
	var b strings.Builder
	if err := report(shown+2).WriteHTML(&b, "nl"); err != nil || strings.Count(b.String(), "<tr>") != shown+1 ||
		!strings.Contains(b.String(), "Nog niet getoond: 2.") {
		t.Errorf("%d rows, %v", strings.Count(b.String(), "<tr>"), err)
	}
}

func TestTablesToTakeAlong(t *testing.T) {
	var b strings.Builder
	if err := report(3).WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(rows) != 4 || len(rows[0]) != len(rows[1]) || rows[1][4] != "gokken.example" {
		t.Errorf("the table is %v, %v, want three records", rows, err)
	}
	b.Reset()
	if err := report(3).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal([]byte(b.String()), &back); err != nil || len(back.Records) != 3 ||
		back.Records[1] != report(3).Records[1] {
		// times of another zone are compared below
		if err != nil || !back.Records[1].Time.Equal(report(3).Records[1].Time) {
			t.Errorf("read back: %+v, %v, want the same records", back, err)
		}
	}
}

func TestTexts(t *testing.T) {
	var purposes []string
	for _, p := range []rules.Purpose{rules.Security, rules.Conduct, rules.Leak, rules.Capacity, rules.Imagery} {
		purposes = append(purposes, p.String())
	}
	langtest.Package(t, langtest.Families{
		"kind-":      {journal.Mail.String(), journal.Web.String()},
		"direction-": {rules.In.String(), rules.Out.String(), rules.Internal.String()},
		"purpose-":   purposes,
		"action-":    {filter.Pass.String(), filter.Tag.String(), filter.Quarantine.String(), filter.Reject.String()},
	})
}
