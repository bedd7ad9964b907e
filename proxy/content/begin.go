package content

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"sluis/filter/text"
	"sluis/filter/text/extract"
)

// firstWait is how long the header of an answer that comes piece by piece waits for its first piece, so that a program
// gets a page that says why it was stopped.
const firstWait = 50 * time.Millisecond

// begin stops a program that says it comes piece by piece. Its first bytes go on as they come: a program whose mark
// comes in more than one piece is cut off there.
func (e *Inspector) begin(x *Exchange, resp *http.Response, f file) (blocked bool) {
	b := &begun{e: e, x: x, f: f, codings: codingsOf(resp.Header), body: resp.Body, first: make(chan received, 1)}
	go func() {
		piece := make([]byte, 512)
		n, err := b.body.Read(piece)
		b.first <- received{piece[:n], err}
	}()
	resp.Body = b
	timer := time.NewTimer(firstWait)
	defer timer.Stop()
	select {
	case r := <-b.first:
		b.take(r)
	case <-timer.C:
	}
	return b.err == ErrBlocked
}

// begun is a body that comes piece by piece, of which the first bytes have to be no program's.
type begun struct {
	e       *Inspector
	x       *Exchange
	f       file
	codings []string
	body    io.ReadCloser
	first   chan received // nil: it came
	left    []byte        // of it
	err     error         // after it

	head  []byte // as far as it has come
	known bool
}

func (b *begun) take(r received) {
	b.first, b.left, b.err = nil, r.piece, r.err
	if b.stops(r.piece) {
		b.left, b.err = nil, ErrBlocked
	}
}

// stops reports whether a program begins with what has come.
func (b *begun) stops(piece []byte) bool {
	if b.known {
		return false
	}
	b.head = append(b.head, piece[:min(len(piece), sniffLength-len(b.head))]...)
	r, done, err := decode(b.codings, bytes.NewReader(b.head))
	defer done()
	plain := make([]byte, shortHead)
	n := 0
	if err == nil {
		n, _ = io.ReadFull(r, plain)
	}
	if b.known = n == len(plain) || len(b.head) == sniffLength; n < len(plain) {
		return false
	}
	b.f.kind = extract.KindOf(plain, "")
	return b.f.kind == text.KindProgram && b.e.refused(b.x, b.f)
}

// Read implements io.Reader.
func (b *begun) Read(p []byte) (int, error) {
	if b.first != nil {
		b.take(<-b.first)
	}
	switch {
	case len(b.left) > 0:
		n := copy(p, b.left)
		b.left = b.left[n:]
		return n, nil
	case b.err != nil:
		return 0, b.err
	}
	n, err := b.body.Read(p)
	if b.stops(p[:n]) {
		b.err = ErrBlocked
		return 0, ErrBlocked
	}
	return n, err
}

// Close implements io.Closer.
func (b *begun) Close() error { return b.body.Close() } // ends a read in the background
