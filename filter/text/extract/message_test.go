package extract

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"sluis/filter/text"
	"sluis/filter/text/internal/sample"
)

func TestWhatPeopleWriteIsShownInItsRole(t *testing.T) {
	for _, c := range []struct {
		name, message string
		role          text.Role
		want          string
	}{
		{"the subject", "Subject: Uitje groep 5\n\nx", text.Subject, "Uitje groep 5"},
		{"an encoded subject", "Subject: =?utf-8?Q?Id=C3=A9e?=\n\nx", text.Subject, "Idée"},
		{"a word cut between encoded words", "Subject: =?utf-8?B?" + b64("wacht") + "?=\n =?utf-8?B?" + b64("woord") +
			"?=\n\nx", text.Subject, "wachtwoord"},
		{"a character cut between encoded words", "Subject: =?utf-8?Q?id=C3?= =?utf-8?Q?=A9e?=\n\nx", text.Subject, "idée"},
		{"a group of base64 cut between encoded words", "Subject: =?utf-8?B?d2FjaH?= =?utf-8?B?R3b29yZA==?=\n\nx", text.Subject, "wachtwoord"},
		{"words of two character sets", "Subject: =?iso-8859-1?Q?caf=E9?= =?utf-8?Q?=C3=A9n?=\n\nx", text.Subject, "caféén"},
		{"a word with a language", "Subject: =?utf-8*nl?Q?wacht?=\n\nx", text.Subject, "wacht"},
		{"a folded subject", "Subject: het\n wachtwoord\n\nx", text.Subject, "het wachtwoord"},
		{"the name of a sender", "From: =?utf-8?B?" + b64("Mariëtte") + "?= <m@example.org>\n\nx", text.Header, "Mariëtte <m@example.org>"},
		{"a field of one's own", "X-Note: wachtwoord\n\nx", text.Header, "wachtwoord"},
		{"a plain body", "Subject: x\n\nhet wachtwoord", text.Plain, "het wachtwoord"},
		{"a body without a header", "\nhet wachtwoord", text.Plain, "het wachtwoord"},
		{"Latin-1", "Content-Type: text/plain; charset=iso-8859-1\n\ncaf\xe9", text.Plain, "café"},
		{"bytes that nothing names", "Subject: x\n\ncaf\xe9 \x93zo\x94", text.Plain, "café “zo”"},
		{"UTF-16 with a byte order mark", "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: " +
			"base64\n\n" + base64.StdEncoding.EncodeToString(sample.UTF16LE("\ufeffwachtwoord é")), text.Plain,
			"wachtwoord é"},
		{"UTF-16 without one", "Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n" +
			base64.StdEncoding.EncodeToString(sample.UTF16LE("wachtwoord é")), text.Plain, "wachtwoord é"},
		{"HZ, which browsers refuse", "Content-Type: text/plain; charset=hz-gb-2312\n\nwachtwoord ~{VP~}", text.Plain, "wachtwoord 中"},
		{"Korean, which browsers refuse", "Content-Type: text/plain; charset=iso-2022-kr\n\nwachtwoord", text.Plain, "wachtwoord"},
		{"an unknown character set", "Content-Type: text/plain; charset=x-own\n\nwachtwoord", text.Plain, "wachtwoord"},
		{"a soft line break", "Content-Transfer-Encoding: quoted-printable\n\nwacht=\nwo=6Frd", text.Plain, "wachtwoord"},
		{"a soft line break with spaces", "Content-Transfer-Encoding: quoted-printable\n\nwacht=  \nwoord", text.Plain, "wachtwoord"},
		{"a calendar's folded line", "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nSUMMARY:het wacht\n woord\\nis x", text.Plain, "wachtwoord\nis x"},
		{"uuencode in a body", "Subject: x\n\nkijk:\nbegin 644 a.txt\n" + `+9V5H96EM=V]O<F0` + "\n`\nend\n", text.Contents, "geheimwoord"},
		{"yEnc in a body", "Subject: x\n\n=ybegin line=128 size=4 name=a.txt\n" + yenc("geheim") + "\n=yend\n", text.Contents, "geheim"},
		{"the name of an attachment", "Content-Type: application/x; name=\"wachtwoorden.xyz\"\n\nx", text.FileName, "wachtwoorden.xyz"},
		{"a name in parts", "Content-Disposition: attachment; filename*0*=utf-8''wacht%C3; filename*1*=%AB; filename*2=woord.txt\n\nx", text.FileName, "wachtëwoord.txt"},
		{"a name in a character set", "Content-Disposition: attachment; filename*=iso-8859-1'nl'id%E9e.txt\n\nx", text.FileName, "idée.txt"},
		{"a name in an encoded word", "Content-Type: text/plain; name=\"=?utf-8?Q?id=C3=A9e.txt?=\"\n\nx", text.FileName, "idée.txt"},
		{"what stands before the first part", multipartOf("multipart/mixed; boundary=b", "wachtwoord\n--b\n\nx\n--b--\n"), text.Hidden, "wachtwoord"},
		{"what stands after the last part", multipartOf("multipart/mixed; boundary=b", "--b\n\nx\n--b--\nwachtwoord\n"), text.Hidden, "wachtwoord"},
		{"a message in a digest", multipartOf("multipart/digest; boundary=b", "--b\n\nSubject: wachtwoord\n\nx\n--b--\n"), text.Subject, "wachtwoord"},
		{"a part of a message", multipartOf("message/partial; number=1; total=2; id=x", "Subject: wachtwoord\n\nx\n"), text.Subject, "wachtwoord"},
		{"a bounce's copy of a header", multipartOf("text/rfc822-headers", "Subject: wachtwoord\n"), text.Plain, "wachtwoord"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, m := range []string{c.message, crlf(c.message)} {
				if strings.Contains(c.message, "\xff") {
					m = c.message
				}
				s := showMessage(t, m)
				if got := strings.ReplaceAll(s.by[c.role], "\r", ""); !strings.Contains(got, c.want) {
					t.Errorf("role %d holds %q, want %q in it; all: %q", c.role, got, c.want, s.all())
				}
			}
		})
	}
}

