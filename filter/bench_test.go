package filter

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"strings"
	"testing"

	"sluis/rules"
)

// sentences are what school mail is made of.
var sentences = []string{
	"Beste ouders en verzorgers, volgende week beginnen wij met het project over water en dijken.",
	"De kinderen van groep 5 gaan op dinsdag 8 december naar de bibliotheek om boeken te kiezen.",
	"Wilt u uw kind een gevulde broodtrommel, een beker en gymschoenen meegeven?",
	"Na de vakantie is er een inloopavond waarop u het werk van de kinderen kunt bekijken; u hoeft zich niet aan te melden.",
	"In de les geschiedenis spraken wij over de Tweede Wereldoorlog, over verzet en over vrijheid, en niemand wilde naar buiten.",
	"Het team vergadert donderdag om 15.30 uur over het rooster, de studiedag en de begroting van € 1.250.",
	"Met rekenen zijn we begonnen aan breuken; thuis oefenen met pizza en taart helpt echt.",
	"Er zijn veel gevonden voorwerpen: twee jassen, een blauwe want en één rolschaats.",
	"Wij vragen u om 's ochtends niet op de stoep voor de school te parkeren: dat is gevaarlijk voor iedereen die wil oversteken.",
	"Met vriendelijke groet, de coördinator van de plusklas, telefoon 0413-212345, administratie@school.example.",
	"De vrouwen van de oudervereniging zouden graag zien dat vaders ook eens komen helpen, want samen moet dat gaan.",
	"Kijk op https://www.school.example/agenda?maand=12&groep=5b voor de agenda.",
}

// letter returns some Dutch of about a size, on lines as mail programs break them.
func letter(seed uint64, size int) string {
	r := rand.New(rand.NewPCG(seed, 26))
	var b strings.Builder
	for b.Len() < size {
		for i, word := range strings.Fields(sentences[r.IntN(len(sentences))]) {
			if i > 0 {
				b.WriteByte(" \n"[min(1, i%12/11)])
			}
			b.WriteString(word)
		}
		b.WriteString(".\n"[r.IntN(2):])
	}
	return b.String()
}

