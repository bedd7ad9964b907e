package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// receivedBody is the body that a client sends: counted, and not waited for without end.
type receivedBody struct {
	io.ReadCloser
	flow    *flow
	control *http.ResponseController
	idle    time.Duration
	over    atomic.Bool
}

// Read implements io.Reader.
func (b *receivedBody) Read(p []byte) (int, error) {
	if b.over.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	b.control.SetReadDeadline(time.Now().Add(b.idle))
	n, err := b.ReadCloser.Read(p)
	b.flow.bytes.Add(int64(n))
	if err == io.EOF { // all is there; how long the response takes is another matter
		b.control.SetReadDeadline(time.Time{})
	}
	return n, err
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
