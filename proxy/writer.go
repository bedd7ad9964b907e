package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"sluis/proxy/clienthello"
)

// writer is how a client gets its response. It remembers the status, and the connection if that was taken over.
type writer struct {
	http.ResponseWriter
	flow     *flow
	control  *http.ResponseController
	hijacked net.Conn
}

func newWriter(w http.ResponseWriter, f *flow) *writer {
	return &writer{ResponseWriter: w, flow: f, control: http.NewResponseController(w)}
}

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.flow.status = status
		if w.flow.length != "" {
			w.Header().Set("Content-Length", w.flow.length)
		}
		if w.flow.untyped { // net/http would add one that it guesses
			w.Header()["Content-Type"] = nil
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *writer) Write(b []byte) (int, error) {
	if w.flow.status == 0 {
		w.flow.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Flush implements http.Flusher.
func (w *writer) Flush() { w.control.Flush() }

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack implements http.Hijacker: the connection becomes a tunnel, which no longer holds requests. What the
// client sent ahead is read from the connection again.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.control.Hijack()
	if err != nil {
		return nil, nil, err
	}
	peeked, _ := rw.Reader.Peek(rw.Reader.Buffered())
	early := append([]byte(nil), peeked...)
	if g, ok := conn.(*guard); ok {
		early = append(early, g.rest()...)
		conn = g.Conn
	}
	if len(early) > 0 {
		conn = clienthello.Replay(conn, early)
	}
	rw.Reader.Reset(conn)
	rw.Writer.Reset(conn)
	w.flow.status, w.hijacked = http.StatusSwitchingProtocols, conn
	return conn, rw, nil
}

// flushEvery is how long bytes of a body of known length may wait for more.
const flushEvery = time.Second

// ReadFrom implements io.ReaderFrom: it sends a body as it comes. If its length is not known it is a stream, of
// which nothing waits.
func (w *writer) ReadFrom(src io.Reader) (total int64, err error) {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	dst := &flusher{writer: w, at: flushEvery}
	if w.Header().Get("Content-Length") == "" {
		dst.at = 0
	}
	defer dst.stop()
	for {
		n, err := src.Read(*buf)
		if n > 0 {
			if k, err := dst.Write((*buf)[:n]); err != nil {
				return total + int64(k), err
			}
			total += int64(n)
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// buffers are reused between responses.
var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// flusher writes, and flushes in time.
type flusher struct {
	*writer
	at time.Duration // after which it flushes; zero: at once

	mu      sync.Mutex
	timer   *time.Timer
	waiting bool // something is not flushed yet
}

// Write implements io.Writer.
func (f *flusher) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.writer.Write(b)
	switch {
	case err != nil || f.waiting:
	case f.at == 0:
		f.Flush()
	case f.timer == nil:
		f.waiting, f.timer = true, time.AfterFunc(f.at, f.late)
	default:
		f.waiting = true
		f.timer.Reset(f.at)
	}
	return n, err
}

// late flushes what has waited.
func (f *flusher) late() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting {
		f.waiting = false
		f.Flush()
	}
}

func (f *flusher) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting = false; f.timer != nil {
		f.timer.Stop()
	}
}
