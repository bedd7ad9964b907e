package mail

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// Files may stand in a text itself: uuencode, yEnc, BinHex, and the armour of OpenPGP and S/MIME. Old mail programs
// show them as attachments, whatever the transfer encoding.

// fileSpotter passes a text on and sees whether a file may begin in it.
type fileSpotter struct {
	io.Writer
	found bool
	end   []byte // of the text so far
}

var fileMarks = [][]byte{[]byte("\nbegin "), []byte("\nbegin-base64 "), []byte("\n=ybegin "),
	[]byte("\n" + armourPGP), []byte("\n" + armourPKCS7), []byte("\n" + armourCMS), []byte("\n" + binHexLine)}

// Write implements io.Writer.
func (s *fileSpotter) Write(p []byte) (int, error) {
	const longest = len("\n" + armourPGP)
	if s.end == nil {
		s.end = append(make([]byte, 0, 4*longest), '\n')
	}
	seam := append(s.end, p[:min(len(p), longest)]...)
	s.found = s.found || marked(p) || marked(seam)
	if len(p) >= longest {
		s.end = append(s.end[:0], p[len(p)-longest:]...)
	} else {
		s.end = append(s.end[:0], seam[max(0, len(seam)-longest):]...)
	}
	return s.Writer.Write(p)
}

// marked reports whether a mark stands in b.
func marked(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			return false
		}
		if b = b[i:]; len(b) > 1 && (b[1] == 'b' || b[1] == '=' || b[1] == '-' || b[1] == '(') {
			for _, m := range fileMarks {
				if bytes.HasPrefix(b, m) {
					return true
				}
			}
		}
		b = b[1:]
	}
}

// showEmbedded shows the files that stand in a text.
func showEmbedded(w *walk.Walker, r io.Reader, depth int) error {
	br, done := walk.Buffered(r)
	defer done()
	begin := true // of a line
	for {
		line, err := br.ReadSlice('\n')
		if begin {
			if f := beginFile(br, line); f != nil {
				if err := showEmbeddedFile(w, f, depth); err != nil {
					return err
				}
				continue
			}
		}
		begin = err == nil
		if err == io.EOF {
			return nil
		}
		if err != nil && err != bufio.ErrBufferFull {
			return err
		}
	}
}

func showEmbeddedFile(w *walk.Walker, f *fileLines, depth int) error {
	w.EnterFile()
	defer w.Leave()
	part, err := w.Part()
	if err != nil {
		return err
	}
	if err := w.Show(part, text.FileName, []byte(f.name)); err != nil {
		return err
	}
	r := io.Reader(f)
	if f.swells {
		r = w.Inflating(f)
	}
	err = w.Random(r, func(s *io.SectionReader) error {
		return w.File(part, text.Attachment{Name: text.Secret(f.name), Depth: depth}, "", s, depth+1)
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, f) // to the end of the file
	return err
}

// beginFile returns the file that a line announces, nil if it does not.
func beginFile(br *bufio.Reader, line []byte) *fileLines {
	text := strings.TrimRight(string(line[:min(len(line), 512)]), "\r\n")
	if name, part, ok := yencBegin(text); ok {
		y := yencDecoder{}
		return &fileLines{r: br, name: name, end: "=yend", part: part, decode: y.line}
	}
	if f := beginArmour(br, text); f != nil {
		return f
	}
	if f := beginBinHex(br, text); f != nil {
		return f
	}
	word, rest, _ := strings.Cut(text, " ")
	mode, name, ok := strings.Cut(rest, " ")
	if !ok || len(mode) < 3 || len(mode) > 6 || strings.Trim(mode, "01234567") != "" {
		return nil
	}
	switch word {
	case "begin":
		return &fileLines{r: br, name: name, end: "end", decode: uuLine}
	case "begin-base64":
		var d base64Decoder
		return &fileLines{r: br, name: name, end: "====",
			decode: func(dst, line []byte) []byte { return d.append(dst, line) }}
	}
	return nil
}

// fileLines decodes the lines of a file up to the one that ends it.
type fileLines struct {
	r       *bufio.Reader
	name    string
	end     string
	part    int // of a file that comes in parts; 0: in one
	decode  func(dst, line []byte) []byte
	over    func() bool // what was decoded ends the file; nil: a line does
	swells  bool        // it may become larger than its lines
	buf     []byte
	pending []byte
	ended   bool
}

// Read implements io.Reader.
func (f *fileLines) Read(p []byte) (int, error) {
	for len(f.pending) == 0 {
		if f.ended && !f.nextPart() {
			return 0, io.EOF
		}
		line, err := f.r.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return 0, err
		}
		text := bytes.TrimRight(line, "\r\n")
		f.ended = bytes.HasPrefix(text, []byte(f.end))
		if err == io.EOF && !f.ended {
			f.ended, f.part = true, 0
		}
		if len(text) > 0 && !bytes.HasPrefix(text, []byte(f.end)) {
			f.buf = f.decode(f.buf[:0], text)
			f.pending = f.buf
			f.ended = f.ended || f.over != nil && f.over()
		}
	}
	n := copy(p, f.pending)
	f.pending = f.pending[n:]
	return n, nil
}

// uuLine decodes a line of uuencode. Spaces at its end may have been lost.
func uuLine(dst, s []byte) []byte {
	n := int(s[0]-' ') & 63
	start := len(dst)
	at := func(i int) byte {
		if i < len(s) {
			return (s[i] - ' ') & 63
		}
		return 0
	}
	for i := 1; len(dst)-start < n; i += 4 {
		a, b, c, e := at(i), at(i+1), at(i+2), at(i+3)
		dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|e)
	}
	return dst[:start+n]
}

// nextPart goes on with the next part of a file, if that follows.
func (f *fileLines) nextPart() bool {
	if f.part == 0 {
		return false
	}
	ahead, _ := f.r.Peek(1024) // an error shows when it is read
	rest := bytes.TrimLeft(ahead, "\r\n")
	line, _, ok := bytes.Cut(rest, []byte("\n"))
	name, part, begins := yencBegin(strings.TrimRight(string(line), "\r"))
	if !ok || !begins || name != f.name || part != f.part+1 {
		return false
	}
	f.r.Discard(len(ahead) - len(rest) + len(line) + 1) // which Peek has seen
	f.part, f.ended = part, false
	return true
}

// yencBegin reads the line that begins a file in yEnc, or a part of one.
func yencBegin(line string) (name string, part int, ok bool) {
	rest, ok := strings.CutPrefix(line, "=ybegin ")
	if !ok {
		return "", 0, false
	}
	rest, name, _ = strings.Cut(rest, "name=") // the last, as it may hold anything
	for _, field := range strings.Fields(rest) {
		if n, ok := strings.CutPrefix(field, "part="); ok {
			part, _ = strconv.Atoi(n) // no number: no part
		}
	}
	return strings.TrimSpace(name), max(part, 0), true
}

// yencDecoder decodes yEnc (draft 1.3). A line that is longer than the buffer comes in
// pieces, of which one may end between an escape and what it escapes.
type yencDecoder struct{ escaped bool }

func (y *yencDecoder) line(dst, s []byte) []byte {
	if bytes.HasPrefix(s, []byte("=ypart")) {
		return dst
	}
	for _, c := range s {
		switch {
		case y.escaped:
			dst = append(dst, c-64-42)
			y.escaped = false
		case c == '=':
			y.escaped = true
		default:
			dst = append(dst, c-42)
		}
	}
	return dst
}
