package document

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/charsets"
	"sluis/filter/text/internal/markup"
	"sluis/filter/text/internal/walk"
)

// What an office document does by itself when it is opened: run macros, ask another program (DDE), or fetch a template
// or an object from elsewhere.

// relation reads a relationship of a document (ECMA-376 part 2, section 6.5). Its type names what the target is for.
func relation(w *walk.Walker, at int, attrs []markup.Attr) {
	kind := string(attr(attrs, "Type"))
	kind = kind[strings.LastIndexByte(kind, '/')+1:]
	switch kind {
	case "vbaProject", "xlMacrosheet", "xlIntlMacrosheet", "wordVbaData":
		w.Macros(at)
		return
	}
	target := strings.TrimSpace(string(attr(attrs, "Target")))
	if !strings.EqualFold(string(attr(attrs, "TargetMode")), "External") || target == "" {
		return
	}
	switch kind {
	case "attachedTemplate", "oleObject", "package", "frame", "subDocument", "aFChunk", "control":
		w.Fetch(at, target)
	case "externalLinkPath", "externalLink", "image", "video", "audio", "media", "font", "customXml":
		// books and pictures beside the document: they are data
	default:
		if actingScheme(target) {
			w.Macros(at)
		}
	}
}

// actingSchemes begin addresses that run something on the computer that opens them.
var actingSchemes = []string{"javascript:", "vbscript:", "mhtml:", "ms-msdt:", "search-ms:", "search:", "ms-officecmd:", "ms-its:",
	"mk:", "its:", "script:", "shell:", "x-usc:", "ms-appinstaller:", "data:text/html", "data:application"}

// actingScheme reports whether an address runs something.
func actingScheme(target string) bool {
	target = strings.ToLower(strings.TrimLeft(target, "! "))
	for _, s := range actingSchemes {
		if strings.HasPrefix(target, s) {
			return true
		}
	}
	return false
}

// dataServices are the programs that documents ask for data in ordinary use.
var dataServices = []string{"excel", "winword", "word", "soffice"}

// ddeFormula is a formula that asks another program: =cmd|'/c calc'!A1.
var ddeFormula = regexp.MustCompile(`(?i)[a-z][a-z0-9_.]*\s*\|\s*'[^'\n]+'!`)

// asksProgram reports whether a formula asks another program.
func asksProgram(formula []byte) bool {
	return bytes.IndexByte(formula, '|') >= 0 && ddeFormula.Match(formula)
}

// start sees the elements that make a document act.
func (x *xmlReader) start(element []byte, attrs []markup.Attr) {
	switch string(element) {
	case "Relationship":
		relation(x.w, x.at, attrs)
	case "fldChar":
		x.field.end()
	case "instrText":
		x.inField = true
	case "fldSimple":
		x.field.end()
		x.field.add(attr(attrs, "instr"))
		x.field.end()
	case "ddeLink":
		if !slices.Contains(dataServices, strings.ToLower(string(attr(attrs, "ddeService")))) {
			x.w.Macros(x.at)
		}
	case "hlinkClick", "hlinkHover", "hlinkMouseOver":
		if strings.HasPrefix(strings.ToLower(string(attr(attrs, "action"))), "ppaction://program") {
			x.w.Macros(x.at)
		}
	case "dde-source": // of OpenDocument
		if !strings.EqualFold(string(attr(attrs, "dde-application")), "soffice") {
			x.w.Macros(x.at)
		}
	}
}

// Table marks a file of separated values of which a cell asks another program, once a program for sheets opens it, and
// one of symbolic links (SYLK) with macros, which such programs know by its beginning.
func Table(w *walk.Walker, at int, name string, r io.Reader) error {
	br, done := walk.Buffered(r)
	defer done()
	head, _ := br.Peek(walk.HeadSize) // an error shows again
	symbolic := bytes.HasPrefix(head, []byte("ID;"))
	if !symbolic && !isTable(name) {
		return w.Stop
	}
	if e := charsets.UTF16(head); e != nil {
		var free func()
		br, free = walk.Buffered(e.NewDecoder().Reader(br))
		defer free()
	}
	for w.Stop == nil {
		line, err := br.ReadSlice('\n')
		if bytes.IndexByte(line, '|') >= 0 && slices.ContainsFunc(bytes.FieldsFunc(line, separates), actingCell) ||
			symbolic && macroCell.Match(line) {
			w.Macros(at)
			return w.Stop
		}
		if err != nil && err != bufio.ErrBufferFull {
			return walk.NotEOF(err)
		}
	}
	return w.Stop
}

// macroCell is a cell of SYLK that runs something, or the name by which one does.
var macroCell = regexp.MustCompile(`(?i)^(?:C;.*;E[^;]*(?:EXEC|CALL|REGISTER|RUN|FOPEN|ALERT)\(|` +
	`NN;N(?:\\?Auto_|.*;F))`)

func separates(r rune) bool { return r == ';' || r == '\t' || r == ',' }

// actingCell reports whether a cell is a formula that asks another program.
func actingCell(cell []byte) bool {
	cell = bytes.TrimLeft(cell, " \"'\r\n")
	return len(cell) > 1 && bytes.IndexByte([]byte("=+-@"), cell[0]) >= 0 && asksProgram(cell)
}

// isTable reports whether programs for sheets open a file of this name.
func isTable(name string) bool {
	switch text.Extension(name) {
	case ".csv", ".tsv", ".tab", ".slk", ".dif", ".prn":
		return true
	}
	return false
}
