package extract

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"sluis/filter/text"
)

// ordinary is a mail as schools get them, of about 18 KB: plain text and HTML beside
// one another, quoted-printable, and a small picture.
func ordinary() string {
	var plain, page strings.Builder
	for i := range 40 {
		fmt.Fprintf(&plain, "Beste ouders, op dinsdag %d maart gaan de groepen 5 en 6 naar het museum;\nde kinderen "+
			"nemen een lunchpakket mee en zijn om kwart over drie terug op school.\n", i%28+1)
		fmt.Fprintf(&page, "<tr><td style=3D\"font-family: Arial; padding: 4px 8px; color: #333\"><p>Be=\nste "+
			"ouders, op <b>dinsdag %d maart</b> gaan de groepen 5 en 6 naar het =\nmuseum; "+
			"pri=C3=A9ma.</p></td></tr>\n", i%28+1)
	}
	picture := base64.StdEncoding.EncodeToString(append([]byte("\x89PNG\r\n\x1a\n"),
		bytes.Repeat([]byte("\x01\x80pix"), 500)...))
	var b strings.Builder
	b.WriteString("Received: from a.example.org by b.example.org; Mon, 23 Nov 2026 10:00:00 +0100\n" +
		"From: =?utf-8?Q?Juf_Mari=C3=ABtte?= <mariette@school.example>\nTo: ouders@school.example\n" +
		"Subject: =?utf-8?Q?Uitje_naar_het_museum_=E2=80=93_groep_5?=\nDate: Mon, 23 Nov 2026 10:00:00 +0100\n" +
		"Message-ID: <1@school.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; " +
		"boundary=\"----=_outer\"\n\n" +
		"------=_outer\nContent-Type: multipart/alternative; boundary=\"----=_outer_1\"\n\n" +
		"------=_outer_1\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n")
	b.WriteString(plain.String())
	b.WriteString("------=_outer_1\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: " +
		"quoted-printable\n\n<html><body><table>\n")
	b.WriteString(page.String())
	b.WriteString("</table><a href=3D\"https://www.school.example/museum\">www.school.example</a></body></html>\n" +
		"------=_outer_1--\n")
	b.WriteString("------=_outer\nContent-Type: image/png; name=logo.png\nContent-Transfer-Encoding: base64\n\n")
	for len(picture) > 76 {
		b.WriteString(picture[:76] + "\n")
		picture = picture[76:]
	}
	b.WriteString(picture + "\n------=_outer--\n")
	return crlf(b.String())
}

func BenchmarkOrdinaryMail(b *testing.B) {
	m := ordinary()
	b.SetBytes(int64(len(m)))
	b.ReportAllocs()
	for b.Loop() {
		Message(context.Background(), strings.NewReader(m), int64(len(m)), text.Limits{},
			func(text.Segment) error { return nil })
	}
}

func BenchmarkPlainMail(b *testing.B) {
	m := crlf("Subject: x\n\n" + strings.Repeat("Beste ouders, op dinsdag gaan wij naar het museum.\n", 360))
	b.SetBytes(int64(len(m)))
	b.ReportAllocs()
	for b.Loop() {
		Message(context.Background(), strings.NewReader(m), int64(len(m)), text.Limits{},
			func(text.Segment) error { return nil })
	}
}

func BenchmarkLargeAttachment(b *testing.B) {
	body := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("een tabel, met, velden\n"), 200_000))
	m := "Content-Type: text/csv; name=x.csv\nContent-Transfer-Encoding: base64\n\n" + body
	b.SetBytes(int64(len(m)))
	b.ReportAllocs()
	for b.Loop() {
		Message(context.Background(), strings.NewReader(m), int64(len(m)), text.Limits{Dir: b.TempDir()},
			func(text.Segment) error { return nil })
	}
}
