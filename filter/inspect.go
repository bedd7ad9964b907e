package filter

import (
	"context"
	"errors"
	"fmt"

	"sluis/filter/text"
	"sluis/filter/text/extract"
	"sluis/rules"
)

// errInspection is all that is said of a fault of the engine itself: anything more
// could hold content.
var errInspection = errors.New("the filter engine failed on this item")

// Inspect inspects an item with the rules of these purposes and no others. It returns
// an error if the item could not be read, if ctx ended, or if the engine failed; then
// nothing is known of the item.
func (e *Engine) Inspect(ctx context.Context, item Item, ps rules.Purposes) (x *Inspection, err error) {
	s, err := e.scanner(grounded{ps, item.Confidential})
	if err != nil {
		return nil, err
	}
	defer func() {
		if recover() != nil {
			x, err = nil, errInspection
		}
	}()
	r := newRun(s, &e.opts)
	defer r.close()
	read := extract.Message
	if item.Kind == Document {
		read = func(ctx context.Context, c readerAt, size int64, l text.Limits,
			emit func(text.Segment) error) (*text.Report, error) {
			return extract.Document(ctx, item.Name, c, size, l, emit)
		}
	}
	emit, limits := r.segment, e.opts.Limits
	if limits.Evident = item.Evident; item.Evident {
		emit = func(seg text.Segment) error {
			if seg.Role == text.Raw {
				return nil
			}
			return r.segment(seg)
		}
	}
	report, err := read(ctx, item.Content, item.Size, limits, emit)
	if err != nil {
		return nil, fmt.Errorf("read item: %w", err)
	}
	r.structure(report, item)
	x = &Inspection{
		Purposes:    ps,
		Findings:    r.findings(item.Directions),
		Doubts:      report.Doubts,
		Ambiguous:   report.Ambiguous(),
		HostileSize: report.Has(text.HostileSize),
		Incomplete:  report.Incomplete || r.exhausted,
		Parts:       report.Parts,
		Bytes:       item.Size,
	}
	for _, u := range report.Uninspectable() {
		x.Uninspectable = append(x.Uninspectable, string(u))
	}
	return x, nil
}

// Actions says what is done with what was found.
type Actions struct {
	Found         func(rules.Purpose, rules.Direction) Action
	Ambiguous     Action
	Uninspectable Action
	HostileSize   Action
	Incomplete    Action
}

// Decide says what is to be done for the recipients of a direction: the strictest of
// what the categories that reached the threshold ask, and of what could not be seen.
func Decide(x *Inspection, d rules.Direction, a Actions) Verdict {
	var v Verdict
	best := 0
	for i := range x.Findings {
		f := &x.Findings[i]
		total := x.total(f.Category, f.Purpose, d)
		if !f.Directions.Has(d) || total < rules.Threshold {
			continue
		}
		action := a.Found(f.Purpose, d)
		if action > v.Action || action == v.Action && f.Score > best {
			best = f.Score
			v = Verdict{Action: action, Purpose: f.Purpose, Category: f.Category, Clause: f.Clause, Rule: f.Rule}
		}
	}
	for _, other := range []struct {
		is bool
		a  Action
	}{
		{x.Ambiguous, a.Ambiguous},
		{len(x.Uninspectable) > 0, a.Uninspectable},
		{x.HostileSize, a.HostileSize},
		{x.Incomplete, a.Incomplete},
	} {
		if other.is && other.a > v.Action {
			v = Verdict{Action: other.a, Purpose: rules.Security, Clause: securityClause}
		}
	}
	return v
}

// total returns the points of a category in a direction.
func (x *Inspection) total(c rules.Category, p rules.Purpose, d rules.Direction) int {
	sum := 0
	for _, f := range x.Findings {
		if f.Category == c && f.Purpose == p && f.Directions.Has(d) {
			sum += f.Score
		}
	}
	return sum
}

// Decisive reports whether a finding's category reached the threshold in a direction.
func (x *Inspection) Decisive(f Finding, d rules.Direction) bool {
	return f.Directions.Has(d) && x.total(f.Category, f.Purpose, d) >= rules.Threshold
}
