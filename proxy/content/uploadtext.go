package content

import (
	"net/http"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/extract"
)

// uploadText finds the text in an upload while it comes: fields of forms, and files that are text by their content.
// Pictures and films are skipped, archives and documents are listed, to be read by their format, and of anything else
// only what is text by evidence is taken.
type uploadText struct {
	out   func([]byte)
	form  *formParser // nil: the body is one file
	sieve sieve
	at    int64 // of the end of what was pushed
	plain []byte

	part    partHeader
	kind    text.FileKind
	head    []byte // of a part whose kind is not known yet
	known   bool
	textual bool // it is text
	skipped bool // nothing of it is text
	from    int64
	escapes unescaper

	flowing bool         // files that are text go to out, and are not listed
	files   []uploadFile // to be read by their format
	unread  bool         // there was a file of an unknown format
	many    bool         // there were more files than are listed
}

// uploadFile is a file in an upload.
type uploadFile struct {
	partHeader
	fileKind text.FileKind
	from, to int64
}

// maxFiles bounds the files of an upload that are read by their format.
const maxFiles = 200

// newUploadText returns one for bodies with this header, of which files that have no name of their own have this one.
func newUploadText(h http.Header, name string, out func([]byte)) *uploadText {
	t := &uploadText{out: out}
	t.sieve.out = out
	kind := contentType(h)
	if strings.HasPrefix(baseType(kind), "multipart/") {
		t.form = newFormParser(h["Content-Type"], t)
		return t
	}
	t.begin(partHeader{file: true, name: name, kind: kind}, 0)
	return t
}

// push takes the next piece.
func (t *uploadText) push(b []byte) {
	t.at += int64(len(b))
	if t.form != nil {
		t.form.push(b)
	} else {
		t.data(b)
	}
}

// finish ends the upload.
func (t *uploadText) finish() {
	if t.form != nil {
		t.form.finish()
	} else {
		t.end(t.at)
	}
}

// flow takes text from files, too, as it comes from now on. It reports whether a file that is text has begun, which is
// listed as far as it has come.
func (t *uploadText) flow() bool {
	begun := t.known && t.listed()
	if begun {
		t.list(t.at)
	}
	t.flowing = true
	return begun
}

// listed reports whether the part is a text that is read as a file, and not as it comes.
func (t *uploadText) listed() bool {
	return t.textual && t.part.file && !t.flowing && !(t.form != nil && t.form.doubt)
}

func (t *uploadText) heading(header []byte) {
	t.sieve.binary = false
	t.sieve.push(header)
	t.sieve.end()
}

func (t *uploadText) begin(h partHeader, at int64) {
	t.part, t.head, t.known, t.textual, t.skipped, t.from = h, t.head[:0], false, false, false, at
	t.escapes = unescaperOf(baseType(h.kind))
	if t.form != nil && h.name != "" {
		t.heading([]byte(h.name + "\n")) // without its escapes
	}
}

func (t *uploadText) data(b []byte) {
	if !t.known {
		n := min(len(b), extract.KindHead-len(t.head))
		t.head, b = append(t.head, b[:n]...), b[n:]
		if len(t.head) < extract.KindHead {
			return
		}
		t.decide()
	}
	t.take(b)
}

// decide settles what the part is, by what has come of it.
func (t *uploadText) decide() {
	if t.known {
		return
	}
	t.known = true
	t.kind = text.KindText
	if t.part.file {
		t.kind = extract.KindOf(t.head, t.part.name)
	}
	switch t.kind {
	case text.KindText, text.KindHTML, text.KindScript, text.KindMessage, text.KindRTF, text.KindOpener:
		t.textual = true
	case text.KindMedia:
		t.skipped = !mostlyText(t.head)
	case text.KindUnknown, text.KindProgram:
		t.unread = true
	default:
		t.skipped = true // it has a reader
	}
	t.take(t.head)
}

// mostlyText reports whether the head of a picture is mostly text: it has notes, or is no picture.
func mostlyText(head []byte) bool {
	n := 0
	for _, c := range head {
		if c >= ' ' && c < 0x7f || c == '\n' {
			n++
		}
	}
	return n*2 > len(head)
}

// take takes what is known to be of this part.
func (t *uploadText) take(b []byte) {
	if t.listed() || t.skipped && !(t.form != nil && t.form.doubt) {
		return
	}
	t.sieve.binary = !t.textual
	if t.textual && t.escapes != nil {
		t.plain = t.escapes.push(t.plain[:0], b)
		b = t.plain
	}
	t.sieve.push(b)
}

func (t *uploadText) end(at int64) {
	t.decide()
	t.sieve.end()
	t.out([]byte{'\n'})
	if (t.part.file || t.part.coded()) && !t.flowing && (t.textual || t.skipped && t.kind != text.KindMedia) {
		t.list(at)
	}
}

func (t *uploadText) list(to int64) {
	if len(t.files) == maxFiles {
		t.many = true
		return
	}
	t.files = append(t.files, uploadFile{partHeader: t.part, fileKind: t.kind, from: t.from, to: max(t.from, to)})
}
