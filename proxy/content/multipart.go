package content

import (
	"bytes"
	"mime"
	"net/http"
	"net/textproto"
	"regexp"
	"strings"
)

// A form with files comes as parts between delimiters (RFC 7578; RFC 2046, section 5.1). Sites differ in what they take
// for a delimiter. Where a form leaves room for that it is doubtful, and nothing in it is skipped for the sake of the
// part in which it seems to stand.

// partHeader is what the header of a part says of its body.
type partHeader struct {
	file   bool // it has a file name
	name   string
	kind   string // Content-Type
	coding string // Content-Transfer-Encoding
}

// coded reports whether the body has a coding that some sites undo, and most do not (RFC 7578, section 4.7).
func (h *partHeader) coded() bool { return h.coding == "base64" || h.coding == "quoted-printable" }

// partVisitor gets the parts of a form.
type partVisitor interface {
	heading(text []byte)          // header of a part, as it came
	begin(h partHeader, at int64) // the body of a part begins there; no header: text that is in no part
	data(b []byte)                // of that body
	end(at int64)                 // it ends there
}

// Bounds of a form. What is beyond them makes it doubtful.
const (
	maxPartHeader = 16 << 10 // bytes of the header of a part
	maxBoundaries = 8
	maxBoundary   = 1 << 10 // bytes
)

// formParser takes a form apart while it comes.
type formParser struct {
	to    partVisitor
	marks [][]byte // that begin the line of a delimiter
	doubt bool     // sites can read it in different ways

	pushed int64 // bytes
	pos    int64 // in the form

	state     formState
	atLine    bool   // a line begins
	line      []byte // that could be a delimiter, as far as it has come
	header    []byte
	last      [2]byte // before the line
	lineEnds  string  // of delimiters: "\r\n", or "\n"; empty: not known yet
	delimited bool    // a delimiter was there
}

type formState uint8

const (
	formBody formState = iota // of a part, or before and after all parts
	formHeader
)

// newFormParser returns a parser of bodies of a type.
func newFormParser(kinds []string, to partVisitor) *formParser {
	p := &formParser{to: to, atLine: true, doubt: len(kinds) != 1}
	for _, kind := range kinds {
		p.addBoundaries(kind)
	}
	p.doubt = p.doubt || len(p.marks) != 1
	to.begin(partHeader{}, 0)
	return p
}

var boundaryParameter = regexp.MustCompile(`(?i)boundary[0-9*]*\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)`)

// addBoundaries adds the boundaries that a Content-Type names, as strict and as tolerant readers take it.
func (p *formParser) addBoundaries(kind string) {
	_, params, _ := mime.ParseMediaType(kind)
	p.add(params["boundary"])
	for _, m := range boundaryParameter.FindAllStringSubmatch(kind, -1) {
		v := strings.TrimSpace(m[1])
		if strings.HasPrefix(v, `"`) {
			v = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(strings.Trim(v, `"`))
		}
		p.add(v)
	}
}

func (p *formParser) add(boundary string) {
	if boundary = strings.TrimRight(boundary, " \t"); boundary == "" {
		return
	}
	mark := []byte("--" + boundary)
	for _, m := range p.marks {
		if bytes.Equal(m, mark) {
			return
		}
	}
	if len(p.marks) == maxBoundaries || len(boundary) > maxBoundary {
		p.doubt = true
		return
	}
	p.marks = append(p.marks, mark)
}

// push takes the next piece.
func (p *formParser) push(b []byte) {
	p.pushed += int64(len(b))
	for len(b) > 0 {
		switch {
		case p.state == formHeader:
			b = p.pushHeader(b)
		case p.atLine:
			b = p.pushLine(b)
		default:
			i := bytes.IndexByte(b, '\n') + 1
			if p.atLine = i > 0; !p.atLine {
				i = len(b)
			}
			p.data(b[:i])
			b = b[i:]
		}
	}
}

// data passes on what stands in a body, and remembers how it ends.
func (p *formParser) data(b []byte) {
	p.to.data(b)
	switch n := len(b); {
	case n > 1:
		p.last = [2]byte{b[n-2], b[n-1]}
	case n == 1:
		p.last = [2]byte{p.last[1], b[0]}
	}
}

// pushLine takes a line as long as it could be a delimiter.
func (p *formParser) pushLine(b []byte) []byte {
	for i, c := range b {
		if len(p.line) == 0 && c != '-' {
			p.atLine = false
			return b[i:]
		}
		p.line = append(p.line, c)
		mark, could := p.delimiter()
		switch {
		case could && mark != nil && c == '\n':
			p.pos = p.pushed - int64(len(b)-i-1)
			p.split(mark)
			return b[i+1:]
		case could:
			continue
		}
		p.doubt = p.doubt || mark != nil // some readers do not mind what stands behind it
		p.atLine = c == '\n'
		p.data(p.line)
		p.line = p.line[:0]
		return b[i+1:]
	}
	return nil
}

