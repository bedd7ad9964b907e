package extract

import (
	"encoding/binary"
	"strings"
	"testing"

	"sluis/filter/text"
)

// binHexOf writes a file in BinHex 4.0 (RFC 1741); its sums are left out, as no reader of ours checks them.
func binHexOf(name, content string) string {
	raw := string([]byte{byte(len(name))}) + name + "\x00TEXTttxt\x00\x00" +
		string(binary.BigEndian.AppendUint32(nil, uint32(len(content)))) + "\x00\x00\x00\x00--" + content + "--"
	var packed []byte
	for i := 0; i < len(raw); {
		n := 1
		for i+n < len(raw) && raw[i+n] == raw[i] && n < 255 {
			n++
		}
		packed = append(packed, raw[i])
		if raw[i] == 0x90 {
			packed = append(packed, 0)
		}
		if n > 3 {
			packed = append(packed, 0x90, byte(n))
		} else {
			n = 1
		}
		i += n
	}
	const digits = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
	packed = append(packed, make([]byte, (3-len(packed)%3)%3)...)
	var b strings.Builder
	b.WriteByte(':')
	for i := 0; i < len(packed); i += 3 {
		v := int(packed[i])<<16 | int(packed[i+1])<<8 | int(packed[i+2])
		for shift := 18; shift >= 0; shift -= 6 {
			b.WriteByte(digits[v>>shift&63])
		}
	}
	return "(This file must be converted with BinHex 4.0)\n\n" + lines(b.String()+":", 64, "\n") + "\n"
}

// A file in BinHex is read wherever it stands, as mail programs do.
func TestBinHexIsRead(t *testing.T) {
	long := "Geheim \x90 van de directie." + strings.Repeat("-", 900) + "Einde."
	file, program := binHexOf("dossier.txt", long), binHexOf("rekening.exe", "MZ\x90\x00")
	for name, m := range map[string]string{
		"in a text":     "Subject: x\n\nDag,\n\n" + file + "\nGroet\n",
		"attached":      attached("dossier.hqx", "application/mac-binhex40", []byte(file)),
		"with CRLF":     crlf("Subject: x\n\n" + file),
		"in one line":   "Subject: x\n\n" + strings.Replace(lines(file, 1<<20, ""), "\n\n:", "\n:", 1),
		"before others": "Subject: x\n\n" + file + "\n" + program,
	} {
		s := showMessage(t, m)
		if all := s.decoded(); !strings.Contains(all, "van de directie.") || !strings.Contains(all, "-Einde.") {
			t.Errorf("%s: the text is not read; doubts %v", name, s.report.Doubts)
		}
	}
	for name, m := range map[string]string{
		"in a text":    "Subject: x\n\nDag,\n\n" + program,
		"attached":     attached("foto.hqx", "application/octet-stream", []byte(program)),
		"after others": "Subject: x\n\n" + file + "\n" + program,
		"in a zip":     attached("foto.zip", "application/zip", zipOf("a.hqx", program)),
	} {
		if got := dangers(showMessage(t, m).report); got != "rekening.exe" {
			t.Errorf("%s: dangers %q", name, got)
		}
	}
	s := showMessage(t, "Subject: x\n\n(This file must be converted with BinHex 4.0)\n\nDat hoeft niet meer.\n: hoi\n")
	if len(s.report.Attachments) > 0 || len(s.report.Doubts) > 0 {
		t.Errorf("a text on BinHex: %v %v", s.report.Attachments, s.report.Doubts)
	}
	swollen := "Subject: x\n\n" + binHexOf("a.txt", strings.Repeat("\x00", 2<<20))
	r, err := Message(t.Context(), strings.NewReader(swollen), int64(len(swollen)), text.Limits{Inflated: 1 << 20},
		func(text.Segment) error { return nil })
	if err != nil || !r.Has(text.TooLarge) {
		t.Errorf("what swells without end: %v", err)
	}
}

// A file that TNEF and OneNote name apart from its content is judged by that name as well.
func TestNamesApartFromTheirFilesAreJudged(t *testing.T) {
	wide := twoBytes("rekening.hta")
	for name, m := range map[string]string{
		"a long name": attached("winmail.dat", "application/ms-tnef",
			tnefOf(0x9002, "", 0x8010, "REKEN~1\x00", 0x800f, "x = 1", 0x9005,
				strings.Replace(mapiOf(0x3707, "rekening.hta\x00"), "\x02\x01", "\x1e\x00", 1))),
		"a section":  attached("a.one", "x/y", []byte(oneNote("<script>x</script>")+"\x00\x00"+wide+"\x00\x00")),
		"at the end": attached("a.dat", "x/y", []byte(oneNote("<script>x</script>")+"x\x00\x00"+wide)),
	} {
		if got := dangers(showMessage(t, m).report); !strings.Contains(got, "rekening.hta") {
			t.Errorf("%s: dangers %q", name, got)
		}
	}
	notes := oneNote("\x89PNG\r\n\x1a\n") + twoBytes("\x00Lees setup.exe op bladzijde 2\x00")
	if got := dangers(showMessage(t, attached("a.one", "x/y", []byte(notes))).report); got != "a.one" && got != "" {
		t.Errorf("a text in a section: dangers %q", got)
	}
}

// FuzzBinHex looks for files in texts that stop their readers.
func FuzzBinHex(f *testing.F) {
	f.Add(binHexOf("a.txt", "tekst"))
	f.Add("(This file must be converted with BinHex\n\n:\x90!!\n:")
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) <= 64<<10 {
			fuzzed(t, "", "Subject: x\n\n"+s, fuzzLimits(t.TempDir()))
		}
	})
}
