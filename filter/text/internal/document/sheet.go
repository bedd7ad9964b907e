package document

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluis/filter/text/internal/markup"
	"sluis/filter/text/internal/walk"
)

// A sheet of Excel holds numbers: of strings that stand elsewhere, and of days. A class
// list is one only when they are shown as a person sees them, row by row.

// Book is what the sheets of a workbook refer to.
type Book struct {
	strings [][]byte
	dates   []bool // by style: whether its numbers are days
	epoch   time.Time
}

// Bounds of a book. What is beyond them is shown where it stands.
const (
	maxStrings    = 200_000
	maxString     = 256     // bytes of one
	maxBookMemory = 8 << 20 // bytes of all
	maxStyles     = 64_000
)

// ReadBook reads what sheets refer to; nil if this is no workbook.
func ReadBook(w *walk.Walker, z *zip.Reader) (*Book, error) {
	b := &Book{epoch: time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)}
	found := false
	for _, f := range z.File {
		var h markup.Handler
		switch strings.ToLower(f.Name) {
		case "xl/sharedstrings.xml":
			h = &stringsReader{w: w, book: b}
		case "xl/styles.xml":
			h = &stylesReader{w: w, book: b, formats: map[int]bool{}}
		case "xl/workbook.xml":
			h = &epochReader{w: w, book: b}
		default:
			continue
		}
		found = true
		packed, err := f.Open()
		if err != nil {
			continue // reported when it is shown
		}
		err = markup.ScanXML(w, w.Inflating(packed), h)
		packed.Close()
		if err := w.Damage(err); err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, nil
	}
	return b, nil
}

// quiet is a handler that does nothing.
type quiet struct{}

func (quiet) Text([]byte)    {}
func (quiet) End([]byte)     {}
func (quiet) Comment([]byte) {}
func (quiet) CommentEnd()    {}

// stringsReader reads the shared strings.
type stringsReader struct {
	quiet
	w      *walk.Walker
	book   *Book
	inside bool // in a piece of one
	spoken bool // in how it is pronounced
	found  []byte
	memory int
}

func (s *stringsReader) Stopped() bool {
	return s.w.Stop != nil || len(s.book.strings) >= maxStrings || s.memory > maxBookMemory
}

func (s *stringsReader) Start(name []byte, _ []markup.Attr, selfClosing bool) string {
	switch string(localName(name)) {
	case "si":
		s.found = s.found[:0]
		if selfClosing {
			s.book.strings = append(s.book.strings, nil)
		}
	case "t":
		s.inside = !selfClosing && !s.spoken
	case "rPh":
		s.spoken = !selfClosing
	}
	return ""
}

func (s *stringsReader) Text(b []byte) {
	if s.inside {
		s.found = append(s.found, b[:min(len(b), maxString-min(len(s.found), maxString))]...)
	}
}

func (s *stringsReader) End(name []byte) {
	switch string(localName(name)) {
	case "t":
		s.inside = false
	case "rPh":
		s.spoken = false
	case "si":
		s.book.strings = append(s.book.strings, bytes.Clone(s.found))
		s.memory += len(s.found) + 16
	}
}

// stylesReader reads which styles are dates.
type stylesReader struct {
	quiet
	w       *walk.Walker
	book    *Book
	formats map[int]bool // the workbook's own, by number
	cells   bool         // in the list that cells refer to
}

func (s *stylesReader) Stopped() bool { return s.w.Stop != nil || len(s.book.dates) >= maxStyles }

func (s *stylesReader) Start(name []byte, attrs []markup.Attr, _ bool) string {
	switch string(localName(name)) {
	case "numFmt":
		if len(s.formats) < maxStyles {
			s.formats[number(attr(attrs, "numFmtId"))] = isDateFormat(string(attr(attrs, "formatCode")))
		}
	case "cellXfs":
		s.cells = true
	case "xf":
		if s.cells {
			n := number(attr(attrs, "numFmtId"))
			s.book.dates = append(s.book.dates, n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 50 && n <= 58 ||
				s.formats[n])
		}
	}
	return ""
}

