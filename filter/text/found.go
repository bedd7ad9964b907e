package text

import "slices"

// doubt adds a doubt to the report.
func (w *walker) doubt(d Doubt) {
	if !slices.Contains(w.report.Doubts, d) {
		w.report.Doubts = append(w.report.Doubts, d)
	}
}

// uninspectable adds a reason to the report.
func (w *walker) uninspectable(reason Reason) {
	if !slices.Contains(w.report.Uninspectable, reason) {
		w.report.Uninspectable = append(w.report.Uninspectable, reason)
	}
}

// list adds an attachment to the report and returns its number, by which it is filled in; -1 if
// the list is full.
func (w *walker) list(a Attachment) int {
	a.Executable = a.Executable || a.Kind == KindProgram || NamesProgram(a.Name.Reveal())
	if len(w.report.Attachments) >= MaxListed {
		w.report.Incomplete = true
		return -1
	}
	w.report.Attachments = append(w.report.Attachments, a)
	return len(w.report.Attachments) - 1
}

// macros marks a listed attachment.
func (w *walker) macros(at int) {
	if at >= 0 {
		w.report.Attachments[at].Macros = true
	}
}

// encrypted marks a listed attachment, and adds the reason.
func (w *walker) encrypted(at int) {
	w.uninspectable(Encrypted)
	if at >= 0 {
		w.report.Attachments[at].Encrypted = true
	}
}

// MaxLink bounds what is kept of a link, and maxLinks that of all, in bytes.
const (
	MaxLink  = 2 << 10
	maxLinks = 256 << 10
)

// link lists a link.
func (w *walker) link(l Link) {
	if w.links += len(l.Text) + len(l.Target); len(w.report.Links) >= MaxListed || w.links >= maxLinks {
		w.report.Incomplete = true
		return
	}
	w.report.Links = append(w.report.Links, l)
}
