package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ledongthuc/pdf"
	"golang.org/x/net/html"

	"sluis/filter"
	"sluis/internal/lang/langtest"
	"sluis/internal/ledger"
	"sluis/internal/oversight/byheader"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/totals"
	"sluis/rules"
)

var november = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func facts(lang string) Facts {
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		panic(err)
	}
	entry := func(day int, k ledger.Kind, d ledger.Data) ledger.Entry {
		return ledger.Entry{Time: november.AddDate(0, 0, day), Kind: k, Data: d}
	}
	ict := ledger.Actor{Role: "ict"}
	piet := ledger.Actor{Name: "beheerder-piet", Role: "ict"}
	entries := ledger.Entries{
		entry(-40, ledger.GatewayStarted, ledger.Data{Rules: "aaaaaaaaaaaa", Roster: "same"}),
		entry(-35, ledger.QuarantineOpened, ledger.Data{Actor: ict, Reason: "Jansen"}),
		entry(2, ledger.QuarantineOpened, ledger.Data{Actor: piet, Reason: "gesprek met Jansen"}),
		entry(3, ledger.QuarantineOpened, ledger.Data{Actor: ict}),
		entry(3, ledger.OrderDecided, ledger.Data{Actor: ledger.Actor{Role: "board"}}),
		entry(4, ledger.SamplingRate, ledger.Data{Rate: 0.125, Since: november.AddDate(0, 0, 5).UnixMilli()}),
		entry(5, ledger.RetentionChanged, ledger.Data{Step: "journal", Count: 100, Reason: "Jansen"}),
		entry(35, ledger.QuarantineOpened, ledger.Data{Actor: ict}),
	}
	return Facts{
		Organisation: "Stichting Ééndracht <b>",
		CodeURL:      "https://school.example/code",
		Lang:         lang,
		Since:        november,
		Until:        november.AddDate(0, 1, 0),
		Made:         november.AddDate(0, 1, 1),
		Rules:        set.Rules(),
		Fingerprints: [2]string{"bbbbbbbbbbbb", "same"},
		Rate:         0.05,
		People:       430,
		Confidential: 7,
		Groups:       12,
		Retention:    [2]int{183, 30},
		WebControl:   true,
		Period:       period(),
		Ledger:       entries,
		Checkpoint:   []byte("go.sum database tree\n3\nabc=\n\n— sluis-ledger xyz\n"),
		Roll: &roll.Adopted{
			Version: roll.Version{Number: 2, Quorum: 2, Members: make([]roll.Member, 5)},
			Hash:    strings.Repeat("ab", 32),
			At:      november,
		},
	}
}

// period has a group that is shown, one that is not, and a table without rows.
func period() *totals.Period {
	hidden := totals.Figure{Hidden: totals.FewPeople}
	north := map[string]totals.Figure{totals.Records: {Value: 1234500}, totals.Bytes: {Value: 56_000_000}}
	direction := map[string]totals.Figure{totals.Records: hidden, totals.Bytes: hidden}
	groups := totals.Table{
		Name: totals.Groups,
		Rows: []totals.Row{{Name: "team Noord", Figures: north}, {Name: "directie", Figures: direction}},
	}
	return &totals.Period{Name: "2026-11", Tables: []totals.Table{groups, {Name: totals.Threats}}}
}

// wanted is what a report has to say in each language.
var wanted = map[string][]string{
	"nl": {
		"Verantwoording",
		"C3.3b",
		"5% van uitgaande mail en uploads, door loting",
		"430 mensen in 12 groepen, van wie 7",
		"bericht geopend",
		"ICT-dienst",
		"de regels: van versie aaaaaaaa naar bbbbbbbb",
		"12,5% vanaf",
		"journal, 100 dagen",
		"183",
		"1.234.500",
		"56 MB",
		"niet getoond",
		"go.sum database tree",
		"Geen.",
	},
	"en": {
		"Accountability report",
		"5% of outgoing mail and uploads, by draw",
		"message opened",
		"ICT service",
		"from version aaaaaaaa to bbbbbbbb",
		"12.5% from",
		"1,234,500",
		"not shown",
		"None.",
	},
}

func check(t *testing.T, what, lang, text string) {
	t.Helper()
	for _, want := range wanted[lang] {
		if !strings.Contains(text, want) {
			t.Errorf("%s in %s has no %q", what, lang, want)
		}
	}
	for _, never := range []string{"Jansen", "beheerder-piet"} {
		if strings.Contains(text, never) {
			t.Errorf("%s in %s has %q", what, lang, never)
		}
	}
}

