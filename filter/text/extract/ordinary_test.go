package extract

import (
	"encoding/base64"
	"fmt"
	"maps"
	"mime/quotedprintable"
	"slices"
	"strings"
	"testing"

	"sluis/filter/text"
)

// letter is what a client sends.
type letter struct {
	subject, plain string
	files          []file
}

type file struct{ name, mediaType, content string }

// client writes a letter as a mail program does.
type client func(letter) string

// qp writes a text in quoted-printable.
func qp(s string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// b64lines writes octets in base64, in lines of 76.
func b64lines(s string) string { return lines76(base64.StdEncoding.EncodeToString([]byte(s))) }

func lines76(s string) string {
	var b strings.Builder
	for ; len(s) > 76; s = s[76:] {
		b.WriteString(s[:76] + "\n")
	}
	return b.String() + s + "\n"
}

func htmlOf(l letter) string {
	return "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head><body><p>" +
		strings.ReplaceAll(l.plain, "\n", "<br>\n") + "</p></body></html>\n"
}

// parts joins parts with a boundary.
func parts(boundary string, all ...string) string {
	return "--" + boundary + "\n" + strings.Join(all, "\n--"+boundary+"\n") + "\n--" + boundary + "--\n"
}

func envelope(l letter, more string) string {
	return "Received: from mx.buiten.example (mx.buiten.example [192.0.2.1])\n\tby mail.school.example; " +
		"Mon, 12 Jan 2026 09:00:00 +0100\nFrom: Anouk de Vries <anouk@buiten.example>\n" +
		"To: =?utf-8?Q?Juf_Zo=C3=AB?= <juf@school.example>\nSubject: " + l.subject +
		"\nDate: Mon, 12 Jan 2026 09:00:00 +0100\nMessage-ID: <1@buiten.example>\nMIME-Version: 1.0\n" + more
}

// withFiles adds the files of a letter as a client names them.
func withFiles(l letter, boundary, body string, name func(file) string) string {
	all := []string{body}
	for _, f := range l.files {
		all = append(all, name(f)+"\nContent-Transfer-Encoding: base64\n\n"+b64lines(f.content))
	}
	return parts(boundary, all...)
}

func outlook(l letter) string {
	const outer, inner = "_004_AM0PR01MB1234EURP_", "_000_AM0PR01MB1234EURP_"
	body := "Content-Type: multipart/alternative;\n\tboundary=\"" + inner + "\"\n\n" + parts(inner,
		"Content-Type: text/plain; charset=\"iso-8859-1\"\nContent-Transfer-Encoding: quoted-printable\n\n"+
			qp(latin(l.plain)),
		"Content-Type: text/html; charset=\"iso-8859-1\"\nContent-Transfer-Encoding: quoted-printable\n\n"+
			qp(latin(htmlOf(l))))
	head := "Content-Language: nl-NL\nX-MS-Has-Attach: yes\nX-MS-TNEF-Correlator:\nContent-Type: "
	if len(l.files) == 0 {
		return envelope(l, head[:len(head)-len("Content-Type: ")]+body)
	}
	return envelope(l, head+"multipart/mixed;\n\tboundary=\""+outer+"\"\n\n"+withFiles(l, outer, body,
		func(f file) string {
			return "Content-Type: " + f.mediaType + ";\n\tname=\"" + f.name + "\"\nContent-Description: " + f.name +
				"\nContent-Disposition: attachment;\n\tfilename=\"" + f.name + "\"; size=" +
				fmt.Sprint(len(f.content)) +
				";\n\tcreation-date=\"Mon, 12 Jan 2026 08:00:00 GMT\";\n\tmodification-date=\"Mon, 12 Jan 2026 " +
				"08:00:00 " +
				"GMT\""
		}))
}

func latin(s string) string {
	return string(inCharset(strings.NewReplacer("ë", "\xeb", "é", "\xe9").Replace(s), ""))
}

func gmail(l letter) string {
	body := "Content-Type: multipart/alternative; boundary=\"000000000000a1b2c3\"\n\n" + parts("000000000000a1b2c3",
		"Content-Type: text/plain; charset=\"UTF-8\"\nContent-Transfer-Encoding: base64\n\n"+b64lines(l.plain),
		"Content-Type: text/html; charset=\"UTF-8\"\nContent-Transfer-Encoding: quoted-printable\n\n"+qp(htmlOf(l)))
	if len(l.files) == 0 {
		return envelope(l, body)
	}
	const outer = "000000000000d4e5f6"
	return envelope(l, "Content-Type: multipart/mixed; boundary=\""+outer+"\"\n\n"+withFiles(l, outer, body,
		func(f file) string {
			return "Content-Type: " + f.mediaType + "; name=\"" + f.name +
				"\"\nContent-Disposition: attachment; filename=\"" +
				f.name + "\"\nContent-ID: <f_abc>\nX-Attachment-Id: f_abc"
		}))
}

func apple(l letter) string {
	const outer = "Apple-Mail=_1F2E3D4C-0000-4444-8888-ABCDEF"
	plain := "Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain;\n\tcharset=utf-8\n\n" + qp(l.plain)
	if len(l.files) == 0 {
		return envelope(l, "X-Mailer: Apple Mail (2.3774)\n"+plain)
	}
	return envelope(l, "Content-Type: multipart/mixed;\n\tboundary=\""+outer+"\"\n\n"+withFiles(l, outer, plain,
		func(f file) string {
			return "Content-Disposition: inline;\n\tfilename*=utf-8''" + strings.ReplaceAll(f.name, " ", "%20") +
				"\nContent-Type: " + f.mediaType + ";\n\tx-unix-mode=0644;\n\tname=\"" + f.name + "\""
		}))
}

func thunderbird(l letter) string {
	const outer = "------------0abcDEF1ghi"
	plain := "Content-Type: text/plain; charset=UTF-8; format=flowed\nContent-Transfer-Encoding: 8bit\n\n" + l.plain
	if len(l.files) == 0 {
		return envelope(l, "Content-Language: nl\n"+plain)
	}
	return envelope(l, "Content-Type: multipart/mixed; boundary=\""+outer+"\"\n\nThis is a multi-part message in MIME "+
		"format.\n"+withFiles(l, outer, plain, func(f file) string {
		return "Content-Type: " + f.mediaType + "; charset=UTF-8; name=\"" + f.name +
			"\"\nContent-Disposition: attachment; filename=\"" + f.name + "\""
	}))
}

// phpMailer is the commonest library of web sites.
func phpMailer(l letter) string {
	body := "Content-Type: multipart/alternative;\n boundary=\"b2_x\"\n\n" + parts("b2_x",
		"Content-Type: text/plain; charset=utf-8\n\n"+l.plain,
		"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"+htmlOf(l))
	return envelope(l, "X-Mailer: PHPMailer 6.9 (https://github.com/PHPMailer/PHPMailer)\nContent-Type: "+
		"multipart/mixed;\n"+
		" boundary=\"b1_x\"\n\nThis is a multi-part message in MIME format.\n\n"+withFiles(l, "b1_x", body,
		func(f file) string {
			return "Content-Type: " + f.mediaType + "; name=" + f.name +
				"\nContent-Disposition: attachment; filename=" + f.name
		}))
}

// webForm is what sites of long ago send: no MIME, or half of it.
func webForm(l letter) string {
	return "From: site@buiten.example\nTo: juf@school.example\nSubject: " + l.subject + "\nContent-Type: text/html; " +
		"charset=iso-8859-1\nContent-Type: text/html; charset=iso-8859-1\n\n" + latin(htmlOf(l))
}

// mailman passes a letter on to a list, with a footer.
func mailman(l letter) string {
	footer := "Content-Type: text/plain; charset=\"us-ascii\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n" +
		"Content-Disposition: inline\n\n_______________________________________________\nLijst mailing list\n"
	body := "Content-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: base64\n\n" + b64lines(l.plain)
	return envelope(l, "List-Id: <lijst.school.example>\nContent-Type: multipart/mixed; "+
		"boundary=\"===============123==\"\n\n"+
		withFiles(l, "===============123==", body+"\n--===============123==\n"+footer, func(f file) string {
			return "Content-Type: " + f.mediaType +
				"\nMIME-Version: 1.0\nContent-Disposition: attachment; filename=\"" +
				f.name + "\""
		}))
}

// forwarded wraps a letter as an attachment.
func forwarded(by client) client {
	return func(l letter) string {
		return envelope(letter{subject: "FW: " + l.subject}, "Content-Type: multipart/mixed; boundary=fw\n\n"+parts("fw",
			"Content-Type: text/plain; charset=utf-8\n\nZie bijgevoegd bericht.\n",
			"Content-Type: message/rfc822; name=\"bericht.eml\"\nContent-Disposition: attachment; "+
				"filename=\"bericht.eml\"\n\n"+
				by(l)))
	}
}

// signedMail wraps a letter in a signature of S/MIME or OpenPGP.
func signedMail(by client, protocol, signature string) client {
	return func(l letter) string {
		return envelope(l, "Content-Type: multipart/signed; micalg=sha-256;\n\tprotocol=\""+protocol+"\";\n\t"+
			"boundary=\"sg\"\n\n"+parts("sg", strings.SplitN(by(l), "MIME-Version: 1.0\n", 2)[1], signature))
	}
}

// bounced returns a letter, all of it or as much as fits.
func bounced(by client, size int) client {
	return func(l letter) string {
		m := by(l)
		return envelope(letter{subject: "Undelivered Mail Returned to Sender"}, "Auto-Submitted: auto-replied\n"+
			"Content-Type: multipart/report; report-type=delivery-status;\n"+
			"\tboundary=\"1ABCD.123/mx.buiten.example\"\n\n"+
			"This is a MIME-encapsulated message.\n\n"+parts("1ABCD.123/mx.buiten.example",
			"Content-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\nIt could not be "+
				"delivered.\n",
			"Content-Description: Delivery report\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; "+
				"mx.buiten."+
				"example\n\nFinal-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n",
			"Content-Description: Undelivered Message\nContent-Type: message/rfc822\n\n"+m[:min(size, len(m))]))
	}
}

// crlfOf writes line endings as they come over SMTP.
func crlfOf(by client) client { return func(l letter) string { return crlf(by(l)) } }

func clients() map[string]client {
	smime := "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\nContent-Transfer-Encoding: base64\n" +
		"Content-Disposition: attachment; filename=\"smime.p7s\"\n\n" + b64lines(string(signed(true, nil)))
	openpgp := "Content-Type: application/pgp-signature; name=\"OpenPGP_signature.asc\"\n\n" +
		armoured("PGP SIGNATURE", []byte("\x89\x01\x33\x04\x00"))
	return map[string]client{
		"Outlook":               crlfOf(outlook),
		"Gmail":                 crlfOf(gmail),
		"Apple Mail":            crlfOf(apple),
		"Thunderbird":           crlfOf(thunderbird),
		"PHPMailer":             phpMailer,
		"a form on a site":      webForm,
		"Mailman":               mailman,
		"Outlook, forwarded":    forwarded(outlook),
		"Gmail, forwarded":      crlfOf(forwarded(gmail)),
		"Outlook with S/MIME":   signedMail(outlook, "application/pkcs7-signature", smime),
		"Apple with S/MIME":     crlfOf(signedMail(apple, "application/pkcs7-signature", smime)),
		"Thunderbird with PGP":  signedMail(thunderbird, "application/pgp-signature", openpgp),
		"Postfix returns":       bounced(outlook, 1<<20),
		"Postfix cuts off":      bounced(gmail, 900),
		"Exchange cuts off":     crlfOf(bounced(outlook, 700)),
		"Postfix, headers only": bounced(thunderbird, 300),
	}
}

// letters are what people send each other.
func letters() map[string]letter {
	jpeg := "\xff\xd8\xff\xe0\x00\x10JFIF" + strings.Repeat("\x00\x01\xfe", 400)
	vcard := "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Jansen;Tim\r\nEMAIL:tim@school.example\r\nEND:VCARD\r\n"
	invitation := "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Ouderavond\r\nEND:VEVENT\r\n" +
		"END:VCALENDAR\r\n"
	const plain = "Beste juf Zoë,\n\nKomt Daan dinsdag ook mee naar het museum?\n\nGroeten,\nAnouk\n-- \nAnouk de " +
		"Vries\n"
	office := "application/vnd.openxmlformats-officedocument."
	sheet := string(docx("xl/worksheets/sheet1.xml",
		"<worksheet><row><c t=\"inlineStr\"><is><t>groep</t></is></c></row></worksheet>"))
	return map[string]letter{
		"a text":       {subject: "Uitje", plain: plain},
		"an accent":    {subject: "=?iso-8859-1?Q?Caf=E9?=", plain: plain},
		"in two words": {subject: "=?UTF-8?B?VWl0amUg4oCTIA==?=\n =?UTF-8?B?Z3JvZXA=?=", plain: plain},
		"a photo":      {subject: "Foto", plain: plain, files: []file{{"IMG_1234.jpg", "image/jpeg", jpeg}}},
		"photos": {subject: "Foto's", plain: plain, files: []file{{"IMG 1.jpg", "image/jpeg", jpeg},
			{"IMG 2.png", "image/png", "\x89PNG\r\n\x1a\n" + jpeg}}},
		"a film": {subject: "Film", plain: plain, files: []file{{"film.mov", "video/quicktime", "\x00\x00\x00\x14ftypqt  " + jpeg}}},
		"a song": {subject: "Lied", plain: plain, files: []file{{"lied.mp3", "audio/mpeg", "\xff\xfb\x90\x64" + jpeg}}},
		"a letter": {subject: "Brief", plain: plain, files: []file{{"brief aan ouders.docx",
			office + "wordprocessingml.document", string(docx("word/document.xml", "<w:t>Beste ouders</w:t>"))}}},
		"a table":       {subject: "Lijst", plain: plain, files: []file{{"lijst.xlsx", office + "spreadsheetml.sheet", sheet}}},
		"a CSV":         {subject: "Export", plain: plain, files: []file{{"export.csv", "text/csv", "groep;aantal\r\n5;28\r\n"}}},
		"a card":        {subject: "Kaartje", plain: plain, files: []file{{"tim.vcf", "text/vcard", vcard}}},
		"an invitation": {subject: "Ouderavond", plain: plain, files: []file{{"invite.ics", "application/ics", invitation}}},
		"a zip": {subject: "Bestanden", plain: plain, files: []file{{"werk.zip", "application/x-zip-compressed",
			string(zipOf("een.txt", "tekst", "foto.jpg", jpeg))}}},
		"a page": {subject: "Pagina", plain: plain, files: []file{{"pagina.html", "text/html", "<html><body>Dag</body></html>"}}},
	}
}

// Of what people and programs send each other at most one in a hundred is flagged: what is flagged without need is not
// seen any more when there is need.
func TestOrdinaryMailIsNotFlagged(t *testing.T) {
	all := map[string]string{}
	for who, write := range clients() {
		for what, l := range letters() {
			all[who+": "+what] = write(l)
		}
	}
	maps.Copy(all, machines())
	flagged := 0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := showMessage(t, all[name]).report
		if r.Ambiguous() || len(r.Uninspectable()) > 0 || r.Incomplete {
			flagged++
			t.Logf("%s: flagged: %v, incomplete %v", name, r.Doubts, r.Incomplete)
		}
		for _, a := range r.Attachments {
			if a.Executable || a.Macros || a.Kind == text.KindUnknown {
				t.Errorf("%s: an attachment is %s, a program %v, with macros %v", name, a.Kind, a.Executable, a.Macros)
			}
		}
	}
	t.Logf("%d of %d messages are flagged", flagged, len(all))
	if flagged*100 > len(all) {
		t.Errorf("%d of %d messages are flagged, want at most one in a hundred", flagged, len(all))
	}
}
