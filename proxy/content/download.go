package content

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"sluis/filter"
	"sluis/internal/clamd"
	"sluis/rules"
)

// download has a file scanned for malware (C2.9a). A browser that has waited long enough gets a little of it now and
// then, never the end, until the scanner has answered.
func (e *Inspector) download(ctx context.Context, x *Exchange, resp *http.Response, src io.Reader) (bool, error) {
	d := &download{
		e:       e,
		x:       x,
		src:     src,
		body:    resp.Body,
		buffer:  e.newBuffer(),
		codings: codingsOf(resp.Header),
		over:    make(chan struct{}),
	}
	go d.run(ctx)
	select {
	case <-d.over:
		if d.err != nil {
			d.Close()
			return errors.Is(d.err, ErrBlocked), notBlocked(d.err)
		}
	case <-time.After(e.o.Limits.Patience):
	}
	resp.Body = d
	return false, nil
}

func notBlocked(err error) error {
	if errors.Is(err, ErrBlocked) {
		return nil
	}
	return err
}

// download is the body of a file that waits for the scanner.
type download struct {
	e       *Inspector
	x       *Exchange
	src     io.Reader
	body    io.Closer
	buffer  *buffer
	codings []string
	sent    int64

	over  chan struct{} // closed when the scanner has answered
	whole bool          // then: all of it is in the buffer
	err   error         // then: why it does not go on
}

// run takes the file in and has it scanned.
func (d *download) run(ctx context.Context) {
	defer close(d.over)
	whole, err := d.buffer.fill(d.src, int64(d.e.o.Limits.Scanned))
	d.whole = whole
	switch {
	case errors.Is(err, errBusy):
		d.err = d.e.failure(d.x, security, err)
		return
	case err != nil:
		d.err = cutOff("receive a download", err)
		return
	}
	v, note, err := d.scan(ctx)
	if err != nil {
		d.err = d.e.failure(d.x, security, err)
		return
	}
	d.x.Note(Found{Verdict: v})
	if stops(v) || stops(d.e.doubt(d.x, note)) {
		d.err = ErrBlocked
	}
}

// scan has the file scanned as the browser will have it.
func (d *download) scan(ctx context.Context) (v filter.Verdict, note Found, err error) {
	ctx, cancel := context.WithTimeout(ctx, d.e.o.Limits.Inspect)
	defer cancel()
	note.Incomplete = !d.whole
	r, done, err := decode(d.codings, d.buffer.reader(0))
	defer done()
	if err != nil {
		note.Uninspectable = true
		r = d.buffer.reader(0)
	}
	plain := &tolerant{r: r, left: int64(d.e.o.Limits.Inflated)}
	signature, err := d.e.o.Scanner.Scan(ctx, plain)
	switch {
	case errors.Is(err, clamd.ErrTooLarge):
		note.Incomplete = true
		return v, note, nil
	case err != nil:
		return v, note, err
	}
	note.Incomplete = note.Incomplete || plain.left <= 0
	note.Uninspectable = note.Uninspectable || plain.damaged && d.whole
	if signature != "" {
		v = filter.Verdict{
			Action:   filter.Reject,
			Purpose:  rules.Security,
			Category: rules.Malware,
			Clause:   d.e.fileClause,
			Rule:     filter.SignatureRule,
		}
	}
	return v, note, nil
}

// tolerant ends where its source is damaged, or becomes too large.
type tolerant struct {
	r       io.Reader
	left    int64
	damaged bool
}

// Read implements io.Reader.
func (t *tolerant) Read(p []byte) (int, error) {
	if t.left <= 0 {
		return 0, io.EOF
	}
	n, err := t.r.Read(p[:min(int64(len(p)), t.left)])
	t.left -= int64(n)
	if err != nil && err != io.EOF {
		t.damaged, err = true, io.EOF
	}
	return n, err
}

// A browser that waits gets a few bytes each second, and never more than a small part of what has come.
const (
	trickle      = 256
	trickleEvery = time.Second
	trickleShare = 16
)

// Read implements io.Reader.
func (d *download) Read(p []byte) (int, error) {
	for {
		select {
		case <-d.over:
			return d.rest(p)
		case <-time.After(trickleEvery):
		}
		select {
		case <-d.over:
			return d.rest(p)
		default:
		}
		if n := min(trickle, int64(len(p)), d.buffer.length()/trickleShare-d.sent); n > 0 {
			k, err := d.buffer.ReadAt(p[:n], d.sent)
			d.sent += int64(k)
			return k, err
		}
	}
}

// rest reads a file that the scanner found clean.
func (d *download) rest(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if left := d.buffer.length() - d.sent; left > 0 && len(p) > 0 {
		n, err := d.buffer.ReadAt(p[:min(int64(len(p)), left)], d.sent)
		d.sent += int64(n)
		if n > 0 {
			err = nil
		}
		return n, err
	}
	if d.whole {
		return 0, io.EOF
	}
	return d.src.Read(p)
}

// Close implements io.Closer.
func (d *download) Close() error {
	err := d.body.Close() // ends run, if it still takes the file in
	<-d.over
	d.buffer.Close()
	return err
}
