package extract

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"math"
	"strings"
	"testing"

	"sluis/filter/text"
	"sluis/filter/text/internal/sample"
)

// fileSample is a file, and words that must be seen in it.
type fileSample struct {
	name, file string
	content    []byte
	want       []string
	role       text.Role
	damaged    bool // it is not looked into as a whole
}

// zipOf makes an archive of names and contents.
func zipOf(files ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, _ := z.Create(files[i]) // a buffer does not fail, here and below
		f.Write([]byte(files[i+1]))
	}
	z.Close()
	return b.Bytes()
}

func gzipOf(name string, b []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Name = name
	z.Write(b)
	z.Close()
	return buf.Bytes()
}

func tarOf(files ...string) []byte {
	var buf bytes.Buffer
	t := tar.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		t.WriteHeader(&tar.Header{Name: files[i], Size: int64(len(files[i+1])), Mode: 0o600, Typeflag: tar.TypeReg})
		t.Write([]byte(files[i+1]))
	}
	t.Close()
	return buf.Bytes()
}

func deflated(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

// bzip2Sample is "inhoud van een bestand", packed by bzip2.
func bzip2Sample() []byte {
	b, _ := base64.StdEncoding.DecodeString("QlpoOTFB" +
		"WSZTWYKBRpEAAAYRgEAANmGPACAAIhNom1M1CAaALaVsqoJFgtmBL3xdyRThQkIKBRpE")
	return b
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

func docx(files ...string) []byte {
	return zipOf(append([]string{"[Content_Types].xml", xmlHead + `<Types/>`}, files...)...)
}

func odf(files ...string) []byte {
	return zipOf(append([]string{"mimetype", "application/vnd.oasis.opendocument.text", "META-INF/manifest.xml", xmlHead + `<manifest:manifest/>`}, files...)...)
}

func wordXML(body string) string {
	return xmlHead + `<w:document xmlns:w="x"><w:body>` + body + `</w:body></w:document>`
}

// documents are files as office programs write them, as far as it matters here.
func documents() []fileSample {
	return []fileSample{
		{name: "docx: a word in several runs", file: "a.docx", content: docx("word/document.xml",
			wordXML(`<w:p><w:r><w:t>wacht</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">woord &amp; </w:t></w:r></w:p><w:p><w:r><w:t>twee</w:t></w:r></w:p>`)),
			want: []string{"wachtwoord & \n", "\ntwee"}},
		{name: "docx: hidden, deleted, in a box, after a break", file: "a.docx", content: docx("word/document.xml",
			wordXML(`<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>onzichtbaar</w:t></w:r><w:del><w:r><w:delText>verwijderd</w:delText></w:r></w:del><w:r><w:t>een</w:t><w:br/><w:t>twee</w:t><w:tab/><w:t>drie</w:t></w:r></w:p>`)),
			want: []string{"onzichtbaar", "verwijderd", "een\ntwee", "drie"}},
		{name: "docx: comments, notes, header, footer, properties", file: "a.docx", content: docx(
			"word/document.xml", wordXML(""),
			"word/comments.xml", `<w:comments><w:comment w:author="Juf Bea"><w:p><w:r><w:t>opmerking</w:t></w:r></w:p></w:comment></w:comments>`,
			"word/footnotes.xml", `<w:footnotes><w:p><w:r><w:t>voetnoot</w:t></w:r></w:p></w:footnotes>`,
			"word/header1.xml", `<w:hdr><w:p><w:r><w:t>kopregel</w:t></w:r></w:p></w:hdr>`,
			"word/footer1.xml", `<w:ftr><w:p><w:r><w:t>voetregel</w:t></w:r></w:p></w:ftr>`,
			"docProps/core.xml", `<cp:coreProperties><dc:title>titel</dc:title><dc:creator>maker</dc:creator></cp:coreProperties>`,
			"docProps/custom.xml", `<Properties><property name="eigenschap"><vt:lpwstr>waarde</vt:lpwstr></property></Properties>`,
			"word/_rels/document.xml.rels", `<Relationships><Relationship Target="https://elders.example/"/></Relationships>`,
			"customXml/item1.xml", `<x>eigen</x>`, "word/vergeten.dat", "zomaar tekst"),
			want: []string{"Juf Bea", "opmerking", "voetnoot", "kopregel", "voetregel", "titel\n", "maker",
				"eigenschap", "waarde", "elders.example", "eigen", "zomaar tekst"}},
		{name: "docx: characters in a section, a comment in the XML", file: "a.docx", content: docx("word/document.xml",
			wordXML(`<w:p><w:t>wacht<![CDATA[<wo>]]>ord</w:t><!--tussendoor--></w:p>`)), want: []string{"wacht<wo>ord", "tussendoor"}},
		{name: "docx: UTF-16", file: "a.docx",
			content: docx("word/document.xml", string(sample.UTF16LE("\ufeff"+wordXML(`<w:p><w:t>idée</w:t></w:p>`)))),
			want:    []string{"idée"}},
		{name: "docx: another character set", file: "a.docx", content: docx("word/document.xml",
			`<?xml version="1.0" encoding="windows-1252"?><w:p><w:t>id`+"\xe9"+`e</w:t></w:p>`), want: []string{"idée"}},
		{name: "docx: a document in it", file: "a.docx", content: docx("word/document.xml", wordXML(""),
			"word/embeddings/a.xlsx", string(docx("xl/sharedStrings.xml", `<sst><si><t>ingebed</t></si></sst>`))), want: []string{"ingebed"}},
		{name: "xlsx: strings, cells, comments, names of sheets", file: "a.xlsx", content: docx(
			"xl/workbook.xml", `<workbook><sheets><sheet name="Verborgen blad" state="hidden"/></sheets><definedNames><definedName name="naam">blad!A1</definedName></definedNames></workbook>`,
			"xl/sharedStrings.xml", `<sst><si><t>Jan</t></si><si><r><t>de </t></r><r><t>Vries</t></r></si></sst>`,
			"xl/worksheets/sheet1.xml", `<worksheet><sheetData><row><c t="s"><v>0</v></c><c><v>123456782</v></c><c t="inlineStr"><is><t>regel</t></is></c><c t="str"><f>"for"&amp;"mule"</f><v>formule</v></c></row></sheetData><headerFooter><oddHeader>&amp;Lkop</oddHeader></headerFooter></worksheet>`,
			"xl/styles.xml", `<styleSheet><numFmts><numFmt formatCode="&quot;opmaak&quot;0"/></numFmts></styleSheet>`,
			"xl/comments1.xml", `<comments><text><t>opmerking</t></text></comments>`),
			want: []string{"Verborgen blad", "naam", "Jan\n", "de Vries", "\t123456782\t", "regel", "formule", "kop",
				"opmaak", "opmerking"}},
		{name: "xlsx: a class list as a person sees it", file: "a.xlsx", content: docx(
			"xl/workbook.xml", `<workbook><workbookPr/></workbook>`,
			"xl/sharedStrings.xml", `<sst><si><t>Naam</t></si><si><t>Geboren</t></si><si/><si><r><t>Jan </t></r><r><t>Vries</t></r><rPh><t>x</t></rPh></si></sst>`,
			"xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[$-413]d\ mmmm\ yyyy"/><numFmt numFmtId="165" formatCode="0&quot; dagen&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>`,
			"xl/worksheets/sheet1.xml", `<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c t="s"><v>3</v></c><c s="1"><v>42075</v></c><c s="2"><v>42076.5</v></c><c s="3"><v>42075</v></c><c s="0"><v>123456782</v></c><c t="s"><v>99</v></c></row></sheetData></worksheet>`),
			want: []string{"\nNaam\tGeboren\t", "\nJan Vries\t42075 12-03-2015\t42076.5 13-03-2015\t42075\t123456782\t99\t"}},
		{name: "xlsx: days from 1904", file: "a.xlsx", content: docx("xl/workbook.xml", `<workbook><workbookPr date1904="1"/></workbook>`,
			"xl/styles.xml", `<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>`,
			"xl/worksheets/sheet1.xml", `<worksheet><sheetData><row><c s="0"><v>40613</v></c></row></sheetData></worksheet>`), want: []string{"40613 12-03-2015"}},
		{name: "pptx: slides and notes", file: "a.pptx", content: docx(
			"ppt/slides/slide1.xml", `<p:sld><a:p><a:r><a:t>wacht</a:t></a:r><a:r><a:t>woord</a:t></a:r></a:p><p:cNvPr descr="plaatje van"/></p:sld>`,
			"ppt/notesSlides/notesSlide1.xml", `<p:notes><a:p><a:r><a:t>notitie</a:t></a:r></a:p></p:notes>`,
			"ppt/comments/comment1.xml", `<p:cm><p:text>opmerking</p:text></p:cm>`),
			want: []string{"wachtwoord", "notitie", "opmerking", "plaatje van"}},
		{name: "odt: text, notes, comments, header, properties", file: "a.odt", content: odf(
			"content.xml", `<office:text><text:h>kop</text:h><text:p>wacht<text:span>woord</text:span><text:tab/>na<text:line-break/>regel<text:note><text:p>noot</text:p></text:note><office:annotation><dc:creator>wie</dc:creator><text:p>opmerking</text:p></office:annotation></text:p><text:p text:display="none">onzichtbaar</text:p></office:text>`,
			"styles.xml", `<style:header><text:p>kopregel</text:p></style:header>`,
			"meta.xml", `<office:meta><dc:title>titel</dc:title><meta:user-defined meta:name="veld">waarde</meta:user-defined></office:meta>`),
			want: []string{"kop\n", "wachtwoord\n", "noot", "wie\n", "opmerking", "onzichtbaar", "kopregel", "titel",
				"veld", "waarde"}},
		{name: "ods: cells", file: "a.ods", content: odf("content.xml",
			`<table:table table:name="Blad"><table:table-row><table:table-cell><text:p>Jan</text:p></table:table-cell><table:table-cell office:value="1"><text:p>123456782</text:p></table:table-cell></table:table-row></table:table>`),
			want: []string{"Blad", "Jan\n", "\n123456782"}},
		{name: "odp: slides and notes", file: "a.odp", content: odf("content.xml",
			`<draw:page><text:p>dia</text:p><presentation:notes><text:p>notitie</text:p></presentation:notes></draw:page>`), want: []string{"dia\n", "notitie"}},
		{name: "rtf: words, notes, hidden text", file: "a.rtf", content: []byte(`{\rtf1\ansi{\fonttbl{\f0 Geheim;}}{\info{\title titel}}wacht{\b woord}\par id\'e9e \u8364?5\line {\v onzichtbaar}{\footnote noot}}`),
			want: []string{"titel", "wachtwoord\n", "idée €5", "onzichtbaar", "noot"}},
		{name: "csv", file: "a.csv", content: []byte("naam;nummer\r\nJan;123456782\r\n"), want: []string{"Jan;123456782"}},
		{name: "an address card", file: "a.vcf", content: []byte("BEGIN:VCARD\r\nFN:Jan de\r\n  Vries\r\nNOTE:een\\, twee\r\nEND:VCARD\r\n"), want: []string{"Jan de Vries", "een, twee"}},
		{name: "a calendar", file: "a.ics", content: []byte("BEGIN:VCALENDAR\r\nSUMMARY:wacht\r\n woord\r\nEND:VCALENDAR\r\n"), want: []string{"wachtwoord"}},
		{name: "a page", file: "a.html", content: []byte("<html><p>wacht<b>woord</b></html>"), want: []string{"wachtwoord"}, role: text.HTML},
		{name: "a message", file: "a.eml", content: []byte("Subject: onderwerp\r\nContent-Transfer-Encoding: base64\r\n\r\n" + token64), want: []string{token}, role: text.Plain},
		{name: "a zip: names and contents", file: "a.zip", content: zipOf("map/naam.txt", "inhoud"), want: []string{"inhoud"}},
		{name: "a zip: the names", file: "a.zip", content: zipOf("map/naam.txt", "inhoud"),
			want: []string{"map/naam.txt"}, role: text.FileName},
		{name: "a zip with another name", file: "a.dat", content: zipOf("naam.txt", "inhoud"), want: []string{"inhoud"}},
		{name: "a zip after a program", file: "a.zip",
			content: append([]byte("\x00\x01\x02 iets ervoor "), zipOf("naam.txt", "inhoud")...),
			want:    []string{"inhoud"}},
		{name: "a zip that begins as a PDF", file: "a.zip",
			content: append([]byte("%PDF-1.4\n%%EOF\n"), zipOf("naam.txt", "inhoud")...), want: []string{"inhoud"},
			damaged: true},
		{name: "a zip that begins as a picture", file: "a.zip",
			content: append([]byte("GIF89a\x01\x02\x03"), zipOf("naam.txt", "inhoud")...), want: []string{"inhoud"},
			damaged: true},
		{name: "a zip in a zip", file: "a.zip",
			content: zipOf("b.zip", string(zipOf("c.zip", string(zipOf("d.txt", "inhoud"))))),
			want:    []string{"inhoud"}},
		{name: "a zip without its directory", file: "a.zip", content: zipOf("naam.txt", "inhoud van het bestand")[:80],
			want: []string{"inhoud van"}, damaged: true},
		{name: "a tar", file: "a.tar", content: tarOf("een.txt", "inhoud", "twee.txt", "nog wat"),
			want: []string{"inhoud", "nog wat"}},
		{name: "a tar.gz", file: "a.tar.gz", content: gzipOf("", tarOf("een.txt", "inhoud")), want: []string{"inhoud"}},
		{name: "a gzip with a name", file: "a.gz", content: gzipOf("geheim.txt", []byte("inhoud")),
			want: []string{"geheim.txt"}, role: text.FileName},
		{name: "a 7z", file: "a.7z", content: sevenZipOf("naam.txt", "inhoud van 7z", false), want: []string{"inhoud van 7z"}},
		{name: "a 7z: the names", file: "a.7z", content: sevenZipOf("naam.txt", "inhoud van 7z", false),
			want: []string{"naam.txt"}, role: text.FileName},
		{name: "a rar", file: "a.rar", content: rarOf("naam.txt", "inhoud van rar", 0), want: []string{"inhoud van rar"}},
		{name: "a rar: the names", file: "a.rar", content: rarOf("naam.txt", "inhoud", 0), want: []string{"naam.txt"},
			role: text.FileName},
		{name: "an xz", file: "a.txt.xz", content: xzOf("inhoud van xz"), want: []string{"inhoud van xz"}},
		{name: "a tar.xz", file: "a.tar.xz", content: xzOf(string(tarOf("een.txt", "inhoud"))), want: []string{"inhoud"}},
		{name: "a zstd", file: "a.txt.zst", content: zstdOf("inhoud van zstd"), want: []string{"inhoud van zstd"}},
		{name: "a tar.zst", file: "a.tzst", content: zstdOf(string(tarOf("een.txt", "inhoud"))), want: []string{"inhoud"}},
		{name: "a bzip2", file: "a.txt.bz2", content: bzip2Sample(), want: []string{"inhoud"}},
		{name: "a doc: text of one byte and of two", file: "a.doc",
			content: oleOf("WordDocument", strings.Repeat("\x00",
				600)+"het wachtwoord is\r\x07"+string(sample.UTF16LE("geheim voor Mariëtte\r"))),
			want: []string{"het wachtwoord is", "geheim voor Mariëtte"}},
		{name: "an xls: strings and numbers", file: "a.xls", content: oleOf("Workbook", biffOf(
			0x0809, make([]byte, 16), 0x00fc, []byte("\x01\x00\x00\x00\x01\x00\x00\x00\x08\x00\x00Jan Vries"),
			0x0203, le.AppendUint64(make([]byte, 6), math.Float64bits(123456782)),
			0x027e, le.AppendUint32(make([]byte, 6), 42075<<2|2),
			0x00bd, append(le.AppendUint32(le.AppendUint32([]byte{0, 0, 0, 0, 0, 0}, 1234<<2|3)[:10], 0), 0, 0, 0, 0))),
			want: []string{"Jan Vries", "123456782\n", "42075\n", "12.34\n"}},
		{name: "a msg: subject, body, file", file: "a.msg", content: oleOf(
			"__substg1.0_0037001F", string(sample.UTF16LE("onderwerp van het bericht")),
			"__substg1.0_1000001F", string(sample.UTF16LE("het wachtwoord is geheim")),
			"__attach/__substg1.0_37010102", string(zipOf("naam.txt", "inhoud")), "__attach/__substg1.0_3707001F",
			string(sample.UTF16LE("klassenlijst.zip"))),
			want: []string{"onderwerp van het bericht", "het wachtwoord is geheim", "inhoud"}},
		{name: "a msg: the name of a file", file: "a.msg", content: oleOf(
			"__attach/__substg1.0_37010102", string(zipOf("naam.txt", "inhoud")), "__attach/__substg1.0_3707001F",
			string(sample.UTF16LE("klassenlijst.zip"))), want: []string{"klassenlijst.zip", "naam.txt"},
			role: text.FileName},
		{name: "a msg: its body as a page", file: "a.msg",
			content: oleOf("__substg1.0_10130102", "<html><p>wacht<b>woord</b>"), want: []string{"wachtwoord"},
			role: text.HTML},
		{name: "a msg: its body as rich text", file: "a.msg",
			content: oleOf("__nameid_version1.0/__substg1.0_10090102", "tabel", "__substg1.0_10090102",
				sample.CompressedRTF(`{\rtf1\ansi\mac wacht{\b woord}}`)), want: []string{"wachtwoord"}},
		{name: "a doc: a file dropped into it", file: "a.doc",
			content: oleOf("ObjectPool/\x01Ole10Native", dropped("lijst.zip", string(zipOf("naam.txt", "inhoud")))),
			want:    []string{"lijst.zip", `C:\Temp\lijst.zip`, "naam.txt"}, role: text.FileName},
		{name: "TNEF: subject, body, file", file: "winmail.dat", content: tnefOf(0x8004, "onderwerp\x00", 0x800c, "de tekst",
			0x9002, "x", 0x8010, "lijst.zip\x00", 0x800f, string(zipOf("naam.txt", "inhoud"))),
			want: []string{"onderwerp", "de tekst", "inhoud"}},
		{name: "TNEF: the name of a file", file: "winmail.dat",
			content: tnefOf(0x9002, "x", 0x8010, "lijst.txt\x00", 0x800f, "tekst"), want: []string{"lijst.txt"},
			role: text.FileName},
		{name: "TNEF: its body as rich text", file: "winmail.dat",
			content: tnefOf(0x9003, mapiOf(0x1009, sample.CompressedRTF(`{\rtf1\ansi\mac wacht{\b woord}}`))),
			want:    []string{"wachtwoord"}},
		{name: "TNEF: its body as a page", file: "winmail.dat",
			content: tnefOf(0x9003, mapiOf(0x1013, "<html><p>wacht<b>woord</b>")), want: []string{"wachtwoord"},
			role: text.HTML},
		{name: "a PDF: fonts of glyph numbers", file: "a.pdf", content: composite(),
			want: []string{"wachtwoord van\n", "mariëtte", "formulier", "een notitie"}},
		{name: "a PDF: plain and deflated", file: "a.pdf",
			content: pdfOf("BT (wacht) Tj (woord) Tj ET", "BT 0 -14 Td [(de)-20(fla)10(ted)] TJ T* <74776565> Tj ET"),
			want:    []string{"wachtwoord", "deflated", "twee"}},
	}
}

// pdfOf makes a PDF of one plain and one deflated content stream.
func pdfOf(plain, packed string) []byte {
	z := deflated(packed)
	return []byte("%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n" +
		fmt.Sprintf("4 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n", len(plain), plain) +
		fmt.Sprintf("5 0 obj\n<</Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream\nendobj\n", len(z), z) +
		"trailer\n<</Root 1 0 R>>\n%%EOF\n")
}

func TestDocumentsAreReadWhereWordsCanStand(t *testing.T) {
	for _, d := range documents() {
		t.Run(d.name, func(t *testing.T) {
			s := showDocument(t, d.file, d.content)
			if r := s.report; !d.damaged && (len(r.Uninspectable()) > 0 || r.Ambiguous() || r.Incomplete) {
				t.Errorf("uninspectable %v, doubts %v, incomplete %v", r.Uninspectable(), r.Doubts, r.Incomplete)
			}
			role := d.role
			if role == text.Header {
				role = text.Contents
			}
			for _, want := range d.want {
				if !strings.Contains(s.by[role], want) {
					t.Errorf("%q is not in %q; all %q", want, s.by[role], s.all())
				}
			}
		})
	}
}

// A file is the same whether it is asked for by itself or hangs on a message.
func TestAnAttachedDocumentIsRead(t *testing.T) {
	for _, d := range documents() {
		t.Run(d.name, func(t *testing.T) {
			m := multipartOf("multipart/mixed; boundary=b", "--b\nContent-Type: application/octet-stream; "+
				"name="+d.file+"\nContent-Transfer-Encoding: base64\n\n"+b64(string(d.content))+"\n--b--\n")
			s := showMessage(t, m)
			for _, want := range d.want {
				if !strings.Contains(s.all(), want) {
					t.Errorf("%q is not shown", want)
				}
			}
		})
	}
}
