package document

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// RTF shows the text of rich text, hidden text and notes with it. An embedded object is
// named as uninspectable.
func RTF(w *walk.Walker, part, at int, r io.Reader) error {
	br, done := walk.Buffered(r)
	defer done()
	o := w.Out(part, text.Contents)
	defer o.Close()
	d := rtfReader{w: w, at: at, br: br, o: o, alternatives: 1, field: field{w: w, at: at}}
	for w.Stop == nil {
		c, err := br.ReadByte()
		if err != nil {
			d.endTemplate()
			d.field.end()
			return walk.First(o.Close(), walk.NotEOF(err))
		}
		d.next(c)
	}
	return w.Stop
}

type rtfReader struct {
	w  *walk.Walker
	at int
	br *bufio.Reader
	o  *walk.Out

	depth        int
	skip         int    // the depth from which nothing is text; 0 if there is none
	alternatives int    // characters that follow a Unicode one for readers without Unicode
	drop         int    // of those are still to come
	template     []byte // the address of the template, as far as it is kept
	inTemplate   int    // the depth of the group that has it; 0 outside one
	field        field
	inField      int // the depth of the group that has its instruction; 0 outside one
	name         [40]byte
	number       [10]byte
}

func (d *rtfReader) next(c byte) {
	switch c {
	case '{':
		d.depth++
		d.drop = 0
	case '}':
		d.depth--
		d.drop = 0
		if d.depth < d.skip {
			d.skip = 0
		}
		if d.depth < d.inTemplate {
			d.endTemplate()
		}
		if d.depth < d.inField {
			d.field.end()
			d.inField = 0
		}
	case '\r', '\n':
	case '\\':
		d.control()
	default:
		d.character(charmap.Windows1252.DecodeByte(c))
	}
}

func (d *rtfReader) character(r rune) {
	if d.drop > 0 {
		d.drop--
		return
	}
	if d.inTemplate > 0 && len(d.template) < walk.MaxLink {
		d.template = utf8.AppendRune(d.template, r)
	}
	if d.inField > 0 {
		d.field.add(utf8.AppendRune(nil, r))
	}
	if d.skip == 0 {
		io.WriteString(d.o, string(r)) // an error ends the work
	}
}

// control reads what follows a backslash.
func (d *rtfReader) control() {
	c, err := d.br.ReadByte()
	if err != nil {
		return // shows again
	}
	switch {
	case c == '\'':
		hi, _ := d.br.ReadByte()
		lo, _ := d.br.ReadByte()
		if walk.Unhex(hi) < 16 && walk.Unhex(lo) < 16 {
			d.character(charmap.Windows1252.DecodeByte(walk.Unhex(hi)<<4 | walk.Unhex(lo)))
		}
	case c == '~' || c == '_':
		d.character(' ')
	case c == '\r' || c == '\n':
		d.character('\n')
	case c == '\\' || c == '{' || c == '}':
		d.character(rune(c))
	case walk.Letter(c):
		d.word(c)
	}
}

// word reads a control word, its number, and the space that ends it.
func (d *rtfReader) word(c byte) {
	name, number := append(d.name[:0], c|0x20), d.number[:0]
	for {
		c, err := d.br.ReadByte()
		if err != nil {
			break
		}
		if walk.Letter(c) && len(number) == 0 && len(name) < len(d.name) {
			name = append(name, c|0x20)
			continue
		}
		if (c >= '0' && c <= '9' || c == '-' && len(number) == 0) && len(number) < len(d.number) {
			number = append(number, c)
			continue
		}
		if c != ' ' {
			d.br.UnreadByte() // cannot fail: a byte was just read
		}
		break
	}
	n := 0
	if len(number) > 0 {
		n, _ = strconv.Atoi(string(number)) // a fault is 0
	}
	d.do(string(name), n)
}

func (d *rtfReader) do(name string, n int) {
	switch name {
	case "par", "line", "cell", "row", "tab", "sect", "page", "nestcell", "nestrow":
		d.drop = 0
		d.character('\n')
	case "emdash", "endash":
		d.character('-')
	case "lquote", "rquote":
		d.character('\'')
	case "u":
		if n < 0 {
			n += 1 << 16
		}
		d.drop = 0
		d.character(rune(n))
		d.drop = d.alternatives
	case "uc":
		d.alternatives = min(max(n, 0), 16)
	case "bin":
		io.CopyN(io.Discard, d.br, int64(max(n, 0))) // an error shows again
	case "fonttbl", "colortbl", "stylesheet", "pict", "themedata", "colorschememapping", "datastore", "latentstyles":
		d.skipGroup()
	case "template":
		d.endTemplate()
		d.inTemplate = max(d.depth, 1)
	case "fldinst":
		d.field.end()
		d.inField = max(d.depth, 1)
	case "objupdate": // when the document is opened
		d.w.Macros(d.at)
	case "objdata":
		d.w.Macros(d.at)
		d.w.Doubt(text.UnknownFormat)
		d.skipGroup()
	}
}

// endTemplate reports where the document fetches its template from, which may hold macros.
func (d *rtfReader) endTemplate() {
	if target := bytes.TrimSpace(d.template); len(target) > 0 {
		d.w.Fetch(d.at, string(target))
	}
	d.template, d.inTemplate = d.template[:0], 0
}

func (d *rtfReader) skipGroup() {
	if d.skip == 0 && d.depth > 0 {
		d.skip = d.depth
	}
}
