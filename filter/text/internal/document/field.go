package document

import (
	"bufio"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"sluis/filter/text/internal/walk"
)

// maxInstruction bounds what is kept of the instruction of a field, in bytes.
const maxInstruction = 1 << 10

// field is the instruction of a field of Word, which may come in pieces ([MS-DOC] 2.8.25, ECMA-376 part 1, 17.16).
type field struct {
	w    *walk.Walker
	at   int
	said []byte
}

// add takes a piece of the instruction.
func (f *field) add(b []byte) {
	f.said = append(f.said, b[:min(len(b), maxInstruction-len(f.said))]...)
}

// end judges the instruction, and is ready for another.
func (f *field) end() {
	name, rest, _ := strings.Cut(strings.TrimLeft(string(f.said), " \t\r\n"), " ")
	f.said = f.said[:0]
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "DDE", "DDEAUTO": // asks another program
		f.w.Macros(f.at)
	case "INCLUDETEXT", "RD":
		f.fetch(argument(rest))
	case "LINK":
		_, target, _ := strings.Cut(strings.TrimLeft(rest, " "), " ") // after the class of the object
		f.fetch(argument(target))
	case "INCLUDEPICTURE", "IMPORT", "INCLUDE": // those of the web are data
		target := argument(rest)
		if strings.HasPrefix(target, `\\`) || strings.HasPrefix(strings.ToLower(target), "file:") {
			f.fetch(target)
		}
	case "HYPERLINK":
		if actingScheme(argument(rest)) {
			f.w.Macros(f.at)
		}
	}
}

func (f *field) fetch(target string) {
	if target != "" {
		f.w.Fetch(f.at, target)
	}
}

// argument returns the first argument of an instruction: a word, or what stands in quotes. A stroke is written twice.
func argument(s string) string {
	s = strings.TrimLeft(s, " \t\r\n")
	if strings.HasPrefix(s, `"`) || strings.HasPrefix(s, "\u201c") {
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		if i := strings.IndexAny(s, "\"\u201d"); i >= 0 {
			s = s[:i]
		}
	} else if i := strings.IndexAny(s, " \t\r\n"); i >= 0 {
		s = s[:i]
	}
	if strings.HasPrefix(s, `\\\\`) || !strings.HasPrefix(s, `\\`) {
		s = strings.ReplaceAll(s, `\\`, `\`)
	}
	return strings.TrimSpace(s)
}

// Marks of a field in the text of a Word document.
const (
	fieldBegins    = 0x13
	fieldSeparates = 0x14
	fieldEnds      = 0x15
)

// wordFields judges the fields in the stream that holds the text of a Word document, of one byte a character and of
// two, wherever they stand.
func wordFields(w *walk.Walker, at int, br *bufio.Reader) error {
	narrow, wide := wordField{field: field{w: w, at: at}}, wordField{field: field{w: w, at: at}}
	last := byte(0xff)
	half := false // last may begin a character of two bytes
	for w.Stop == nil {
		c, err := br.ReadByte()
		if err != nil {
			return walk.NotEOF(err)
		}
		narrow.next(charmap.Windows1252.DecodeByte(c))
		switch {
		case half && c == 0:
			wide.next(rune(last))
			half = false
		default:
			if half {
				wide.open = false
			}
			last, half = c, true
		}
	}
	return w.Stop
}

// wordField follows the characters of a text for one field.
type wordField struct {
	field
	open bool
}

func (f *wordField) next(r rune) {
	switch {
	case r == fieldBegins:
		f.open, f.said = true, f.said[:0]
	case !f.open:
	case r == fieldSeparates, r == fieldEnds:
		f.open = false
		f.end()
	case r < ' ' && r != '\t' && r != '\r' && r != 1, len(f.said) >= maxInstruction-utf8.UTFMax:
		f.open = false // chance
	default:
		f.said = utf8.AppendRune(f.said, r)
	}
}
