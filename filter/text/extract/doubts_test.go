package extract

import (
	"slices"
	"strings"
	"testing"

	"sluis/filter/text"
)

const mixed = "From: a@buiten.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"

// What ordinary software writes is noted, and no report is flagged for it.
func TestSloppinessIsNotFlagged(t *testing.T) {
	bounce := func(returned string) string {
		return "Content-Type: multipart/report; report-type=delivery-status; boundary=d\n\n" +
			"--d\n\nNot delivered.\n--d\n" + "Content-Type: message/rfc822\n\n" + returned + "\n--d--\n"
	}
	part := func(header, body string) string { return mixed + "--b\n" + header + "\n\n" + body + "\n--b--\n" }
	for name, m := range map[string]string{
		"a bounce that cuts off what it returns": bounce("Subject: uitje\nContent-Type: multipart/alternative; " +
			"boundary=o\n\n--o\nContent-Type: text/plain\n\nDag allemaal"),
		"a bounce that returns no part":          bounce("Subject: uitje\nContent-Type: multipart/mixed; boundary=o\n\n"),
		"a bounce that returns a header":         bounce("Subject: uitje\nContent-Type: multipart/mixed; boundary=o"),
		"a bounce cut off in base64":             bounce("Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nZGFnIGFsbGVtYWF"),
		"a name as RFC 2231 wants it":            part("Content-Disposition: attachment;\n filename*=UTF-8''rooster%20caf%C3%A9.txt", "x"),
		"a name in parts of RFC 2231":            part("Content-Disposition: attachment; filename*0*=UTF-8'nl'een%20; filename*1=lang.txt", "x"),
		"a name twice, for old readers too":      part("Content-Disposition: attachment; filename=\"caf_.txt\"; filename*=UTF-8''caf%C3%A9.txt", "x"),
		"a name with spaces without quotes":      part("Content-Type: text/plain; name=mijn rooster.txt", "x"),
		"a comment":                              part("Content-Type: text/plain (tekst); charset=utf-8", "x"),
		"a charset that is said not to be known": "Content-Type: text/plain; charset=unknown-8bit\n\nRen\xe9",
		"a charset of somebody's own":            "Content-Type: text/plain; charset=x-own\n\nRen\xe9",
		"a charset that is no charset":           "Content-Type: text/plain; charset=\"charset=utf-8\"\n\nx",
		"an encoding that is none":               part("Content-Transfer-Encoding: 8-bit", "x"),
		"an encoding that names the charset":     part("Content-Transfer-Encoding: utf-8", "x"),
		"the same field again":                   part("Content-Type: text/plain\nContent-Type: text/plain", "x"),
		"two encodings that change nothing":      part("Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: 8bit", "x"),
		"a list's footer after base64":           "Content-Transfer-Encoding: base64\n\nZGFn\n_______\nLijst\n",
		"an equals sign in quoted-printable":     "Content-Transfer-Encoding: quoted-printable\n\n1+1=2",
		"a line of a mailbox":                    "From a@buiten.example Mon Nov 23 10:00:00 2026\nSubject: x\nContent-Type: text/plain\n\nx",
		"a quoted line of a mailbox":             ">From a@buiten.example Mon Nov 23 10:00:00 2026\nSubject: x\nContent-Type: text/plain\n\nx",
		"a boundary left on a text":              "Content-Type: text/html; charset=utf-8; boundary=\"x\"\n\n<p>dag",
		"a line feed among others":               "Subject: x\r\n\r\neen\ntwee\r\n",
		"a carriage return in a text":            "Subject: x\r\n\r\neen\rtwee\r\n",
		"no end":                                 mixed + "--b\n\nx\n",
	} {
		t.Run(name, func(t *testing.T) {
			if r := showMessage(t, m).report; r.Ambiguous() || len(r.Uninspectable()) > 0 {
				t.Errorf("flagged: %v", r.Doubts)
			}
		})
	}
}

// A doubt says where it is, and a trick is flagged.
func TestADoubtHasItsPlace(t *testing.T) {
	secret := "Content-Transfer-Encoding: base64\n\n" + token64 + "\n"
	dat := strings.Repeat("\x00\x01\x02\x03", 1000)
	inZip := string(zipOf("een.txt", "x", "twee.zip", string(zipOf("drie.dat", dat))))
	for name, tc := range map[string]struct {
		message string
		want    text.Doubt
		flagged bool
	}{
		"the header": {"Subject: x\nno field\n\nx", text.Doubt{Part: "0", Cause: text.BadHeader}, false},
		"a part":     {mixed + "--b\n\nx\n--b\nno field\n\ny\n--b--\n", text.Doubt{Part: "2", Cause: text.BadHeader}, false},
		"in a part": {mixed + "--b\n\nx\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c\n" +
			"Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=d\n\nx\n--c--\n--b--\n",
			text.Doubt{Part: "2.2", Cause: text.TwiceHeader}, true},
		"in a message": {mixed + "--b\n\nx\n--b\nContent-Type: message/rfc822\n\n" +
			"Content-Type: multipart/mixed; boundary=c\n\n" +
			"--c\nno field\n" + secret + "--c--\n--b--\n", text.Doubt{Part: "2.1", Cause: text.DisputedHeader}, true},
		"in an archive in an archive": {mixed + "--b\n\nx\n--b\nContent-Type: application/zip\n" +
			"Content-Transfer-Encoding: base64\n\n" + b64(inZip) + "\n--b--\n",
			text.Doubt{Part: "2.2.1", Cause: text.UnknownFormat}, true},
		"two boundaries": {multipartOf("multipart/mixed; boundary=a; boundary=b", "--b\n"+secret+"--b--\n"),
			text.Doubt{Part: "0", Cause: text.TwiceParameter}, true},
		"two names": {multipartOf("image/png; name=a.png; name=b.exe", "x"),
			text.Doubt{Part: "0", Cause: text.TwiceParameter}, true},
		"a text with parts": {multipartOf("text/plain; boundary=b", "--b\n"+secret+"--b--\n"),
			text.Doubt{Part: "0", Cause: text.HiddenParts}, true},
		"a boundary for some": {"Content-Type: multipart/mixed; boundary=b\r\n\r\nx\r--b\r\r\r--b--\r\n",
			text.Doubt{Part: "0", Cause: text.DisputedEndings}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := showMessage(t, tc.message).report
			if !slices.Contains(r.Doubts, tc.want) {
				t.Errorf("doubts %v, want %v among them", r.Doubts, tc.want)
			}
			if flagged := r.Ambiguous() || len(r.Uninspectable()) > 0; flagged != tc.flagged {
				t.Errorf("flagged %v, want %v: %v", flagged, tc.flagged, r.Doubts)
			}
		})
	}
}
