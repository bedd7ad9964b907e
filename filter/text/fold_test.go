package text

import (
	"bytes"
	"testing"
)

func TestFoldUndoesEvasions(t *testing.T) {
	for in, want := range map[string]string{
		"gewoon":                         "gewoon",
		"één café":                       "een cafe",
		"w\u200bacht\u00adwoord":         "wachtwoord",
		"ｗａｃｈｔ":                          "wacht",
		"𝐰𝐚𝐜𝐡𝐭":                          "wacht",
		"wасhtwооrd":                     "wachtwoord", // Cyrillic а, с, о
		"e\u0301\u0301n":                 "en",
		"١٢٣":                            "123",
		"111\u00a0222\u2011333":          "111 222-333",
		"caf\xe9":                        "cafe",
		"ﬁets":                           "fiets",
		"\u202egeheim\u202c":             "geheim",
		"straße Ångström Łódź":           "straße Angstrom Lodz",
		"漢字":                             "漢字",
		"\u2460":                         "1",
		"\U000e0041\U000e0042wachtwoord": "wachtwoord",
	} {
		if got := string(Fold(nil, []byte(in))); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"a", "é", "\xff\xfe", "ｗ", "\u0301", "ﷺ"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		once := Fold(nil, b)
		if len(once) > 60*len(b) {
			t.Errorf("%d bytes became %d", len(b), len(once))
		}
		if n := FoldedLen(b); n != len(once) {
			t.Errorf("FoldedLen gives %d, want the %d bytes that Fold gives", n, len(once))
		}
	})
}

func TestLoosenUndoesEvasions(t *testing.T) {
	for in, want := range map[string]string{
		"h4ll0 daar":                   "hallo daar",
		"w4chtw00rd":                   "wachtwoord",
		"$3cret p4$$word":              "secret password",
		"h a l l o daar":               "hallo     daar",
		"h.a.l.l.o.":                   "hallo    .",
		"h-4-l-l-o":                    "hallo    ",
		"haaaallo":                     "hallo   ",
		"hallooooo!":                   "hallo    !",
		"wakkkker":                     "wakker  ",
		"wáchtw00rd h4llo":             "wáchtw00rd hallo",
		"groep5 groep 5 om 10 uur":     "",
		"a.u.b. i.v.m. t.a.v.":         "",
		"1 2 3 4 5 6 7 8":              "",
		"123456782 NL91ABNA0417164300": "",
		"www.school.nl jan@school.nl":  "",
		"MP3 H2O A4 4x4 covid19":       "",
		"een gewone zin! Twee?":        "",
		"iii xxx":                      "",
		"":                             "",
	} {
		if got := string(Loosen(nil, []byte(in))); got != want {
			t.Errorf("Loosen(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzLoosen(f *testing.F) {
	for _, s := range []string{"h4ll0", "h a l l o", "haaaallo", "a.b.c.d.e é$$$"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := Loosen(nil, b)
		if got != nil && (len(got) != len(b) || bytes.Equal(got, b)) {
			t.Errorf("%q became %q", b, got)
		}
		for i, c := range got {
			if c != b[i] && c != ' ' && !letter(c) && byteKind[c] == 0 {
				t.Errorf("%q became %q", b, got)
			}
		}
	})
}
