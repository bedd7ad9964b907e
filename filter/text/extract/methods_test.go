package extract

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/ulikunitz/xz/lzma"

	"sluis/filter/text"
)

// inDeflate64 is a text of 70 KiB with a run that Deflate has no length for, as 7-Zip packs it.
const inDeflate64 = "5NJZjtNAEADQf07hC4DYxPbJTcK4lAmT2JKHgMTpSS90WTNzg/ekxHZ1uaoXf79ux9geY/t9uovlernENp0jtvNpOX" +
	"6b3n/6+PnL23cfvr6ZHu/u1/U8/VjjYVoOh22KWKbLent7acE/p5+3N//+f7yPX+1mjjI0iraXe7V+2eIhllhKXh2u" +
	"f/XpeDgsrWrp1/MzUBNr0qgxRx9er/NtYXUekY99SmM6Pb4PlcY1b9TMBqNQib04kJuRG1QmUTpEW2NfxmhYJty79C" +
	"ItMhLqUK61tmilW7QGcqjX7xmt1n6BNamGc/KR988qjwNtGaNkb5OHPjqMm/JW+eXXUe5qpHfJY2oLiJxrLj33fOzl" +
	"mFie4P44nm/Sy1/gvtUcY7r5mc/RU2v1kfxkvRH7L7C3fXKJfsavXvN4PB6Px+PxeDwej8fj8Xg8Ho/H4/F4PB6Px+" +
	"PxeDwej8fj8Xg8Ho/H4/F4PB6Px+PxeDwej8fj8Xg8Ho/H4/F4PB6Px+PxeDwej8fj8Xg8Ho/H4/F4PB6Px+PxeDwe" +
	"j8fj8Xg8Ho/H4/F4PB6Px+PxeDwej8fj8Xg8Ho/H4/F4PB6Px+PxeDwej8fj8Xg8Ho/H4/F4PB6Px+PxeDwej8fj8X" +
	"g8Ho/H4/F4PB6Px+PxeDwej8fj8Xg8Ho/H4/F4PB6Px+PxeDwej8fj8Xj/yoODEwBhIABg/05xE7iGcwgetKAWbHF+" +
	"p+grCY/H4/F4PB6Px+PxeDwej8fj8Xg8Ho/H4/F4PB6Px+PxeIuVPWu2O8bVZ3zHEzVnnH2Mlu9Wfg=="

func fromBase64(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// lzmaOf packs a text by LZMA as a zip has it, with its end marked or not.
func lzmaOf(content string, marked bool) string {
	var b bytes.Buffer
	c := lzma.WriterConfig{DictCap: 1 << 16, SizeInHeader: !marked, Size: int64(len(content)), EOSMarker: marked}
	z, err := c.NewWriter(&b)
	if err != nil {
		panic(err)
	}
	z.Write([]byte(content)) // a buffer does not fail
	if err := z.Close(); err != nil {
		panic(err)
	}
	p := b.Bytes()
	return "\x15\x02\x05\x00" + string(p[:5]) + string(p[13:])
}

// packedZip makes a zip of one file that is packed by a method.
func packedZip(name string, method, flags uint16, packed string, size int) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: method, Flags: flags,
		CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(size)})
	if err != nil {
		panic(err)
	}
	f.Write([]byte(packed)) // a buffer does not fail
	z.Close()
	return b.Bytes()
}

