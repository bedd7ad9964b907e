package extract

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// program is how a program of Windows begins.
func program() string {
	b := make([]byte, 256)
	copy(b, "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8")
	b[60] = 128
	copy(b[128:], "PE\x00\x00\x4c\x01")
	return string(b)
}

// lines breaks a text in lines of a length.
func lines(s string, n int, between string) string {
	var b strings.Builder
	for ; len(s) > n; s = s[n:] {
		b.WriteString(s[:n] + between)
	}
	return b.String() + s
}

// A file that stands in a text, however it is written there, is read as if it were attached (C2.9a).
func TestFilesInTextsAreRead(t *testing.T) {
	code, packed := b64(program()), b64(string(zipOf("rekening.js", "var a = 1")))
	calendar := "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nATTACH;"
	plain := func(s string) string { return "Subject: x\n\n" + s }
	page := func(s string) string {
		return "Subject: x\nContent-Type: text/html\n\n<html><body>" + s + "</body></html>"
	}
	typed := func(t, s string) string { return "Subject: x\nContent-Type: " + t + "\n\n" + s }
	for name, m := range map[string]string{
		"a calendar": typed("text/calendar",
			calendar+"FILENAME=rekening.exe;ENCODING=BASE64;VALUE=BINARY:"+lines(code, 74, "\r\n ")+"\r\nEND:VEVENT"),
		"a calendar, by its content only": typed("text/calendar", calendar+"ENCODING=BASE64;VALUE=BINARY:"+code+"\r\nEND:VEVENT"),
		"a calendar, by its name only": typed("text/calendar",
			calendar+"FMTTYPE=text/plain;FILENAME=\"rekening.js\";ENCODING=BASE64;VALUE=BINARY:"+b64("var a = new ActiveXObject('x')")+"\r\n"),
		"a calendar with the address of data":    typed("text/calendar", calendar+"FMTTYPE=x/y:data:x/y;base64,"+packed+"\r\n"),
		"an address card":                        typed("text/vcard", "BEGIN:VCARD\r\nPHOTO;ENCODING=b;TYPE=JPEG:"+lines(code, 70, "\r\n ")+"\r\nEND:VCARD"),
		"a plain text":                           plain("Bewaar dit als rekening.exe:\n\n" + lines(code, 76, "\n") + "\n\nGroeten"),
		"a quoted text":                          plain("tekst\n\n" + lines(packed, 60, "\n") + "\n"),
		"a script":                               page("<script>var d='" + packed + "';</script>"),
		"a script that puts pieces together":     page("<script>var d=\"" + lines(packed, 40, "\"+\n\"") + "\";</script>"),
		"a script with an array of pieces":       page("<script>var d=['" + lines(packed, 64, "','") + "'].join('')</script>"),
		"a script with letters before":           page("<script>var d='xxxxx" + b64(program()+strings.Repeat("a", 900)) + "'.slice(5)</script>"),
		"a script in hexadecimal":                page("<script>var d='" + hex.EncodeToString([]byte(program())) + "'</script>"),
		"a link":                                 page("<a download=\"x\" href=\"data:application/zip;base64," + packed + "\">klik</a>"),
		"a link of another type":                 page("<a href='data:text/plain;charset=utf-8;base64," + packed + "'>klik</a>"),
		"a picture":                              page("<img src=\"data:image/svg+xml;base64," + b64("<svg><script>x='"+packed+"'</script></svg>") + "\">"),
		"a frame":                                page("<iframe src=\"data:text/html;base64," + b64("<html><script>x='"+packed+"'</script>") + "\"></iframe>"),
		"a large attribute":                      page("<object data=\"data:x/y;base64," + b64(string(zipOf("a.bin", string(photo(20000)), "rekening.js", "x"))) + "\">"),
		"a comment":                              page("<!-- " + packed + " -->"),
		"an input":                               page("<input type=hidden value=\"" + packed + "\">"),
		"a text area":                            page("<textarea>" + packed + "</textarea>"),
		"a disc":                                 page("<a href=\"data:x/y;base64," + b64(string(discOf("A.EXE", "a.exe", "MZ"))) + "\">klik</a>"),
		"a project of macros in flat XML":        attached("a.xml", "text/xml", []byte("<?xml version=\"1.0\"?><pkg:binaryData>"+lines(b64(string(oleOf("VBA/dir", "x"))), 76, "\n")+"</pkg:binaryData>")),
		"a project of macros in a saved page":    attached("a.mht", "message/rfc822", []byte("MIME-Version: 1.0\nContent-Type: multipart/related; boundary=c\n\n--c\nContent-Type: application/x-mso\nContent-Transfer-Encoding: base64\n\n"+b64("ActiveMime"+strings.Repeat("\x00", 40)+deflated(string(oleOf("VBA/dir", "x"))))+"\n--c--\n")),
		"a section of OneNote":                   attached("a.dat", "x/y", []byte(oneNote(program()))),
		"a file that is written in wide letters": attached("a.txt", "text/plain", wideText("tekst\r\n"+lines(packed, 76, "\r\n"))),
	} {
		if got := dangers(showMessage(t, crlf(m)).report); got == "" {
			t.Errorf("%s: got nothing, want a program", name)
		}
	}
}