// utf32le and ebcdic write letters of ASCII.
func utf32le(s string) []byte {
	var b []byte
	for _, c := range s {
		b = append(b, byte(c), 0, 0, 0)
	}
	return b
}

func ebcdic(s string) []byte {
	b, _ := charmap.CodePage037.NewEncoder().Bytes([]byte(s)) // letters are in it
	return b
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func yenc(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] += 42
	}
	return string(b)
}

func TestAnOrdinaryMailRaisesNoDoubt(t *testing.T) {
	s := showMessage(t, ordinary())
	r := s.report
	if r.Ambiguous() || len(r.Uninspectable()) > 0 || r.Incomplete || r.Parts != 5 {
		t.Errorf("%d parts, doubts %v, uninspectable %v, incomplete %v", r.Parts, r.Doubts, r.Uninspectable(),
			r.Incomplete)
	}
	if len(r.Attachments) != 1 || r.Attachments[0].Kind != text.KindMedia || len(r.Links) != 1 {
		t.Errorf("%d attachments, %d links", len(r.Attachments), len(r.Links))
	}
	if s.by[text.Subject] != "Uitje naar het museum – groep 5" || !strings.Contains(s.by[text.HTML], "priéma") ||
		!strings.Contains(s.by[text.HTML], "Beste ouders") {
		t.Errorf("subject %q, HTML %.100q", s.by[text.Subject], s.by[text.HTML])
	}
	if strings.Contains(s.all(), "Message-ID") || strings.Contains(s.all(), "1@school.example") {
		t.Error("fields of machines are shown")
	}
}

// A boundary may begin with another one; that is no doubt.
func TestABoundaryThatBeginsAnother(t *testing.T) {
	m := multipartOf("multipart/mixed; boundary=b", "--b\nContent-Type: multipart/alternative; boundary=b1\n\n--b1\n"+
		"\neen\n--b1\n\ntwee\n--b1--\n--b\n\ndrie\n--b--\n")
	s := showMessage(t, m)
	if s.report.Ambiguous() || s.report.Parts != 5 {
		t.Errorf("%d parts, doubts %v", s.report.Parts, s.report.Doubts)
	}
}

