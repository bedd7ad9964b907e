package journal

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/rules"
)

// must returns a value that its constructor makes without an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// full is a record with no field at its zero value.
func full() Record {
	return Record{
		Time: time.Date(
			2026,
			11,
			23,
			9,
			41,
			7,
			123e6,
			time.UTC,
		), ID: filter.ID{1, 2, 3, 15: 9}, Kind: Web, Direction: rules.Internal,
		Group: must(roster.ParseGroup("team de Bron-2")), Peer: DomainOf("mail.gezin.example.nl"),
		Action: filter.Quarantine, Purposes: rules.SetOf(rules.Security, rules.Conduct, rules.Leak),
		Purpose:  rules.Leak,
		Category: 3, Clause: must(rules.ParseClause("C3.3b")), Rule: must(rules.ParseID("leak.identity.bsn")),
		Confidential: true, Eligible: true, Drawn: true, Ambiguous: true, Uninspectable: true, Incomplete: true,
		TLS: true, Ordered: true, Approved: true,
		Recipients: 1, Refused: 65535, Parts: 3, Repaired: 1 << 31, Reply: 250, Bytes: 1 << 40,
		Duration:  1234567 * time.Nanosecond,
		pseudonym: Pseudonym{0: 7, 15: 8},
	}
}

// ordinary is a record of mail of a colleague.
func ordinary(n int) Record {
	r := full()
	r.ID = filter.ID{byte(n >> 16), byte(n >> 8), byte(n), 15: 1}
	r.Confidential, r.pseudonym, r.Kind, r.Direction = false, Pseudonym{}, Mail, rules.Out
	return r
}

// closed are the types with text in them that only their own package can make, of a
// closed list or a small alphabet.
var closed = map[reflect.Type]bool{
	reflect.TypeFor[roster.Group](): true, reflect.TypeFor[Domain](): true,
	reflect.TypeFor[rules.Clause](): true, reflect.TypeFor[rules.ID](): true,
}

// freeText returns the first place of a type in which content would fit.
func freeText(t reflect.Type, path string) string {
	switch t.Kind() {
	case reflect.Bool, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Int64, reflect.Float64:
		return ""
	case reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Len() <= 16 { // a random ID, a truncated HMAC
			return ""
		}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return ""
		}
		for i := range t.NumField() {
			f := t.Field(i)
			if closed[t] {
				if f.IsExported() {
					return path + "." + f.Name
				}
				continue
			}
			if at := freeText(f.Type, path+"."+f.Name); at != "" {
				return at
			}
		}
		return ""
	}
	return path
}

func TestNoFieldOfARecordHoldsContent(t *testing.T) { // C3.2e, never 1
	if at := freeText(reflect.TypeFor[Record](), "Record"); at != "" {
		t.Errorf("content fits in %s", at)
	}
	// And the test would see one.
	type text string
	for _, bad := range []any{
		struct{ Subject string }{}, struct{ Subject text }{}, struct{ Body []byte }{}, struct{ Name *string }{},
		struct{ More map[string]int }{},
		struct{ Any any }{}, struct{ Path [64]byte }{}, struct{ Runes []rune }{},
		struct{ Deep struct{ X [2]string } }{}, struct{ E fmt.Stringer }{},
	} {
		if freeText(reflect.TypeOf(bad), "x") == "" {
			t.Errorf("%T passed for one without content", bad)
		}
	}
}

