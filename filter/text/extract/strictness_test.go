package extract

import (
	"encoding/base64"
	"io"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
	"github.com/emersion/go-message/mail"

	"sluis/filter/text"
)

// so that it reads as much as it can

// strictly returns the text that go-message shows of a message, as a filter that trusts
// it would have it: every part that it decodes.
func strictly(m string) string {
	e, err := gomessage.Read(strings.NewReader(m))
	if e == nil {
		return ""
	}
	var b strings.Builder
	h := e.Header.Fields()
	for h.Next() {
		v, _ := h.Text()
		b.WriteString(v + "\n")
	}
	if err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
		return b.String()
	}
	e.Walk(func(_ []int, part *gomessage.Entity, err error) error {
		if part == nil || part.MultipartReader() != nil ||
			err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
			return nil
		}
		body, _ := io.ReadAll(part.Body)
		b.Write(body)
		return nil
	})
	return b.String()
}

const token = "geheimwoord"

var token64 = base64.StdEncoding.EncodeToString([]byte("dit is het " + token + " ja"))

// multipartOf returns a message of one text part.
func multipartOf(contentType, body string) string {
	return "From: a@example.org\nMIME-Version: 1.0\nContent-Type: " + contentType + "\n\n" + body
}

// fault is a fault of emersion/go-message v0.18.2 that hides a text from a filter that
// trusts it.
type fault struct {
	name, message string
	doubt         text.Cause
	seen          bool // go-message shows it: the fault is none in this version
}

func goMessageFaults() []fault {
	secret := "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + token64 + "\n"
	return []fault{
		{"M1 a malformed line in the header",
			"From: a@example.org\nthis is no field\nSubject: x\nContent-Transfer-Encoding: base64\n\n" + token64, text.BadHeader, false},
		{"M1 the first line of a mailbox file",
			"From a@example.org Mon Nov 23 10:00:00 2026\nSubject: x\nContent-Transfer-Encoding: base64\n\n" + token64, "", false},
		{"M1 CR CR LF in the header",
			"Subject: x\r\r\nContent-Transfer-Encoding: base64\n\n" + token64, text.MixedEndings, true},
		{"M1 a malformed line in the header of a part",
			multipartOf("multipart/mixed; boundary=b", "--b\nno field\n"+secret+"--b--\n"), text.BadHeader, false},
		{"M2 a Content-Type without semicolons",
			multipartOf("multipart/mixed boundary=b", "--b\n"+secret+"--b--\n"), text.BadContentType, false},
		{"M2 two boundaries",
			multipartOf("multipart/mixed; boundary=a; boundary=b", "--b\n"+secret+"--b--\n"), text.BadContentType, false},
		{"M2 no boundary",
			multipartOf("multipart/mixed", "--b\n"+secret+"--b--\n"), text.BadBoundary, false},
		{"M3 a long line before the first part",
			multipartOf("multipart/mixed; boundary=b", strings.Repeat("x", 5000)+"\n--b\n"+secret+"--b--\n"), "", false},
		{"M3 a line that goes on after the boundary",
			multipartOf("multipart/mixed; boundary=b", "--b\nContent-Type: text/plain\n\nx\n--b-x\n"+secret+"--b--\n"), text.BadBoundary, false},
		{"M4 a long line of quoted-printable",
			multipartOf("text/plain\nContent-Transfer-Encoding: quoted-printable", strings.Repeat("x", 5000)+" geheim=77oord\n"), text.BadEncoding, false},
		{"M4 a control character in quoted-printable",
			multipartOf("text/plain\nContent-Transfer-Encoding: quoted-printable", "x\x01\ngeheim=77oord\n"), "", false},
		{"M5 junk in base64",
			multipartOf("text/plain\nContent-Transfer-Encoding: base64", token64[:12]+"!"+token64[12:]), text.BadEncoding, false},
		{"M5 padding in the middle of base64",
			multipartOf("text/plain\nContent-Transfer-Encoding: base64", "eA==\n"+token64), text.BadEncoding, false},
		{"M5 padding that other readers pass over",
			multipartOf("text/plain\nContent-Transfer-Encoding: base64", token64[:13]+"="+token64[13:]), text.BadEncoding, false},
		{"M5 an encoding with more after it",
			multipartOf("text/plain\nContent-Transfer-Encoding: base64 ;x", token64), text.DisputedEncoding, false},
		{"M5 uuencode",
			multipartOf("text/plain\nContent-Transfer-Encoding: x-uuencode", "begin 644 x.txt\n+9V5H96EM=V]O<F0\n`\nend\n"), text.OddEncoding, false},
		{"M6 UTF-7", multipartOf("text/plain; charset=utf-7", "+AGcAZQBoAGUAaQBt-woord\n"), "", false},
		{"M6 UTF-16 that nothing names",
			multipartOf("text/plain", "g\x00e\x00h\x00e\x00i\x00m\x00w\x00o\x00o\x00r\x00d\x00"), "", false},
		{"M6 a page that names its character set itself",
			multipartOf("text/html", `<meta charset="utf-7"><p>+AGcAZQBoAGUAaQBt-woord`), "", false},
		{"M7 a message in base64",
			multipartOf("message/rfc822\nContent-Transfer-Encoding: base64",
				base64.StdEncoding.EncodeToString([]byte("Content-Transfer-Encoding: base64\n\n"+token64))),
			text.NestedEncoding, false},
		{"M7 an attached message",
			multipartOf("message/rfc822", "Subject: x\nContent-Transfer-Encoding: base64\n\n"+token64), "", false},
		{"M7 two Content-Types",
			multipartOf("text/plain\nContent-Type: multipart/mixed; boundary=b", "--b\n"+secret+"--b--\n"), text.TwiceHeader, false},
		{"M7 two transfer encodings",
			multipartOf("text/plain\nContent-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64", token64), text.TwiceHeader, false},
		{"M9 line endings that change",
			multipartOf("multipart/mixed; boundary=b", "--b\nContent-Type: text/plain\n\nx\n")[0:] +
				crlf("--b\n"+secret+"--b--\n"), text.MixedEndings, false},
	}
}

