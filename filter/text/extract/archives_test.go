package extract

import (
	"archive/zip"
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sluis/filter/text"
)

// storedZip makes a zip of files as they are, without what comes after them.
func storedZip(method uint16, files ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := z.CreateRaw(&zip.FileHeader{Name: files[i], Method: method, CompressedSize64: uint64(len(files[i+1])),
			UncompressedSize64: uint64(len(files[i+1]))})
		if err != nil {
			panic(err)
		}
		f.Write([]byte(files[i+1])) // a buffer does not fail
	}
	z.Close()
	return b.Bytes()
}

// otherNamed makes a zip of one file with another name in the field for Unicode.
func otherNamed(name, other string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	extra := le.AppendUint16(le.AppendUint16(nil, 0x7075), uint16(5+len(other)))
	extra = append(append(extra, 1, 0, 0, 0, 0), other...)
	f, err := z.CreateHeader(&zip.FileHeader{Name: name, Extra: extra})
	if err != nil {
		panic(err)
	}
	f.Write([]byte("x")) // a buffer does not fail
	z.Close()
	return b.Bytes()
}

// beforeDirectory puts bytes between the files of a zip and its directory.
func beforeDirectory(z, b []byte) []byte {
	end := bytes.LastIndex(z, []byte("PK\x05\x06"))
	at := int(le.Uint32(z[end+16:]))
	z = slices.Insert(z, at, b...)
	le.PutUint32(z[end+len(b)+16:], uint32(at+len(b)))
	return z
}

// withoutDirectory is what a zip has before its directory.
func withoutDirectory(z []byte) []byte { return z[:bytes.Index(z, []byte("PK\x01\x02"))] }

// flagged marks the files of a zip as encrypted, in the directory and before each.
func flagged(z []byte) []byte {
	for i := range z {
		switch {
		case bytes.HasPrefix(z[i:], []byte("PK\x03\x04")):
			z[i+6] |= 1
		case bytes.HasPrefix(z[i:], []byte("PK\x01\x02")):
			z[i+8] |= 1
		}
	}
	return z
}

// photo is as random as the pixels of a picture.
func photo(size int) []byte {
	b := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01")
	r := rand.New(rand.NewPCG(1, 2))
	for len(b) < size {
		b = le.AppendUint64(b, r.Uint64())
	}
	return b
}

func oldTar(name, content string) []byte {
	b := tarOf(name, content)
	copy(b[257:265], make([]byte, 8))
	copy(b[148:156], "        ")
	sum := 0
	for _, c := range b[:512] {
		sum += int(c)
	}
	copy(b[148:], []byte{'0' + byte(sum>>12&7), '0' + byte(sum>>9&7), '0' + byte(sum>>6&7), '0' + byte(sum>>3&7),
		'0' + byte(sum&7), 0})
	return b
}

