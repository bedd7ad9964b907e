package disclose

import (
	"errors"
	"slices"

	"sluis/filter/text"
)

// collector collects the text of a message, up to the bounds of a sheet.
type collector struct {
	part      int  // whose text is collected; -1: of all
	namesOnly bool // of files, and no text
	parts     []part
	size      int
	cut       bool
}

// part is a text, and its place in the message.
type part struct {
	number int
	kind   Kind
	file   bool // of an attachment
	name   []byte
	text   []byte
}

// errFull ends the reading of a message that has more than a sheet shows.
var errFull = errors.New("the sheet is full")

var kinds = map[text.Role]Kind{
	text.Plain:    Plain,
	text.HTML:     OfHTML,
	text.Hidden:   Hidden,
	text.Raw:      Raw,
	text.Contents: Document,
}

// emit takes a segment.
func (c *collector) emit(s text.Segment) error {
	fresh := s.Text[s.Overlap:]
	if s.Role == text.FileName {
		if len(c.parts) < 4*maxFiles {
			name := slices.Clone(fresh[:min(len(fresh), 255)])
			c.parts = append(c.parts, part{number: s.Part, file: true, name: name})
		}
		return nil
	}
	kind, ok := kinds[s.Role]
	if !ok || c.namesOnly || c.part >= 0 && s.Part != c.part {
		return nil
	}
	if len(fresh) > maxText-c.size {
		fresh, c.cut = fresh[:maxText-c.size], true
	}
	c.size += len(fresh)
	c.add(s, kind, fresh)
	if c.cut {
		return errFull
	}
	return nil
}

// add adds a text to the last part if it goes on in it, or as a part of its own.
func (c *collector) add(s text.Segment, kind Kind, fresh []byte) {
	if n := len(c.parts); n > 0 && s.Overlap > 0 {
		if last := &c.parts[n-1]; last.number == s.Part && last.kind == kind {
			last.text = append(last.text, fresh...)
			return
		}
	}
	if len(fresh) > 0 {
		c.parts = append(c.parts, part{number: s.Part, kind: kind, file: kind == Document, text: slices.Clone(fresh)})
	}
}

// ofFile reports whether a part is an attachment, or in one.
func (c *collector) ofFile(n int) bool {
	return slices.ContainsFunc(c.parts, func(p part) bool { return p.number == n && p.file })
}

func (c *collector) blocks(s *Sheet, k *masker, want func(part) bool) {
	s.Cut = s.Cut || c.cut
	for _, p := range c.parts {
		p.file = c.ofFile(p.number)
		if p.kind != "" && want(p) {
			s.Blocks = append(s.Blocks, Block{p.kind, k.pieces(printable(p.text))})
		}
	}
}

func (c *collector) files(s *Sheet, k *masker) {
	for _, p := range c.parts {
		if !p.file || p.name == nil || slices.ContainsFunc(s.Files, func(f File) bool { return f.Part == p.number }) {
			continue
		}
		if len(s.Files) == maxFiles {
			s.Cut = true
			return
		}
		s.Files = append(s.Files, File{p.number, k.pieces(printable(p.name))})
	}
}