func wideText(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, c := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, c)
	}
	return b
}

// oneNote makes a section of OneNote with one file.
func oneNote(content string) string {
	b := []byte("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3" + strings.Repeat("\x00", 1008))
	b = append(b, "\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"...)
	b = le.AppendUint64(b, uint64(len(content)))
	b = append(b, make([]byte, 12)...)
	return string(append(b, content...))
}

// A text that a calendar or an address holds is inspected as it reads (C3.3b).
func TestTextsInTextsAreShown(t *testing.T) {
	for name, m := range map[string]string{
		"a calendar": "Content-Type: text/calendar\n\nATTACH;ENCODING=BASE64;VALUE=BINARY:" + lines(token64, 20, "\r\n ") + "\r\n",
		"an address": "Content-Type: text/html\n\n<a href=\"data:text/plain;base64," + b64("dit is het "+token+" van de school") + "\">x</a>",
		"a message":  "\nDoorgestuurd:\nContent-Transfer-Encoding: base64\n\n" + b64("dit is het "+token+" van de school, zeg het niet door"),
	} {
		if got := showMessage(t, "Subject: x\n"+m); !strings.Contains(got.decoded(), token) {
			t.Errorf("%s: shown %q, want %q in it", name, got.decoded(), token)
		}
	}
}

// What ordinary mail has of long words raises neither alarm nor doubt.
func TestOrdinaryDigitsAreNoFiles(t *testing.T) {
	picture := b64(string(photo(30000)))
	random := b64(string(photo(3000)[20:]))
	for name, m := range map[string]string{
		"pictures": "<img src=\"data:image/jpeg;base64," + picture + "\"><img src='data:image/png;base64," + b64("\x89PNG\r\n\x1a\n"+string(photo(900))) + "'>",
		"many drawings": func() string {
			var b strings.Builder
			for i := range 1000 {
				fmt.Fprintf(&b, "<img src=\"data:image/svg+xml;base64,%s\">", b64(fmt.Sprintf("<svg xmlns='x'><rect width='%d'/></svg>", i)))
			}
			return b.String()
		}(),
		"a drawing":      "<img src=\"data:image/svg+xml;base64," + b64("<svg xmlns='x'><rect width='1'/></svg>") + "\">",
		"a font":         "<style>@font-face{src:url(data:font/woff2;base64," + b64("wOF2"+string(photo(900))) + ")}</style>",
		"tokens":         "<a href=\"https://post.example/c/" + random + "\">lees</a><a href=\"https://post.example/?t=" + random[:300] + "\">x</a>",
		"structured":     "<script type=\"application/ld+json\">{\"@type\":\"EmailMessage\",\"token\":\"" + random[:600] + "\"}</script>",
		"a certificate":  "<pre>-----BEGIN CERTIFICATE-----\n" + lines(b64("\x30\x82\x03\x01"+string(photo(900))), 64, "\n") + "\n-----END CERTIFICATE-----</pre>",
		"a signed token": "<p>eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + random[:200] + "." + random[:43] + "</p>",
		"two letters":    "<p>TVo" + random[:200] + "</p><p>TVqq" + random[:400] + "</p>",
		"a lesson":       "<pre>var d = atob('SGFsbG8gd2VyZWxkLCBob2UgaXMgaGV0Pw==');\nconsole.log(d);</pre>",
	} {
		s := showMessage(t, "Subject: x\nContent-Type: text/html\n\n<html><body>"+m+"</body></html>")
		if got := dangers(s.report); got != "" || len(s.report.Doubts) > 0 || s.report.Incomplete {
			t.Errorf("%s: got %q, doubts %v, incomplete %v", name, got, s.report.Doubts, s.report.Incomplete)
		}
	}
}