// A program in an archive is found whatever the archive says of it, or in whatever file the archive stands (C2.9a).
func TestArchivesHideNoProgram(t *testing.T) {
	script := zipOf("rekening.js", "var a = 1")
	renamed := storedZip(0, "rekening.txt", "var a = 1")
	copy(renamed[bytes.Index(renamed, []byte("rekening.txt")):], "rekening.exe")
	random := string(photo(600)[100:])
	for _, c := range []struct {
		name, file string
		content    []byte
	}{
		{"a member with a password", "a.zip", flagged(storedZip(8, "rekening.js", random))},
		{"a member that only says that it has one", "a.zip", flagged(zipOf("brief.dat", "MZ\x90\x00\x03\x00\x00\x00"))},
		{"a member before the first", "a.zip", append(withoutDirectory(script), zipOf("brief.txt", "x")...)},
		{"a member after the last", "a.zip", beforeDirectory(zipOf("brief.txt", "x"), withoutDirectory(script))},
		{"a member with another name before it", "a.zip", renamed},
		{"a member with another name in a nested zip", "a.zip", zipOf("b.zip", string(renamed))},
		{"a name that goes on after a NUL", "a.zip", zipOf("rekening.js\x00.txt", "x")},
		{"a name that ends before a NUL", "a.zip", zipOf("brief.txt\x00.js", "x")},
		{"a name with a stream", "a.zip", zipOf("rekening.js::$DATA", "x")},
		{"a method that is not read", "a.zip", storedZip(9, "rekening.js", random)},
		{"a method that nobody knows", "a.zip", storedZip(77, "rekening.js", random)},
		{"another name in a field for Unicode", "a.zip", otherNamed("brief.txt", "rekening.js")},
		{"two directories", "a.zip", append(slices.Clone(script), zipOf("brief.txt", "x")...)},
		{"bytes after the directory", "a.zip", append(slices.Clone(script), make([]byte, 5000)...)},
		{"a picture before a zip", "foto.jpg", append(photo(3000), script...)},
		{"a picture before a zip and bytes after it", "foto.jpg", slices.Concat(photo(90<<10), script, make([]byte, 500))},
		{"a picture with decoys before a zip", "foto.png", slices.Concat([]byte("\x89PNG\r\n\x1a\nPK\x05\x06CD001\x01"),
			photo(3000), script)},
		{"a picture before a rar", "foto.jpg", append(photo(40<<10), rarOf("rekening.js", "x", 0)...)},
		{"a picture before a 7z", "foto.gif", append([]byte("GIF89a\x01\x00\x01\x00\x00\xff"), sevenZipOf("rekening.js", "x", false)...)},
		{"a PDF before a zip", "brief.pdf", append([]byte("%PDF-1.4\n%%EOF\n"), script...)},
		{"a text before a zip", "brief.txt", append([]byte("een brief aan ouders\n"), script...)},
		{"a tar in a gzip", "a.tgz", gzipOf("", tarOf("rekening.js", "x"))},
		{"a tar of before POSIX", "a.dat", oldTar("rekening.js", "x")},
		{"an xz of a tar", "a.txz", xzOf(string(tarOf("rekening.js", "x")))},
		{"a 7z", "a.7z", sevenZipOf("rekening.js", "x", false)},
		{"a 7z with a password", "a.7z", sevenZipOf("rekening.js", "0123456789abcdef", true)},
		{"a rar", "a.rar", rarOf("rekening.js", "x", 0)},
		{"a cabinet", "a.cab", cabOf("rekening.js")},
		{"an ARJ", "a.arj", []byte("\x60\xea\x2e\x00\x1e\x0b\x01\x00\x00\x00\x02\x00\x00\x00\x00\x00rekening.js\x00\x00\x00\x00")},
		{"an ACE", "a.dat", []byte("\x00\x00\x31\x00\x00\x00\x90**ACE**\x14\x14\x02\x00\x0b\x00rekening.js\x00\x01\x02")},
		{"an LHA", "a.lzh", []byte("\x24\x00-lh5-\x05\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x20\x01\x0brekening.js\x00\x01")},
		{"a message in a zip", "a.zip", zipOf("bericht.eml", attached("rekening.js", "text/plain", []byte("x")))},
		{"zips in one another", "a.zip", zipOf("b.zip", string(zipOf("c.zip", string(zipOf("d.zip", string(script))))))},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := attached(c.file, "application/octet-stream", c.content)
			if got := dangers(showMessage(t, m).report); got == "" {
				t.Error("no program found, want one")
			}
		})
	}
}

// Archives as programs make them, and pictures, raise no doubt and no alarm.
func TestOrdinaryArchivesRaiseNoDoubt(t *testing.T) {
	inner := zipOf("brief.txt", "beste ouders", "map/", "", "map/foto.jpg", string(photo(3000)))
	commented := append(slices.Clone(inner), "gemaakt op maandag"...)
	le.PutUint16(commented[len(inner)-2:], uint16(len("gemaakt op maandag")))
	for name, content := range map[string][]byte{
		"a.zip":    inner,
		"b.zip":    storedZip(0, "b.zip", string(inner), "brief.docx", string(docx("word/document.xml", "<w:p>x</w:p>"))),
		"c.zip":    commented,
		"u.zip":    otherNamed("r\x82\x82union.txt", "réunion.txt"),
		"d.zip":    zipOf("réünie.txt", "beste ouders", "Groep 5\\lijst.txt", "x"),
		"e.docx":   docx("word/document.xml", "<w:p>x</w:p>"),
		"foto.jpg": photo(400 << 10),
		"foto.png": append([]byte("\x89PNG\r\n\x1a\n"), photo(300<<10)...),
		"a.pdf":    slices.Concat([]byte("%PDF-1.4\n"), inner, make([]byte, 20<<10), []byte("%%EOF\n")),
		"a.tgz":    gzipOf("", tarOf("brief.txt", "beste ouders")),
	} {
		r := showMessage(t, attached(name, "application/octet-stream", content)).report
		if got := dangers(r); got != "" || r.Ambiguous() || r.Incomplete {
			t.Errorf("%s: got %q, doubts %v, incomplete %v; want nothing", name, got, r.Doubts, r.Incomplete)
		}
	}
}

// What a header before a file says otherwise than the directory is shown as well, and raises a doubt.
func TestADirectoryThatLiesRaisesADoubt(t *testing.T) {
	hidden := withoutDirectory(zipOf("lijst.txt", "het "+token))
	got := showDocument(t, "a.zip", beforeDirectory(zipOf("brief.txt", "x"), hidden))
	if !strings.Contains(got.decoded(), token) || !got.report.Has(text.BadArchive) {
		t.Errorf("doubts %v, shown %q; want the hidden text and a doubt", got.report.Doubts, got.decoded())
	}
}
