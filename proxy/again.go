package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// againBody is a body of a request that can be sent again as long as its beginning is kept: a site over HTTP/2 says of
// requests that it has not seen them (RFC 9113, section 6.8), and they would be lost else.
type againBody struct {
	mu   sync.Mutex // also while the body is read: what an attempt that is over has asked for is kept
	body io.ReadCloser
	kept []byte // all that was read
	lost bool   // more was read than is kept
	end  error  // of the body, once it was reached

	closed sync.Once
}

// keptAgain bounds what is kept of a body, in bytes.
const keptAgain = 64 << 10

var errNotAgain = errors.New("the body of the request cannot be sent again")

// sendAgain lets a request be sent again. What it returns has to be closed with the request.
func sendAgain(r *http.Request) *againBody {
	b := &againBody{body: r.Body}
	r.Body, r.GetBody = &attempt{whole: b}, b.open
	return b
}

// close closes the body itself. A nil *againBody has none.
func (b *againBody) close() {
	if b != nil {
		b.closed.Do(func() { b.body.Close() })
	}
}

// open returns the body from its beginning.
func (b *againBody) open() (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost {
		return nil, errNotAgain
	}
	return &attempt{whole: b}, nil
}

// attempt is a body that is sent once.
type attempt struct {
	whole *againBody
	at    int // of what is kept
	over  atomic.Bool
}

// Read implements io.Reader.
func (a *attempt) Read(p []byte) (int, error) {
	b := a.whole
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.over.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	if a.at < len(b.kept) {
		n := copy(p, b.kept[a.at:])
		a.at += n
		return n, nil
	}
	if b.end != nil {
		return 0, b.end
	}
	n, err := b.body.Read(p)
	b.end = err
	switch {
	case b.lost:
	case len(b.kept)+n > keptAgain:
		b.kept, b.lost = nil, true
	default:
		b.kept = append(b.kept, p[:n]...)
		a.at += n
	}
	return n, err
}

// Close implements io.Closer. The body itself is closed once it is not needed for another attempt.
func (a *attempt) Close() error {
	a.over.Store(true)
	b := a.whole
	if !b.mu.TryLock() { // it is being read: the end of the request closes it
		return nil
	}
	done := b.lost || b.end != nil
	b.mu.Unlock()
	if done {
		b.close()
	}
	return nil
}
