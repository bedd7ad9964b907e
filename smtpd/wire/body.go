package wire

import (
	"errors"
	"io"
	"os"
	"time"
)

// Body begins the body of a message, after DATA or BDAT, and returns a reader of it: without
// framing, and else as the client sent it. Session.Data calls it once, before anything else,
// instead of reading from go-smtp.
//
// Read needs room for two bytes. Its error is io.EOF at the end of the body and only there, a
// Reply that refuses the body, ErrGivenUp, os.ErrDeadlineExceeded, or
// io.ErrUnexpectedEOF if the connection broke.
func (c *Conn) Body() io.Reader {
	if c.state == chunkOffered {
		c.text = c.text[:0] // 354 is for DATA
		c.state = inChunks
		return body{c}
	}
	c.settle()
	c.startBody(inData)
	return body{c}
}

// Smuggled reports whether the body had a lone dot next to a bare line feed, which another
// server may take for its end.
func (c *Conn) Smuggled() bool { return c.frame.smuggled }

// startBody makes the connection ready for a body.
func (c *Conn) startBody(s state) {
	c.state, c.frame = s, framer{}
	c.quiet.Store(0)
	c.bodyEnd = time.Now().Add(c.opts.Limits.BodyTime)
}

// endBody is the end of a body: what follows are commands.
func (c *Conn) endBody() { c.state, c.chunk = afterBody, chunk{} }

// body is the content of a message.
type body struct{ *Conn }

// Read implements io.Reader.
func (c body) Read(p []byte) (int, error) {
	for {
		switch c.state {
		case inData:
			src, err := c.buffered()
			if err != nil {
				return 0, c.breakOff(err)
			}
			nd, ns, end := c.frame.data(p, src)
			c.in.Discard(ns)
			if end {
				c.endBody()
			}
			if nd > 0 {
				return nd, nil
			}
		case inChunks:
			if n, err := c.readChunk(p); n > 0 || err != nil {
				return n, err
			}
		case afterBody:
			return 0, io.EOF
		default:
			return 0, io.ErrUnexpectedEOF
		}
	}
}

// buffered returns what the client sent and is not read yet, at least a byte of it.
func (c *Conn) buffered() ([]byte, error) {
	if c.in.Buffered() == 0 {
		if _, err := c.in.Peek(1); err != nil {
			return nil, err
		}
	}
	return c.in.Peek(c.in.Buffered())
}

// breakOff notes that a body will never be complete. A dropped connection must not look
// like the end of a message.
func (c *Conn) breakOff(err error) error {
	c.state = broken
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return os.ErrDeadlineExceeded
	}
	return io.ErrUnexpectedEOF
}
