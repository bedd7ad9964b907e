package filter

import (
	"bytes"
	"hash/maphash"
	"io"
	"sync"
	"unicode/utf8"

	"sluis/filter/detect"
	"sluis/filter/text"
	"sluis/rules"
)

type readerAt = io.ReaderAt

// Bounds of one inspection. Those of a segment grow with it, so that work is linear in
// the text, however long it is and whatever stands in it.
const (
	maxDistinct = 2000     // values of a rule
	maxExcerpts = 3        // of a finding
	maxRegexp   = 32 << 20 // bytes that regular expressions read

	maxPlaces   = 4  // places of literals in a byte of a segment
	maxCompared = 64 // places of literals read for the context of others, in a byte
	spare       = 64 << 10
)

// run is one inspection.
type run struct {
	*scanner
	state     []ruleState
	fold      []byte
	loose     []byte
	view      view // of the segment
	digits    detect.Text
	looked    int
	exhausted bool
	seed      maphash.Seed
	opts      *Options
	listed    []string            // hosts in the text that are dangerous
	hosts     map[string]struct{} // in the text, that were looked up
	host      [254]byte           // one of them
	small     []byte
	distinct  map[uint64]struct{} // rule and value
}

// ruleState is what a run knows of a rule.
type ruleState struct {
	windows  []place // of its keywords, in the segment
	count    int     // distinct values
	times    int     // values, each time
	excerpts []Excerpt
}

// place is a piece of a text.
type place struct{ start, end int }

var runs = sync.Pool{New: func() any {
	r := &run{seed: maphash.MakeSeed(), distinct: map[uint64]struct{}{}, hosts: map[string]struct{}{}}
	r.view.init()
	return r
}}

func newRun(s *scanner, o *Options) *run {
	r := runs.Get().(*run)
	r.scanner, r.opts, r.listed = s, o, nil
	if cap(r.state) < len(s.rules) {
		r.state = make([]ruleState, len(s.rules))
	}
	r.state = r.state[:len(s.rules)]
	r.view.scanner = s
	return r
}

// close clears the run of all content and gives it back.
func (r *run) close() {
	for i := range r.state {
		r.state[i] = ruleState{windows: r.state[i].windows[:0]}
	}
	clear(r.fold[:cap(r.fold)])
	clear(r.loose[:cap(r.loose)])
	r.view.clear()
	r.digits.Set(nil)
	clear(r.distinct)
	clear(r.hosts)
	clear(r.host[:])
	clear(r.small[:cap(r.small)])
	r.looked, r.exhausted, r.scanner, r.opts, r.listed = 0, false, nil, nil, nil
	runs.Put(r)
}

// segment inspects one piece of text.
func (r *run) segment(seg text.Segment) error {
	folded, from, to := r.written(seg)
	// Words that are written so as not to be found; a value that a detector or an
	// expression would take from them is not what was written.
	if loose := text.Loosen(r.loose, folded); loose != nil {
		r.loose = loose
		r.lookAround(folded, loose, from, to)
		r.phrases()
		r.exhausted = r.exhausted || r.view.exhausted
	}
	return nil
}

// lookAround inspects a text that differs from one that was inspected, as far as that
// changes what is found: where they differ, and around it what may have it as context,
// with the context of that.
func (r *run) lookAround(old, b []byte, from, to int) {
	first, last := 0, len(b)
	for first < last && b[first] == old[first] {
		first++
	}
	for last > first && b[last-1] == old[last-1] {
		last--
	}
	start, end := max(0, first-2*r.reach), min(len(b), last+2*r.reach)
	for start > 0 && b[start] > ' ' && first-start < 3*r.reach {
		start-- // do not begin in the middle of a word
	}
	from, to = max(from, first-r.reach), min(to, last+r.reach)
	r.view.look(b[start:end], from-start, to-start)
}

// written inspects one piece of text as it is written. It returns it as it was inspected.
func (r *run) written(seg text.Segment) (folded []byte, from, to int) {
	folded, from, to = r.folded(seg)
	r.addresses(folded)
	r.view.look(folded, from, to)
	r.phrases()
	r.detect()
	r.regexps()
	r.exhausted = r.exhausted || r.view.exhausted
	return folded, from, to
}

// folded returns the folded text of a segment, and between which places of it a hit has
// to end to be judged here. What two segments share is split in its middle, so that each
// hit is judged where there is text on both sides of it.
func (r *run) folded(seg text.Segment) (b []byte, from, to int) {
	middle := func(start, end int) int {
		at := start + (end-start)/2
		for at > start && !utf8.RuneStart(seg.Text[at]) {
			at--
		}
		return at
	}
	from, to = 0, len(seg.Text)
	if seg.Overlap > 0 {
		from = middle(0, seg.Overlap)
	}
	if seg.Next > 0 {
		to = middle(len(seg.Text)-seg.Next, len(seg.Text))
	}
	b = text.Fold(r.fold, seg.Text)
	if len(b) > 0 && len(seg.Text) > 0 && &b[0] == &seg.Text[0] {
		return b, from, to
	}
	r.fold = b
	rest := len(b)
	if seg.Next > 0 {
		rest -= text.FoldedLen(seg.Text[to:])
	}
	return b, text.FoldedLen(seg.Text[:from]), rest
}

// phrases judges the phrases of rules in the view.
func (r *run) phrases() {
	v := &r.view
	for _, f := range v.found {
		rule := &r.scanner.rules[f.rule]
		p := place{int(f.at >> 32), int(f.at>>32) + r.literals[uint32(f.at)].size}
		if v.possible(rule) && v.judges(v.line.origin(p.end-1)+1) && v.fits(rule, p) {
			r.found(f.rule, v.line.text[p.start:p.end], place{v.line.origin(p.start), v.line.origin(p.end-1) + 1})
		}
	}
}