// delimiter returns the mark that a line begins with, and whether it could be a delimiter still.
func (p *formParser) delimiter() (mark []byte, could bool) {
	for _, m := range p.marks {
		if len(p.line) <= len(m) {
			could = could || bytes.HasPrefix(m, p.line)
			continue
		}
		if !bytes.HasPrefix(p.line, m) || mark != nil && len(m) < len(mark) {
			continue
		}
		rest := bytes.TrimPrefix(p.line[len(m):], []byte("-"))
		rest = bytes.TrimPrefix(rest, []byte("-"))
		mark = m
		could = could || len(bytes.Trim(rest, " \t\r\n")) == 0 && len(rest) < maxBoundary
	}
	return mark, could
}

// split ends a body at the delimiter that was read.
func (p *formParser) split(mark []byte) {
	ends := "\n"
	if bytes.HasSuffix(p.line, []byte("\r\n")) {
		ends = "\r\n"
	}
	before := 0 // bytes of the end of the line before, which belongs to the delimiter
	switch {
	case p.last == [2]byte{'\r', '\n'}:
		before = 2
		p.doubt = p.doubt || ends == "\n"
	case p.last[1] == '\n':
		before = 1
		p.doubt = p.doubt || ends == "\r\n"
	}
	p.doubt = p.doubt || p.lineEnds != "" && p.lineEnds != ends
	p.lineEnds, p.delimited = ends, true
	p.to.end(p.pos - int64(len(p.line)+before))
	closing := bytes.HasPrefix(p.line[len(mark):], []byte("--"))
	p.line, p.last = p.line[:0], [2]byte{}
	if p.atLine = true; closing {
		p.to.begin(partHeader{}, p.pos)
		return
	}
	p.state, p.header = formHeader, p.header[:0]
}

// pushHeader takes a line of the header of a part.
func (p *formParser) pushHeader(b []byte) []byte {
	i := bytes.IndexByte(b, '\n') + 1
	whole := i > 0
	if !whole {
		i = len(b)
	}
	p.pos = p.pushed - int64(len(b)-i)
	p.header = append(p.header, b[:i]...)
	if len(p.header) > maxPartHeader {
		p.doubt = true
		p.beginPart()
		return b[i:]
	}
	if !whole {
		return nil
	}
	line := p.header[bytes.LastIndexByte(p.header[:len(p.header)-1], '\n')+1:]
	for _, m := range p.marks {
		p.doubt = p.doubt || bytes.HasPrefix(line, m) // a part without a body
	}
	if len(bytes.TrimRight(line, "\r\n")) == 0 {
		p.doubt = p.doubt || !bytes.HasSuffix(line, []byte(p.lineEnds))
		p.beginPart()
	}
	return b[i:]
}

// beginPart begins the body of a part.
func (p *formParser) beginPart() {
	p.to.heading(p.header)
	h := parsePartHeader(p.header)
	if strings.HasPrefix(baseType(h.kind), "multipart/") {
		p.addBoundaries(h.kind) // its parts are parts like the others
	}
	p.state, p.atLine, p.last = formBody, true, [2]byte{'\r', '\n'}
	if p.lineEnds == "\n" {
		p.last[0] = 0
	}
	p.to.begin(h, p.pos)
}

// finish ends the form.
func (p *formParser) finish() {
	if p.state == formHeader {
		p.doubt = true
		p.beginPart()
	}
	end := p.pushed
	if mark, could := p.delimiter(); could && mark != nil {
		end -= int64(len(p.line))
		if p.last[1] == '\n' {
			end--
		}
		if p.last == [2]byte{'\r', '\n'} {
			end--
		}
	} else {
		p.data(p.line)
	}
	p.doubt = p.doubt || !p.delimited
	p.to.end(end)
}

// parsePartHeader reads the header of a part.
func parsePartHeader(header []byte) (h partHeader) {
	fields := http.Header{}
	unfolded := strings.NewReplacer("\r\n ", " ", "\r\n\t", " ", "\n ", " ", "\n\t", " ").Replace(string(header))
	for line := range strings.SplitSeq(unfolded, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields.Add(textproto.TrimString(name), textproto.TrimString(value))
		}
	}
	disposition := strings.Join(fields["Content-Disposition"], ";")
	h.file = strings.Contains(strings.ToLower(disposition), "filename") || len(fields["Content-Disposition"]) == 0
	_, params, _ := mime.ParseMediaType(disposition)
	h.name, h.kind = params["filename"], fields.Get("Content-Type")
	h.coding = strings.ToLower(fields.Get("Content-Transfer-Encoding"))
	return h
}
