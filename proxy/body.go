package proxy

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// receivedBody is the body that a client sends: counted, and not waited for without end. While its site sends a client
// may be silent.
type receivedBody struct {
	io.ReadCloser
	flow    *flow
	control *http.ResponseController
	idle    time.Duration
	trailer http.Header // that its end fills; nil: none was announced
	over    atomic.Bool

	mu    sync.Mutex
	until time.Time // deadline
	ended bool      // nothing more is read
	fault error     // it did not arrive whole
}

// Read implements io.Reader.
func (b *receivedBody) Read(p []byte) (int, error) {
	if b.over.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	b.wait(0)
	n, err := b.ReadCloser.Read(p)
	b.flow.bytes.Add(int64(n))
	if err != nil {
		b.end(err)
	}
	return n, err
}

// wait gives the client time to go on, unless it has at least so much of it left.
func (b *receivedBody) wait(left time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); !b.ended && (left == 0 || b.until.Sub(now) < left) {
		b.until = now.Add(b.idle)
		b.control.SetReadDeadline(b.until)
	}
}

// siteSpoke notes that the site has sent something: the connection is not idle.
func (b *receivedBody) siteSpoke() {
	if !b.over.Load() {
		b.wait(b.idle * 3 / 4)
	}
}

func (b *receivedBody) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	if err != io.EOF {
		b.fault = err
		return
	}
	forTrailer(b.trailer, b.flow.decision.Header)
	b.control.SetReadDeadline(time.Time{}) // all is there; how long the response takes is another matter
}

// status returns the status for a body that did not arrive whole; 0: it did, or is still on its way.
func (b *receivedBody) status() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.fault == nil:
		return 0
	case errors.Is(b.fault, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout
	}
	return http.StatusBadRequest
}

// Close implements io.Closer. It leaves the body itself to the server: closing it here would wait for what the
// client has not sent yet, such as after Expect: 100-continue.
func (b *receivedBody) Close() error {
	b.over.Store(true)
	return nil
}

// setBodyTime sets a time for the body of a request to go on, whether or not anything reads it: net/http reads
// what is left of it after the response.
func setBodyTime(c *http.ResponseController, r *http.Request, idle time.Duration) {
	if r.ContentLength != 0 {
		c.SetReadDeadline(time.Now().Add(idle))
	}
}

// countedBody counts what a site sends.
type countedBody struct {
	io.ReadCloser
	flow *flow
}

// Read implements io.Reader.
func (c *countedBody) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.flow.bytes.Add(int64(n))
	if n > 0 {
		c.flow.sent.siteSpoke()
	}
	return n, err
}

// Write implements io.Writer, for what became a tunnel (WebSocket).
func (c *countedBody) Write(b []byte) (int, error) {
	w, ok := c.ReadCloser.(io.Writer)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	n, err := w.Write(b)
	c.flow.bytes.Add(int64(n))
	return n, err
}

// firstByte is a body that notes whether anything of it came.
type firstByte struct {
	io.ReadCloser
	came atomic.Bool
}

// Read implements io.Reader.
func (f *firstByte) Read(b []byte) (int, error) {
	n, err := f.ReadCloser.Read(b)
	if n > 0 || err != nil {
		f.came.Store(true)
	}
	return n, err
}

// delivery is the body that a client gets. It remembers whether it was cut off.
type delivery struct {
	io.ReadCloser
	flow *flow
}

// Read implements io.Reader.
func (d *delivery) Read(b []byte) (int, error) {
	n, err := d.ReadCloser.Read(b)
	if err != nil && err != io.EOF {
		d.flow.cut = true
	}
	return n, err
}