// mails are of the kinds that a school gets, by name.
func mails(t testing.TB) map[string][]byte {
	const head = "From: Juf Anna <anna@school.example>\r\nTo: ouder@gezin.example\r\nSubject: " +
		"=?utf-8?Q?Co=C3=B6rdinatie?= van groep 5\r\n" +
		"Message-ID: <b7c1@school.example>\r\nDate: Mon, 23 Nov 2026 08:00:00 +0100\r\nMIME-Version: 1.0\r\n"
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	printable := func(s string) string {
		var b strings.Builder
		w := quotedprintable.NewWriter(&b)
		io.WriteString(w, s)
		w.Close()
		return b.String()
	}
	attached := func(name string, content []byte) []byte {
		code := base64.StdEncoding.EncodeToString(content)
		var b strings.Builder
		for ; len(code) > 76; code = code[76:] {
			b.WriteString(code[:76] + "\r\n")
		}
		return []byte(head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; " +
			"charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
			crlf(letter(9, 1000)) + "\r\n--b\r\nContent-Type: application/octet-stream; name=" + name +
			"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			b.String() + code + "\r\n--b--\r\n")
	}
	page := "<html><head><style>p { color: #333; font-family: Verdana }</style></head><body><table width=600>" +
		strings.ReplaceAll(strings.ReplaceAll(letter(2, 9<<10), "&", "&amp;"), "\n", "</td></tr>\n<tr><td "+
			"style=\"padding: 4px; font-size: 13px\"><a href=\"https://school.example/n/x81\">lees</a> <img "+
			"src=\"cid:a\" alt=\"foto\">&nbsp;") + "</table></body></html>"
	reply := letter(3, 3000)
	for range 3 {
		reply = letter(4, 3000) + "\nOp ma 23 nov. 2026 om 09:12 schreef Juf Anna <anna@school.example>:\n> " +
			strings.ReplaceAll(strings.TrimSpace(reply), "\n", "\n> ")
	}
	return map[string][]byte{
		"plain": []byte(head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + crlf(letter(1, 18<<10))),
		"newsletter": []byte(head + "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: " +
			"text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n" +
			"\r\n" + printable(crlf(letter(2, 9<<10))) + "\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n" +
			"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + printable(crlf(page)) + "\r\n--b--\r\n"),
		"replies": []byte(head + "In-Reply-To: <a@school.example>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + printable(crlf(reply))),
		"docx":    attached("brief.docx", docx(t, letter(5, 40<<10))),
		"pdf":     attached("brief.pdf", pdf(letter(6, 20<<10))),
		"zip": attached("map.zip", zipped(t,
			map[string]string{"een.txt": letter(7, 30<<10),
				"twee.csv": strings.ReplaceAll(letter(8, 20<<10), ",", ";")})),
	}
}

func zipped(t testing.TB, files map[string]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, content)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func docx(t testing.TB, text string) []byte {
	return zipped(t, map[string]string{
		"[Content_Types].xml": `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`,
		"word/document.xml": `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>` +
			strings.ReplaceAll(strings.ReplaceAll(text, "&", "&amp;"), "\n",
				`</w:t></w:r></w:p><w:p><w:pPr><w:spacing w:after="120"/></w:pPr><w:r><w:t>`) +
			`</w:t></w:r></w:p></w:body></w:document>`,
	})
}

// pdf makes a document of pages with one font, without a table of references: readers
// look for the objects then.
func pdf(text string) []byte {
	var page bytes.Buffer
	z := zlib.NewWriter(&page)
	fmt.Fprint(z, "BT /F1 11 Tf 40 800 Td 14 TL\n")
	for line := range strings.Lines(strings.NewReplacer("€", "E", "é", "e", "ö", "o", "(", "", ")", "").Replace(text)) {
		fmt.Fprintf(z, "(%s) Tj T*\n", strings.TrimSpace(line))
	}
	fmt.Fprint(z, "ET\n")
	z.Close()
	var b bytes.Buffer
	var at []int
	b.WriteString("%PDF-1.4\n")
	object := func(format string, args ...any) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(at))
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\nendobj\n")
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R " +
		">> >> >>")
	object("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", page.Len(), page.String())
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, a := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return b.Bytes()
}

var everything = rules.SetOf(rules.Security, rules.Conduct, rules.Leak)

// inspect looks at content with every rule.
func inspect(t testing.TB, e *Engine, kind Kind, content []byte) *Inspection {
	t.Helper()
	item := Item{Kind: kind, Sender: "anna@school.example", Directions: rules.AnyDirection,
		Content: bytes.NewReader(content), Size: int64(len(content))}
	x, err := e.Inspect(t.Context(), item, everything)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Mail of every kind is read to its end, and nothing is found in it.
func TestOrdinaryMailPasses(t *testing.T) {
	e := engine(t)
	for name, m := range mails(t) {
		x := inspect(t, e, Message, m)
		for _, f := range x.Findings {
			t.Errorf("%s: %s, %d times: %q", name, f.Rule, f.Count, f.Excerpts[0].Reveal())
		}
		if x.Ambiguous || x.Incomplete || len(x.Uninspectable) > 0 {
			t.Errorf("%s: ambiguous %v, incomplete %v, uninspectable %v", name, x.Ambiguous, x.Incomplete,
				x.Uninspectable)
		}
		m = bytes.Replace(m, []byte("Subject: "), []byte("Subject: krijg de tering, "), 1)
		if x := inspect(t, e, Message, m); len(x.Findings) != 1 {
			t.Errorf("%s: a subject with an insult has %d findings", name, len(x.Findings))
		}
	}
}

// BenchmarkInspect is the whole engine, from bytes to findings: parse, extract, fold, scan
// and judge, with the rules of all purposes, on one core.
func BenchmarkInspect(b *testing.B) {
	e := engine(b)
	all := mails(b)
	for _, name := range []string{"plain", "newsletter", "replies", "docx", "pdf", "zip"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(all[name])))
			b.ReportAllocs()
			for b.Loop() {
				inspect(b, e, Message, all[name])
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
	b.Run("mixed", func(b *testing.B) {
		total := 0
		for _, m := range all {
			total += len(m)
		}
		b.SetBytes(int64(total))
		b.ReportAllocs()
		for b.Loop() {
			for _, m := range all {
				inspect(b, e, Message, m)
			}
		}
		b.ReportMetric(float64(b.N*len(all))/b.Elapsed().Seconds(), "messages/s")
	})
}