// Files in a zip are read by whatever method they are packed, also where the directory is gone (C3.3a).
func TestMethodsOfZipAreRead(t *testing.T) {
	long := strings.Repeat("Geheim slot van het dossier.\n", 500)
	for name, z := range map[string][]byte{
		"Deflate64":        packedZip("a.txt", 9, 0, fromBase64(inDeflate64), 70_914),
		"LZMA":             packedZip("a.txt", 14, 0, lzmaOf(long, false), len(long)),
		"LZMA, end marked": packedZip("a.txt", 14, 2, lzmaOf(long, true), len(long)),
		"XZ":               packedZip("a.txt", 95, 0, string(xzOf(long)), len(long)),
	} {
		s := showDocument(t, "a.zip", z)
		if !strings.Contains(s.decoded(), "Geheim slot van het dossier.") || len(s.report.Doubts) > 0 {
			t.Errorf("%s: doubts %v, and the text is read: %v", name, s.report.Doubts,
				strings.Contains(s.decoded(), "Geheim slot"))
		}
		s = showDocument(t, "a.zip", withoutDirectory(z))
		if !strings.Contains(s.decoded(), "Geheim slot van het dossier.") {
			t.Errorf("%s, without a directory: the text is not read; doubts %v", name, s.report.Doubts)
		}
	}
	program := packedZip("brief.txt", 14, 0, lzmaOf("MZ\x90\x00"+strings.Repeat("\x00", 200), false), 204)
	if got := dangers(showDocument(t, "a.zip", program).report); got != "brief.txt" {
		t.Errorf("a program in LZMA: got %q", got)
	}
}

// A file whose packing is damaged, or asks for much memory, is named as such, with its name.
func TestDamagedMethodsOfZipAreNamed(t *testing.T) {
	greedy := []byte(lzmaOf("x", false))
	copy(greedy[5:], "\xff\xff\xff\x7f")
	for name, z := range map[string][]byte{
		"Deflate64":            packedZip("a.js", 9, 0, "\xff\xff\xff", 100),
		"Deflate64, cut":       packedZip("a.js", 9, 0, fromBase64(inDeflate64)[:300], 70_914),
		"LZMA":                 packedZip("a.js", 14, 0, "\x15\x02\x05\x00\xff\xff\xff\xff\xff", 100),
		"LZMA, much memory":    packedZip("a.js", 14, 0, string(greedy), 1),
		"XZ":                   packedZip("a.js", 95, 0, "no xz, but long enough to be one", 100),
		"XZ, much memory":      packedZip("a.js", 95, 0, string(greedyXZ()), 6),
		"PPMd, without reader": packedZip("a.js", 98, 0, "x", 1),
	} {
		s := showDocument(t, "a.zip", z)
		if got := dangers(s.report); got != "a.js" || len(s.report.Uninspectable()) == 0 {
			t.Errorf("%s: dangers %q, doubts %v", name, got, s.report.Doubts)
		}
	}
}

// A folder of a zip that holds bytes is a file to some programs.
func TestAFolderWithContentIsAFile(t *testing.T) {
	for _, name := range []string{"rekening.exe/", "rekening.dat/"} {
		file := strings.Replace(name, "/", "_", 1)
		z := packedZip(file, 0, 0, "MZ\x90\x00"+strings.Repeat("\x00", 99), 103)
		s := showDocument(t, "a.zip", bytes.ReplaceAll(z, []byte(file), []byte(name)))
		if got := dangers(s.report); got+"/" != name || !s.report.Has(text.BadArchive) {
			t.Errorf("%s: dangers %q, doubts %v", name, got, s.report.Doubts)
		}
	}
	s := showDocument(t, "a.zip", zipOf("map/", "", "map/a.txt", "x"))
	if len(s.report.Doubts) > 0 {
		t.Errorf("a folder: doubts %v", s.report.Doubts)
	}
}

// FuzzMethod looks for packed files that stop their readers.
func FuzzMethod(f *testing.F) {
	f.Add(uint16(9), uint16(0), fromBase64(inDeflate64), uint32(70_914))
	f.Add(uint16(9), uint16(0), "\x01\x01\x00\xfe\xffx", uint32(1))
	f.Add(uint16(14), uint16(2), lzmaOf("tekst", true), uint32(5))
	f.Add(uint16(95), uint16(0), string(xzOf("tekst")), uint32(5))
	f.Fuzz(func(t *testing.T, method, flags uint16, packed string, size uint32) {
		if len(packed) <= 64<<10 {
			fuzzed(t, "a.zip", string(packedZip("a.txt", method, flags&2, packed, int(size))), fuzzLimits(t.TempDir()))
		}
	})
}
