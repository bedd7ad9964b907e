package disclose

import (
	"errors"
	"slices"

	"sluis/filter/text"
)

// collector keeps the text of a message, as much as a sheet has room for.
type collector struct {
	only  int  // part whose text is kept; -1: of all
	names bool // no text is kept
	parts []part
	size  int
	cut   bool
}

// part is a text, and where it stands.
type part struct {
	number int
	kind   Kind
	file   bool // of an attachment
	name   []byte
	text   []byte
}

// errFull ends the reading of a message of which there is more than can be shown.
var errFull = errors.New("enough")

var kinds = map[text.Role]Kind{text.Plain: Plain, text.HTML: OfHTML, text.Hidden: Hidden, text.Raw: Raw, text.Contents: Document}

// emit takes a segment.
func (c *collector) emit(s text.Segment) error {
	fresh := s.Text[s.Overlap:]
	if s.Role == text.FileName {
		if len(c.parts) < 4*maxFiles {
			c.parts = append(c.parts, part{number: s.Part, file: true, name: slices.Clone(fresh[:min(len(fresh), 255)])})
		}
		return nil
	}
	kind, ok := kinds[s.Role]
	if !ok || c.names || c.only >= 0 && s.Part != c.only {
		return nil
	}
	if len(fresh) > maxText-c.size {
		fresh, c.cut = fresh[:maxText-c.size], true
	}
	c.size += len(fresh)
	if last := len(c.parts) - 1; s.Overlap > 0 && last >= 0 && c.parts[last].number == s.Part && c.parts[last].kind == kind {
		c.parts[last].text = append(c.parts[last].text, fresh...)
	} else if len(fresh) > 0 {
		c.parts = append(c.parts, part{number: s.Part, kind: kind, file: kind == Document, text: slices.Clone(fresh)})
	}
	if c.cut {
		return errFull
	}
	return nil
}

// ofFile reports whether a part is an attachment, or stands in one.
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
