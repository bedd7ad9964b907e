package lang_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"sluis/internal/lang"
	"sluis/internal/lang/langtest"
)

// TestEveryTextIsThereInEveryLanguage holds for all catalogues of the program.
func TestEveryTextIsThereInEveryLanguage(t *testing.T) { langtest.Module(t, "../..") }

func TestOwnTexts(t *testing.T) {
	var months []string
	for m := range 12 {
		months = append(months, fmt.Sprint(m+1))
	}
	langtest.Package(t, langtest.Families{"month-": months})
}

func files(texts ...string) fstest.MapFS {
	all := fstest.MapFS{}
	for i := 0; i < len(texts); i += 2 {
		all["messages/"+texts[i]] = &fstest.MapFile{Data: []byte(texts[i+1])}
	}
	return all
}

var three = files(
	"a.nl.json", `{"hello": "Dag %s", "waiting": {"one": "%d bericht wacht", "other": "%d berichten wachten"}}`,
	"b.nl.json", `{"only": "alleen hier", "lines": ["eerst %s,", "dan"]}`,
	"a.en.json", `{"hello": "Hello %s", "waiting": {"one": "%d message waits", "other": "%d messages wait"}}`,
	"a.fy.json", `{"hello": "Goeie %s", "waiting": {"one": "%d berjocht wachtet", "other": "%d berjochten wachtsje"}}`,
)

// TestAThirdLanguageIsFilesOnly: nothing but the file a.fy.json knows of Frisian.
func TestAThirdLanguageIsFilesOnly(t *testing.T) {
	c := lang.Files(three)
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if got, want := c.Languages(), []string{"nl", "en", "fy"}; !slices.Equal(got, want) {
		t.Errorf("languages %q, want %q", got, want)
	}
	if got, want := c.Choose("fy-NL,nl;q=0.8").Text("hello", "Sjoerd"), "Goeie Sjoerd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	m := c.Message("waiting", 12345)
	for code, want := range map[string]string{
		"nl": "12.345 berichten wachten",
		"en": "12,345 messages wait",
		"fy": "12.345 berjochten wachtsje",
		"xx": "12.345 berichten wachten",
	} {
		if got := m.In(code); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	if got, want := c.In("fy").Text("only"), "alleen hier"; got != want {
		t.Errorf("a text that Frisian lacks: %q, want %q", got, want)
	}
	if got, want := c.In("nl").Text("lines", "dit"), "eerst dit,\ndan"; got != want {
		t.Errorf("a text in lines: %q, want %q", got, want)
	}
	if got, want := c.In("fy").Text("nowhere"), "⟦nowhere⟧"; got != want {
		t.Errorf("a text that is nowhere: %q, want %q", got, want)
	}
}

func TestTheReaderChoosesTheLanguage(t *testing.T) {
	c := lang.Files(three)
	for _, tc := range []struct {
		accept string
		chosen []string
		want   string
	}{
		{"", nil, "nl"},
		{"en-GB,en;q=0.9", nil, "en"},
		{"de", nil, "nl"},
		{strings.Repeat("x,", 1000), nil, "nl"},
		{strings.Repeat("x-;q=,", 1000), nil, "nl"},
		{"nl", []string{"", "en"}, "en"},
		{"en", []string{"nl", "en"}, "nl"},
		{"en", []string{"", "tlh"}, "en"},
	} {
		if got := c.Choose(tc.accept, tc.chosen...).Code; got != tc.want {
			t.Errorf("Accept-Language %.20q, chosen %q: %s, want %s", tc.accept, tc.chosen, got, tc.want)
		}
	}
}

func TestNumbersAndDatesAreAsTheLanguageWritesThem(t *testing.T) {
	at := time.Date(2026, 3, 9, 14, 5, 0, 0, time.UTC)
	for code, want := range map[string][]string{
		"nl": {"12.345", "12,5%", "1,2\u00a0MB", "9\u00a0maart\u00a02026, 14:05", "1 bericht wacht", "Nederlands"},
		"en": {"12,345", "12.5%", "1.2\u00a0MB", "9\u00a0March\u00a02026, 14:05", "1 message waits", "English"},
		"fy": {"12.345", "12,5%", "1,2\u00a0MB", "9\u00a0maart\u00a02026, 14:05", "1 berjocht wachtet", "fy"},
	} {
		p := lang.Files(three).In(code)
		got := []string{
			p.Number(12345),
			p.Percent(0.125),
			p.Bytes(1_234_567),
			p.Moment(at),
			p.Text("waiting", 1),
			p.Name(),
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

func TestAWrongFileIsReported(t *testing.T) {
	for name, tc := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"no default language":    {files("a.en.json", `{}`), "default language"},
		"no language":            {files("a.json", `{}`), "a.json"},
		"an unknown language":    {files("a.nl.json", `{}`, "a.zz-.json", `{}`), "a.zz-.json"},
		"a key twice":            {files("a.nl.json", `{"k": "a"}`, "b.nl.json", `{"k": "b"}`), `b.nl.json: "k"`},
		"no text":                {files("a.nl.json", `{"k": 1}`), "plural forms"},
		"no other form":          {files("a.nl.json", `{"k": {"one": "a"}}`), "plural forms"},
		"an unknown plural form": {files("a.nl.json", `{"k": {"other": "a", "some": "b"}}`), "plural forms"},
		"no JSON":                {files("a.nl.json", `{`), "a.nl.json"},
	} {
		if err := lang.Files(tc.files).Check(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tc.want)
		}
	}
}

func TestAMessageIsPrintedInAllItsLanguages(t *testing.T) {
	c := lang.Files(three)
	b, err := json.Marshal(struct {
		Found lang.Message `json:"found"`
		None  lang.Message `json:"none,omitzero"`
	}{Found: c.Message("hello", c.Message("only"))})
	want := `{"found":{"en":"Hello alleen hier","fy":"Goeie alleen hier","nl":"Dag alleen hier"}}`
	if err != nil || string(b) != want {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
	if got := (lang.Message{}).In("nl"); got != "" {
		t.Errorf("an empty message is %q, want nothing", got)
	}
	text := lang.Text{"en": "Care", "nl": "Zorg", "fy": "Soarch"}
	for code, want := range map[string]string{"fy": "Soarch", "en": "Care", "de": "Zorg"} {
		if got := text.In(code); got != want {
			t.Errorf("a text in %s: %q, want %q", code, got, want)
		}
	}
}

// TestManyReadersAtOnce: a catalogue is read once, and printed from by many at once. This means most with the
// race detector.
func TestManyReadersAtOnce(t *testing.T) {
	c := lang.Files(three)
	m := c.Message("waiting", 12345)
	want := map[string]string{"nl": "12.345 berichten wachten", "en": "12,345 messages wait"}
	var readers sync.WaitGroup
	for i := range 40 {
		code := []string{"nl", "en"}[i%2]
		readers.Go(func() {
			for range 20 {
				if got := m.In(code); got != want[code] {
					t.Errorf("%s: %q, want %q", code, got, want[code])
				}
			}
		})
	}
	readers.Wait()
}
