package pdf

import (
	"fmt"
	"strings"
	"testing"
)

// shown returns what the pages of a file show, and the reading.
func shown(b []byte) (string, *Text) {
	var s strings.Builder
	t := open(b).NewText(func(b []byte) { s.Write(b) }, func() bool { return false })
	t.Pages()
	return s.String(), t
}

// setIn makes a file of one page with a content, in Helvetica (F1), in a font with widths of its own (F2: a is as wide
// as the size, others half) and in a composite font (F3: codes are letters, as wide as its size).
func setIn(content string) []byte {
	var half strings.Builder
	for i := range 224 {
		w := 500
		if i == 'a'-32 {
			w = 1000
		}
		fmt.Fprint(&half, w, " ")
	}
	return fileOf("<</Type/Catalog/Pages 2 0 R>>", tree,
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R/F2 6 0 R/F3 7 0 R>>"+
			"/XObject<</X 9 0 R>>>>>>",
		streamOf("/Filter/FlateDecode", deflated(content)),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		"<</Type/Font/Subtype/TrueType/FirstChar 32/LastChar 255/Encoding/WinAnsiEncoding/Widths["+half.String()+"]>>",
		"<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 8 0 R"+
			"/DescendantFonts[<</DW 1000/W[98[500]99 101 250]>>]>>",
		streamOf("", "1 begincodespacerange<0000><ffff>endcodespacerange 1 beginbfrange<0000><00ff><0000>endbfrange"),
		streamOf("/Type/XObject/Subtype/Form/Matrix[1 0 0 1 100 0]", "BT 10 0 0 10 0 500 Tm (vorm) Tj ET"))
}

func TestWordsAreJoinedAndPartedByTheirPlace(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"kerning is no space":           {"BT /F1 12 Tf 50 700 Td [(zor)20(gplan T)90(oos)] TJ ET", "zorgplan Toos"},
		"a gap is a space":              {"BT /F1 12 Tf 50 700 Td [(zorg)-300(plan)] TJ ET", "zorg plan"},
		"a tight gap of TeX":            {"BT /F1 10 Tf 50 700 Td [(zorg)-170(plan)] TJ ET", "zorg plan"},
		"glyph by glyph":                {"BT /F2 10 Tf 1 0 0 1 0 0 Tm (b) Tj 1 0 0 1 5 0 Tm (a) Tj 1 0 0 1 15 0 Tm (d) Tj ET", "bad"},
		"a small font that is enlarged": {"BT /F2 1 Tf 10 0 0 10 0 0 Tm (b) Tj 10 0 0 10 5.4 0 Tm (d) Tj 10 0 0 10 13 0 Tm (f) Tj ET", "bd f"},
		"a page that is scaled":         {"q .1 0 0 .1 0 0 cm BT /F2 100 Tf 0 0 Td (b) Tj 54 0 Td (d) Tj 80 0 Td (f) Tj ET Q", "bd f"},
		"space between letters":         {"BT /F2 10 Tf 3 Tc (bd) Tj 0 Tc ( f) Tj ET", "bd f"},
		"space between words":           {"BT /F2 10 Tf 20 Tw (bd f) Tj ET", "bd f"},
		"a narrow scale":                {"BT /F2 10 Tf 50 Tz (bd) Tj 5.2 0 Td (f) Tj 9 0 Td (g) Tj ET", "bdf g"},
		"a line below":                  {"BT /F1 12 Tf 14 TL 50 700 Td (een) Tj T* (twee) Tj (drie) ' ET", "een\ntwee\ndrie"},
		"composite: its widths":         {"BT /F3 10 Tf 0 0 Td <0061006200630064> Tj 20 0 Td <0065> Tj ET", "abcde"},
		"composite: a gap":              {"BT /F3 10 Tf 0 0 Td <00610062> Tj 18 0 Td <0065> Tj ET", "ab e"},
		"turned":                        {"BT /F2 10 Tf 0 1 -1 0 50 50 Tm (bd) Tj 0 1 -1 0 50 60 Tm (f) Tj ET", "bdf"},
		"a form is where it is drawn":   {"BT /F2 10 Tf 80 500 Td (de ) Tj ET /X Do", "de vorm"},
		"an index":                      {"BT /F2 10 Tf 0 0 Td (CO) Tj /F2 6 Tf -3 Ts (2) Tj ET", "CO2"},
		"an accent of TeX":              {"BT /F2 10 Tf 0 0 Td (Zo) Tj (\\250) Tj -5 0 Td 10 0 Td 5 0 Td (e) Tj ET", "Zoë"},
		"a font that is not there":      {"BT /F9 10 Tf 0 0 Td (woord) Tj ET", "woord"},
		"a picture in the line":         {"BT /F1 10 Tf (een) Tj ET BI /W 2 ID \x00(EI) EI BT 0 -20 Td (twee) Tj ET", "een\ntwee"},
		"what it stands for":            {"BT /F1 10 Tf /Span<</ActualText(geheim)>>BDC (x) Tj EMC ET", "x\n geheim"},
	} {
		t.Run(name, func(t *testing.T) {
			got, read := shown(setIn(c.content))
			if strings.TrimSpace(got) != c.want || read.Unread {
				t.Errorf("%q, want %q; unread %v", strings.TrimSpace(got), c.want, read.Unread)
			}
		})
	}
}

