package text

import (
	"archive/zip"
	"encoding/xml"
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
	ext := extension(name)
	return strings.Contains(name, "/theme/") || strings.HasSuffix(name, "styles.xml") || name == "[content_types].xml" ||
		strings.Contains(name, "printersettings") || strings.HasSuffix(name, "fonttable.xml") || name == "mimetype" ||
		strings.HasSuffix(name, "websettings.xml") || mediaExtensions[ext] || ext == ".ttf" || ext == ".odttf" ||
		strings.HasPrefix(name, "thumbnails/")
}

// officeXML shows the characters of an XML file. Paragraphs, cells, rows and breaks end
// a word; within them a word may be cut in runs.
func (w *walker) officeXML(part, at int, r io.Reader) error {
	br, done := buffered(r)
	defer done()
	u, _ := decodeCharset("", false, br)
	o := w.out(part, Contents)
	defer o.Close()
	d := xml.NewDecoder(u)
	d.Strict = false
	d.CharsetReader = func(name string, r io.Reader) (io.Reader, error) {
		if c := charsetByName(name); c.decoder != nil && !c.odd {
			return c.reader(r), nil
		}
		return r, nil // UTF-16 is decoded already
	}
	for w.stop == nil {
		t, err := d.RawToken()
		if err == io.EOF {
			return o.Close()
		}
		if err != nil {
			return first(o.Close(), err)
		}
		switch t := t.(type) {
		case xml.CharData:
			o.Write(t) // an error ends the work
		case xml.Comment:
			word(o, t)
		case xml.StartElement:
			if t.Name.Local == "encryption-data" { // of OpenDocument
				w.report.encrypted(at)
			}
			for _, a := range t.Attr {
				switch a.Name.Local {
				case "Target", "href", "title", "descr", "tooltip", "string-value", "formula", "prompt", "promptTitle", "error", "ref-name":
					word(o, []byte(a.Value))
				}
			}
			if endsWord(t.Name.Local) {
				o.Write([]byte{'\n'})
			}
		case xml.EndElement:
			if endsWord(t.Name.Local) {
				o.Write([]byte{'\n'})
			}
		}
	}
	return w.stop
}

func endsWord(element string) bool {
	switch element {
	case "p", "h", "br", "tab", "cr", "tc", "tr", "si", "c", "v", "is", "row", "s", "table-cell", "table-row", "line-break",
		"list-item", "note", "annotation", "title", "creator", "subject", "description", "keywords", "comment", "author",
		"lastModifiedBy", "lpstr", "Company", "Manager", "generator", "initial-creator", "f", "definedName":
		return true
	}
	return false
}

// word writes b apart from what is around it.
func word(o *out, b []byte) {
	o.Write([]byte{' '}) // an error ends the work
	o.Write(b)
	o.Write([]byte{' '})
}
