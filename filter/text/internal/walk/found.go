package walk

import (
	"slices"

	"sluis/filter/text"
)

// Doubt adds a doubt to the report.
func (w *Walker) Doubt(d text.Doubt) {
	if !slices.Contains(w.Report.Doubts, d) {
		w.Report.Doubts = append(w.Report.Doubts, d)
	}
}

// Uninspectable adds a reason to the report.
func (w *Walker) Uninspectable(reason text.Reason) {
	if !slices.Contains(w.Report.Uninspectable, reason) {
		w.Report.Uninspectable = append(w.Report.Uninspectable, reason)
	}
}

// List adds an attachment to the report and returns its number, by which it is filled in; -1 if
// the list is full.
func (w *Walker) List(a text.Attachment) int {
	a.Executable = a.Executable || a.Kind == text.KindProgram || text.NamesProgram(a.Name.Reveal())
	if len(w.Report.Attachments) >= text.MaxListed {
		w.Report.Incomplete = true
		return -1
	}
	w.Report.Attachments = append(w.Report.Attachments, a)
	return len(w.Report.Attachments) - 1
}

// Macros marks a listed attachment.
func (w *Walker) Macros(at int) {
	if at >= 0 {
		w.Report.Attachments[at].Macros = true
	}
}

// Encrypted marks a listed attachment, and adds the reason.
func (w *Walker) Encrypted(at int) {
	w.Uninspectable(text.Encrypted)
	if at >= 0 {
		w.Report.Attachments[at].Encrypted = true
	}
}

// MaxLink bounds what is kept of a link, and maxLinks that of all, in bytes.
const (
	MaxLink  = 2 << 10
	maxLinks = 256 << 10
)

// Link lists a link.
func (w *Walker) Link(l text.Link) {
	if w.links += len(l.Text) + len(l.Target); len(w.Report.Links) >= text.MaxListed || w.links >= maxLinks {
		w.Report.Incomplete = true
		return
	}
	w.Report.Links = append(w.Report.Links, l)
}
