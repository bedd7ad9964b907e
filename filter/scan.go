package filter

import (
	"bytes"
	"hash/maphash"
	"io"
	"slices"
	"sync"

	"sluis/filter/detect"
	"sluis/filter/literal"
	"sluis/filter/text"
	"sluis/rules"
)

type readerAt = io.ReaderAt

// Bounds of one examination.
const (
	maxPlaces   = 256      // of a rule in one segment
	maxDistinct = 2000     // values of a rule
	maxExcerpts = 3        // of a finding
	maxHits     = 500_000  // of literals in one item
	maxRegexp   = 32 << 20 // bytes that regular expressions look at
)

// run is one examination.
type run struct {
	*scanner
	state     []ruleState
	touched   []int  // rules with a hit in the segment
	triggered uint64 // detectors of which a word is in the segment
	fold      []byte
	line      line // the segment
	loose     []byte
	hits      int
	looked    int
	exhausted bool
	seed      maphash.Seed
	opts      *Options
	listed    []string            // hosts in the text that are dangerous
	distinct  map[uint64]struct{} // rule and value
}

// ruleState is what a run knows of a rule.
type ruleState struct {
	places   []place // of phrases in the segment
	keywords []place
	near     []place
	also     []place
	unless   []place
	except   []place
	count    int // distinct values
	excerpts []Excerpt
}

type place struct{ start, end int }

var runs = sync.Pool{New: func() any { return &run{seed: maphash.MakeSeed(), distinct: map[uint64]struct{}{}} }}

func newRun(s *scanner, o *Options) *run {
	r := runs.Get().(*run)
	r.scanner, r.opts, r.listed = s, o, nil
	if cap(r.state) < len(s.rules) {
		r.state = make([]ruleState, len(s.rules))
	}
	r.state = r.state[:len(s.rules)]
	return r
}

// close clears the run of all content and gives it back.
func (r *run) close() {
	for i := range r.state {
		st := &r.state[i]
		*st = ruleState{places: st.places[:0], keywords: st.keywords[:0], near: st.near[:0], also: st.also[:0], unless: st.unless[:0], except: st.except[:0]}
	}
	clear(r.fold[:cap(r.fold)])
	clear(r.loose[:cap(r.loose)])
	r.line.clear()
	clear(r.distinct)
	r.touched, r.hits, r.looked, r.exhausted, r.scanner, r.opts, r.listed = r.touched[:0], 0, 0, false, nil, nil, nil
	runs.Put(r)
}

// segment looks at one piece of text.
func (r *run) segment(seg text.Segment) error {
	folded := text.Fold(r.fold, seg.Text)
	overlap := seg.Overlap
	if len(folded) > 0 && len(seg.Text) > 0 && &folded[0] != &seg.Text[0] {
		r.fold = folded
		overlap = len(text.Fold(nil, seg.Text[:seg.Overlap]))
	}
	r.addresses(folded)
	r.triggered = 0
	r.match(folded)
	r.detect(folded, overlap)
	for _, i := range r.touched {
		r.judge(i, folded, overlap)
	}
	r.touched = r.touched[:0]
	// Words that are written so as not to be found; a value that a detector or an
	// expression would take from them is not what was written.
	if loose := text.Loosen(r.loose, folded); loose != nil {
		r.loose = loose
		r.match(loose)
		for _, i := range r.touched {
			r.phrases(i, loose, overlap)
			r.state[i].forget()
		}
		r.touched = r.touched[:0]
	}
	return nil
}

// match notes the phrases in a text.
func (r *run) match(b []byte) {
	r.line.set(b)
	r.matcher.Scan(r.line.text, func(h literal.Hit) bool {
		r.hits++
		p := place{r.line.origin(h.Start), r.line.origin(h.End-1) + 1}
		for _, u := range r.uses[h.Pattern] {
			r.note(u, p)
		}
		return r.hits < maxHits
	})
	if r.hits >= maxHits {
		r.exhausted = true
	}
}

func (r *run) note(u use, p place) {
	if u.role == isTrigger {
		r.triggered |= 1 << u.rule
		return
	}
	st := &r.state[u.rule]
	list := &st.places
	switch u.role {
	case isKeyword:
		list = &st.keywords
	case isNear:
		list = &st.near
	case isAlso:
		list = &st.also
	case isUnless:
		list = &st.unless
	case isExcept:
		list = &st.except
	}
	if len(st.places)+len(st.keywords)+len(st.near)+len(st.also)+len(st.unless)+len(st.except) == 0 {
		r.touched = append(r.touched, u.rule)
	}
	if len(*list) < maxPlaces {
		*list = append(*list, p)
	} else {
		r.exhausted = true
	}
}

