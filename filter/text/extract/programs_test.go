package extract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"sluis/filter/text"
)

// attached is a message with one file.
func attached(name, mediaType string, content []byte) string {
	return fmt.Sprintf("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nZie bijlage.\n--b\n"+
		"Content-Type: %s; name=\"%s\"\nContent-Transfer-Encoding: base64\n\n%s\n--b--\n",
		mediaType, name, b64(string(content)))
}

// dangers returns what was found of the files of a report: programs by their names, macros after a star.
func dangers(r *text.Report) string {
	var found []string
	for _, a := range r.Attachments {
		name := cmp.Or(a.Name.Reveal(), "(without a name)")
		if a.Executable {
			found = append(found, name)
		}
		if a.Macros {
			found = append(found, "*"+name)
		}
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " ")
}

// discOf makes a disc of ISO 9660 with one file, whose long name is in the tree of Joliet.
func discOf(short, long, content string) []byte {
	b := make([]byte, 24*2048)
	record := func(name string, at, size uint32, flags byte) []byte {
		r := make([]byte, 33+len(name)+(len(name)+1)%2)
		r[0], r[25], r[32] = byte(len(r)), flags, byte(len(name))
		le.PutUint32(r[2:], at)
		le.PutUint32(r[10:], size)
		copy(r[33:], name)
		return r
	}
	volume := func(n int, kind byte, root uint32) {
		v := b[n*2048:]
		v[0] = kind
		copy(v[1:], "CD001\x01")
		if kind == 2 {
			copy(v[88:], "%/E")
		}
		copy(v[156:], record("\x00", root, 2048, 2))
	}
	volume(16, 1, 20)
	volume(17, 2, 21)
	volume(18, 0xff, 20)
	var wide []byte
	for _, c := range utf16.Encode([]rune(long)) {
		wide = append(wide, byte(c>>8), byte(c))
	}
	for at, name := range map[int]string{20: short, 21: string(wide)} {
		copy(b[at*2048:], slices.Concat(record("\x00", uint32(at), 2048, 2), record("\x01", uint32(at), 2048, 2),
			record(name, 22, uint32(len(content)), 0)))
	}
	copy(b[22*2048:], content)
	return b
}

// udfNamed makes the identifier of a file of UDF, as the directory of a disc has it.
func udfNamed(name string) []byte {
	b := make([]byte, 38, 64)
	b[0], b[1], b[2], b[19] = 1, 1, 2, byte(len(name)+1)
	b = append(append(b, 8), name...)
	for i, c := range b[:16] {
		if i != 4 {
			b[4] += c
		}
	}
	return b
}

// udfOf makes a disc of UDF, of which the names can be read.
func udfOf(name string) []byte {
	b := make([]byte, 20*2048)
	copy(b[16*2048:], "\x00BEA01\x01")
	return append(b, udfNamed(name)...)
}

func sectorOf(at int, mark string) []byte {
	b := make([]byte, 4096)
	b[0], b[510], b[511] = 0xeb, 0x55, 0xaa
	copy(b[at:], mark)
	return b
}

