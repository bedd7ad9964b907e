package markup

import (
	"bytes"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html/atom"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// What a page does by itself when it is opened. A drawing that has a script is a page in disguise. A page that makes a
// file of what stands in it and gives it to the reader hides the file from everything between ("HTML smuggling").

// acts follows what a page does.
type acts struct {
	w       *walk.Walker
	begun   bool // the first element was seen
	drawing bool // it is that of SVG
	marked  bool
	leads   leads

	script  []byte    // the part of a script that is being read
	files   *walk.Out // takes what could be a file in it
	long    bool      // it does not fit in one piece
	numbers int       // of the list that goes on
	does    deed      // what this script does
	all     deed      // and all scripts
}

// deed is what a script does with what stands in it.
type deed uint8

const (
	decodes  deed = 1 << iota // digits to bytes
	makes                     // a file of bytes
	delivers                  // a file
	carries                   // bytes of no kind that pages hold, in digits
	archives                  // an archive, a program or a disk

	smuggles = decodes | makes | delivers
)

// deeds are the words of scripts that do it, in lower case.
var deeds = []struct {
	word string
	does deed
}{
	{"atob", decodes}, {"fromcharcode", decodes}, {"charcodeat", decodes}, {"uint8array", decodes}, {"parseint", decodes},
	{"unescape", decodes}, {"decodeuri", decodes}, {"textdecoder", decodes}, {"frombase64", decodes},
	{"new blob", makes}, {"blob(", makes}, {"\"blob\"", makes}, {"'blob'", makes}, {"new file(", makes},
	{"mssave", makes | delivers}, {"data:application", makes}, {"octet-stream", makes},
	{"createobjecturl", delivers}, {".download", delivers}, {"download", delivers}, {".click", delivers},
	{"filereader", delivers}, {"location", delivers}, {"window.open", delivers}, {"saveas", delivers},
}

// maxScript is the size of the pieces in which a script is read, in bytes.
const maxScript = 256 << 10

// start sees a tag.
func (a *acts) start(part int, name []byte, element atom.Atom, attrs []Attr) {
	for _, at := range attrs {
		switch {
		case len(at.Value) > minData && walk.HasPrefixFold(at.Value, "data:"):
			a.data(part, Unescape(at.Value))
		case len(at.Name) == len("srcdoc") && walk.HasPrefixFold(at.Name, "srcdoc"):
			a.w.Suppose(part, append([]byte("<html>"), Unescape(at.Value)...))
		}
	}
	if !a.begun {
		a.begun = true
		a.drawing = strings.EqualFold(string(localName(name)), "svg") || a.w.Named(".svg")
	}
	if a.marked || a.w.At < 0 {
		return
	}
	if plain := localName(name); len(plain) < len(name) {
		element = atomOf(plain) // XML writes it with a prefix
	}
	a.leads.tag(element, attrs)
	for _, at := range attrs {
		if len(at.Name) > 2 && walk.HasPrefixFold(at.Name, "on") && a.leads.event(at.Name, at.Value) {
			a.mark()
		}
	}
	if a.drawing {
		a.draws(name, element, attrs)
	}
}

// draws sees a tag of a drawing.
func (a *acts) draws(name []byte, element atom.Atom, attrs []Attr) {
	if a.leads.away || a.leads.asks || a.leads.sends ||
		strings.EqualFold(string(localName(name)), "script") || element == atom.Iframe || element == atom.Embed ||
		element == atom.Object {
		a.mark()
		return
	}
	for _, at := range attrs {
		key := at.Name
		switch {
		case len(key) > 2 && walk.HasPrefixFold(key, "on"):
			a.mark()
		case strings.EqualFold(string(localName(key)), "href"), animates(name) && animated(key):
			if slices.ContainsFunc(bytes.Split(Unescape(at.Value), []byte{';'}), runs) {
				a.mark()
			}
		}
	}
}

// animates reports whether an element of SVG gives an attribute of another its values.
func animates(name []byte) bool {
	name = localName(name)
	return strings.EqualFold(string(name), "set") || walk.HasPrefixFold(name, "animate")
}

// animated reports whether an attribute holds such values.
func animated(key []byte) bool {
	switch string(bytes.ToLower(key)) {
	case "values", "to", "from", "by":
		return true
	}
	return false
}

// runs reports whether an address is a script or a page. Browsers pass over control characters before it, and over the
// ends of lines and tabs in it.
func runs(address []byte) bool {
	address = bytes.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, address[:min(len(address), walk.MaxLink)])
	return walk.HasPrefixFold(address, "javascript:") || walk.HasPrefixFold(address, "data:text/html")
}

