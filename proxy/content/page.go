package content

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"time"

	"sluis/filter"
	"sluis/filter/text"
	"sluis/filter/text/extract"
	"sluis/rules"
)

// errEnough ends the inspection of a page of which enough was read; errInspection says that the inspection itself
// failed.
var (
	errEnough     = errors.New("enough was read")
	errInspection = errors.New("a page could not be inspected")
)

// page weighs a page. Its head waits until it was judged; of a longer page each further window waits until it was
// judged.
func (e *Inspector) page(ctx context.Context, x *Exchange, resp *http.Response, src io.Reader) (bool, error) {
	p := &page{
		e:       e,
		x:       x,
		ctx:     ctx,
		src:     newPace(src),
		body:    resp.Body,
		codings: known(codingsOf(resp.Header)),
		charset: charsetOf(resp.Header),
	}
	p.buf = e.heads.Get().(*[]byte)
	err := p.receive(*p.buf, e.o.Limits.Slow)
	switch {
	case err != nil:
		p.release()
		p.src.close()
		return errors.Is(err, ErrBlocked), notBlocked(err)
	case p.whole:
		p.err = p.inspect(func(func()) io.Reader { return bytes.NewReader(p.ready) })
	default:
		p.begin()
	}
	if p.err == nil || p.err == ErrBlocked {
		x.Note(p.found)
		if d := e.doubt(x, Found{Uninspectable: p.found.Uninspectable, Incomplete: p.found.Incomplete}); stops(d) {
			p.err = ErrBlocked
		}
	} else {
		p.err = e.failure(x, conduct, p.err)
	}
	if p.err != nil {
		p.stop()
		p.release()
		p.src.close()
		return p.err == ErrBlocked, notBlocked(p.err)
	}
	resp.Body = p
	return false, nil
}

// page is the body of a page that was weighed, or is being weighed.
type page struct {
	e       *Inspector
	x       *Exchange
	ctx     context.Context
	src     *pace
	body    io.Closer
	codings []string
	charset string

	buf   *[]byte // of the pool
	ready []byte  // of it: may go on
	whole bool    // nothing is to come after ready
	cut   error   // with which it broke off after ready
	slow  bool    // it comes slowly
	err   error   // ends the page
	found Found

	next func() (struct{}, bool) // inspects ready; nil: no more is inspected
	end  func()
}

// shortWait is how long a page that comes slowly is waited for, once it is shown.
const shortWait = 250 * time.Millisecond

// receive takes what comes next, as much as b holds unless the page comes slowly. A page that broke off is shown as far
// as it came.
func (p *page) receive(b []byte, patience time.Duration) error {
	n, err := p.src.fill(b, patience)
	p.ready, p.whole = b[:n], err != nil
	if p.slow = p.slow || err == nil && n < len(b); err == nil || err == io.EOF {
		return nil
	}
	if p.cut = cutOff("receive a page", err); n == 0 || errors.Is(err, ErrBlocked) {
		return p.cut
	}
	return nil
}

// begin inspects the page as far as it is there. The inspection goes on whenever next is called, and stops where it
// needs more.
func (p *page) begin() {
	p.next, p.end = iter.Pull(func(wait func(struct{}) bool) {
		p.err = p.inspect(func(weigh func()) io.Reader {
			return &feed{page: p, left: p.ready, weigh: weigh, wait: wait}
		})
	})
	p.step()
}

// step lets the inspection go on.
func (p *page) step() {
	if _, more := p.next(); !more {
		p.next = nil
	}
}

// stop ends the inspection.
func (p *page) stop() {
	if p.end != nil {
		p.end()
		p.next, p.end = nil, nil
	}
}

// feed gives the inspection the page as it comes.
type feed struct {
	page  *page
	left  []byte
	weigh func() // weighs what was read
	wait  func(struct{}) bool
}

// Read implements io.Reader.
func (f *feed) Read(b []byte) (int, error) {
	for len(f.left) == 0 {
		if f.page.whole {
			return 0, io.EOF
		}
		if f.weigh(); f.page.found.Verdict.Action != filter.Pass || !f.wait(struct{}{}) {
			return 0, errEnough
		}
		f.left = f.page.ready
	}
	n := copy(b, f.left)
	f.left = f.left[n:]
	return n, nil
}

