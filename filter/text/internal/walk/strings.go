package walk

import (
	"io"

	"sluis/filter/text"
)

// minRun is the least number of characters that strings takes for text.
const minRun = 4

// Strings shows the runs of text in bytes of an unknown form, of one byte a character
// and of wide.
func (w *Walker) Strings(part int, r io.Reader) error {
	br, done := Buffered(r)
	defer done()
	o := w.Out(part, text.Contents)
	defer o.Close()
	least, readable := minRun, readable
	if w.Limits.Evident {
		least, readable = evidentRun, evident
	}
	// Runs of characters of one byte, and of two.
	narrow, wide := stringRun{least: least}, stringRun{least: least}
	var last byte // the first byte of a pair that could be a character
	half := false
	for w.Stop == nil {
		c, err := br.ReadByte()
		if err != nil {
			narrow.end(o)
			wide.end(o)
			return First(o.Close(), NotEOF(err))
		}
		if readable(c) {
			narrow.add(o, c)
		} else {
			narrow.end(o)
		}
		switch {
		case half && c == 0:
			wide.add(o, last)
			half = false
		case half:
			wide.end(o)
			last = c
			half = readable(c)
		case readable(c):
			last, half = c, true
		default:
			wide.end(o)
		}
	}
	return w.Stop
}

// evidentRun is the least number of characters that are no chance: random bytes have no such run of them in 10 TB.
const evidentRun = 24

func evident(c byte) bool { return c >= ' ' && c < 0x7f || c == '\t' }

func readable(c byte) bool { return c >= ' ' && c < 0x7f || c == '\t' || c >= 0x80 }

// stringRun is a run of characters of Windows-1252, or of the first page of UTF-16.
type stringRun struct {
	least   int
	text    []byte
	letters int
}

func (s *stringRun) add(o *Out, c byte) {
	s.text = append(s.text, c)
	if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == ' ' {
		s.letters++
	}
	if len(s.text) == text.MaxOverlap {
		s.flush(o)
	}
}

// flush shows the run, if it is text rather than chance.
func (s *stringRun) flush(o *Out) {
	if s.letters >= minRun && s.letters*2 > len(s.text) {
		o.Write(s.text) // an error ends the work
	}
	s.text, s.letters = s.text[:0], 0
}

func (s *stringRun) end(o *Out) {
	if len(s.text) >= s.least {
		s.flush(o)
		o.Write([]byte{'\n'})
	}
	s.text, s.letters = s.text[:0], 0
}
