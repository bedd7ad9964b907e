package peopleindex

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"sluis/filter/detect"
)

func example(t testing.TB) *Index {
	t.Helper()
	d, err := Example()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *Index) persons(text []byte, emit func(detect.Hit)) { d.Find(text, emit, nil) }
func (d *Index) names(text []byte, emit func(detect.Hit))   { d.Find(text, nil, emit) }

func places(find func([]byte, func(detect.Hit)), text string) []string {
	var all []string
	find([]byte(text), func(h detect.Hit) { all = append(all, text[h.Start:h.End]) })
	return all
}

func TestAPersonIsFoundHoweverWritten(t *testing.T) {
	d := example(t)
	for text, want := range map[string]string{
		"leerlingnummer 9912004 is ziek":                           "9912004",
		"nr. 99.12.004":                                            "99.12.004",
		"de Proef, Pim, geb. 14-11-2016":                           "de Proef, Pim",
		"Dé Proef Pim, geb. 14-11-2016":                            "Dé Proef Pim",
		"VERA VOORBEELD, geb. 3-1-2017":                            "VERA VOORBEELD",
		"Véra Voorbeeld is op 3 januari 2017 geboren":              "Véra Voorbeeld",
		"Voorbeeld, Vera (2017-01-03)":                             "Voorbeeld, Vera",
		"geboren 03/01/2017: Vera  Voorbeeld":                      "Vera  Voorbeeld",
		"Pim de Proef woont op 1234AB 17":                          "Pim de Proef",
		"Proef, Pim de; 14 nov 2016":                               "Proef, Pim de",
		"vera voorbeeld\n03-01-2017":                               "vera voorbeeld",
		"Vera Voorbeeld":                                           "",
		"Vera Voorbeeld, geboren op 4-1-2017":                      "", // another's date
		"Vera Voorbeeld, geboren op 14-11-2016":                    "", // Pim's
		"geboren op 3-1-2017":                                      "",
		"ordernummer 99120041":                                     "",
		"Vera is een mooi voorbeeld, 3-1-2017":                     "",
		"Vera Voorbeeld" + strings.Repeat(" x", 200) + " 3-1-2017": "",
	} {
		if got := strings.Join(places(d.persons, text), "|"); got != want {
			t.Errorf("%.60q: found %q, want %q", text, got, want)
		}
	}
}

func TestNamesAreReportedApart(t *testing.T) {
	d := example(t)
	if got := places(d.names, "Vera Voorbeeld en Pim de Proef, en Anna van Verzonnen"); len(got) != 3 {
		t.Errorf("%q", got)
	}
}

func TestAListWithoutPeopleIsRefused(t *testing.T) {
	for name, tc := range map[string]struct{ list, want string }{
		"empty":        {"", "first line has to name the columns"},
		"no columns":   {"kleur,maat\nrood,3\n", "no column points at people"},
		"broken quote": {"naam,bsn\n\"Vera Voorbeeld,1\n", "line 2"},
	} {
		_, _, err := Build(strings.NewReader(tc.list), NewKey())
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "Vera") {
			t.Errorf("%s: shows what is in the list: %v", name, err)
		}
	}
}

func TestWhatIsKeptPointsAtNobody(t *testing.T) {
	d, sum, err := Build(strings.NewReader("\ufeffNaam;Leerlingnummer;Kleur\nVera Voorbeeld;9912004;rood\nJo;12;\n"),
		NewKey())
	if err != nil || sum.People != 1 || sum.Skipped != 2 || strings.Join(sum.Ignored, "") != "Kleur" {
		t.Fatalf("%+v, %v", sum, err)
	}
	var b bytes.Buffer
	if _, err := d.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"vera", "9912004", "voorbeeld"} {
		if bytes.Contains(bytes.ToLower(b.Bytes()), []byte(secret)) {
			t.Errorf("%q is in the file", secret)
		}
	}
	if other, err := Read(bytes.NewReader(b.Bytes()), NewKey()); err != nil ||
		len(places(other.persons, "9912004")) > 0 {
		t.Errorf("found with another key, or %v", err)
	}
	same, err := Read(bytes.NewReader(b.Bytes()), d.key)
	if err != nil || len(places(same.persons, "9912004")) != 1 {
		t.Errorf("not found after writing and reading: %v", err)
	}
}

