package mail

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/charsets"
	"sluis/filter/text/internal/walk"
)

// flowed reports whether lines of a text that end in a blank go on in the next (RFC 3676), and whether the blank is
// left out.
func (t MediaType) flowed() (flows, delsp bool) {
	has := func(name, value string) bool {
		return slices.ContainsFunc(t.values(name), func(v string) bool {
			return strings.EqualFold(strings.TrimSpace(v), value)
		})
	}
	return has("format", "flowed"), has("delsp", "yes")
}

// showFlowed shows the paragraphs of a text whose lines go on in the next, as a reader that joins them does.
func showFlowed(w *walk.Walker, part int, role text.Role, charset string, delsp bool, open Opener) error {
	r, done := open()
	defer done()
	br, release := walk.Buffered(r)
	defer release()
	u, _ := charsets.Decode(charset, false, br)
	lines, free := walk.Buffered(u)
	defer free()
	o := w.Out(part, role)
	defer o.Close()
	p := paragraphs{to: o, delsp: delsp}
	for {
		line, err := lines.ReadSlice('\n')
		p.line(line)
		if err != nil && err != bufio.ErrBufferFull {
			return w.Damage(walk.First(o.Close(), walk.NotEOF(err)))
		}
	}
}

// paragraphs joins lines, and writes those that were joined.
type paragraphs struct {
	to    io.Writer
	delsp bool
	goes  bool   // the line before goes on
	depth int    // of its quotation
	held  []byte // it, if nothing of its paragraph was written
	open  bool   // something was
}

// line takes a line with its end; a piece of one does not go on. An error of Write ends the work.
func (p *paragraphs) line(line []byte) {
	whole := bytes.HasSuffix(line, []byte{'\n'})
	line = bytes.TrimRight(line, "\r\n")
	content := bytes.TrimLeft(line, ">")
	depth := len(line) - len(content)
	content = bytes.TrimPrefix(content, []byte{' '}) // stuffed
	signature := string(content) == "-- "
	joins := p.goes && depth == p.depth && !signature
	p.goes, p.depth = whole && !signature && bytes.HasSuffix(content, []byte{' '}), depth
	if p.goes && p.delsp {
		content = content[:len(content)-1]
	}
	switch {
	case joins:
		p.to.Write(p.held)
		p.to.Write(content)
		p.held, p.open = p.held[:0], true
		return
	case p.open:
		p.to.Write([]byte{'\n'})
		p.open = false
	}
	p.held = p.held[:0]
	if p.goes {
		p.held = append(p.held, content...)
	}
}
