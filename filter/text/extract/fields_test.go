package extract

import (
	"slices"
	"strings"
	"testing"

	"sluis/filter/text"
)

// twoBytes writes a text in two bytes a letter, the little end first.
func twoBytes(s string) string { return string(wide(s, "utf-16le", false)) }

// A field of Word, a link of Excel and a cell that ask another program act, in whatever form the document is (C2.9a).
func TestFieldsThatAskAProgramAct(t *testing.T) {
	rtf := func(s string) []byte {
		return []byte(`{\rtf1\ansi{\field{\*\fldinst ` + s + `}{\fldrslt x}}}`)
	}
	doc := func(s string) []byte {
		return oleOf("WordDocument", "\xec\xa5\xc1\x00"+strings.Repeat("\x00", 500)+s+strings.Repeat("\x00", 600))
	}
	xls := func(link string) []byte {
		return oleOf("Workbook", biffOf(0x0809, make([]byte, 16), 0x01ae, []byte("\x01\x00\x0e\x00"+link)))
	}
	const ask = "\x13 DDEAUTO c:\\\\cmd.exe \"/k calc\" \x14x\x15"
	for _, c := range []struct {
		name, file string
		content    []byte
		acts       bool
	}{
		{"rich text", "a.rtf", rtf(`{DDEAUTO c:\\cmd.exe "/k calc"}`), true},
		{"rich text in pieces", "a.rtf", rtf(`{\rtlch D}{\b DEAU}{TO cmd}`), true},
		{"rich text in digits", "a.rtf", rtf(`{\'44\u68?E cmd}`), true},
		{"rich text without its end", "a.rtf", []byte(`{\rtf1{\field{\*\fldinst DDE cmd /k`), true},
		{"an object that renews itself", "a.rtf", []byte(`{\rtf1{\object\objautlink\objupdate{\*\objclass Word}}}`), true},
		{"Word 97", "a.doc", doc("Dag " + ask + " ouders"), true},
		{"Word 97, two bytes a letter", "a.doc", doc(twoBytes("Dag " + ask + " ouders")), true},
		{"Word 97, at an odd place", "a.doc", doc("x" + twoBytes("Dag "+ask)), true},
		{"Excel 97", "a.xls", xls("\x00cmd\x03/c calc"), true},
		{"Excel 97, two bytes a letter", "a.xls", xls("\x01" + twoBytes("cmd\x03/c calc")), true},
		{"Excel 97, a file", "a.xls", xls("\x00cmd.exe\x03/c calc"), true},
		{"a table in UTF-16", "a.csv", []byte("\xff\xfe" + twoBytes("naam;=cmd|'/c calc'!A0\n")), true},
		{"SYLK as a table", "a.csv", []byte("ID;P\nC;X1;Y1;K0;EEXEC(\"CALC.EXE\")\nE\n"), true},
		{"SYLK by another name", "a.dat", []byte("ID;P\r\nNN;NAuto_open;ER101C1\r\nE\r\n"), true},
		{"an address that runs something", "a.docx",
			docx("word/document.xml", `<w:instrText>HYPERLINK "ms-msdt:/id PCW"</w:instrText>`), true},

		{"a link in rich text", "a.rtf", rtf(`HYPERLINK "https://www.school.example/"`), false},
		{"a text on fields", "a.rtf", []byte(`{\rtf1 Met DDEAUTO en INCLUDETEXT vraag je iets.\par}`), false},
		{"a link in Word 97", "a.doc", doc("Dag \x13 HYPERLINK \"https://www.school.example/\" \x14x\x15 DDEAUTO"), false},
		{"another book of Excel 97", "a.xls", xls("\x00\x01\x05lijst2.xls"), false},
		{"an object of Excel 97", "a.xls", xls("\x00Word.Document.8\x03C:\\a.doc"), false},
		{"data of another book", "a.xls", xls("\x00Excel\x03[a.xls]Blad1"), false},
		{"SYLK", "a.slk.csv", []byte("ID;PWXL;N;E\nP;PGeneral\nC;Y1;X1;K\"naam\"\nC;K5;ESUM(R1C1:R2C2)\nE\n"), false},
		{"names", "lijst.csv", []byte("ID;naam;EEXEC\n1;Anna;x\n"), false},
	} {
		got := dangers(showMessage(t, attached(c.file, "application/octet-stream", c.content)).report)
		if strings.Contains(got, "*") != c.acts {
			t.Errorf("%s: got %q, want that it acts: %v", c.name, got, c.acts)
		}
	}
}

// What a field fetches from elsewhere is reported, also pictures of a share, which is signed in to.
func TestWhatAFieldFetchesIsReported(t *testing.T) {
	for said, want := range map[string]string{
		`INCLUDETEXT "https://a.example/b.doc"`:              "https://a.example/b.doc",
		`INCLUDETEXT “https://a.example/b.doc” \* X`:         "https://a.example/b.doc",
		` includetext  https://a.example/b.doc `:             "https://a.example/b.doc",
		`INCLUDEPICTURE "\\\\192.0.2.1\\d\\b.png" \d`:        `\\192.0.2.1\d\b.png`,
		`INCLUDEPICTURE \\192.0.2.1\d\b.png`:                 `\\192.0.2.1\d\b.png`,
		`INCLUDEPICTURE "file://192.0.2.1/b.png"`:            "file://192.0.2.1/b.png",
		`LINK Excel.Sheet.8 "https://a.example/b.xls" A1 \a`: "https://a.example/b.xls",
		`RD "https://a.example/b.doc"`:                       "https://a.example/b.doc",
		`INCLUDEPICTURE "https://a.example/b.png"`:           "",
		`HYPERLINK "https://a.example/b.doc"`:                "",
		`PAGE`:                                               "",
	} {
		quoted := strings.ReplaceAll(said, `"`, "&quot;")
		for form, content := range map[string][]byte{
			"docx": docx("word/document.xml", `<w:fldChar/><w:instrText>`+said+`</w:instrText><w:fldChar/>`),
			"attr": docx("word/document.xml", `<w:fldSimple w:instr="`+quoted+`"/>`),
		} {
			r := showDocument(t, "brief.docx", content).report
			got := slices.Collect(func(yield func(string) bool) {
				for _, f := range r.Fetches {
					yield(f.Target.Reveal())
				}
			})
			if strings.Join(got, " ") != want {
				t.Errorf("%s as %s: fetches %q, want %q", said, form, got, want)
			}
		}
	}
	r := showDocument(t, "a.rtf", []byte(`{\rtf1{\field{\*\fldinst INCLUDETEXT "https://a.example/b.doc"}}}`)).report
	if len(r.Fetches) != 1 || r.Fetches[0].Target != text.Secret("https://a.example/b.doc") {
		t.Errorf("rich text fetches %d, want one", len(r.Fetches))
	}
}