func TestReadersMayDisagree(t *testing.T) {
	secret := "\nContent-Transfer-Encoding: base64\n\n" + token64 + "\n"
	for name, m := range map[string]string{
		"a carriage return ends a line":      "Subject: x\rContent-Transfer-Encoding: base64\r\r" + token64,
		"parts go on after the end":          multipartOf("multipart/mixed; boundary=b", "--b\n\nx\n--b--\n--b"+secret),
		"no end":                             multipartOf("multipart/mixed; boundary=b", "--b\n\nx\n--b"+secret),
		"a quote that does not end":          multipartOf("multipart/mixed; boundary=\"b", "--b"+secret+"--b--\n"),
		"a boundary of one part only":        multipartOf("multipart/mixed; boundary=a", "--b"+secret+"--b--\n"),
		"spaces after the name of a field":   "Content-Transfer-Encoding : base64\n\n" + token64,
		"a comment in a Content-Type":        multipartOf("multipart/mixed (x); (y) boundary=b (z)", "--b"+secret+"--b--\n"),
		"a white line in a header":           "Content-Transfer-Encoding: base64\n \n" + token64,
		"a boundary in upper case":           multipartOf("MULTIPART/MIXED; BOUNDARY=b", "--b"+secret+"--b--\n"),
		"an encoding in capitals and spaces": "Content-Transfer-Encoding:   BASE64  \n\n" + token64,
		"base64 before a footer":             "Content-Transfer-Encoding: base64\n\n" + token64 + "\n___\nList: x\n",
		"base64 without padding":             "Content-Transfer-Encoding: base64\n\n" + strings.TrimRight(token64, "="),
		"a multipart in quoted-printable": multipartOf("multipart/mixed; boundary=3Db\n"+
			"Content-Transfer-Encoding: quoted-printable", "--3Db"+strings.ReplaceAll(secret, "=", "=3D")+"--3Db--\n"),
		"a multipart in base64 behind one as it is": multipartOf("multipart/mixed; boundary=b\n"+
			"Content-Transfer-Encoding: base64", "--b\n\nhoi12x\n--b--\n"+b64("--b\n\n"+token+"\n--b--\n")),
		"a boundary in percent code": multipartOf("multipart/mixed; boundary*=utf-8''%62", "--b"+secret+"--b--\n"),
		"a boundary in parts":        multipartOf("multipart/mixed; boundary*0=b; boundary*1=c", "--bc"+secret+"--bc--\n"),
		"a named text in base64":     "Content-Type: text/plain; name=x.txt\nContent-Transfer-Encoding: base64\n\n" + token64,
		"an unknown type":            "Content-Type: application/x-own\nContent-Transfer-Encoding: base64\n\n" + token64,
		"a message as a file":        "Content-Type: application/octet-stream; name=x.eml\nContent-Transfer-Encoding: base64\n\n" + b64("Subject: x"+secret),
		"UTF-16 without a mark that is labelled": "Content-Type: text/plain; charset=utf-16be\n" +
			"Content-Transfer-Encoding: base64\n\n" +
			base64.StdEncoding.EncodeToString([]byte("\x00"+strings.TrimSuffix(string(sample.UTF16LE(token)),
				"\x00"))),
		"UTF-16 without a mark in UTF-8":            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(sample.UTF16LE("het "+token)),
		"UTF-16 that is little-endian and says not": "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(sample.UTF16LE("het "+token)),
		"UTF-7 in a subject":                        "Subject: =?utf-7?Q?+AGcAZQBoAGUAaQBt-woord?=\n\nx",
		"a part of a part of a message":             multipartOf("message/partial; number=2; total=2; id=x", token64[:0]+"rest van de tekst "+token),
		"a body elsewhere":                          multipartOf("message/external-body; access-type=URL; URL=\"http://"+token+".example/\"", "Content-Type: text/plain\n\n"),
		"an HTML page that is called a picture":     "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + b64("<html><body>"+token+"</body></html>"),
		"a text that is called a picture":           "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n" + b64("het "+token+" is dit"),
		"a text that begins as a picture":           "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + b64("GIF89a "+token),
		"a page in EBCDIC":                          "Content-Type: text/plain; charset=cp037\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(ebcdic(token)),
		"a page in UTF-32":                          "Content-Type: text/plain; charset=utf-32le\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(utf32le(token)),
		"quoted-printable in lower case":            "Content-Transfer-Encoding: quoted-printable\n\ngeheim=77=6f=6frd",
		"quoted-printable with a space after =":     "Content-Transfer-Encoding: quoted-printable\n\ngeheim=77oord =\n=\n",
		"two Content-Dispositions":                  "Content-Disposition: inline\nContent-Disposition: attachment; filename=" + token + ".exe\n\nx",
		"the boundary of an outer part within": multipartOf("multipart/mixed; boundary=a",
			"--a\nContent-Type: multipart/mixed; boundary=a\n\n--a"+secret+"--a--\n--a--\n"),
		"an inner part that is closed by the outer": multipartOf("multipart/mixed; boundary=a", "--a\nContent-Type: multipart/mixed; boundary=b\n\n--b"+secret+"--a--\n"),
		"a boundary with spaces around":             multipartOf("multipart/mixed; boundary=\" a \"", "-- a"+secret+"-- a--\n"),
		"a boundary that is empty":                  multipartOf("multipart/mixed; boundary=\"\"", "--"+secret+"----\n"),
		"a multipart that is called a text":         "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n\n--b" + secret + "--b--\n",
		"a Content-Type in an encoded word":         "Content-Type: =?utf-8?Q?multipart/mixed?=; boundary=b\n\n--b" + secret + "--b--\n",
		"a Content-Type that is cut by a line":      "Content-Type: multipart/mixed;\n\tboundary\n = \"b\"\n\n--b" + secret + "--b--\n",
		"a name of a field in capitals":             "CONTENT-TRANSFER-ENCODING: BASE64\n\n" + token64,
		"a zero byte in a header":                   "Content-Transfer-Encoding: base64\x00\n\n" + token64,
		"a header that has no end":                  "Subject: " + token,
		"a byte order mark before the header":       "\xef\xbb\xbfContent-Transfer-Encoding: base64\nSubject: x\n\n" + token64,
		"empty lines before the header":             "\n\nContent-Transfer-Encoding: base64\n\n" + token64,
		"a message in a message in base64":          "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + b64("Content-Type: message/rfc822\n\nSubject: x"+secret),
	} {
		t.Run(name, func(t *testing.T) {
			if s := showMessage(t, m); !strings.Contains(s.decoded(), token) {
				t.Errorf("hidden; doubts %v; shown %q", s.report.Doubts, s.all())
			}
		})
	}
}

