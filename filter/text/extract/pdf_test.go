package extract

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluis/filter/text"
	"sluis/internal/testenv"
)

// lettered is a PDF of two pages with a note, as an office program writes it.
func lettered() []byte {
	font := "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
	return pdfPagesOf("<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/Resources<</Font<</F1 5 0 R>>>>>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 6 0 R>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 7 0 R"+
			"/Annots[<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(een notitie)>>]>>",
		font, pdfStream("", "BT /F1 12 Tf 50 700 Td [(het zor)20(gplan)-300(van Mari\\353tte)] TJ ET"),
		pdfStream("", "BT /F1 12 Tf 50 700 Td (tweede bladzijde) Tj ET"))
}

// A PDF says the same however it is written and whatever it forbids to do with it.
func TestAPDFIsReadHoweverItIsWritten(t *testing.T) {
	testenv.Need(t, "qpdf")
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	if err := os.WriteFile(in, lettered(), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{"het zorgplan van Mariëtte", "tweede bladzijde", "een notitie"}
	for name, c := range map[string]struct {
		args   string
		locked bool
	}{
		"as it is":                         {args: "--qdf"},
		"objects in streams":               {args: "--object-streams=generate"},
		"in pages":                         {args: "--linearize"},
		"RC4, 40 bits":                     {args: "--allow-weak-crypto --encrypt  eigenaar 40 --print=n --"},
		"RC4, 128 bits":                    {args: "--allow-weak-crypto --encrypt  eigenaar 128 --print=none --"},
		"AES, 128 bits":                    {args: "--allow-weak-crypto --encrypt  eigenaar 128 --use-aes=y --"},
		"AES, 128 bits, metadata in clear": {args: "--allow-weak-crypto --encrypt  eigenaar 128 --use-aes=y --cleartext-metadata --"},
		"AES, 256 bits":                    {args: "--object-streams=generate --encrypt  eigenaar 256 --extract=n --"},
		"AES, 256 bits, revision 5":        {args: "--encrypt  eigenaar 256 --force-R5 --"},
		"a password":                       {args: "--object-streams=generate --encrypt geheim eigenaar 256 --", locked: true},
		"a password, RC4":                  {args: "--allow-weak-crypto --encrypt geheim eigenaar 128 --", locked: true},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.pdf")
			args := append([]string{in, out}, strings.Split(c.args, " ")...) // an empty word is the empty password
			if b, err := exec.CommandContext(t.Context(), "qpdf", args...).CombinedOutput(); err != nil {
				t.Fatalf("qpdf: %v: %s", err, b)
			}
			b, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			for way, content := range map[string][]byte{
				"as written":      b,
				"after a line":    append([]byte("regel\r\n"), b...),
				"without its end": b[:len(b)-len(b)/40],
			} {
				s := showDocument(t, "a.pdf", content)
				if c.locked {
					if !s.report.Has(text.Encrypted) && way != "without its end" {
						t.Errorf("%s: doubts %v, want encrypted", way, s.report.Doubts)
					}
					continue
				}
				if len(s.report.Doubts) > 0 && way != "without its end" {
					t.Errorf("%s: doubts %v, want none", way, s.report.Doubts)
				}
				for _, w := range want {
					if way != "without its end" && !strings.Contains(s.by[text.Contents], w) {
						t.Errorf("%s: %q is not in %q", way, w, s.by[text.Contents])
					}
				}
			}
		})
	}
}

// Files that a PDF carries are files of the message: the program is one, the invoice is none (C3.3a).
func TestFilesInAPDFAreReadAsFiles(t *testing.T) {
	carrying := func(name, content string) []byte {
		return pdfPagesOf("<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a)4 0 R]>>>>>>",
			"<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Contents 6 0 R>>",
			"<</Type/Filespec/F("+name+")/EF<</F 5 0 R>>>>", pdfStream("/Type/EmbeddedFile", content),
			pdfStream("", "BT (zie de bijlage) Tj ET"))
	}
	s := showDocument(t, "factuur.pdf", carrying("factur-x.xml", "<Invoice><ID>het wachtwoord</ID></Invoice>"))
	if len(s.report.Attachments) != 2 || s.report.Attachments[0].Macros || s.report.Attachments[1].Executable ||
		!strings.Contains(s.all(), "het wachtwoord") {
		t.Errorf("an invoice: %+v, %q", s.report.Attachments, s.all())
	}
	for name, content := range map[string]string{"factuur.js": "WScript.Echo(1)", "factuur": "MZ\x90\x00\x03\x00\x00\x00"} {
		s = showDocument(t, "factuur.pdf", carrying(name, content))
		if n := len(s.report.Attachments); n != 2 || !s.report.Attachments[n-1].Executable {
			t.Errorf("%s: %+v", name, s.report.Attachments)
		}
	}
	s = showDocument(t, "a.pdf", carrying("b.pdf", string(lettered())))
	if !strings.Contains(s.all(), "het zorgplan") {
		t.Errorf("a PDF in a PDF: %q", s.all())
	}
}

// A scanned page has no text, which is no reason to flag it; a font whose codes nothing explains is one.
func TestAScannedPDFIsNoReasonForAFlag(t *testing.T) {
	of := func(content, resources string, more ...string) []byte {
		return pdfPagesOf(append([]string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
			"<</Type/Page/Contents 4 0 R/Resources<<" + resources + ">>>>", pdfStream("", content)}, more...)...)
	}
	for name, c := range map[string]struct {
		file []byte
		want text.Cause
	}{
		"a picture": {of("q 595 0 0 842 0 0 cm /I Do Q", "/XObject<</I 5 0 R>>",
			"<</Subtype/Image/Width 1/Height 1/Filter/DCTDecode/Length 1>>\nstream\nx\nendstream"), text.NoText},
		"nothing": {of("", ""), text.NoText},
		"codes without a meaning": {of("BT /F 9 Tf <010203040506> Tj ET", "/Font<</F<</Subtype/Type0"+
			"/Encoding/Identity-H/DescendantFonts[<</DW 500>>]>>>>"), text.UnknownFormat},
		"no page": {[]byte("%PDF-1.4\n1 0 obj<<>>endobj"), text.UnknownFormat},
	} {
		t.Run(name, func(t *testing.T) {
			r := showDocument(t, "a.pdf", c.file).report
			if len(r.Doubts) != 1 || r.Doubts[0].Cause != c.want {
				t.Errorf("doubts %v, want %s", r.Doubts, c.want)
			}
		})
	}
}