// Cells that are written column by column are also read line by line; what was read so already is not read again.
func TestLinesAreReadAsTheyStand(t *testing.T) {
	got, _ := shown(setIn("BT /F1 10 Tf 1 0 0 1 50 700 Tm (BSN) Tj 1 0 0 1 50 680 Tm (naam) Tj " +
		"1 0 0 1 150 700 Tm (123456782) Tj 1 0 0 1 150 680 Tm (Jan) Tj ET"))
	if !strings.Contains(got, "BSN 123456782\nnaam Jan\n") {
		t.Errorf("%q has no line with the number after its name", got)
	}
	got, _ = shown(setIn("BT /F1 10 Tf 1 0 0 1 50 700 Tm (BSN) Tj 1 0 0 1 150 700 Tm (123456782) Tj ET"))
	if n := strings.Count(got, "123456782"); n != 1 {
		t.Errorf("the number is shown %d times, want once: %q", n, got)
	}
}

func TestAParagraphGoesOnFromLineToLine(t *testing.T) {
	const long = "BT /F2 10 Tf 50 700 Td (het is in deze groep een hele klas en het zorg) Tj " +
		"0 -12 Td (plan ligt er) Tj ET"
	got, _ := shown(setIn(long))
	if !strings.Contains(got, "zorg plan ligt") {
		t.Errorf("%q does not go on", got)
	}
	got, _ = shown(setIn(strings.Replace(long, "zorg)", "zorg-)", 1)))
	if !strings.Contains(got, "zorgplan ligt") {
		t.Errorf("%q: the word that was broken is not whole", got)
	}
	got, _ = shown(setIn("BT /F2 10 Tf 50 700 Td (een hele lange naam van een leerling) Tj 300 0 Td (111222333) Tj " +
		"-300 -12 Td (nog een hele lange naam van een lid) Tj 300 0 Td (444555666) Tj ET"))
	if !strings.Contains(got, "111222333\nnog") {
		t.Errorf("%q: the rows of a table are not apart", got)
	}
	got, _ = shown(setIn("BT /F2 10 Tf 12 TL 50 700 Td (06-41234561) Tj T* (06-41234572) Tj ET"))
	if !strings.Contains(got, "06-41234561\n06-41234572") {
		t.Errorf("%q: the rows of a list are not apart", got)
	}
}

func TestFontsAreExplainedByWhatTheyHold(t *testing.T) {
	page := func(font string, more ...string) []byte {
		return fileOf(append([]string{"<</Type/Catalog/Pages 2 0 R>>", tree,
			"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
			streamOf("", "BT /F 10 Tf (\\001\\002\\003) Tj ET"), font}, more...)...)
	}
	type1 := "<</Type/Font/Subtype/Type1/FirstChar 1/Widths[500 500 500]/FontDescriptor<</FontFile 6 0 R>>"
	for name, c := range map[string]struct {
		file   []byte
		want   string
		unread bool
	}{
		"names of glyphs":    {page(type1 + "/Encoding<</Differences[1/z/edieresis/Eacute]>>>>"), "zëÉ", false},
		"numbers as names":   {page(type1 + "/Encoding<</Differences[1/uni007A/u0065/f_f]>>>>"), "zeff", false},
		"the font's own":     {page(type1+">>", streamOf("", "/Encoding 256 array dup 1 /z put dup 2 /fi put dup 3/o put readonly def currentfile eexec")), "zfio", false},
		"what the file says": {page(type1+"/ToUnicode 6 0 R>>", streamOf("", "2 beginbfchar<01><007A><02><0066006C>endbfchar 1 beginbfrange<03><03>[<006F>]endbfrange")), "zflo", false},
		"nothing":            {page("<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[<<>>]>>"), "", false},
		"nothing, more":      {page("<</Type/Font/Subtype/Type1/Encoding<</Differences[1/g1/g2/g3]>>>>"), "", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, read := shown(c.file)
			if strings.TrimSpace(got) != c.want || read.Unread != c.unread {
				t.Errorf("%q, want %q; unread %v, want %v", got, c.want, read.Unread, c.unread)
			}
		})
	}
}

// What is nested or repeated without end costs no more than the file is large, and hides nothing without a word of it.
func TestBoundsOfAFileAreTold(t *testing.T) {
	const more = 300_000
	for name, s := range map[string]string{
		"arrays in arrays":         "1 0 obj" + strings.Repeat("[", more),
		"dictionaries in another":  "1 0 obj" + strings.Repeat("<</A", more),
		"an array of many objects": "1 0 obj[" + strings.Repeat("1 ", more) + "]endobj",
		"a long string":            "1 0 obj(" + strings.Repeat("x", 2<<20) + ")endobj",
	} {
		if f := open([]byte("%PDF-1.4\n" + s)); !f.Cut {
			t.Errorf("%s: not said", name)
		}
	}
	f := open([]byte("%PDF-1.4\n1 0 obj((((" + strings.Repeat("xref 1 0 n 10 0 n ", more/10)))
	if n := len(f.all); n > 10 {
		t.Errorf("%d objects where there is one", n)
	}
}

// FuzzFile looks for files that make the reader panic or go on for ever.
func FuzzFile(f *testing.F) {
	f.Add(setIn("BT /F1 12 Tf 50 700 Td [(zor)20(gplan)] TJ /F3 9 Tf <00610062> Tj ET /X Do BI ID x EI"))
	f.Add(packedOf(catalogue("/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>")...))
	f.Add(hiddenInStream("<</S/Launch>>"))
	f.Add([]byte("%PDF-1.4 1 0 obj<</Length 5 0 R/Filter[/LZW/A85/RL/AHx]" +
		"/DecodeParms[<</Predictor 15/Columns 4>>]>>stream\nx"))
	f.Add([]byte("trailer<</Encrypt<</Filter/Standard/V 5/R 6/U(" + strings.Repeat("u", 48) + ")/UE(" +
		strings.Repeat("e", 32) + ")>>/ID[()]>>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 {
			return
		}
		file := open(b)
		file.Active()
		read := file.NewText(func([]byte) {}, func() bool { return false })
		read.Pages()
		read.Unplaced()
		file.Spoken(func(string) {})
	})
}