// detect runs the detectors, whose hits are places of the rules that ask for them.
func (r *run) detect(b []byte, overlap int) {
	digits := detect.Count(b)
	for i, d := range r.detectors {
		if !digits.Reach(d.Digits) || len(d.Words) > 0 && r.triggered&(1<<i) == 0 {
			continue
		}
		d.Find(b, func(h detect.Hit) {
			if h.Confidence < 50 || h.End <= overlap {
				return
			}
			for _, i := range d.rules {
				if r.fits(i, b, place{h.Start, h.End}) {
					r.found(i, h.Value, b, place{h.Start, h.End})
				}
			}
		})
	}
}

// judge looks at what a segment has of a rule, and forgets it.
func (r *run) judge(i int, b []byte, overlap int) {
	r.phrases(i, b, overlap)
	if r.scanner.rules[i].re != nil {
		r.regexp(i, b, overlap)
	}
	r.state[i].forget()
}

// phrases counts the places of a rule's phrases that its context fits.
func (r *run) phrases(i int, b []byte, overlap int) {
	for _, p := range r.state[i].places {
		if p.end > overlap && r.fits(i, b, p) {
			r.found(i, string(bytes.ToLower(b[p.start:p.end])), b, p)
		}
	}
}

// forget drops the places of a segment.
func (st *ruleState) forget() {
	st.places, st.keywords, st.near, st.also, st.unless, st.except = st.places[:0], st.keywords[:0], st.near[:0], st.also[:0], st.unless[:0], st.except[:0]
}

// regexp runs a rule's regular expression around its keywords.
func (r *run) regexp(i int, b []byte, overlap int) {
	rule := &r.scanner.rules[i]
	for _, w := range windows(r.state[i].keywords, rule.Window, len(b)) {
		if r.looked += w.end - w.start; r.looked > maxRegexp {
			r.exhausted = true
			return
		}
		for _, m := range rule.re.FindAllIndex(b[w.start:w.end], maxPlaces) {
			p := place{w.start + m[0], w.start + m[1]}
			if p.end > overlap && r.fits(i, b, p) {
				r.found(i, string(bytes.ToLower(b[p.start:p.end])), b, p)
			}
		}
	}
}

// windows returns the surroundings of places, those that touch made one.
func windows(places []place, around, length int) []place {
	var ws []place
	slices.SortFunc(places, func(p, q place) int { return p.start - q.start })
	for _, p := range places {
		w := place{max(0, p.start-around), min(length, p.end+around)}
		if n := len(ws); n > 0 && w.start <= ws[n-1].end {
			ws[n-1].start = min(ws[n-1].start, w.start)
			ws[n-1].end = max(ws[n-1].end, w.end)
			continue
		}
		ws = append(ws, w)
	}
	return ws
}

// fits reports whether a rule's context is as it asks around a place.
func (r *run) fits(i int, b []byte, p place) bool {
	st, rule := &r.state[i], &r.scanner.rules[i]
	within := func(ps []place, sentence bool) bool {
		return slices.ContainsFunc(ps, func(q place) bool {
			return q.end >= p.start-rule.Window && q.start <= p.end+rule.Window && (q.start >= p.end || q.end <= p.start) &&
				!(sentence && ends(b[min(p.end, q.end):max(p.start, q.start)]))
		})
	}
	excepted := slices.ContainsFunc(st.except, func(q place) bool { return q.start <= p.start && p.end <= q.end })
	return !excepted && (len(rule.Near) == 0 || within(st.near, rule.Sentence)) && (len(rule.Also) == 0 || within(st.also, rule.Sentence)) && !within(st.unless, false)
}

// ends reports whether a sentence ends in what stands between two places.
func ends(between []byte) bool {
	for i, c := range between {
		next := byte(' ')
		if i+1 < len(between) {
			next = between[i+1]
		}
		if (c == '.' || c == '!' || c == '?' || c == ';') && next <= ' ' || c == '\n' && next == '\n' {
			return true
		}
	}
	return false
}

// found counts a value, once however often and in whichever part it stands.
func (r *run) found(i int, value string, b []byte, p place) {
	st := &r.state[i]
	var h maphash.Hash
	h.SetSeed(r.seed)
	h.WriteString(value)
	key := h.Sum64() ^ uint64(i)*0x9e3779b97f4a7c15
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

// findings returns the rules that counted, in the order of the packs.
func (r *run) findings(ds rules.Directions) []Finding {
	var fs []Finding
	for i := range r.state {
		st, rule := &r.state[i], &r.scanner.rules[i]
		if st.count < rule.Min || ds != 0 && rule.Directions&ds == 0 {
			continue
		}
		fs = append(fs, Finding{
			Rule: rule.ID, Purpose: rule.Purpose, Clause: rule.Clause, Category: rule.Category, Directions: rule.Directions,
			Count: st.count, Score: min(100, rule.Score*min(4, st.count-rule.Min+1)), Excerpts: st.excerpts,
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
		case inside && mask && at >= p.start+2 && at < p.end-2, c >= '0' && c <= '9' && !inside, mask && c >= '0' && c <= '9' && at >= p.start+2:
			out[i] = '*'
		}
	}
	return Excerpt{string(bytes.ToValidUTF8(out, nil))}
}
