package walk

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluis/filter/text"
)

// Doubt adds a doubt about the part that is being read to the report.
func (w *Walker) Doubt(c text.Cause) {
	c = w.asCut(c)
	if slices.Contains(w.noted, c) || !w.doubts(c) {
		return // a fault may come with every character
	}
	w.noted = append(w.noted, c)
	w.Report.Doubt(text.Doubt{Part: w.where(), Cause: c})
}

// doubts reports whether a cause counts here. What is found in a text may be no file, or a piece of one.
func (w *Walker) doubts(c text.Cause) bool {
	switch c {
	case text.Encrypted, text.TooDeep, text.TooMany, text.TooLarge, text.HostileSize:
		return true
	}
	return w.within == 0
}

// place is where the walker is: a part by its number in the one around it, and how many files it had so far.
type place struct{ number, files int }

// Enter goes to the part of a number, from 1, in the one that is being read, until Leave.
func (w *Walker) Enter(number int) {
	w.places, w.noted = append(w.places, place{number: number}), w.noted[:0]
}

// EnterFile goes to the next file in what is being read, until Leave.
func (w *Walker) EnterFile() {
	files := &w.files
	if n := len(w.places); n > 0 {
		files = &w.places[n-1].files
	}
	*files++
	w.Enter(*files)
}

// Leave goes back to what is around the part.
func (w *Walker) Leave() { w.places, w.noted = w.places[:len(w.places)-1], w.noted[:0] }

// where returns the place of the part that is being read, as a Doubt has it.
func (w *Walker) where() string {
	if len(w.places) == 0 {
		return text.Whole
	}
	var b []byte
	for i, p := range w.places {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendInt(b, int64(p.number), 10)
	}
	return string(b)
}

// reserved is how many dangerous attachments are listed after the list is full of others.
const reserved = 100

// List adds an attachment to the report and returns its number, by which it is filled in; -1 if the list is full. It is
// judged by its name, its kind and its first bytes, also if it has no place in the list.
func (w *Walker) List(a text.Attachment, head []byte) int {
	a.Executable = a.Executable || runs(a, head)
	return w.keep(a)
}

// keep adds an attachment that is judged.
func (w *Walker) keep(a text.Attachment) int {
	places := text.MaxListed
	if a.Executable || a.Macros {
		places += reserved
	}
	if len(w.Report.Attachments) >= places {
		return -1
	}
	w.Report.Attachments = append(w.Report.Attachments, a)
	return len(w.Report.Attachments) - 1
}

// runs reports whether a double click on a file runs something. A file that is named after a site ("bestelling
// bol.com") does if it is no document by its content.
func runs(a text.Attachment, head []byte) bool {
	switch a.Kind {
	case text.KindProgram, text.KindOpener, text.KindDisk:
		return true
	}
	name := a.Name.Reveal()
	if !text.NamesProgram(name) || a.Packaged && !asksWindows(head) {
		return false
	}
	if !text.NamesSite(name) {
		return true
	}
	switch a.Kind {
	case text.KindUnknown, text.KindScript:
		return true
	case text.KindText:
		return !prose(head)
	}
	return false
}

// asksWindows reports whether a script begins as one that Windows runs: one of a page has nothing to ask of its host.
func asksWindows(head []byte) bool {
	head = bytes.ToLower(head)
	return bytes.Contains(head, []byte("wscript")) || bytes.Contains(head, []byte("shell.application"))
}

// prose reports whether a text consists of words: mostly letters, and blanks between them.
func prose(head []byte) bool {
	letters, blanks := 0, 0
	for _, c := range head {
		switch {
		case Letter(c) || c >= utf8.RuneSelf:
			letters++
		case c == ' ' || c == '\n':
			blanks++
		}
	}
	return letters*2 > len(head) && blanks*20 > len(head)
}

// Overrun notes that a bound was reached which no ordinary content reaches.
func (w *Walker) Overrun(c text.Cause) {
	w.Doubt(c)
	w.Doubt(text.HostileSize)
	w.Report.Incomplete = true
}

// swollen is how many times its size a message becomes if that was the purpose.
const swollen = 20

// Swell notes that a bound on bytes was reached. A large message may; a small one was made for it.
func (w *Walker) Swell(bound int64) {
	w.Report.Incomplete = true
	if w.size < bound/swollen {
		w.Doubt(text.HostileSize)
	}
}

// Macros marks a listed attachment. One without a place in the list gets one.
func (w *Walker) Macros(at int) {
	if at < 0 {
		at = w.keep(text.Attachment{Kind: text.KindUnknown, Macros: true})
	}
	if at >= 0 {
		w.Report.Attachments[at].Macros = true
	}
}

// maxFetches bounds the addresses that documents fetch parts from.
const maxFetches = 50

// Fetch lists an address from which an attachment fetches a part of itself.
func (w *Walker) Fetch(at int, target string) {
	if len(w.Report.Fetches) >= maxFetches {
		w.Macros(at)
		return
	}
	f := text.Fetch{Target: text.Secret(target[:min(len(target), MaxLink)])}
	if at >= 0 {
		f.Name = w.Report.Attachments[at].Name
	}
	w.Report.Fetches = append(w.Report.Fetches, f)
}

// Named reports whether the file that is being read has an extension.
func (w *Walker) Named(extension string) bool {
	return w.At >= 0 && text.Extension(w.Report.Attachments[w.At].Name.Reveal()) == extension
}

// Encrypted marks a listed attachment, and adds the reason.
func (w *Walker) Encrypted(at int) {
	w.Doubt(text.Encrypted)
	if at >= 0 {
		w.Report.Attachments[at].Encrypted = true
	}
}

// MaxLink bounds what is kept of a link, and maxLinks that of all, in bytes.
const (
	MaxLink  = 2 << 10
	maxLinks = 2 << 20
)

// Link lists a link. Of those that show no address, and can say nothing of where they go, one to each site is enough: a
// list of bookmarks has thousands.
func (w *Walker) Link(l text.Link) {
	key := l
	if shown := l.Text.Reveal(); strings.IndexByte(shown, '.') < 0 && ascii(shown) {
		key = text.Link{Target: text.Secret(site(l.Target.Reveal()))}
	}
	if w.listed[key] {
		return
	}
	if w.links += len(l.Text) + len(l.Target); len(w.Report.Links) >= text.MaxLinks || w.links >= maxLinks {
		w.Overrun(text.TooMany)
		return
	}
	if w.listed == nil {
		w.listed = map[text.Link]bool{}
	}
	w.listed[key] = true
	w.Report.Links = append(w.Report.Links, l)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// site returns the part of an address that says which site it is of, the whole address if there is no such part.
func site(address string) string {
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	if i := strings.IndexAny(rest, `/\?#`); i > 0 {
		return rest[:i]
	}
	return rest
}