func TestInDoubtTheBytesThemselvesAreShown(t *testing.T) {
	m := "Subject: x\nno field\n\n" + token
	if s := showMessage(t, m); s.by[text.Raw] != m {
		t.Errorf("raw: %q", s.by[text.Raw])
	}
	if s := showMessage(t, "Subject: x\n\n"+token); s.by[text.Raw] != "" {
		t.Errorf("raw without a doubt: %q", s.by[text.Raw])
	}
}

func TestLongTextsComeInOverlappingSegments(t *testing.T) {
	body := strings.Repeat("één zin met het wachtwoord. ", 20_000)
	s := showMessage(t, "Content-Type: text/plain; charset=utf-8\n\n"+body) // collect checks the segments
	if s.by[text.Plain] != body {
		t.Errorf("%d bytes shown of %d", len(s.by[text.Plain]), len(body))
	}
	s = showMessage(t, "\n"+strings.Repeat("\xe9", 300_000))
	if s.by[text.Plain] != strings.Repeat("é", 300_000) {
		t.Errorf("%d bytes shown", len(s.by[text.Plain]))
	}
}

func TestTheWorkIsBounded(t *testing.T) {
	limits := text.Limits{Text: 100_000}
	r, err := Message(context.Background(), strings.NewReader(strings.Repeat("x ", 1<<20)), 2<<20, limits,
		func(text.Segment) error { return nil })
	if err != nil || !r.Incomplete {
		t.Errorf("text: %v, incomplete %v", err, r.Incomplete)
	}
	// Repeated fields in nested parts ask for each part many times.
	m := strings.Repeat("Content-Type: message/rfc822\nContent-Type: message/global\nContent-Type: message/rfc822; "+
		"x=1\n\n", 15) + strings.Repeat("x ", 1<<20)
	shown := int64(0)
	r, err = Message(context.Background(), strings.NewReader(m), int64(len(m)), text.Limits{},
		func(s text.Segment) error { shown += int64(len(s.Text) - s.Overlap); return nil })
	if err != nil || !r.Incomplete || shown > 32*int64(len(m))+64<<20 {
		t.Errorf("work: %v, incomplete %v, shown %d", err, r.Incomplete, shown)
	}
}

