package extract

import (
	"testing"

	"sluis/filter/text"
)

// A mail server returns the beginning of a message: a file that is cut off there is no file that hides something.
func TestAFileThatAReturnedMessageEndsInIsNotFlagged(t *testing.T) {
	sent := func(name string, content []byte) string {
		return "Subject: uitje\nContent-Type: application/octet-stream; name=" + name +
			"\nContent-Transfer-Encoding: base64\n\n" + b64(string(content)) + "\n"
	}
	bounce := func(kind, returned string) string {
		return multipartOf(kind+"; boundary=d", "--d\n\nNiet bezorgd.\n--d\nContent-Type: message/delivery-status\n\n"+
			"Reporting-MTA: dns; mx.school.example\n\nAction: failed\nStatus: 5.1.1\n\n--d\n"+
			"Content-Type: message/rfc822\n\n"+returned+"--d--\n")
	}
	pdf := pdfPagesOf("<< /Type /Catalog >>")
	pdf = pdf[:len(pdf)/2]
	word := docx("word/document.xml", "<w:p>brief aan de ouders van klas twee</w:p>", "word/numbering.xml", "<w:x/>")
	cut := word[:len(word)-60]
	const report = "multipart/report; report-type=delivery-status"
	for _, c := range []struct {
		name, message string
		flagged       bool
	}{
		{"a PDF", bounce(report, sent("a.pdf", pdf)), false},
		{"a document", bounce(report, sent("a.docx", cut)), false},
		{"a document, sent as it is", sent("a.docx", cut), true},
		{"a PDF, sent as it is", sent("a.pdf", pdf), true},
		{"a document in another multipart", bounce("multipart/mixed", sent("a.docx", cut)), true},
		{"a file of no kind", bounce(report, sent("a.dat", []byte("\x01\x02\x03\x00\x00\xfe\xff\x80\x81"))), true},
	} {
		r := showMessage(t, c.message).report
		if got := r.Uninspectable(); (len(got) > 0) != c.flagged {
			t.Errorf("%s: flagged for %v, want a flag: %v", c.name, got, c.flagged)
		}
		if !c.flagged && !r.Has(text.CutOff) {
			t.Errorf("%s: doubts %v, want that it is cut off", c.name, r.Doubts)
		}
	}
	program := bounce(report, sent("a.zip", zipOf("rekening.exe", "MZ\x90\x00\x03\x00\x00\x00", "b.txt", "x")[:60]))
	if got := dangers(showMessage(t, program).report); got != "rekening.exe" {
		t.Errorf("a program in an archive that is cut off: got %q, want it found", got)
	}
}
