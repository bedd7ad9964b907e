package text

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
)

func isOffice(z *zip.Reader) bool {
	for _, f := range z.File {
		switch f.Name {
		case "[Content_Types].xml", "content.xml", "META-INF/manifest.xml":
			return true
		}
	}
	return false
}

// officeNoise reports whether a file of an office document holds nothing that a person
// wrote, by its name in lower case. Whatever is not known to is read.
func officeNoise(name string) bool {
	ext := Extension(name)
	return strings.Contains(name, "/theme/") || name == "word/styles.xml" || name == "[content_types].xml" ||
		strings.Contains(name, "printersettings") || strings.HasSuffix(name, "fonttable.xml") || name == "mimetype" ||
		strings.HasSuffix(name, "websettings.xml") || NamesMedia(name) || ext == ".ttf" || ext == ".odttf" ||
		strings.HasPrefix(name, "thumbnails/")
}

// officeXML shows the characters of an XML file. Paragraphs, cells, rows and breaks end
// a word; within them a word may be cut in runs. It is read by the scanner of HTML: an
// XML decoder holds a token whole, however long it is.
func (w *walker) officeXML(part, at int, r io.Reader) error {
	x := xmlReader{w: w, at: at, o: w.out(part, Contents)}
	defer x.o.Close()
	err := w.scanXML(r, &x)
	return first(x.o.Close(), err)
}

// xmlReader is told what stands in an XML file. An error of Write ends the work.
type xmlReader struct {
	w  *walker
	at int
	o  *out
}

func (x *xmlReader) stopped() bool { return x.w.stop != nil }

func (x *xmlReader) text(b []byte) { x.o.Write(b) }

func (x *xmlReader) start(name []byte, attrs []htmlAttr, _ bool) string {
	element := localName(name)
	if string(element) == "encryption-data" { // of OpenDocument
		x.w.encrypted(x.at)
	}
	for _, a := range attrs {
		switch string(localName(a.name)) {
		case "Target", "href", "title", "descr", "tooltip", "display", "string-value", "formula", "formatCode", "prompt",
			"promptTitle", "error", "errorTitle", "ref-name", "alias", "tag", "author", "userId":
			word(x.o, unescapeAttr(a.value))
		case "name": // given by a person; others are those of styles
			switch string(element) {
			case "sheet", "table", "property", "definedName", "user-defined", "page", "section", "bookmarkStart":
				word(x.o, unescapeAttr(a.value))
			}
		}
	}
	if endsWord(element) {
		x.o.Write([]byte{'\n'})
	}
	return ""
}

func (x *xmlReader) end(name []byte) {
	if endsWord(localName(name)) {
		x.o.Write([]byte{'\n'})
	}
}

// comment is told a comment, a declaration or an instruction: programs ignore what is
// in them, but a person can put words there.
func (x *xmlReader) comment(b []byte) { x.o.Write(b) }

func (x *xmlReader) commentEnd() { x.o.Write([]byte{' '}) }

func localName(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

func endsWord(element []byte) bool {
	switch string(element) {
	case "p", "h", "br", "tab", "cr", "tc", "tr", "si", "c", "v", "is", "row", "s", "table-cell", "table-row", "line-break",
		"list-item", "note", "annotation", "title", "creator", "subject", "description", "keywords", "comment", "author",
		"lastModifiedBy", "lpstr", "Company", "Manager", "generator", "initial-creator", "f", "definedName", "keyword",
		"user-defined", "category", "contentStatus", "oddHeader", "oddFooter", "text":
		return true
	}
	return false
}
