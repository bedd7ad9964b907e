package wire

import (
	"io"
	"net"
	"strconv"
	"strings"
)

// chunk is how far a body by BDAT has come.
type chunk struct {
	left     int64 // bytes of this chunk
	received int64 // bytes of all chunks, this one whole
	last     bool
	answered bool
}

// firstChunk handles BDAT outside of a body (RFC 3030). To go-smtp it is DATA.
func (c *Conn) firstChunk(arg string) {
	if !c.parseChunk(arg) {
		return
	}
	c.startBody(chunkOffered)
	c.pass("DATA")
}

// parseChunk parses the argument of BDAT. If it cannot be understood, it is not known how
// many bytes follow, and the connection has to close.
func (c *Conn) parseChunk(arg string) bool {
	f := strings.Fields(arg)
	bad := len(f) == 0 || len(f) > 2 || len(f) == 2 && !strings.EqualFold(f[1], "LAST")
	var n uint64
	if !bad {
		var err error
		n, err = strconv.ParseUint(f[0], 10, 31)
		bad = err != nil || f[0][0] == '+'
	}
	if bad {
		c.hangUp(501, "5.5.4 Syntax: BDAT size [LAST]")
		return false
	}
	c.chunk.left, c.chunk.last, c.chunk.answered = int64(n), len(f) == 2, false
	c.chunk.received += int64(n)
	return true
}

// readChunk reads from the current chunk, or settles what comes after it.
func (c *Conn) readChunk(p []byte) (int, error) {
	switch {
	case c.chunk.received > c.opts.Limits.MessageSize:
		if err := c.skipChunk(); err != nil {
			return 0, c.breakOff(err)
		}
		c.endBody()
		return 0, NewReply(552, "5.3.4 Message is too large")
	case c.chunk.left > 0:
		n, err := c.in.Read(p[:min(int64(len(p)), c.chunk.left)])
		c.chunk.left -= int64(n)
		if err != nil {
			return n, c.breakOff(err)
		}
		return n, nil
	case c.chunk.last:
		c.endBody()
		return 0, nil
	}
	return 0, c.betweenChunks()
}

// betweenChunks answers a chunk and handles commands up to the next. go-smtp is in the middle
// of DATA meanwhile.
func (c *Conn) betweenChunks() error {
	if !c.chunk.answered {
		c.chunk.answered = true
		c.say(250, "2.0.0 Chunk received")
	}
	line, err := c.readLine()
	if err != nil {
		return io.ErrUnexpectedEOF // never the end of the body
	}
	verb, arg, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "BDAT":
		if !c.parseChunk(arg) {
			return net.ErrClosed
		}
	case "RSET", "QUIT", "EHLO", "HELO":
		c.unread = line
		c.endBody()
		return ErrGivenUp
	case "NOOP":
		c.say(250, "2.0.0 Ok")
	default:
		c.say(503, "5.5.1 A message is being transferred: only BDAT, RSET or QUIT")
	}
	return nil
}

// skipChunk reads what is left of a chunk that belongs to no message.
func (c *Conn) skipChunk() error {
	for c.chunk.left > 0 {
		n, err := c.in.Discard(int(min(c.chunk.left, readBuffer)))
		c.chunk.left -= int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}
