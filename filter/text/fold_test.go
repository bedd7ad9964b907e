package text

import "testing"

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
	})
}