func TestADamagedFileIsRefused(t *testing.T) {
	var b bytes.Buffer
	if _, err := example(t).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	for i := range b.Len() {
		bad := bytes.Clone(b.Bytes())
		bad[i] ^= 1
		if _, err := Read(bytes.NewReader(bad), Key{1}); !errors.Is(err, errDamaged) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := Read(bytes.NewReader(b.Bytes()[:i]), Key{1}); !errors.Is(err, errDamaged) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

// school is a list of n made-up people.
func school(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("voornaam,achternaam,geboortedatum,leerlingnummer,email\n")
	syllable := func() string { return string("bdfgklmnprst"[r.IntN(12)]) + string("aeiou"[r.IntN(5)]) }
	for i := range n {
		first, last := syllable()+syllable()+"n", syllable()+syllable()+syllable()+"s"
		fmt.Fprintf(&b, "%s,%s,%d-%d-%d,%d,%s.%s%d@school.example\n", first, last, 1+r.IntN(28), 1+r.IntN(12),
			2005+r.IntN(15), 1_000_000+i, first, last, i)
	}
	return b.String()
}

func TestFiftyThousandPeopleTakeLittle(t *testing.T) {
	list := school(50_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	d, sum, err := Build(strings.NewReader(list), NewKey())
	if err != nil || sum.People != 50_000 {
		t.Fatalf("%+v, %v", sum, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	size := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d values of %d people in %.1f MB", d.Len(), sum.People, float64(size)/1e6)
	if size > 20_000_000 {
		t.Errorf("%d bytes", size)
	}
	runtime.KeepAlive(list)
}

func FuzzFind(f *testing.F) {
	d := example(f)
	f.Add([]byte("Vera Voorbeeld, geb. 3-1-2017, 1234 AB 5, 99.12.004"))
	f.Add([]byte("e\u0301\u0301 ß æ 3 mei 2017 \xff\xfe"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, find := range []func([]byte, func(detect.Hit)){d.persons, d.names} {
			find(text, func(h detect.Hit) {
				if h.Start < 0 || h.End > len(text) || h.Start >= h.End {
					t.Fatalf("hit %d:%d in %d bytes", h.Start, h.End, len(text))
				}
			})
		}
	})
}

func FuzzBuild(f *testing.F) {
	f.Add([]byte("naam;bsn\nVera;1\n"))
	f.Add([]byte(school(3)))
	f.Fuzz(func(t *testing.T, list []byte) {
		d, sum, err := Build(bytes.NewReader(list), Key{})
		if err == nil && d.Len() < sum.People {
			t.Fatalf("%+v in %d values", sum, d.Len())
		}
	})
}

func BenchmarkFind(b *testing.B) {
	d, _, err := Build(strings.NewReader(school(50_000)), NewKey())
	if err != nil {
		b.Fatal(err)
	}
	text := []byte(strings.Repeat("De kinderen van groep 5 gaan op dinsdag 24 november naar de bibliotheek om 12.30 "+
		"uur. ", 200))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		d.Find(text, func(detect.Hit) {}, nil)
	}
}

func TestListsAreMerged(t *testing.T) {
	key := NewKey()
	build := func(list string) *Index {
		d, _, err := Build(strings.NewReader(list), key)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := Merge(build("naam,geboortedatum\nVera Voorbeeld,3-1-2017\n"),
		build("naam,geboortedatum\nPim Proef,14-11-2016\n"))
	if got := places(d.persons, "Vera Voorbeeld 3-1-2017, en Pim Proef 14-11-2016"); len(got) != 2 {
		t.Errorf("%q", got)
	}
	if got := places(d.persons, "Vera Voorbeeld 14-11-2016"); len(got) != 0 {
		t.Errorf("people were mixed up: %q", got)
	}
}
