package content

import (
	"io"
	"time"
)

// pace reads a body in the background, so that its reader can go on with what has come when the rest is slow.
type pace struct {
	asked chan struct{}
	got   chan received
	left  []byte
	err   error
	busy  bool // a piece was asked for
}

type received struct {
	piece []byte
	err   error
}

func newPace(src io.Reader) *pace {
	p := &pace{asked: make(chan struct{}, 1), got: make(chan received, 1)}
	go p.run(src)
	return p
}

// run reads a piece whenever one is asked for.
func (p *pace) run(src io.Reader) {
	buf := copies.Get().(*[]byte)
	defer func() {
		clear(*buf)
		copies.Put(buf)
	}()
	for range p.asked {
		n, err := src.Read(*buf)
		p.got <- received{(*buf)[:n:n], err}
		if err != nil && n == 0 {
			return
		}
	}
}

// close ends the reading. The body itself has to be closed as well.
func (p *pace) close() {
	if p.asked != nil {
		close(p.asked)
		p.asked, p.left, p.err = nil, nil, io.ErrClosedPipe
	}
}

// fill reads until b is full, but no longer than patience once something has come. The error is that with which the
// body ended.
func (p *pace) fill(b []byte, patience time.Duration) (n int, err error) {
	var over <-chan time.Time
	for {
		k := copy(b[n:], p.left)
		p.left, n = p.left[k:], n+k
		switch {
		case n == len(b):
			return n, nil
		case len(p.left) == 0 && p.err != nil:
			return n, p.err
		}
		if !p.busy {
			p.asked <- struct{}{}
			p.busy = true
		}
		select {
		case r := <-p.got:
			p.take(r)
			continue
		default:
		}
		if over == nil {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			over = timer.C
		}
		if n == 0 {
			p.take(<-p.got) // there is nothing to go on with
			continue
		}
		select {
		case r := <-p.got:
			p.take(r)
		case <-over:
			return n, nil
		}
	}
}

func (p *pace) take(r received) { p.left, p.err, p.busy = r.piece, r.err, false }

// Read implements io.Reader.
func (p *pace) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for len(p.left) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		if !p.busy {
			p.asked <- struct{}{}
			p.busy = true
		}
		p.take(<-p.got)
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}