// None of the faults of go-message hides anything here.
func TestWhatGoMessageHidesIsShown(t *testing.T) {
	for _, c := range goMessageFaults() {
		t.Run(c.name, func(t *testing.T) {
			if seen := strings.Contains(strictly(c.message), token); seen != c.seen {
				t.Errorf("go-message shows it: %v, want %v", seen, c.seen)
			}
			s := showMessage(t, c.message)
			if c.doubt != "" && !s.report.Has(c.doubt) {
				t.Errorf("doubts %v, want %v among them", s.report.Doubts, c.doubt)
			}
			if !strings.Contains(s.decoded(), token) {
				t.Errorf("hidden; doubts %v", s.report.Doubts)
			}
		})
	}
}

// M8: go-message has no bound on depth or parts.
func TestDepthAndPartsAreBounded(t *testing.T) {
	deep := strings.Repeat("Content-Type: message/rfc822\n\n", 300) + "\n" + token
	levels := 0
	e, err := gomessage.Read(strings.NewReader(deep))
	for ; err == nil && levels < 400; levels++ {
		if t, _, _ := e.Header.ContentType(); t != "message/rfc822" {
			break
		}
		e, err = gomessage.Read(e.Body)
	}
	if levels != 300 {
		t.Errorf("go-message reads %d levels, want all 300", levels)
	}
	s := showMessage(t, deep)
	if !s.report.Has(text.TooDeep) || s.report.Parts > 20 {
		t.Errorf("%d parts, %v", s.report.Parts, s.report.Uninspectable())
	}
	if !strings.Contains(s.all(), token) {
		t.Error("what is too deep is not shown raw")
	}
	s = showMessage(t, multipartOf("multipart/mixed; boundary=b", strings.Repeat("--b\n\nx\n", 15_000)+"--b--\n"))
	if !s.report.Has(text.TooMany) || !s.report.Incomplete || s.report.Parts > 10_000 {
		t.Errorf("%d parts, %v, incomplete %v", s.report.Parts, s.report.Uninspectable(), s.report.Incomplete)
	}
}

// M10: go-message's mail.Reader ends at an encoding that it does not know.
func TestAnUnknownEncodingHidesNothing(t *testing.T) {
	m := multipartOf("multipart/mixed; boundary=b",
		"--b\nContent-Type: text/plain\nContent-Transfer-Encoding: x-own\n\nx\n--b\n\n"+token+"\n--b--\n")
	r, err := mail.CreateReader(strings.NewReader(m))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.NextPart(); err == nil {
		t.Error("mail.Reader reads on: no fault of its own any more")
	}
	if s := showMessage(t, m); !strings.Contains(s.decoded(), token) || !s.report.Has(text.OddEncoding) {
		t.Errorf("hidden, or no doubt: %v", s.report.Doubts)
	}
}

// plainly returns what go-message shows of the texts that every mail program shows.
func plainly(m string) string {
	e, err := gomessage.Read(strings.NewReader(m))
	if err != nil {
		return ""
	}
	var b strings.Builder
	e.Walk(func(_ []int, part *gomessage.Entity, err error) error {
		if err != nil || part.MultipartReader() != nil {
			return nil
		}
		t, params, err := part.Header.ContentType()
		_, d, _ := part.Header.ContentDisposition()
		charset := strings.ToLower(params["charset"])
		if err != nil || t != "text/plain" || params["name"] != "" || d["filename"] != "" ||
			charset != "" && charset != "utf-8" && charset != "us-ascii" {
			return nil
		}
		body, _ := io.ReadAll(part.Body) // what comes before a fault counts
		b.Write(body)
		b.WriteByte('\n')
		return nil
	})
	return b.String()
}