// detect runs the detectors, whose hits are places of the rules that ask for them.
func (r *run) detect() {
	v := &r.view
	hit := func(asked []int) func(detect.Hit) {
		return func(h detect.Hit) {
			if h.Confidence < 50 || !v.judges(h.End) {
				return
			}
			for _, i := range asked {
				if v.fits(&r.scanner.rules[i], v.line.place(place{h.Start, h.End})) {
					r.found(i, []byte(h.Value), place{h.Start, h.End})
				}
			}
		}
	}
	if len(r.detectors) > 0 {
		r.digits.Set(v.text)
		for i, d := range r.detectors {
			if r.digits.Reach(d.Digits) && (len(d.Words) == 0 || v.triggers&(1<<i) != 0) {
				d.Find(&r.digits, hit(d.rules))
			}
		}
	}
	if r.people != nil && len(r.persons)+len(r.names) > 0 {
		r.people.Find(v.text, hit(r.persons), hit(r.names))
	}
}

// regexps runs the regular expressions around their keywords, or wherever they may be.
func (r *run) regexps() {
	v := &r.view
	if len(v.keywords) > 0 {
		v.sort()
	}
	for _, f := range v.keywords {
		r.window(f.rule, int(f.at>>32), int(f.at>>32)+r.literals[uint32(f.at)].size)
	}
	for _, f := range v.keywords {
		for _, w := range r.state[f.rule].windows {
			r.regexp(f.rule, w)
		}
		r.state[f.rule].windows = r.state[f.rule].windows[:0]
	}
	for _, i := range r.everywhere {
		r.regexp(i, place{0, len(v.text)})
	}
}

// window adds the surroundings of a keyword at a place of the line. Keywords come in their
// order; windows that touch are made one.
func (r *run) window(rule, start, end int) {
	v, around, ws := &r.view, r.scanner.rules[rule].Window, &r.state[rule].windows
	w := place{max(0, v.line.origin(start)-around), min(len(v.text), v.line.origin(end-1)+1+around)}
	if n := len(*ws); n > 0 && w.start <= (*ws)[n-1].end {
		(*ws)[n-1].start, (*ws)[n-1].end = min((*ws)[n-1].start, w.start), max((*ws)[n-1].end, w.end)
		return
	}
	*ws = append(*ws, w)
}

// regexp runs the regular expression of a rule in a window.
func (r *run) regexp(i int, w place) {
	v, rule := &r.view, &r.scanner.rules[i]
	if r.looked += w.end - w.start; r.looked > maxRegexp {
		r.exhausted = true
		return
	}
	for _, m := range rule.re.FindAllIndex(v.text[w.start:w.end], -1) {
		p := place{w.start + m[0], w.start + m[1]}
		if v.judges(p.end) && v.fits(rule, v.line.place(p)) {
			r.found(i, v.text[p.start:p.end], p)
		}
	}
}

// found counts a value, once however often and in whichever part it stands. Its place is
// one of the text that is inspected.
func (r *run) found(i int, value []byte, p place) {
	r.count(i, value, r.view.text, p)
}

func (r *run) count(i int, value, b []byte, p place) {
	st := &r.state[i]
	st.times++
	key := r.key(i, value)
	if _, known := r.distinct[key]; known {
		return
	}
	if st.count >= maxDistinct {
		r.exhausted = true
		return
	}
	r.distinct[key] = struct{}{}
	st.count++
	if len(st.excerpts) < maxExcerpts {
		st.excerpts = append(st.excerpts, excerpt(b, p, r.scanner.rules[i].Purpose == rules.Leak))
	}
}

// key stands for a value of a rule, without regard to case.
func (r *run) key(i int, value []byte) uint64 {
	r.small = append(r.small[:0], value...)
	for k, c := range r.small {
		if c-'A' <= 'Z'-'A' {
			r.small[k] |= 0x20
		} else if c >= utf8.RuneSelf {
			r.small = bytes.ToLower(r.small)
			break
		}
	}
	return maphash.Bytes(r.seed, r.small) ^ uint64(i)*0x9e3779b97f4a7c15
}

// findings returns the rules that counted, in the order of the packs.
func (r *run) findings(ds rules.Directions) []Finding {
	var fs []Finding
	for i := range r.state {
		st, rule := &r.state[i], &r.scanner.rules[i]
		if st.count < rule.Min || ds != 0 && rule.Directions&ds == 0 {
			continue
		}
		fs = append(fs, Finding{
			Rule: rule.ID, Purpose: rule.Purpose, Clause: rule.Clause, Category: rule.Category,
			Directions: rule.Directions,
			Count:      st.count, Score: min(100, rule.Score*min(4, st.count-rule.Min+1)), Excerpts: st.excerpts,
		})
	}
	return fs
}

// around is how much of the text an excerpt shows on each side of a hit, in bytes.
const around = 32

// excerpt keeps a hit with what stands around it. Digits are starred, and all but the
// ends of the hit itself if it is an identifier.
func excerpt(b []byte, p place, mask bool) Excerpt {
	start, end := max(0, p.start-around), min(len(b), p.end+around)
	out := bytes.Clone(b[start:end])
	for i := range out {
		c, at := out[i], start+i
		switch inside := at >= p.start && at < p.end; {
		case c < ' ':
			out[i] = ' '
		case inside && mask && at >= p.start+2 && at < p.end-2, c >= '0' && c <= '9' && !inside, mask && c >= '0' &&
			c <= '9' && at >= p.start+2:
			out[i] = '*'
		}
	}
	return Excerpt{string(bytes.ToValidUTF8(out, nil))}
}
