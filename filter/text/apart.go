package text

import "io"

// apart has a file read by the extractor, with what is left of the bounds, and makes
// what it says part of this report. If it fails the file has not been looked into.
func (w *walker) apart(part int, a Attachment, r *io.SectionReader, depth int) error {
	l := w.limits
	l.Apart = nil
	l.Depth = max(l.Depth-depth, 1)
	l.Parts = max(l.Parts-part, 1)
	l.Work, l.Inflated, l.Text = max(w.work, 1), max(l.Inflated-w.inflated, 1), max(l.Text-w.shown, 1)
	report, err := w.limits.Apart.Document(w.ctx, a.Name.Reveal(), r, r.Size(), l, func(s Segment) error {
		s.Part += part
		return w.segment(s)
	})
	if w.stop == nil && w.ctx.Err() != nil {
		w.stop = w.ctx.Err()
	}
	if w.stop != nil {
		return w.stop
	}
	if err != nil {
		w.list(a)
		w.uninspectable(Failed)
		return nil
	}
	return w.merge(report, a, part, depth)
}

// merge adds the report on a file to that of what it hangs on. Its first attachment is
// the file itself.
func (w *walker) merge(r *Report, a Attachment, part, depth int) error {
	w.report.Parts = max(w.report.Parts, part+r.Parts)
	for _, d := range r.Doubts {
		w.doubt(d)
	}
	for _, reason := range r.Uninspectable {
		w.uninspectable(reason)
	}
	for i, inner := range r.Attachments {
		inner.Depth += depth
		if i == 0 {
			inner.Declared, inner.Depth = a.Declared, a.Depth
		}
		w.list(inner)
	}
	for _, link := range r.Links {
		w.link(link)
	}
	w.report.Incomplete = w.report.Incomplete || r.Incomplete
	w.inflated += r.Inflated
	if w.work -= r.Read; w.work < 0 {
		return w.fail(errEnough)
	}
	return nil
}
