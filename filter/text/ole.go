package text

import (
	"errors"
	"io"
	"strings"

	"github.com/richardlehane/mscfb"
)

// ole shows the streams of an OLE document (doc, xls, ppt, msg): what of them reads as
// text, and the files attached to a msg. Macros and encryption are told by the names of
// streams.
func (w *walker) ole(part, at int, r *io.SectionReader, depth int) error {
	d, err := mscfb.New(r)
	if err != nil {
		w.report.uninspectable(Damaged)
		return first(w.stop, w.strings(part, fresh(r)))
	}
	for range w.limits.Parts {
		e, err := d.Next()
		if errors.Is(err, io.EOF) {
			return w.stop
		}
		if err != nil {
			return w.damage(err)
		}
		switch e.Name {
		case "VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros":
			w.report.macros(at)
		case "EncryptedPackage", "EncryptionInfo":
			w.report.encrypted(at)
		}
		if e.Size <= 0 {
			continue
		}
		stream := w.inflating(io.LimitReader(e, e.Size), r.Size()) // a chain of sectors may run in a circle
		if strings.HasPrefix(e.Name, "__substg1.0_3701") || e.Name == "Package" || e.Name == "CONTENTS" {
			err = w.member("", stream, depth)
		} else {
			err = w.strings(part, stream)
		}
		if err := w.damage(err); err != nil {
			return err
		}
	}
	w.report.uninspectable(TooMany)
	w.report.Incomplete = true
	return nil
}

// minRun is the least number of characters that strings takes for text.
const minRun = 4

// strings shows the runs of text in bytes of an unknown form, of one byte a character
// and of two.
func (w *walker) strings(part int, r io.Reader) error {
	br, done := buffered(r)
	defer done()
	o := w.out(part, Contents)
	defer o.Close()
	var one, two stringRun
	var last byte // the first byte of a pair that could be a character of two bytes
	half := false
	for w.stop == nil {
		c, err := br.ReadByte()
		if err != nil {
			one.end(o)
			two.end(o)
			return first(o.Close(), notEOF(err))
		}
		if readable(c) {
			one.add(o, c)
		} else {
			one.end(o)
		}
		switch {
		case half && c == 0:
			two.add(o, last)
			half = false
		case half:
			two.end(o)
			last = c
			half = readable(c)
		case readable(c):
			last, half = c, true
		default:
			two.end(o)
		}
	}
	return w.stop
}

func readable(c byte) bool { return c >= ' ' && c < 0x7f || c == '\t' || c >= 0x80 }

// stringRun is a run of characters of Windows-1252, or of the first page of UTF-16.
type stringRun struct {
	text    []byte
	letters int
}

func (s *stringRun) add(o *out, c byte) {
	s.text = append(s.text, c)
	if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == ' ' {
		s.letters++
	}
	if len(s.text) == MaxOverlap {
		s.flush(o)
	}
}

// flush shows the run, if it is text rather than chance.
func (s *stringRun) flush(o *out) {
	if s.letters >= minRun && s.letters*2 > len(s.text) {
		o.Write(s.text) // an error ends the work
	}
	s.text, s.letters = s.text[:0], 0
}

func (s *stringRun) end(o *out) {
	if len(s.text) >= minRun {
		s.flush(o)
		o.Write([]byte{'\n'})
	}
	s.text, s.letters = s.text[:0], 0
}
