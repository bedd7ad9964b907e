package extract

import "strings"

// machines are messages that programs send by themselves.
func machines() map[string]string {
	head := func(subject string) string {
		return "From: dienst@buiten.example\nTo: juf@school.example\nSubject: " + subject + "\nMIME-Version: 1.0\n"
	}
	invitation := "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\n" +
		"ATTENDEE;CN=\"Juf\";RSVP=TRUE:mailto:juf@school.example\n" +
		"DESCRIPTION:Regel een\\nregel twee die lang is en daarom wordt gevouwen over meer\n  dan een regel\n" +
		"END:VEVENT\n" +
		"END:VCALENDAR\n"
	card := "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=4A=61n\nEND:VCARD\n"
	news := "<html><body><table><tr><td><a href=\"https://klik.buiten.example/?u=1\">Lees meer</a></td></tr></table>" +
		"<img src=\"https://buiten.example/o.gif\" width=1 height=1></body></html>"
	report := string(gzipOf("r.xml", []byte("<?xml version=\"1.0\"?><feedback><policy_published/></feedback>")))
	pdf := string(pdfPagesOf("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>",
		pdfStream("", "q 612 0 0 792 0 0 cm /I Do Q"),
		pdfStream("/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8", "\x80")))
	wav := "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + strings.Repeat("\x80\x7f", 300)
	multi := func(subtype string, all ...string) string {
		return "Content-Type: multipart/" + subtype + "; boundary=\"=_x\"\n\n" + parts("=_x", all...)
	}
	plain := "Content-Type: text/plain; charset=utf-8\n\nZie bijlage.\n"
	octets := func(mediaType, name, content string) string {
		return "Content-Type: " + mediaType + "; name=\"" + name + "\"\nContent-Disposition: attachment; filename=\"" +
			name +
			"\"\nContent-Transfer-Encoding: base64\n\n" + b64lines(content)
	}
	status := "Content-Type: message/disposition-notification\n\nReporting-UA: x\nFinal-Recipient: rfc822;juf@school." +
		"example\nDisposition: manual-action/MDN-sent-manually; displayed\n"
	return map[string]string{
		"an invitation of Exchange": head("Overleg") + "Content-Type: multipart/alternative; boundary=\"=_x\"\n\n" + parts("=_x",
			plain, "Content-Type: text/calendar; charset=\"utf-8\"; method=REQUEST\nContent-Transfer-Encoding: base64\n\n"+
				b64lines(invitation)),
		"an invitation of Google": head("Uitnodiging") + multi("mixed", "Content-Type: multipart/alternative; boundary=a\n\n"+
			parts("a", plain, "Content-Type: text/calendar; charset=\"UTF-8\"; method=REQUEST\n"+
				"Content-Transfer-Encoding: 7bit\n\n"+invitation), octets("application/ics", "invite.ics", invitation)),
		"a newsletter": head("=?utf-8?Q?Nieuws_van_=E2=80=9Cde_school=E2=80=9D?=") + "List-Unsubscribe: <mailto:a@b.example>\n" +
			multi("alternative", "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: quoted-printable\n\n"+
				qp("Lees meer: https://klik.buiten.example/?u=1&x=2"), "Content-Type: text/html; charset=UTF-8\n"+
				"Content-Transfer-Encoding: quoted-printable\n\n"+qp(news)),
		"a newsletter on one line": head("Nieuws") + "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" +
			strings.Repeat(news, 200),
		"a newsletter that says too much": head("Nieuws") + "Content-Type: text/html; charset=\"utf-8\"; boundary=\"x\"\n\n" + news,
		"a newsletter with a wrong encoding": head("Nieuws") + "Content-Type: multipart/alternative; boundary=\"=_x\"\n" +
			"Content-Transfer-Encoding: quoted-printable\n\n" + parts("=_x", plain, "Content-Type: text/html\n\n"+news),
		"an absence": head("Automatisch antwoord: Uitje") + "Auto-Submitted: auto-replied\nContent-Type: text/plain; " +
			"charset=\"us-ascii\"\n\nIk ben er maandag weer. Caf\xe9.\n",
		"a receipt": head("Gelezen: Uitje") + "Content-Type: multipart/report; report-type=disposition-notification; " +
			"boundary=\"=_x\"\n\n" + parts("=_x", plain, status),
		"a bounce of qmail": head("failure notice") + "\nHi. This is the qmail-send program.\n\n--- Below this line is a copy " +
			"of the message.\n\nReturn-Path: <juf@school.example>\nContent-Type: multipart/mixed; boundary=\"q\"\n\n--q\n" +
			"Content-Type: text/plain\n\nDag\n",
		"a bounce with headers": head("Undeliverable") + multi("report", plain, "Content-Type: message/delivery-status\n\n"+
			"Reporting-MTA: dns; x\n\nAction: failed\n", "Content-Type: text/rfc822-headers\n\nSubject: x\nFrom: y@z.example\n"+
			"Content-Type: multipart/mixed; boundary=q\n"),
		"a report of DMARC": head("Report domain: school.example") + octets("application/gzip", "a!b!1!2.xml.gz", report),
		"a report of DMARC in a zip": head("Report") + octets("application/zip", "a!b!1!2.zip",
			string(zipOf("a!b!1!2.xml", "<feedback></feedback>"))),
		"a report of TLS": head("Report") + multi("report", plain, "Content-Type: application/tlsrpt+gzip; name=\"a.json.gz\"\n"+
			"Content-Transfer-Encoding: base64\n\n"+b64lines(string(gzipOf("a.json", []byte("{\"policies\":[]}"))))),
		"a complaint": head("FW: Uitje") + multi("report", plain, "Content-Type: message/feedback-report\n\nFeedback-Type: "+
			"abuse\nVersion: 1\n", "Content-Type: message/rfc822\n\nSubject: x\n\ndag\n"),
		"a scan":          head("Scan") + multi("mixed", plain, octets("application/pdf", "SKM_C250.pdf", pdf)),
		"a scan, no text": head("Message from KM_C250") + octets("application/pdf", "SKM_C250.pdf", pdf),
		"a fax":           head("Fax") + octets("image/tiff", "fax.tif", "II*\x00\x08\x00\x00\x00"+strings.Repeat("\x00\xfe", 99)),
		"a voice message": head("Voicemail") + multi("mixed", plain, octets("audio/x-wav", "msg.wav", wav)),
		"an invoice": head("Factuur") + multi("mixed", plain, octets("application/xml", "factuur.xml",
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Invoice><ID>1</ID></Invoice>")),
		"a TNEF": head("Uitje") + multi("mixed", plain, octets("application/ms-tnef", "winmail.dat",
			string(tnefOf(0x8004, "onderwerp\x00", 0x800c, "de tekst\x00")))),
		"an old card": head("Kaartje") + multi("mixed", plain, octets("text/x-vcard", "jan.vcf", card)),
		"a photo of a Mac": head("Foto") + multi("mixed", plain, "Content-Type: multipart/appledouble; boundary=aa\n\n"+
			parts("aa", octets("application/applefile", "foto.jpg", "\x00\x05\x16\x07\x00\x02\x00\x00"+strings.Repeat("\x00", 18)),
				octets("image/jpeg", "foto.jpg", "\xff\xd8\xff\xe0\x00\x10JFIF"))),
		"a digest": head("Lijst Digest, Vol 1") + "Content-Type: multipart/mixed; boundary=\"=_x\"\n\n" + parts("=_x", plain,
			"Content-Type: multipart/digest; boundary=d\n\n"+parts("d", "\nSubject: een\n\ndag\n", "\nSubject: twee\n\ndag\n")),
		"a footer of a list on base64": head("Lijst") + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: " +
			"base64\n\n" + b64lines("Dag allemaal") + "\n_______\nLijst mailing list\n",
		"a charset of Outlook":  head("x") + "Content-Type: text/plain; charset=\"Windows-1252\"; reply-type=original\n\nCaf\xe9",
		"a charset of Korea":    head("x") + "Content-Type: text/plain; charset=\"ks_c_5601-1987\"\n\ndag",
		"an unknown charset":    head("x") + "Content-Type: text/plain; charset=unknown-8bit\n\nCaf\xe9",
		"a default charset":     head("x") + "Content-Type: text/plain; charset=_iso-2022-jp$ESC\n\ndag",
		"no MIME":               "From: a@b.example\nSubject: x\n\ndag",
		"cron":                  "From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@x> /bin/true\nContent-Type: text/plain; charset=ANSI_X3.4-1968\n\nx",
		"a preview of Outlook":  head("x") + multi("related", "Content-Type: text/html\n\n<img src=cid:1>", "Content-Type: image/png; name=\"image001.png\"\nContent-ID: <1>\nContent-Transfer-Encoding: base64\n\n"+b64lines("\x89PNG\r\n\x1a\n")),
		"clear text with PGP":   head("x") + "Content-Type: text/plain\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- --\nDag\n" + armoured("PGP SIGNATURE", []byte("\x89\x01")),
		"a message as base64":   head("x") + multi("mixed", plain, "Content-Type: message/rfc822; name=x.eml\nContent-Transfer-Encoding: base64\n\n"+b64lines("Subject: y\n\ndag\n")),
		"names with accents":    head("x") + multi("mixed", plain, "Content-Type: image/png; name==?utf-8?Q?caf=C3=A9.png?=\nContent-Transfer-Encoding: base64\n\n"+b64lines("\x89PNG\r\n\x1a\n")),
		"text as an attachment": head("x") + multi("mixed", plain, "Content-Type: text/plain; name=lijst.txt; charset=\nContent-Disposition: attachment;filename=lijst.txt\n\ndag\n"),
	}
}
