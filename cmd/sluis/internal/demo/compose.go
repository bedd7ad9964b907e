package demo

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
)

// letter composes an RFC 5322 message in UTF-8.
type letter struct {
	from, to, subject string
	plain             string
	html              string
	attach            []attachment
}

type attachment struct {
	name, mediaType string
	data            []byte
}

// bytes returns the message with CR LF line endings.
func (l letter) bytes() []byte {
	var b bytes.Buffer
	boundary := "deel-" + rand.Text()
	fmt.Fprintf(&b, "From: %s\nTo: %s\nSubject: %s\nDate: %s\nMessage-ID: <%s@demo.example>\nMIME-Version: 1.0\n",
		l.from, l.to, mime.QEncoding.Encode("utf-8", l.subject), time.Now().Format(time.RFC1123Z), rand.Text())
	if l.html == "" && len(l.attach) == 0 {
		writePart(&b, "text/plain; charset=utf-8", l.plain)
		return crlf(b.Bytes())
	}
	kind := "mixed"
	if len(l.attach) == 0 {
		kind = "alternative"
	}
	fmt.Fprintf(&b, "Content-Type: multipart/%s; boundary=%q\n\n--%s\n", kind, boundary, boundary)
	writePart(&b, "text/plain; charset=utf-8", l.plain)
	if l.html != "" {
		fmt.Fprintf(&b, "\n--%s\n", boundary)
		writePart(&b, "text/html; charset=utf-8", l.html)
	}
	for _, a := range l.attach {
		fmt.Fprintf(&b, "\n--%s\nContent-Type: %s\n", boundary, a.mediaType)
		fmt.Fprintf(&b, "Content-Disposition: attachment; filename=%q\n", a.name)
		b.WriteString("Content-Transfer-Encoding: base64\n\n")
		enc := base64.StdEncoding.EncodeToString(a.data)
		for len(enc) > 76 {
			b.WriteString(enc[:76] + "\n")
			enc = enc[76:]
		}
		b.WriteString(enc + "\n")
	}
	fmt.Fprintf(&b, "\n--%s--\n", boundary)
	return crlf(b.Bytes())
}

func writePart(b *bytes.Buffer, mediaType, text string) {
	fmt.Fprintf(b, "Content-Type: %s\nContent-Transfer-Encoding: quoted-printable\n\n", mediaType)
	q := quotedprintable.NewWriter(b)
	q.Write([]byte(text)) // to memory: cannot fail
	q.Close()
	b.WriteString("\n")
}

func crlf(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}

// wordDocument is the media type of a Word document.
const wordDocument = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

// The parts of a Word document around its paragraphs.
const (
	contentTypes = `<?xml version="1.0"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Override PartName="/word/document.xml" ContentType="` + wordDocument + `.main+xml"/>
</Types>`
	documentHead = `<?xml version="1.0"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`
	documentFoot = `</w:body></w:document>`
)

// docx returns a small Word document with one paragraph a line.
func docx(lines []string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	write := func(name, content string) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			panic(err) // to memory: a programming error
		}
	}
	write("[Content_Types].xml", contentTypes)
	var body strings.Builder
	for _, l := range lines {
		body.WriteString("<w:p><w:r><w:t>" + l + "</w:t></w:r></w:p>")
	}
	write("word/document.xml", documentHead+body.String()+documentFoot)
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