func TestTextsOfARecordAreOfSmallAlphabets(t *testing.T) {
	long := strings.Repeat("a", 300)
	for _, content := range []string{"Vertrouwelijk: gesprek over ontslag", "juf@school.example",
		"/pad/naar?q=zoekterm", "a\nb", "factuur.pdf\x00", long, "…"} {
		if d := DomainOf(content); d != (Domain{}) {
			t.Errorf("%q became the domain %q", content, d)
		}
		if _, err := parseDomain(content); err == nil {
			t.Errorf("%q was taken for a domain", content)
		}
		if _, err := rules.ParseClause(content); err == nil {
			t.Errorf("%q was taken for a clause", content)
		}
		if _, err := roster.ParseGroup(content); err == nil {
			t.Errorf("%q was taken for a group", content)
		}
	}
	for host, want := range map[string]string{
		"mail.school.nl": "school.nl", "SCHOOL.NL.": "school.nl", "a.b.co.uk": "b.co.uk",
		"juf.github.io": "juf.github.io",
		"10.0.0.1":      "", "::1": "", "localhost": "", "nl": "", "co.uk": "", "": "", ".": "", "..": "", "a..nl": "",
		"geheim.zoekwoord": "", "xn--school-gre-e4a9y.nl": "xn--school-gre-e4a9y.nl",
	} {
		if got := DomainOf(host).String(); got != want {
			t.Errorf("DomainOf(%q) = %q, want %q", host, got, want)
		}
	}
}

// Every field on its own, so that a new one cannot be forgotten in an encoder.
func TestEveryFieldSurvivesSegmentAndDatabase(t *testing.T) {
	all := reflect.ValueOf(full())
	cases := []Record{{}, full()}
	for i := range all.NumField() {
		name := all.Type().Field(i).Name
		if all.Field(i).IsZero() {
			t.Fatalf("the test's record has nothing in %s", name)
		}
		if name == "pseudonym" {
			continue
		}
		var one Record
		reflect.ValueOf(&one).Elem().Field(i).Set(all.Field(i))
		cases = append(cases, one)
	}
	for i := range cases {
		if cases[i].Time.IsZero() {
			cases[i].Time = time.UnixMilli(0).UTC()
		}
	}
	sealed := segmentOf(t, t.TempDir(), "1", cases...)
	var read []Record
	if unread, err := sealed.Each(t.Context(),
		func(r Record) error { read = append(read, r); return nil }); err != nil ||
		unread != 0 {
		t.Fatal(unread, err)
	}
	if !reflect.DeepEqual(read, cases) {
		t.Errorf("segment: got\n%+v\nwant\n%+v", read, cases)
	}
	db := openDB(t, t.TempDir())
	load(t, db, sealed)
	kept := slices.DeleteFunc(byDay(cases), func(r Record) bool { return r.counted() }) // an hourly count
	if got := everything(t, db); len(kept) != len(cases)-1 || !reflect.DeepEqual(got, kept) {
		t.Errorf("database: got\n%+v\nwant\n%+v", got, kept)
	}
}

func TestAnExportHasEveryFieldButThePseudonym(t *testing.T) { // C3.2c
	b := must(json.Marshal(full()))
	want := `{"time":"2026-11-23T09:41:07.123Z","id":"0102030000000000000000000000000009","kind":"web",` +
		`"direction":"internal","group":"team de Bron-2","peer":"example.nl","action":"quarantine",` +
		`"purposes":["security","conduct","leak"],"purpose":"leak","category":"` + rules.Category(3).String() +
		`","clause":"C3.3b","rule":"leak.identity.bsn","confidential":true,"eligible":true,"drawn":true,` +
		`"ambiguous":true,"uninspectable":true,"incomplete":true,"tls":true,"ordered":true,"approved":true,` +
		`"recipients":1,"refused":65535,"parts":3,"repaired":2147483648,"reply":250,"bytes":1099511627776,` +
		`"duration_ms":1.234}`
	want = strings.Replace(want, "0102030000000000000000000000000009", full().ID.String(), 1)
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	var fields map[string]any
	if err := json.Unmarshal(b, &fields); err != nil || len(fields) != reflect.TypeFor[Record]().NumField()-1 {
		t.Errorf("the export of a record has %d fields, %v; want all but the pseudonym", len(fields), err)
	}
	empty := string(must(json.Marshal(Record{})))
	for _, not := range []string{"group", "peer", "purpose\"", "category", "clause", "rule"} {
		if strings.Contains(empty, not) {
			t.Errorf("%s stands in %s", not, empty)
		}
	}
}
