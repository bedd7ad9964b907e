package extract

import (
	"context"
	"strings"
	"testing"

	"sluis/filter/text"
	"sluis/filter/text/internal/sample"
)

func TestFilesInYEncAreRead(t *testing.T) {
	packed := string(zipOf("geheim.txt", strings.Repeat("het wachtwoord is appeltaart ", 40), "foto.png",
		"\x89PNG\r\n"+sample.EveryByte()))
	const head = "Subject: x\r\nContent-Transfer-Encoding: binary\r\n\r\nkijk eens\r\n"
	for _, c := range []struct {
		name, body string
		role       text.Role
		want       string
		whole      bool // nothing is wrong with the file
	}{
		{"a zip", sample.YEnc("a.zip", packed, 1<<20, 128, true), text.Contents, "wachtwoord is appeltaart", true},
		{"its name", sample.YEnc("mijn lijst.zip", packed, 1<<20, 128, true), text.FileName, "mijn lijst.zip", true},
		{"dots that the encoder left", sample.YEnc("a.zip", packed, 1<<20, 61, false), text.Contents, "wachtwoord is appeltaart", true},
		{"lines of another length", sample.YEnc("a.zip", packed, 1<<20, 997, true), text.Contents, "wachtwoord is appeltaart", true},
		{"one line, longer than a buffer", sample.YEnc("a.txt", strings.Repeat("=}woord ", 40_000)+"en het laatste",
			1<<20, 1<<20, true), text.Contents, "en het laatste", true},
		{"three parts after one another", sample.YEnc("a.zip", packed, 150, 128, true), text.Contents, "wachtwoord is appeltaart", true},
		{"parts with lines between them", strings.ReplaceAll(sample.YEnc("a.zip", packed, 150, 128, true),
			"=ybegin part=2", "\r\n\r\n=ybegin part=2"), text.Contents, "wachtwoord is appeltaart", true},
		{"a second file of the same name", sample.YEnc("a.txt", "het ene bestand", 1000, 128, true) +
			sample.YEnc("a.txt", "het andere bestand", 1000, 128, true), text.Contents, "het andere bestand", true},
		{"a file without its end", strings.Split(sample.YEnc("a.txt", "het wachtwoord is appeltaart", 1000, 128, true),
			"=yend")[0], text.Contents, "wachtwoord is appeltaart", true},
		{"text after the file", sample.YEnc("a.txt", "bestand", 1000, 128, true) + "en nu de rest\r\n", text.Plain, "en nu de rest", true},
	} {
		s := showMessage(t, head+c.body)
		if !strings.Contains(s.by[c.role], c.want) {
			t.Errorf("%s: %q is not in %.200q", c.name, c.want, s.by[c.role])
		}
		if c.whole && (len(s.report.Uninspectable()) > 0 || s.report.Incomplete) {
			t.Errorf("%s: uninspectable %v", c.name, s.report.Uninspectable())
		}
	}
}

// Half of a file in another message is still what it is: not looked into as a whole.
func TestAPartOfAFileInYEncIsNotTakenForAll(t *testing.T) {
	packed := string(zipOf("een.txt", sample.EveryByte(), "twee.txt", sample.EveryByte()))
	parts := strings.SplitAfter(sample.YEnc("a.zip", packed, len(packed)/2, 128, true), "\r\n=yend")
	m := "Subject: x\r\n\r\n" + parts[0] + "\r\n"
	r, err := Message(context.Background(), strings.NewReader(m), int64(len(m)), text.Limits{},
		func(text.Segment) error { return nil })
	if err != nil || !r.Has(text.Damaged) {
		t.Errorf("%v, %v", r.Uninspectable(), err)
	}
}