// minData is the size of an address of data that may hold anything.
const minData = 32

// data takes a page that stands in an address, in letters rather than digits, for a file.
func (a *acts) data(part int, address []byte) {
	kind, content, _ := bytes.Cut(address, []byte{','})
	if kind = bytes.ToLower(kind); bytes.Contains(kind, []byte("base64")) || !bytes.Contains(kind, []byte("html")) {
		return
	}
	if plain, err := url.PathUnescape(string(content)); err == nil {
		content = []byte(plain)
	}
	a.w.Suppose(part, append([]byte("<html>"), content...))
}

func localName(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

// mark says that the file acts.
func (a *acts) mark() {
	if !a.marked {
		a.marked = true
		a.w.Macros(a.w.At)
	}
}

// text takes a piece of a script.
func (a *acts) text(part int, b []byte) {
	if a.files == nil {
		a.files = a.w.Quiet(part)
	}
	for len(b) > 0 {
		n := min(len(b), maxScript-len(a.script))
		a.script, b = append(a.script, b[:n]...), b[n:]
		if len(a.script) == maxScript {
			a.script = a.script[:copy(a.script, a.script[a.read(a.script, false):])]
		}
	}
}

// end sees the end of a script.
func (a *acts) end() {
	if a.files == nil {
		return
	}
	a.read(a.script, true)
	a.files.Close()
	a.script, a.files, a.numbers, a.long = a.script[:0], nil, 0, false
	a.all |= a.does
	// An archive may be in another script than what gives it away. Other bytes are data of libraries as a rule.
	other := a.does&smuggles == smuggles && a.does&(carries|archives) != 0
	if archive := a.all&smuggles == smuggles && a.all&archives != 0; other || archive {
		a.mark()
	}
	a.does = 0
}

// finish judges the page as a whole.
func (a *acts) finish() {
	if a.w.At >= 0 && !a.w.Aside() && a.leads.elsewhere() {
		a.mark()
	}
	if a.leads.seen >= maxWaiting {
		a.w.Wordy()
	}
}

// read inspects a piece of a script, and returns how much of it was read to its end.
func (a *acts) read(b []byte, last bool) int {
	n := a.lists(b, last)
	joined := join(b[:n])
	a.files.Write(joined) // an error ends the work
	switch kind := a.w.Carried(joined); kind {
	case "", text.KindMedia, text.KindText, text.KindHTML, text.KindPDF:
	case text.KindUnknown:
		a.does |= carries
	default:
		a.does |= archives
	}
	if a.w.At >= 0 {
		a.leads.script(withoutBlanks(joined))
	}
	lower := bytes.ToLower(joined)
	for _, d := range deeds {
		if a.does&d.does != d.does && bytes.Contains(lower, []byte(d.word)) {
			a.does |= d.does
		}
	}
	a.long = a.long || !last
	if a.does&decodes != 0 && a.w.At >= 0 && !a.long && a.brief(joined) {
		a.mark()
	}
	return n
}

// join leaves out what stands between two strings that a script puts together, and decodes escapes of letters.
func join(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quote(c):
			k := i + 1
			for k < len(b) && (htmlSpace(b[k]) || b[k] == '+' || b[k] == ',') {
				k++
			}
			if k < len(b) && k > i+1 && quote(b[k]) {
				i = k
				continue
			}
			out = append(out, c)
		case c == '\\' && i+3 < len(b) && b[i+1] == 'x' && walk.Unhex(b[i+2]) < 16 && walk.Unhex(b[i+3]) < 16:
			out = append(out, walk.Unhex(b[i+2])<<4|walk.Unhex(b[i+3]))
			i += 3
		case c == '\\' && i+5 < len(b) && b[i+1] == 'u' && string(b[i+2:i+4]) == "00" && walk.Unhex(b[i+4]) < 16 &&
			walk.Unhex(b[i+5]) < 16:
			out = append(out, walk.Unhex(b[i+4])<<4|walk.Unhex(b[i+5]))
			i += 5
		default:
			out = append(out, c)
		}
	}
	return out
}