// A file that a computer runs or opens elsewhere is a program by its name or by its content, wherever the other lies
// (C2.9a).
func TestProgramsAreKnownByNameAndByContent(t *testing.T) {
	wide := func(s string) []byte {
		b := []byte{0xff, 0xfe}
		for _, c := range utf16.Encode([]rune(s)) {
			b = le.AppendUint16(b, c)
		}
		return b
	}
	pdf, page := []byte("%PDF-1.4\n%%EOF"), []byte("<html><body>Uw bestelling</body></html>")
	letter := []byte("Beste klant,\nDank voor uw bestelling. Wij sturen het pakket morgen naar u toe.\n")
	const eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-" + "FILE!$H+H*"
	for _, c := range []struct {
		name    string
		content []byte
		program bool
	}{
		{"werk.rdp", []byte("full address:s:kwaad.example\r\n"), true},
		{"werk.txt", wide("screen mode id:i:2\r\nfull address:s:kwaad.example\r\n"), true},
		{"bijlage", []byte("[InternetShortcut]\r\nURL=file://kwaad.example/x.exe\r\n"), true},
		{"bijlage.xml", []byte("<?xml version=\"1.0\"?><!-- x --><MMC_ConsoleFile ConsoleVersion=\"3.0\">"), true},
		{"bijlage.xml", []byte("\xef\xbb\xbf<?xml version=\"1.0\"?>\n<libraryDescription xmlns=\"x\">"), true},
		{"bijlage.txt", []byte("<jnlp spec=\"1.0+\" codebase=\"https://kwaad.example\">"), true},
		{"bijlage.txt", []byte("<package><job id=\"x\"><script language=\"JScript\">x</script></job>"), true},
		{"bijlage.txt", []byte("WEB\r\n1\r\nhttps://kwaad.example/x.dat\r\n"), true},
		{"bijlage.dat", []byte("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\x]\r\n"), true},
		{"bijlage.dat", []byte("ITSF\x03\x00\x00\x00\x60\x00\x00\x00"), true},
		{"x.search-ms", []byte("<persistedQuery version=\"1.0\">"), true},
		{"schijf.dat", discOf("REKENING.EXE;1", "rekening.exe", "MZ\x90\x00\x03\x00\x00\x00"), true},
		{"schijf.dat", udfOf("rekening.js"), true},
		{"schijf.jpg", sectorOf(54, "FAT12   "), true},
		{"schijf.pdf", sectorOf(3, "NTFS    "), true},
		{"schijf.bin", sectorOf(512, "EFI PART"), true},
		{"schijf.bin", sectorOf(446, "\x80\x01\x01\x00\x07\xfe\xff\xff\x3f\x00\x00\x00\x00\x10"), true},
		{"schijf.bin", []byte("vhdxfile\x00\x00"), true},
		{"schijf.bin", slices.Concat(make([]byte, 4096), []byte("conectix"), make([]byte, 504)), true},
		{"schijf.bin", slices.Concat(make([]byte, 4096), []byte("koly"), make([]byte, 508)), true},
		{"test.com", []byte(eicar), true},
		{"test.com", []byte("\xb4\x09\xba\x08\x01\xcd\x21\xc3"), true},
		{"bol.com", []byte("MZ\x90\x00\x03\x00\x00\x00"), true},
		{"bestelling bol.com", pdf, false},
		{"bestelling bol.com", page, false},
		{"bestelling bol.com", letter, false},
		{"bestelling bol.com", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), false},
		{"bestelling bol.com", docx("word/document.xml", "<w:p>brief</w:p>"), false},
		{"Parro.app", pdf, false},
		{"factuur.exe", pdf, true}, // the name of no site
		{"brief.pdf", pdf, false},
		{"les.txt", []byte("In deze les maken we een snelkoppeling: [InternetShortcut] staat op de eerste regel."), false},
		{"leerlingen.csv", []byte("ID;Plaats;Naam\n1;Uden;Anna\n"), false},
		{"export.xml", []byte("<?xml version=\"1.0\"?><package xmlns=\"http://www.idpf.org/2007/opf\"><metadata/></package>"), false},
		{"beeld.dat", make([]byte, 40<<10), false},
		{"opgave.py", []byte("print('hallo')\n"), false},
	} {
		for where, m := range map[string]string{
			"attached": attached(c.name, "application/octet-stream", c.content),
			"in a zip": attached("map.zip", "application/zip", zipOf(c.name, string(c.content))),
		} {
			if got := dangers(showMessage(t, m).report); (got != "") != c.program {
				t.Errorf("%s %s %.20q: got %q, want a program: %v", c.name, where, c.content, got, c.program)
			}
		}
	}
}

// The files of a disc are inspected, by each of their names.
func TestTheFilesOfADiscAreRead(t *testing.T) {
	got := showDocument(t, "schijf.iso", discOf("BRIEF.TXT;1", "brief aan ouders.txt", "het "+token+" van de school"))
	for _, want := range []string{token, "BRIEF.TXT", "brief aan ouders.txt"} {
		if !strings.Contains(got.all(), want) {
			t.Errorf("got %q, want %q in it", got.all(), want)
		}
	}
	if !strings.Contains(showDocument(t, "schijf.iso", udfOf("brief aan ouders.txt")).all(), "brief aan ouders.txt") {
		t.Error("the name of a file of UDF is not shown")
	}
}

// A name that is chosen so that readers see another one is judged by each reading.
func TestNamesThatReadersSeeDifferentlyAreJudgedByEach(t *testing.T) {
	head := func(fields string) string {
		return multipartOf("multipart/mixed; boundary=b", "--b\n\nx\n--b\n"+fields+"\n\nvar a = 1\n--b--\n")
	}
	for _, fields := range []string{
		"Content-Disposition: attachment; filename*=utf-8''rekening.js%00.pdf",
		"Content-Type: text/plain; name=a.txt; name=b.txt; name=c.txt\nContent-Disposition: attachment; filename=rekening.js",
		"Content-Type: text/plain; name=a.txt; name=b.txt; name=c.txt; name=d.txt; name=rekening.js",
		"Content-Disposition: attachment; filename=\"rekening.js::$DATA\"",
		"Content-Disposition: attachment; filename=\"rekening.js. . .\"",
		"Content-Disposition: attachment; filename=\"=?utf-8?q?rekening=E2=80=AEfdp=2Ejs?=\"",
		"Content-Disposition: attachment; filename*=utf-8''rekening.js%E2%80%8B",
	} {
		if got := dangers(showMessage(t, head(fields)).report); got == "" {
			t.Errorf("%s: no program, want one", fields)
		}
	}
}
