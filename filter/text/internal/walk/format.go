package walk

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"sluis/filter/text"
	"sluis/filter/text/internal/charsets"
)

// Format is a kind of file: how it is recognised, and what reads it. A format is added by a
// row in formats, with its reader in a file of its own.
type Format struct {
	Kind       text.FileKind
	Magic      []magic                              // its first bytes: one of these
	Begins     func(head []byte, textual bool) bool // another sign in its first bytes, after all magic
	Extensions []string                             // that decide where the content does not
	Textual    bool                                 // it reads as text as it is
	Sandboxed  bool                                 // its reader is known to fail on crafted files
	Read       func(*Walker, Content) error
}

// magic is the first bytes of a format. A format whose magic a text could begin with is
// recognised by it only if what follows is no text.
type magic struct {
	bytes  string
	binary bool
}

// Begin returns magic that no text begins with.
func Begin(all ...string) (m []magic) {
	for _, b := range all {
		m = append(m, magic{bytes: b})
	}
	return m
}

// BeginBinary returns magic that a text could begin with.
func BeginBinary(all ...string) (m []magic) {
	for _, b := range all {
		m = append(m, magic{bytes: b, binary: true})
	}
	return m
}

// Formats is a list of formats.
type Formats []Format

// Of returns the format of a kind, that of unknown files for a kind without one.
func (t Formats) Of(kind text.FileKind) *Format {
	for i := range t {
		if t[i].Kind == kind {
			return &t[i]
		}
	}
	return t.Of(text.KindUnknown)
}

// KindOf returns what a file is by its magic, else by another sign of a format in its
// first bytes, and by its name where the content does not decide.
func (t Formats) KindOf(head []byte, name string) text.FileKind {
	textual := looksLikeText(head)
	for i := range t {
		for _, m := range t[i].Magic {
			if len(head) >= len(m.bytes) && string(head[:len(m.bytes)]) == m.bytes && !(m.binary && textual) {
				return t[i].Kind
			}
		}
	}
	for i := range t {
		if t[i].Begins != nil && t[i].Begins(head, textual) {
			return t[i].Kind
		}
	}
	if ext := text.Extension(name); ext != "" {
		for i := range t {
			if t[i].Textual == textual && slices.Contains(t[i].Extensions, ext) {
				return t[i].Kind
			}
		}
	}
	if textual {
		return text.KindText
	}
	return text.KindUnknown
}

// Opaque reports whether a file holds no text that a person wrote. A picture with a name
// that says something else does not: it may be something else as well.
func Opaque(a text.Attachment) bool {
	ext := text.Extension(a.Name.Reveal())
	return a.Kind == text.KindProgram || a.Kind == text.KindMedia && (ext == "" || text.NamesMedia(ext))
}

func BeginsHTML(head []byte) bool {
	head = bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n")
	for _, tag := range []string{"<!doctype html", "<svg", "<!doctype svg", "<html", "<head", "<body", "<?xml", "<script", "<table", "<div"} {
		if len(head) >= len(tag) && strings.EqualFold(string(head[:len(tag)]), tag) {
			return true
		}
	}
	return false
}

// looksLikeText reports whether there are next to no control characters, or UTF-16, and
// the rest is UTF-8 or mostly ASCII.
func looksLikeText(head []byte) bool {
	if charsets.UTF16(head) != nil {
		return true
	}
	controls, high := 0, 0
	for _, c := range head {
		switch {
		case c == 0:
			return false
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b:
			controls++
		case c >= utf8.RuneSelf:
			high++
		}
	}
	if controls*50 > len(head) {
		return false
	}
	return high*3 <= len(head) || utf8.Valid(head[:max(0, len(head)-utf8.UTFMax)])
}

// HeadSize is how many bytes of a file decide what it is.
const HeadSize = 1024
