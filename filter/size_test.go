package filter

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sluis/rules"
)

// parcel is a mail with files, each encoded in base64: names and contents.
func parcel(files ...string) []byte {
	var b bytes.Buffer
	b.WriteString("From: a@buiten.example\r\nSubject: bijlagen\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nZie bijlage.\r\n")
	for i := 0; i < len(files); i += 2 {
		fmt.Fprintf(&b, "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; "+
			"filename=\"%s\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", files[i])
		code := base64.StdEncoding.EncodeToString([]byte(files[i+1]))
		for ; len(code) > 76; code = code[76:] {
			b.WriteString(code[:76] + "\r\n")
		}
		b.WriteString(code + "\r\n")
	}
	b.WriteString("--b--\r\n")
	return b.Bytes()
}

// picture is as random as a photo.
func picture(seed uint64, size int) string {
	b := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01")
	r := rand.New(rand.NewPCG(seed, 7))
	for len(b) < size {
		for x, i := r.Uint64(), 0; i < 8; i++ {
			b = append(b, byte(x>>(8*i)))
		}
	}
	return string(b)
}

// Large mail as people send it is inspected to its end, and no bound says that it was made to be large.
func TestLargeOrdinaryMailIsInspectedToItsEnd(t *testing.T) {
	var photos []string
	for i := range 10 {
		photos = append(photos, fmt.Sprintf("IMG_%04d.jpg", i), picture(uint64(i), 2<<20))
	}
	album := map[string]string{}
	for i := range 1000 {
		album[fmt.Sprintf("kamp/IMG_%04d.jpg", i)] = picture(uint64(i), 4<<10)
	}
	site := map[string]string{}
	for i := range 3000 {
		site[fmt.Sprintf("site/pagina%d.txt", i)] = "De pagina van groep 5.\n"
	}
	var rows, parts, nested strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&rows, `<row r="%d"><c r="A%d"><v>%d</v></c><c r="B%d" t="inlineStr"><is><t>artikel</t></is></c>`+
			`<c r="C%d"><v>%d.25</v></c></row>`, i, i, i, i, i, i%90)
	}
	for i := range 60 {
		fmt.Fprintf(&parts, "--b\r\nContent-Type: text/plain\r\n\r\nRegel %d van het bericht.\r\n", i)
	}
	for i := range 6 {
		fmt.Fprintf(&nested, "Content-Type: message/rfc822\r\n\r\nSubject: doorgestuurd %d\r\n", i)
	}
	e := engine(t)
	for name, m := range map[string][]byte{
		"photos of 20 MB":          parcel(photos...),
		"a document of 300 pages":  parcel("boek.docx", string(docx(t, letter(3, 900<<10)))),
		"a sheet of 50,000 rows":   parcel("a.xlsx", string(zipped(t, map[string]string{"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + rows.String()}))),
		"a zip of 1,000 photos":    parcel("kamp.zip", string(zipped(t, album))),
		"a zip of 3,000 texts":     parcel("site.zip", string(zipped(t, site))),
		"a bounce of 60 parts":     []byte("Subject: x\r\nContent-Type: multipart/report; boundary=b\r\n\r\n" + parts.String() + "--b--\r\n"),
		"a mail forwarded 6 times": []byte("Subject: x\r\n" + nested.String() + "\r\nBeste ouders\r\n"),
		"spaces, as from a sheet":  parcel("lijst.csv.gz", gzipped(strings.Repeat(strings.Repeat(" ", 400)+"; naam\n", 4000))),
	} {
		if x := inspect(t, e, Message, m); x.Incomplete || x.HostileSize || x.Ambiguous || len(x.Findings) > 0 {
			t.Errorf("%s: incomplete %v, hostile size %v, ambiguous %v, %d findings, doubts %v; want none", name,
				x.Incomplete, x.HostileSize, x.Ambiguous, len(x.Findings), x.Doubts)
		}
	}
}

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s)) // a buffer does not fail
	z.Close()
	return b.String()
}

// What a sender makes too much of hides nothing: it is read, or found by a pass that no bound ends, or the mail is set
// apart.
func TestWhatIsMadeTooLargeHidesNothing(t *testing.T) {
	const leak = "Inloggegevens: wachtwoord: Welkom2026!"
	many := func(n int, last ...string) string {
		files := map[string]string{}
		for i := range n {
			files[fmt.Sprintf("%d.txt", i)] = "x"
		}
		for i := 0; i < len(last); i += 2 {
			files[last[i]] = last[i+1]
		}
		return string(zipped(t, files))
	}
	deep := "MZ\x90\x00\x03\x00\x00\x00"
	for range 18 {
		deep = string(zipped(t, map[string]string{"a.zip": deep}))
	}
	flood := func(part string, n int) []byte {
		m := parcel("factuur.js", "WScript.CreateObject('x')")
		return bytes.Replace(m, []byte("--b\r\n"), []byte(strings.Repeat("--b\r\n"+part, n)+"--b\r\n"), 1)
	}
	tripled := "Content-Type: text/plain; name=factuur.js\r\n\r\nWScript.CreateObject('x')\r\n"
	for i := range 8 {
		head := ""
		for k := range 3 {
			head += fmt.Sprintf("Content-Type: multipart/mixed; boundary=n%d; x=%d\r\n", i, k)
			head += "Content-Transfer-Encoding: " + []string{"7bit", "8bit", "binary"}[k] + "\r\n"
		}
		tripled = fmt.Sprintf("%s\r\n--n%d\r\n%s\r\n--n%d--\r\n", head, i, tripled, i)
	}
	program, secret := rules.MustID("security.attachment.executable"), rules.MustID("leak.credentials.secret")
	e := engine(t)
	for name, c := range map[string]struct {
		mail []byte
		rule rules.ID // that has to find it; none: that a bound was reached is enough
	}{
		"spaces in a document":           {parcel("a.docx", string(docx(t, strings.Repeat(" ", 4_000_000)+leak))), secret},
		"spaces in a gzip":               {parcel("a.txt.gz", gzipped(strings.Repeat(" ", 8_000_000)+leak)), secret},
		"files in a zip":                 {parcel("a.zip", many(2100, "z.txt", leak)), secret},
		"parts before a script":          {flood("Content-Type: text/plain\r\n\r\nx\r\n", 2100), program},
		"many more parts":                {flood("Content-Type: text/plain\r\n\r\nx\r\n", 30_000), program},
		"parts without a header":         {flood("\r\nx\r\n", 30_000), program},
		"parts that are named":           {flood("Content-Type: text/plain; name=a.txt\r\n\r\nx\r\n", 12_000), program},
		"repeated fields in eight parts": {[]byte("Subject: x\r\n" + tripled), program},
		"a script among files in a zip":  {parcel("a.zip", many(15_000, "z.js", "var a")), program},
		"archives in archives":           {parcel("a.zip", deep), rules.ID{}},
		"a megabyte of zeros":            {parcel("a.txt.gz", gzipped(strings.Repeat("\x00", 1<<20)+leak)), secret},
	} {
		x := inspect(t, e, Message, c.mail)
		found := c.rule == rules.ID{} && x.HostileSize
		for _, f := range x.Findings {
			found = found || f.Rule == c.rule
		}
		if !found {
			t.Errorf("%s: %d findings, hostile size %v, incomplete %v; want %s", name, len(x.Findings), x.HostileSize,
				x.Incomplete, c.rule)
		}
	}
}
