package filter

import (
	"sluis/filter/text"
	"sluis/rules"
)

// Stream inspects a text while it comes, such as a page that passes, for whoever weighs
// what is found by a measure of its own. It is for one goroutine.
type Stream struct{ run *run }

// Stream begins a text, to be inspected with the rules of these purposes and no others. It
// has to be closed.
func (e *Engine) Stream(ps rules.Purposes) (*Stream, error) {
	s, err := e.scanner(grounded{purposes: ps})
	if err != nil {
		return nil, err
	}
	return &Stream{newRun(s, &e.opts)}, nil
}

// Segment inspects the next piece. After an error nothing is known of the text.
func (s *Stream) Segment(seg text.Segment) (err error) {
	defer recovered(&err)
	return s.run.segment(seg)
}

// Written inspects the next piece as it is written: what is written so as not to be found
// is not, in half the time.
func (s *Stream) Written(seg text.Segment) (err error) {
	defer recovered(&err)
	s.run.written(seg)
	return nil
}

func recovered(err *error) {
	if recover() != nil {
		*err = errInspection
	}
}

// Found calls visit with each rule that has been found so often as it asks: how many distinct
// hits it has, and how many in all.
func (s *Stream) Found(visit func(r *rules.Rule, distinct, times int)) {
	for i := range s.run.state {
		if st := &s.run.state[i]; st.count > 0 && st.count >= s.run.scanner.rules[i].Min {
			visit(&s.run.scanner.rules[i].Rule, st.count, st.times)
		}
	}
}

// Exhausted reports whether a bound was reached before all that came was inspected.
func (s *Stream) Exhausted() bool { return s.run.exhausted }

// Close forgets the text.
func (s *Stream) Close() {
	if s.run != nil {
		s.run.close()
		s.run = nil
	}
}

// Inspection returns what was found so far, of the rules that apply in these directions.
func (s *Stream) Inspection(ds rules.Directions) *Inspection {
	return &Inspection{Purposes: s.run.scanner.purposes, Findings: s.run.findings(ds), Incomplete: s.run.exhausted}
}