func quote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// minNumbers is the length of a list of numbers that is taken for a file.
const minNumbers = 32

// lists writes lists of numbers, and rows of escapes, as hexadecimal digits, and returns how much of b was read to its
// end: a list may go on in the next piece.
func (a *acts) lists(b []byte, last bool) int {
	var bytesOf []byte
	flush := func() {
		if len(bytesOf) >= minNumbers || a.numbers > 0 {
			a.files.Write([]byte(hex.EncodeToString(bytesOf))) // an error ends the work
			if a.numbers == 0 && a.w.Formats.KindOf(bytesOf, "") == text.KindUnknown && len(bytesOf) >= 8*minNumbers {
				a.does |= carries
			}
			a.numbers += len(bytesOf)
		}
		bytesOf = bytesOf[:0]
	}
	i := 0
	for i < len(b) {
		v, n := unit(b[i:])
		if n == 0 {
			flush()
			if a.numbers > 0 {
				a.files.Write([]byte{'\n'}) // as above
				a.numbers = 0
			}
			for i++; i < len(b) && !begins(b[i]); i++ {
			}
			continue
		}
		if i+n >= len(b) && !last {
			break
		}
		bytesOf = append(bytesOf, v)
		i += n
	}
	flush()
	return i
}

// begins reports whether a unit may begin with a character.
func begins(c byte) bool { return c >= '0' && c <= '9' || c == '\\' || c == '%' }

// unit returns the byte that a number of a list, or an escape, stands for, and its size with what ends it; no size if
// there is none.
func unit(b []byte) (v byte, n int) {
	hexAt := func(i int) bool { return i+1 < len(b) && walk.Unhex(b[i]) < 16 && walk.Unhex(b[i+1]) < 16 }
	switch {
	case len(b) > 3 && b[0] == '\\' && b[1] == 'x' && hexAt(2):
		return walk.Unhex(b[2])<<4 | walk.Unhex(b[3]), 4
	case len(b) > 5 && b[0] == '\\' && b[1] == 'u' && b[2] == '0' && b[3] == '0' && hexAt(4):
		return walk.Unhex(b[4])<<4 | walk.Unhex(b[5]), 6
	case b[0] == '%' && hexAt(1):
		return walk.Unhex(b[1])<<4 | walk.Unhex(b[2]), 3
	case len(b) > 3 && b[0] == '0' && b[1]|0x20 == 'x' && walk.Unhex(b[2]) < 16:
		number := 0
		for n = 2; n < len(b) && n < 4 && walk.Unhex(b[n]) < 16; n++ {
			number = number<<4 | int(walk.Unhex(b[n]))
		}
		return separated(b, n, number)
	case b[0] >= '0' && b[0] <= '9':
		number := 0
		for n < len(b) && n < 3 && b[n] >= '0' && b[n] <= '9' {
			number = number*10 + int(b[n]-'0')
			n++
		}
		return separated(b, n, number)
	}
	return 0, 0
}

// separated returns a number of a list with the comma and the blanks after it.
func separated(b []byte, n, number int) (byte, int) {
	if number > 255 {
		return 0, 0
	}
	end := n
	for end < len(b) && htmlSpace(b[end]) {
		end++
	}
	if end < len(b) && b[end] == ',' {
		for end++; end < len(b) && htmlSpace(b[end]); end++ {
		}
		return byte(number), end
	}
	if end < len(b) && (b[end] == ']' || b[end] == ')') || end == len(b) {
		return byte(number), n
	}
	return 0, 0
}
