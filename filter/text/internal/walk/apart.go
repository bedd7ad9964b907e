package walk

import (
	"io"

	"sluis/filter/text"
)

// apart has a file read by the extractor, with what is left of the bounds, and makes
// what it says part of this report. If it fails the file has not been inspected.
func (w *Walker) apart(part int, a text.Attachment, r *io.SectionReader, depth int) error {
	l := w.Limits
	l.Apart = nil
	l.Depth = max(l.Depth-depth, 1)
	l.Parts = max(l.Parts-part, 1)
	l.Work, l.Inflated, l.Text = max(w.work, 1), max(l.Inflated-w.Inflated, 1), max(l.Text-w.shown, 1)
	report, err := w.Limits.Apart.Document(w.Ctx, a.Name.Reveal(), r, r.Size(), l, func(s text.Segment) error {
		s.Part += part
		return w.segment(s)
	})
	if w.Stop == nil && w.Ctx.Err() != nil {
		w.Stop = w.Ctx.Err()
	}
	if w.Stop != nil {
		return w.Stop
	}
	if err != nil {
		w.List(a, nil)
		w.Doubt(text.Failed)
		return nil
	}
	return w.merge(report, a, part, depth)
}

// merge adds the report on a file to that of what it hangs on. Its first attachment is
// the file itself.
func (w *Walker) merge(r *text.Report, a text.Attachment, part, depth int) error {
	w.Report.Parts = max(w.Report.Parts, part+r.Parts)
	for _, d := range r.Doubts {
		d.Cause = w.asCut(d.Cause)
		if d.Part = w.partOf(d.Part); w.doubts(d.Cause) {
			w.Report.Doubt(d)
		}
	}
	for i, inner := range r.Attachments {
		inner.Depth += depth
		if i == 0 {
			inner.Declared, inner.Depth = a.Declared, a.Depth
		}
		w.keep(inner)
	}
	w.Report.Fetches = append(w.Report.Fetches, r.Fetches[:min(len(r.Fetches), maxFetches)]...)
	for _, link := range r.Links {
		w.Link(link)
	}
	w.Report.Incomplete = w.Report.Incomplete || r.Incomplete
	w.Inflated += r.Inflated
	if w.work -= r.Read; w.work < 0 {
		w.Doubt(text.HostileSize)
		return w.Fail(ErrEnough)
	}
	return nil
}

// partOf returns the place in this report of a place in one on the part that is being read.
func (w *Walker) partOf(part string) string {
	switch here := w.where(); {
	case part == text.Whole:
		return here
	case here == text.Whole:
		return part
	default:
		return here + "." + part
	}
}
