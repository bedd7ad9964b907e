package document

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/markup"
	"sluis/filter/text/internal/walk"
)

func IsOffice(z *zip.Reader) bool {
	for _, f := range z.File {
		switch f.Name {
		case "[Content_Types].xml", "content.xml", "META-INF/manifest.xml":
			return true
		}
	}
	return false
}

// OfficeNoise reports whether a file of an office document holds nothing that a person
// wrote, by its name in lower case. Whatever is not known to is read.
func OfficeNoise(name string) bool {
	ext := text.Extension(name)
	return strings.Contains(name, "/theme/") || name == "word/styles.xml" || name == "[content_types].xml" ||
		strings.Contains(name, "printersettings") || strings.HasSuffix(name, "fonttable.xml") || name == "mimetype" ||
		strings.HasSuffix(name, "websettings.xml") || text.NamesMedia(name) || ext == ".ttf" || ext == ".odttf" ||
		strings.HasPrefix(name, "thumbnails/") || strings.HasPrefix(name, "_xmlsignatures/")
}

// OfficeXML shows the characters of an XML file. Paragraphs, cells, rows and breaks end
// a word; within them a word may be cut in runs. It is read by the scanner of HTML: an
// XML decoder holds a token whole, however long it is.
func OfficeXML(w *walk.Walker, part, at int, r io.Reader) error {
	x := newXMLReader(w, part, at)
	defer x.o.Close()
	err := markup.ScanXML(w, r, &x)
	x.field.end()
	return walk.First(x.o.Close(), err)
}

// xmlReader shows what stands in an XML file. An error of Write ends the work.
type xmlReader struct {
	w  *walk.Walker
	at int
	o  *walk.Out

	inField bool
	field   field
}

func newXMLReader(w *walk.Walker, part, at int) xmlReader {
	return xmlReader{w: w, at: at, o: w.Out(part, text.Contents), field: field{w: w, at: at}}
}

func (x *xmlReader) Stopped() bool { return x.w.Stop != nil }

func (x *xmlReader) Text(b []byte) {
	if x.inField {
		x.field.add(b)
	}
	x.o.Write(b)
}

func (x *xmlReader) Start(name []byte, attrs []markup.Attr, _ bool) string {
	element := localName(name)
	if string(element) == "encryption-data" { // of OpenDocument
		x.w.Encrypted(x.at)
	}
	x.start(element, attrs)
	for _, a := range attrs {
		switch string(localName(a.Name)) {
		case "Target", "href", "title", "descr", "tooltip", "display", "string-value", "formula", "formatCode",
			"prompt",
			"promptTitle", "error", "errorTitle", "ref-name", "alias", "tag", "author", "userId":
			walk.Word(x.o, markup.Unescape(a.Value))
		case "name": // given by a person; others are those of styles
			switch string(element) {
			case "sheet", "table", "property", "definedName", "user-defined", "page", "section", "bookmarkStart":
				walk.Word(x.o, markup.Unescape(a.Value))
			}
		}
	}
	if endsWord(element) {
		x.o.Write([]byte{'\n'})
	}
	return ""
}

func (x *xmlReader) End(name []byte) {
	x.inField = false
	if endsWord(localName(name)) {
		x.o.Write([]byte{'\n'})
	}
}

// Comment takes a comment, a declaration or an instruction: programs ignore what is
// in them, but a person can put words there.
func (x *xmlReader) Comment(b []byte) { x.o.Write(b) }

func (x *xmlReader) CommentEnd() { x.o.Write([]byte{' '}) }

func localName(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

func endsWord(element []byte) bool {
	switch string(element) {
	case "p", "h", "br", "tab", "cr", "tc", "tr", "si", "c", "v", "is", "row", "s", "table-cell", "table-row",
		"line-break",
		"list-item", "note", "annotation", "title", "creator", "subject", "description", "keywords", "comment",
		"author",
		"lastModifiedBy", "lpstr", "Company", "Manager", "generator", "initial-creator", "f", "definedName", "keyword",
		"user-defined", "category", "contentStatus", "oddHeader", "oddFooter", "text":
		return true
	}
	return false
}