func TestAReportSaysWhatIsControlled(t *testing.T) { // K1, K2
	for lang := range wanted {
		r, err := New(facts(lang))
		if err != nil {
			t.Fatal(err)
		}
		var page bytes.Buffer
		if err := r.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		doc, err := html.Parse(bytes.NewReader(page.Bytes()))
		if err != nil || strings.Contains(page.String(), "<b>") {
			t.Errorf("%s: the page has <b> or is no HTML (%v), want it escaped", lang, err)
		}
		check(t, "the page", lang, strings.Join(strings.Fields(text(doc)), " "))
		if opened := strings.Count(page.String(), "<td>2</td>"); opened < 1 {
			t.Errorf("%s: the page counts no 2 openings of the period", lang)
		}
		var file bytes.Buffer
		if err := r.WritePDF(&file); err != nil {
			t.Fatal(err)
		}
		check(t, "the PDF", lang, pdfText(t, file.Bytes()))
		if !strings.Contains(pdfText(t, file.Bytes()), "Stichting Ééndracht") {
			t.Errorf("%s: the PDF has lost the letters with accents", lang)
		}
	}
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	out := ""
	for c := range n.ChildNodes() {
		out += text(c) + " "
	}
	return out
}

func pdfText(t *testing.T, b []byte) string {
	t.Helper()
	r, err := pdf.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.GetPlainText()
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	if _, err := all.ReadFrom(out); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(all.String()), " ")
}

// TestTexts: every name that a report can have is there in all languages.
func TestTexts(t *testing.T) {
	tables := []string{
		totals.Volume,
		totals.Groups,
		totals.Parts,
		totals.Decisions,
		totals.Sample,
		totals.Categories,
		totals.Clauses,
		totals.Threats,
		totals.Reviewed,
		totals.Capacity,
	}
	outcomes := []string{"opened", "released", "kept", "confirmed", "wrong", "deleted", "expired"}
	rows := slices.Concat(outcomes,
		[]string{"total", "other", "mail-in", "mail-out", "mail-internal", "web"},
		[]string{"pass", "tag", "quarantine", "reject"},
		[]string{"drawn", "not-drawn", "not-eligible", "security-only"},
		[]string{"1", "2", "3", "4"},
		[]string{"month", "peak-hour", "stored", "median-hours"})
	sought := []string{
		"title-of", "phrases", "regexp", "keywords", "detect", "structure", "near", "also", "unless", "except",
	}
	langtest.Package(t,
		langtest.Families{
			"act-":     langtest.Words(slices.Concat(counted, changing)),
			"role-":    append(langtest.Words(ledger.Roles), "command line", gateway),
			"purpose-": {"security", "conduct", "leak"},
			"sought-":  sought,
			"table-":   tables,
			"row-":     rows,
			"measure-": {totals.Records, totals.Bytes, "hours"},
		},
		langtest.Speaker{Name: "name"})
}

func TestFiguresAreAsTheLanguageWritesThem(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1.000", 1234567: "1.234.567"} {
		if got := Names("nl").Figure(totals.Figure{Value: n}, totals.Records); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	rows := map[string]string{"gambling": "Kansspelen", "drawn": "geloot", "C2.8c": "C2.8c", "team-a": "team-a"}
	for name, want := range rows {
		if got := Names("nl").Row(name); got != want {
			t.Errorf("row %s is called %q, want %q", name, got, want)
		}
	}
}

// How often a message was exempt by its header alone is in the report by month: a small number is not told
// exactly, nor one that still grows (C3.2g, C3.2b).
func TestMailThatIsExemptByItsHeaderIsCounted(t *testing.T) {
	for lang, want := range map[string][]string{
		"nl": {"2026-09: 123 keer", "2026-10: minder dan 10 keer", "2026-11, nog niet voorbij: minstens 40 keer"},
		"en": {"2026-09: 123 times", "2026-10: fewer than 10 times", "2026-11, not over yet: at least 40 times"},
	} {
		f := facts(lang)
		begin := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
		f.ByHeader = []byheader.Month{
			{Begin: begin, Count: 123, Ended: true},
			{Begin: begin.AddDate(0, 1, 0), Count: 9, Ended: true},
			{Begin: begin.AddDate(0, 2, 0), Count: 47},
		}
		r, err := New(f)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, s := range r.Sections {
			all = append(all, s.Text...)
		}
		for _, line := range want {
			if !slices.Contains(all, line) {
				t.Errorf("%s: no line %q in %q", lang, line, all)
			}
		}
		if text := strings.Join(all, "\n"); strings.Contains(text, "47") {
			t.Errorf("%s: a count that still grows is told exactly", lang)
		}
	}
}
