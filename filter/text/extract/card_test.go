package extract

import (
	"strings"
	"testing"
)

// Old address cards and calendars have properties in quoted-printable, which programs decode.
func TestQuotedPropertiesOfCardsAreRead(t *testing.T) {
	card := func(property string) string {
		return "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Jansen;Tim\r\n" + property + "\r\nEND:VCARD\r\n"
	}
	note := "DESCRIPTION;ENCODING=QUOTED-PRINTABLE:"
	word := "geheim=77=6F=6Frd"
	for name, m := range map[string]string{
		"a note":               card("NOTE;ENCODING=QUOTED-PRINTABLE:het " + word),
		"a note of its own":    card("NOTE;QUOTED-PRINTABLE:het " + word),
		"in lower case":        card("note;encoding=quoted-printable;charset=utf-8:het =C3=A9=C3=A9n " + word),
		"in lines":             card("NOTE;ENCODING=QUOTED-PRINTABLE:het ge=\r\nheim=77=6F=\r\n=6Frd"),
		"after a long picture": card("PHOTO:" + strings.Repeat("x", 16<<10-60) + "\r\n" + note + word),
		"in a calendar":        "BEGIN:VCALENDAR\r\n" + note + word + "\r\nEND:VCALENDAR\r\n",
	} {
		for as, header := range map[string]string{
			"a card":   "Content-Type: text/x-vcard; name=tim.vcf",
			"the body": "Content-Type: text/vcard",
			"octets":   "Content-Type: application/octet-stream; name=tim.vcf",
			"unnamed":  "Content-Type: application/octet-stream",
		} {
			s := showMessage(t, carrying(header, []byte(m)))
			if !strings.Contains(s.decoded(), token) || s.report.Ambiguous() || len(s.report.Uninspectable()) > 0 {
				t.Errorf("%s, as %s: shown %q, doubts %v", name, as, s.all(), s.report.Doubts)
			}
		}
	}
}

// A file that a calendar carries is judged by its name and its type, whatever parameter gives it (C3.3a).
func TestTheFilesOfCalendarsAreJudgedByNameAndType(t *testing.T) {
	for property, want := range map[string]string{
		"ATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=\"rooster.js\":dmFyIGEK":          "rooster.js",
		"ATTACH;ENCODING=BASE64;VALUE=BINARY;FILENAME=rooster.vbs:dmFyIGEK":               "rooster.vbs",
		"ATTACH;VALUE=BINARY;X-APPLE-FILENAME=roos\r\n ter.hta;ENCODING=BASE64:dmFyIGEK":  "rooster.hta",
		"attach;encoding=b;value=binary;x-ms-filename=a%2Ejs;x=\"a:b\":dmFyIGEK":          "a.js",
		"ATTACH;FMTTYPE=application/hta;ENCODING=BASE64;VALUE=BINARY:PGh0YT4=":            "(without a name)",
		"ATTACH;FMTTYPE=\"application/x-msdownload\";FILENAME=a.dat:data:x/y;base64,TVo=": "a.dat",
		"ATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=\"rooster.pdf\":JVBERi0xLjQK":     "",
		"ATTACH;FMTTYPE=application/pdf;FILENAME=rooster.pdf:https://school.example/a":    "",
		"ATTACH;FILENAME=les.js:https://drive.school.example/a":                           "",
		"ATTACH:CID:1@school.example":                                                     "",
		"DESCRIPTION:ATTACH;ENCODING=BASE64;FILENAME=les.js: zo staat het in de les":      "",
	} {
		m := "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + property +
			"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		for where, m := range map[string]string{"in a message": m,
			"attached": attached("a.ics", "application/octet-stream", []byte(m[strings.Index(m, "BEGIN"):]))} {
			if got := dangers(showMessage(t, m).report); got != want {
				t.Errorf("%s, %s: got %q, want %q", property, where, got, want)
			}
		}
	}
}
