package text

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// format is a kind of file: how it is recognised, and what reads it. A format is added by a
// row in formats, with its reader in a file of its own.
type format struct {
	kind       FileKind
	magic      []magic                              // its first bytes: one of these
	begins     func(head []byte, textual bool) bool // another sign in its first bytes, after all magic
	extensions []string                             // that decide where the content does not
	textual    bool                                 // it reads as text as it is
	sandboxed  bool                                 // its reader is known to fail on crafted files
	read       func(*walker, content) error
}

// magic is the first bytes of a format. A format whose magic a text could begin with is
// recognised by it only if what follows is no text.
type magic struct {
	bytes  string
	binary bool
}

// begin returns magic that no text begins with.
func begin(all ...string) (m []magic) {
	for _, b := range all {
		m = append(m, magic{bytes: b})
	}
	return m
}

// beginBinary returns magic that a text could begin with.
func beginBinary(all ...string) (m []magic) {
	for _, b := range all {
		m = append(m, magic{bytes: b, binary: true})
	}
	return m
}

// formatTable is a list of formats.
type formatTable []format

// of returns the format of a kind, that of unknown files for a kind without one.
func (t formatTable) of(kind FileKind) *format {
	i := slices.IndexFunc(t, func(f format) bool { return f.kind == kind })
	if i < 0 {
		return t.of(KindUnknown)
	}
	return &t[i]
}

// kindOf returns what a file is by its magic, else by another sign of a format in its
// first bytes, and by its name where the content does not decide.
func (t formatTable) kindOf(head []byte, name string) FileKind {
	textual := looksLikeText(head)
	for i := range t {
		for _, m := range t[i].magic {
			if len(head) >= len(m.bytes) && string(head[:len(m.bytes)]) == m.bytes && !(m.binary && textual) {
				return t[i].kind
			}
		}
	}
	for i := range t {
		if t[i].begins != nil && t[i].begins(head, textual) {
			return t[i].kind
		}
	}
	if ext := Extension(name); ext != "" {
		for i := range t {
			if t[i].textual == textual && slices.Contains(t[i].extensions, ext) {
				return t[i].kind
			}
		}
	}
	if textual {
		return KindText
	}
	return KindUnknown
}

// opaque reports whether a file holds no text that a person wrote. A picture with a name
// that says something else does not: it may be something else as well.
func opaque(a Attachment) bool {
	ext := Extension(a.Name.Reveal())
	return a.Kind == KindProgram || a.Kind == KindMedia && (ext == "" || NamesMedia(ext))
}

func beginsHTML(head []byte) bool {
	head = bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n")
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<?xml", "<script", "<table", "<div"} {
		if len(head) >= len(tag) && strings.EqualFold(string(head[:len(tag)]), tag) {
			return true
		}
	}
	return false
}

// looksLikeText reports whether there are next to no control characters, or UTF-16, and
// the rest is UTF-8 or mostly ASCII.
func looksLikeText(head []byte) bool {
	if utf16Of(head) != nil {
		return true
	}
	odd, high := 0, 0
	for _, c := range head {
		switch {
		case c == 0:
			return false
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b:
			odd++
		case c >= utf8.RuneSelf:
			high++
		}
	}
	if odd*50 > len(head) {
		return false
	}
	return high*3 <= len(head) || utf8.Valid(head[:max(0, len(head)-utf8.UTFMax)])
}

// headSize is how many bytes of a file decide what it is.
const headSize = 1024
