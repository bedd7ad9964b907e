package extract

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"sluis/filter/text"
	"strings"
	"testing"
)

// overlapping makes a zip whose directory names one file n times.
func overlapping(content string, n int) []byte {
	b := zipOf("naam.txt", content)
	end := bytes.LastIndex(b, []byte("PK\x05\x06"))
	begin := int(binary.LittleEndian.Uint32(b[end+16:]))
	entry, tail := bytes.Clone(b[begin:end]), bytes.Clone(b[end:])
	b = append(b[:begin], bytes.Repeat(entry, n)...)
	le.PutUint16(tail[8:], uint16(n))
	le.PutUint16(tail[10:], uint16(n))
	le.PutUint32(tail[12:], uint32(n*len(entry)))
	return append(b, tail...)
}

// locked makes a zip whose file is encrypted: its sum is not that of the bytes.
func locked() []byte { return flagged(storedZip(8, "klassenlijst.docx", "inhoud")) }

// Files that grow, loop or pile up: what cannot be looked into as a whole is said, and
// the memory that reading takes does not follow the file.
func TestBombsAreNamedAndTakeLittleMemory(t *testing.T) {
	zeros := strings.Repeat("\x00", 16<<20)
	lines := strings.Repeat("een regel tekst die steeds terugkomt\n", 30_000) // just over 1 MiB
	nested := []byte(token)
	for range 30 {
		nested = zipOf("in.zip", string(nested))
	}
	inMessages := "Subject: x\n\n" + token
	for range 12 {
		inMessages = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + b64(inMessages)
	}
	inParts := ""
	var numbers strings.Builder
	for i := range 200_000 {
		if i < 1000 {
			inParts += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%dx\n\n--b%dx\n", i, i)
		}
		fmt.Fprintf(&numbers, "%d ", i)
	}
	var names []string
	for range 5000 {
		names = append(names, "naam.txt", "inhoud")
	}
	const any text.Cause = "" // that it is incomplete is enough
	for _, c := range []struct {
		name, file string
		content    []byte
		reason     text.Cause
		incomplete bool
		memory     uint64 // MiB
	}{
		{"a zip of zeros", "a.zip", zipOf("a.txt", zeros), text.TooLarge, true, 4},
		{"a gzip of zeros", "a.gz", gzipOf("a.txt", []byte(zeros)), text.TooLarge, true, 4},
		{"an xz of zeros", "a.xz", xzOf(zeros), text.TooLarge, true, 24},
		{"a zstd of zeros", "a.zst", zstdOf(zeros), text.TooLarge, true, 24},
		{"an xz that asks for a dictionary of gigabytes", "a.xz", greedyXZ(), text.TooLarge, true, 1},
		{"a zstd that asks for a window of gigabytes", "a.zst", []byte("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"), text.TooLarge, true, 1},
		{"a document of zeros", "a.docx", docx("word/document.xml", "<w:t>"+zeros), text.TooLarge, true, 4},
		{"a sheet that names a string a million times", "a.xlsx", docx("xl/sharedStrings.xml", "<sst><si><t>"+strings.Repeat("een ", 100)+"</t></si></sst>",
			"xl/worksheets/sheet1.xml", "<row>"+strings.Repeat(`<c t="s"><v>0</v></c>`, 1_000_000)), text.TooLarge, true, 32},
		{"a tar of zeros in a gzip", "a.tgz", gzipOf("", tarOf("a.txt", zeros)), text.TooLarge, true, 4},
		{"a PDF of zeros", "a.pdf", pdfOf("", zeros), text.TooLarge, true, 4},
		{"a PDF that draws itself", "a.pdf", pdfPagesOf("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
			"<</Type/Page/Contents 4 0 R/Resources<</XObject<</X 4 0 R>>>>>>",
			pdfStream("/Subtype/Form/Resources<</XObject<</X 4 0 R>>>>", "/X Do /X Do /X Do")), text.UnknownFormat,
			true, 32},
		{"a PDF whose pages run in a circle", "a.pdf",
			pdfPagesOf("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>"),
			text.UnknownFormat, true, 32},
		{"one file named a thousand times", "a.zip", overlapping(lines, 1000), any, true, 96},
		{"zips in zips", "a.zip", nested, text.TooDeep, true, 8},
		{"five thousand files", "a.zip", zipOf(names...), text.TooMany, true, 16},
		{"a directory of megabytes", "a.zip", overlapping("x", 60_000), text.Damaged, false, 16},
		{"an encrypted zip", "a.zip", locked(), text.Encrypted, false, 1},
		{"an encrypted office document", "a.docx", oleOf("EncryptionInfo", "x", "EncryptedPackage", "y"), text.Encrypted, false, 2},
		{"an encrypted doc", "a.doc", oleOf("WordDocument", "\xec\xa5\xc1\x00\x00\x00\x00\x00\x00\x00\x00\x01"), text.Encrypted, false, 2},
		{"an encrypted xls", "a.xls", oleOf("Workbook", biffOf(0x0809, make([]byte, 16), 0x002f, make([]byte, 6))),
			text.Encrypted, false, 2},
		{"an encrypted 7z of stored files", "a.7z", sevenZipOf("naam.txt", "0123456789abcdef", true), text.Encrypted, false, 2},
		{"an encrypted rar", "a.rar", rarOf("naam.txt", "inhoud", 1), text.Encrypted, false, 2},
		{"an encrypted OpenDocument text", "a.odt", odf("META-INF/manifest.xml", "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"), text.Encrypted, false, 2},
		{"an encrypted PDF", "a.pdf", []byte("%PDF-1.4\ntrailer\n<</Encrypt 1 0 R>>\n%%EOF\n"), text.Encrypted, false, 2},
		{"a format that nobody knows", "a.dat", bytes.Repeat([]byte("\x00\x01\x02\x03"), 1000), text.UnknownFormat, false, 1},
		{"a cabinet of which only the names are read", "a.cab", cabOf("factuur.exe", "brief.txt"), text.UnknownFormat, false, 1},
		{"a cabinet", "a.cab", []byte("MSCF\x00\x00\x00\x00 wachtwoord"), text.UnknownFormat, false, 1},
		{"rich text in a million groups", "a.rtf", []byte("{\\rtf1" + strings.Repeat("{\\b ", 1<<20)), any, false, 2},
		{"an OLE document that is cut off", "a.doc", oleOf("WordDocument", token)[:1500], text.Damaged, false, 2},
		{"an XML attribute of megabytes", "a.docx", docx("word/document.xml", `<w:t w:x="`+numbers.String()+`">`), any, false, 4},
		{"an entity that stands for entities", "a.docx", docx("word/document.xml", `<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><w:t>&b;&b;</w:t>`), any, false, 1},
		{"a hundred thousand parts", "a.eml", []byte(multipartOf("multipart/mixed; boundary=b",
			strings.Repeat("--b\n\nx\n", 100_000)+"--b--\n")), text.TooMany, true, 4},
		{"parts in parts", "a.eml", []byte(inParts), text.TooDeep, true, 16},
		{"messages in base64 in one another", "a.eml", []byte(inMessages), any, false, 16},
		{"a header of one line of a megabyte", "a.eml", []byte("Subject: " + strings.Repeat("x ", 500_000) + "\n\n" + token), any, false, 16},
		{"a header of a hundred thousand fields", "a.eml", []byte(strings.Repeat("X-A: b\n", 100_000) + "\n" + token), any, false, 32},
		{"quoted-printable of nothing but soft breaks", "a.eml",
			[]byte("Content-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=\n", 2<<20)), any, false, 2},
		{"a line of quoted-printable of megabytes", "a.eml", []byte("Content-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=41", 1<<20)), any, false, 8},
		{"S/MIME in pieces of one octet", "a.p7m", signed(true, bytes.Repeat([]byte("e"), 1<<18)), any, false, 4},
		{"S/MIME in S/MIME", "a.p7m", inSignatures(100), text.TooDeep, true, 16},
		{"armour without end", "a.txt", []byte(strings.Repeat("-----BEGIN PGP MESSAGE-----\n", 100_000)), text.Encrypted,
			false, 4},
		{"a hundred thousand files in a text", "a.eml", []byte("\n" + strings.Repeat("begin 644 a\n`\nend\n", 100_000)), text.TooMany, true, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			read := func() (*text.Report, error) {
				return Document(context.Background(), c.file, bytes.NewReader(c.content), int64(len(c.content)),
					text.Limits{Dir: dir, Inflated: 8 << 20, Parts: 2000}, func(text.Segment) error { return nil })
			}
			if _, err := read(); err != nil { // which fills the pools of buffers
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, err := read()
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if c.reason != any && !r.Has(c.reason) ||
				c.reason == text.Encrypted && len(r.Uninspectable()) > 1 || r.Incomplete != c.incomplete {
				t.Errorf("uninspectable %v, want %q; incomplete %v, want %v", r.Uninspectable(), c.reason, r.Incomplete,
					c.incomplete)
			}
			if used := after.TotalAlloc - before.TotalAlloc; !racing && used > c.memory<<20 {
				t.Errorf("%d KiB allocated, want at most %d MiB", used>>10, c.memory)
			} else if testing.Verbose() {
				t.Logf("%d KiB allocated", used>>10)
			}
		})
	}
}

// A message that is cut off anywhere is still read as far as it goes.
func TestAMessageThatIsCutOffAnywhereIsRead(t *testing.T) {
	m := ordinary()
	for n := 0; n < len(m); n += 61 {
		showMessage(t, m[:n])
	}
	for _, d := range documents() {
		for n := 0; n < len(d.content); n += 1 + len(d.content)/40 {
			showDocument(t, d.file, d.content[:n])
		}
	}
}
