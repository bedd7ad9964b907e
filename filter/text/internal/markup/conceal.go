package markup

import (
	"unicode"
	"unicode/utf8"

	"sluis/filter/text"
)

// line is what has been read since the last break, whether it is seen or not: both readings count, since what is
// hidden from one reader another shows.
type line struct {
	text      []byte
	alone     []byte // what is not seen of it, each piece by itself
	concealed bool   // some of it is not seen
	within    bool   // and stands beside letters that are, or beside another such piece
	pieces    int    // of it that are not seen
	letter    bool   // the last that is seen is a letter
	tucked    bool   // after that, letters follow at once that are not seen
}

// Bounds of a line, in bytes: of what is kept while all is seen, and of what is shown at once.
const (
	maxBefore = 1 << 10
	maxLine   = 16 << 10
)

// add adds a piece to the line.
func (h *reader) add(b []byte) {
	l := &h.line
	if !l.concealed && len(l.text)+len(b) > maxBefore {
		b = b[max(len(b)-maxBefore/2, 0):]
		keep := l.text[max(len(l.text)-maxBefore/2, 0):]
		l.text = append(l.text[:0], keep...)
	}
	l.text = append(l.text, b...)
	if len(l.text) > maxLine {
		h.hidden.Write(l.text)
		l.text = l.text[:0]
	}
}

// reveal takes a piece of text that is seen.
func (h *reader) reveal(b []byte) {
	if len(b) == 0 {
		return
	}
	l := &h.line
	if first, _ := utf8.DecodeRune(b); l.tucked && unicode.IsLower(first) {
		h.w.Doubt(text.HiddenLetters)
	}
	last, _ := utf8.DecodeLastRune(b)
	l.letter, l.tucked = unicode.IsLetter(last), false
	h.add(b)
}

// begin begins a piece of text that is not seen. One that is a block stands apart from what is around it.
func (h *reader) begin(block bool) {
	l := &h.line
	l.alone = append(l.alone, ' ')
	l.pieces++
	if block && len(l.text) > 0 {
		l.text = append(l.text, ' ')
		l.letter = false
	}
}

// conceal takes a piece of text that is not seen.
func (h *reader) conceal(b []byte) {
	if len(b) == 0 {
		return
	}
	l := &h.line
	if first, _ := utf8.DecodeRune(b); l.letter && unicode.IsLetter(first) {
		l.tucked = true
	}
	l.within = l.within || l.letter || l.pieces > 1
	l.letter = false
	if !l.concealed {
		l.concealed = true
		h.hidden.Write([]byte{' '})
	}
	if l.alone = append(l.alone, b...); len(l.alone) > maxLine {
		h.hidden.Write(l.alone)
		l.alone = l.alone[:0]
	}
	h.add(b)
}

// endLine shows the line that ends, if some of it was not seen.
func (h *reader) endLine() {
	l := &h.line
	if !l.concealed {
		l.text, l.alone, l.letter, l.pieces = l.text[:0], l.alone[:0], false, 0
		return
	}
	h.hidden.Write(l.text)
	h.hidden.Write([]byte{'\n'})
	if l.within {
		h.hidden.Write(l.alone)
		h.hidden.Write([]byte{'\n'})
	}
	*l = line{text: l.text[:0], alone: l.alone[:0]}
}
