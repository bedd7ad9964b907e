package text

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/richardlehane/mscfb"
)

func isOffice(z *zip.Reader) bool {
	for _, f := range z.File {
		if f.Name == "[Content_Types].xml" || f.Name == "content.xml" {
			return true
		}
	}
	return false
}

// officeText reports whether a file in an office document holds text: the document,
// sheets, slides, notes, comments, headers, and what is said about it.
func officeText(name string) bool {
	n := strings.ToLower(name)
	return (strings.HasSuffix(n, ".xml") || strings.HasSuffix(n, ".rels")) &&
		!strings.Contains(n, "theme") && !strings.HasSuffix(n, "styles.xml") && n != "[content_types].xml"
}

// officeXML shows the characters of an XML file. Elements that end a word in all the
// formats are paragraphs, cells, rows and breaks; within them a word may be cut in runs.
func (w *walker) officeXML(part int, r io.Reader) error {
	o := w.out(part, Contents)
	defer o.Close()
	d := xml.NewDecoder(r)
	d.Strict = false
	d.CharsetReader = charsetReader
	for {
		t, err := d.RawToken()
		if err == io.EOF {
			return o.Close()
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.CharData:
			if _, err := o.Write(t); err != nil {
				return passed{err}
			}
		case xml.StartElement:
			for _, a := range t.Attr {
				if a.Name.Local == "Target" || a.Name.Local == "href" || a.Name.Local == "title" || a.Name.Local == "descr" {
					if err := write(o, []byte(" "+a.Value)); err != nil {
						return passed{err}
					}
				}
			}
			if endsWord(t.Name.Local) {
				if _, err := o.Write([]byte{'\n'}); err != nil {
					return passed{err}
				}
			}
		case xml.EndElement:
			if endsWord(t.Name.Local) {
				if _, err := o.Write([]byte{'\n'}); err != nil {
					return passed{err}
				}
			}
		case xml.Comment:
			if err := write(o, t); err != nil {
				return passed{err}
			}
		}
	}
}

func endsWord(element string) bool {
	switch element {
	case "p", "h", "br", "tab", "cr", "tc", "tr", "si", "c", "v", "row", "s", "table-cell", "table-row", "line-break", "list-item",
		"title", "creator", "subject", "description", "keywords", "comment", "author", "lastModifiedBy":
		return true
	}
	return false
}

// ole shows the streams of an OLE document (doc, xls, ppt, msg): what of them reads as
// text. Macros and encryption are seen by the names of streams.
func (w *walker) ole(part int, a *Attachment, r *io.SectionReader) (err error) {
	d, err := mscfb.New(r)
	if err != nil {
		w.report.uninspectable(Damaged)
		return w.strings(part, r)
	}
	for range w.limits.Parts {
		e, err := d.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			w.report.uninspectable(Damaged)
			return nil
		}
		switch e.Name {
		case "VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros":
			a.Macros = true
		case "EncryptedPackage", "EncryptionInfo":
			a.Encrypted = true
			w.report.uninspectable(Encrypted)
		}
		if e.Size > 0 {
			if err := w.strings(part, io.LimitReader(e, e.Size)); err != nil {
				return err
			}
		}
	}
	w.report.uninspectable(TooMany)
	return errEnough
}

// minRun is the shortest run of letters that strings takes for text.
const minRun = 4

// strings shows the runs of text in bytes of an unknown form: of one byte and of two
// bytes a character.
func (w *walker) strings(part int, r io.Reader) error {
	o := w.out(part, Contents)
	defer o.Close()
	br := bufio.NewReaderSize(r, 4096)
	var narrow, wide []byte
	var last byte
	flush := func(run []byte) ([]byte, error) {
		if len(run) < minRun {
			return run[:0], nil
		}
		return run[:0], write(o, run)
	}
	for i := 0; ; i++ {
		c, err := br.ReadByte()
		if err != nil {
			if narrow, err2 := flush(narrow); err2 != nil || len(narrow) > 0 {
				return err2
			}
			if _, err2 := flush(wide); err2 != nil {
				return err2
			}
			if err != io.EOF {
				return err
			}
			return o.Close()
		}
		var e1, e2 error
		if printableByte(c) && len(narrow) < MaxOverlap {
			narrow = append(narrow, c)
		} else {
			narrow, e1 = flush(narrow)
		}
		if c == 0 && printableByte(last) {
			wide = append(wide, last)
		} else if c == 0 || !printableByte(c) || last != 0 && printableByte(last) {
			if !(printableByte(c) && last == 0) {
				wide, e2 = flush(wide)
			}
		}
		if len(wide) >= MaxOverlap {
			wide, e2 = flush(wide)
		}
		last = c
		if err := errors.Join(e1, e2); err != nil {
			return err
		}
	}
}

func printableByte(c byte) bool { return c >= ' ' && c < 0x7f || c == '\t' || c >= 0xa0 }