func TestFoldedHeaderOfManyLinesIsReadInLinearTime(t *testing.T) {
	m := "Subject: x" + strings.Repeat("\n y", 250_000) + "\n\n" + token
	if s := showMessage(t, m); !strings.Contains(s.by[text.Plain], token) {
		t.Error("the body is not shown")
	}
	showMessage(t, "geen veld"+strings.Repeat("\n y", 250_000)+"\n\n"+token)
	showMessage(t, "Subject: "+strings.Repeat("=?utf-8?Q?a?= ", 50_000)+"\n\nx")
	showMessage(t, "Content-Type: text/plain; "+strings.Repeat("a=\"", 50_000)+"\n\nx")
}

func TestAnErrorOfTheAskerEndsTheWork(t *testing.T) {
	enough := errors.New("enough")
	calls := 0
	_, err := Message(context.Background(), strings.NewReader(ordinary()), int64(len(ordinary())), text.Limits{},
		func(text.Segment) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(context.Background())
	calls = 0
	_, err = Message(ctx, strings.NewReader(ordinary()), int64(len(ordinary())), text.Limits{},
		func(text.Segment) error { calls++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
	_, err = Message(context.Background(), badReader{}, 100, text.Limits{}, func(text.Segment) error { return nil })
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a fault of the input: %v", err)
	}
}

type badReader struct{}

func (badReader) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func TestSecretsDoNotPrint(t *testing.T) {
	s := showMessage(t, "Content-Type: text/html\n\n<a href='http://geheim.example'>geheim</a>")
	if len(s.report.Links) != 1 || s.report.Links[0].Target.Reveal() != "http://geheim.example" {
		t.Fatalf("links: %d", len(s.report.Links))
	}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&b, verb, s.report.Links)
		fmt.Fprintf(&b, verb, s.report.Links[0])
	}
	if strings.Contains(b.String(), "geheim") {
		t.Errorf("printed: %s", b.String())
	}
}

func TestLargePartsWaitInAFileWithoutAName(t *testing.T) {
	dir := t.TempDir()
	body := strings.Repeat("een tabel, met, wachtwoord\n", 100_000)
	m := "Content-Type: text/csv; name=x.csv\nContent-Transfer-Encoding: base64\n\n" + b64(body)
	shown := 0
	_, err := Message(context.Background(), strings.NewReader(m), int64(len(m)), text.Limits{Dir: dir},
		func(s text.Segment) error {
			if s.Role == text.Contents {
				shown += len(s.Text) - s.Overlap
			}
			if files, _ := os.ReadDir(dir); len(files) > 0 {
				t.Errorf("%d files have a name", len(files))
			}
			return nil
		})
	if err != nil || shown != len(body) {
		t.Errorf("%v, %d bytes shown of %d", err, shown, len(body))
	}
}