func (s *stylesReader) End(name []byte) {
	if string(localName(name)) == "cellXfs" {
		s.cells = false
	}
}

// isDateFormat reports whether a format shows years or days.
func isDateFormat(code string) bool {
	quoted, bracket := false, false
	for _, c := range strings.ToLower(code) {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case !quoted && !bracket && (c == 'y' || c == 'd' || c == 'j'):
			return true
		}
	}
	return false
}

// epochReader reads from which day days count.
type epochReader struct {
	quiet
	w    *walk.Walker
	book *Book
}

func (e *epochReader) Stopped() bool { return e.w.Stop != nil }

func (e *epochReader) Start(name []byte, attrs []markup.Attr, _ bool) string {
	if string(localName(name)) == "workbookPr" && slices.Contains([]string{"1", "true"}, string(attr(attrs, "date1904"))) {
		e.book.epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return ""
}

// attr returns the value of an attribute, empty if there is none.
func attr(attrs []markup.Attr, name string) []byte {
	for _, a := range attrs {
		if string(localName(a.Name)) == name {
			return markup.Unescape(a.Value)
		}
	}
	return nil
}

// number returns the number that b is, -1 if it is none or a large one.
func number(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' || n > 1<<24 {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	if len(b) == 0 {
		return -1
	}
	return n
}

// Sheet shows a sheet: rows on lines, cells apart, strings and dates in their places.
func Sheet(w *walk.Walker, part, at int, r io.Reader, b *Book) error {
	s := sheetReader{xmlReader: newXMLReader(w, part, at), book: b}
	defer s.o.Close()
	err := markup.ScanXML(w, r, &s)
	return walk.First(s.o.Close(), err)
}

type sheetReader struct {
	xmlReader
	book     *Book
	named    bool // the value of the cell is the number of a string
	date     bool // or of a day
	value    bool // in a value
	formula  bool // in a formula
	cellText []byte
}

func (s *sheetReader) Start(name []byte, attrs []markup.Attr, selfClosing bool) string {
	switch string(localName(name)) {
	case "c":
		style := number(attr(attrs, "s"))
		s.date = style >= 0 && style < len(s.book.dates) && s.book.dates[style]
		s.named = string(attr(attrs, "t")) == "s"
	case "v":
		s.value, s.cellText = !selfClosing, s.cellText[:0]
	case "row":
		s.o.Write([]byte{'\n'}) // an error ends the work, here and below
	case "f":
		s.formula, s.cellText = !selfClosing, s.cellText[:0]
	case "is", "t":
	default:
		return s.xmlReader.Start(name, attrs, selfClosing)
	}
	return ""
}

func (s *sheetReader) Text(b []byte) {
	if s.formula && len(s.cellText)+len(b) <= maxString {
		s.cellText = append(s.cellText, b...)
	}
	if s.value && len(s.cellText)+len(b) <= maxString {
		s.cellText = append(s.cellText, b...)
		return
	}
	s.o.Write(b)
}

func (s *sheetReader) End(name []byte) {
	switch string(localName(name)) {
	case "v":
		s.value = false
		s.o.Write(s.cell())
		s.cellText = s.cellText[:0]
	case "f":
		if s.formula = false; asksProgram(s.cellText) {
			s.w.Macros(s.at)
		}
		s.cellText = s.cellText[:0]
		s.o.Write([]byte{' '})
	case "c":
		s.o.Write([]byte{'\t'})
	case "is", "t":
	default:
		s.xmlReader.End(name)
	}
}

// cell returns what the value of a cell is shown as.
func (s *sheetReader) cell() []byte {
	v := bytes.TrimSpace(s.cellText)
	if s.named {
		if n := number(v); n >= 0 && n < len(s.book.strings) {
			s.w.Inflated += int64(len(s.book.strings[n])) // a sheet may name one often
			return s.book.strings[n]
		}
		return v
	}
	if !s.date {
		return v
	}
	if days, err := strconv.ParseFloat(string(v), 64); err == nil && days >= 1 && days < 2958466 { // the year 10000
		return s.book.epoch.AddDate(0, 0, int(days)).AppendFormat(append(v, ' '), "02-01-2006")
	}
	return v
}