// inspect reads a page as a person would, and weighs it. It returns ErrBlocked if the page is too heavy.
func (p *page) inspect(open func(weigh func()) io.Reader) (err error) {
	defer func() {
		if recover() != nil {
			err = errInspection // anything more could hold content
		}
	}()
	stream, err := p.e.o.Engine.Stream(conduct)
	if err != nil {
		return err
	}
	defer stream.Close()
	size := 0
	var fault error
	shown := extract.NewPage(p.ctx, func(seg text.Segment) error {
		size += len(seg.Text) - seg.Overlap
		fault = stream.Written(seg)
		return fault
	})
	weigh := func() {
		text := size
		if p.slow && !p.whole {
			text = max(text, leastText)
		}
		p.found.Verdict = p.e.weigh(stream, text)
	}
	plain, done, err := decode(p.codings, open(func() { shown.Flush(); weigh() }))
	defer done()
	if err != nil {
		return p.unread()
	}
	limit := &io.LimitedReader{R: plain, N: int64(p.e.o.Limits.Page)}
	err = shown.Read(limit, p.charset)
	if fault != nil || p.ctx.Err() != nil {
		return errors.Join(fault, p.ctx.Err())
	}
	weigh()
	p.found.Incomplete = limit.N <= 0 || stream.Exhausted()
	if stops(p.found.Verdict) {
		return ErrBlocked
	}
	if p.found.Uninspectable = err != nil && !errors.Is(err, errEnough); p.found.Uninspectable &&
		!errors.Is(err, io.ErrUnexpectedEOF) {
		return p.unread()
	}
	return nil
}

// leastText is for how much text a page counts that is weighed at its beginning, because it comes slowly, in bytes.
const leastText = 1 << 10

// unread stops a page whose coding cannot be undone, of which a browser could show more than was read.
func (p *page) unread() error {
	p.found.Uninspectable, p.found.Verdict = true, p.e.uninspected(filter.Reject)
	return ErrBlocked
}

// pageWindow is how much of a page goes on at once after the head, in bytes.
const pageWindow = 16 << 10

// Read implements io.Reader.
func (p *page) Read(b []byte) (int, error) {
	for len(p.ready) == 0 {
		switch {
		case p.err != nil:
			return 0, p.err
		case p.whole:
			p.release()
			if p.cut != nil {
				return 0, p.cut
			}
			return 0, io.EOF
		case p.next == nil:
			return p.src.Read(b)
		}
		p.nextWindow()
	}
	n := copy(b, p.ready)
	p.ready = p.ready[n:]
	return n, nil
}

// nextWindow takes a window of always the same size, and has it inspected.
func (p *page) nextWindow() {
	window := (*p.buf)[:min(pageWindow, len(*p.buf))]
	patience := p.e.o.Limits.Slow
	if p.slow {
		patience = min(patience, shortWait)
	}
	if p.err = p.receive(window, patience); p.err != nil {
		return
	}
	p.step()
	if p.next != nil && !p.whole {
		return
	}
	if p.err != nil && p.err != ErrBlocked {
		p.err = p.e.failure(p.x, conduct, p.err)
	}
	p.x.Note(p.found)
	if p.err != nil {
		p.ready = nil
	}
}

// release gives the buffer back.
func (p *page) release() {
	if p.buf != nil {
		clear(*p.buf)
		p.e.heads.Put(p.buf)
		p.buf, p.ready = nil, nil
	}
}

// Close implements io.Closer.
func (p *page) Close() error {
	p.stop()
	p.release()
	err := p.body.Close() // ends a read in the background
	p.src.close()
	return err
}

// weigh judges the hits in so many bytes of text. The verdict names the category with most points, and the rule with
// most of those.
func (e *Inspector) weigh(s *filter.Stream, size int) (v filter.Verdict) {
	total, often, most, heaviest := 0, 0, 0, 0
	var points [len(forbidden)]int
	s.Found(func(r *rules.Rule, distinct, times int) {
		if int(r.Category) >= len(forbidden) || !forbidden[r.Category] {
			return
		}
		p := r.Score * distinct
		total, often = total+p, often+r.Score*times
		if points[r.Category] += p; points[r.Category] > most {
			if most = points[r.Category]; r.Category != v.Category {
				v.Category, heaviest = r.Category, 0
			}
		}
		if r.Category == v.Category && p > heaviest {
			v.Rule, heaviest = r.ID, p
		}
	})
	if total < e.o.Weight.Points || often*1024 < e.o.Weight.Density*size {
		return filter.Verdict{}
	}
	v.Action, v.Purpose, v.Clause = filter.Reject, rules.Conduct, e.pageClause
	return v
}

// forbidden are the categories that no site may show (C2.8a).
var forbidden = [...]bool{
	rules.Pornography:    true,
	rules.Racism:         true,
	rules.Discrimination: true,
	rules.Insult:         true,
	rules.Incitement:     true,
}
