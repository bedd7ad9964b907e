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
