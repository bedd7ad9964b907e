package smtpd

import (
	"bytes"
	"io"
)

// guard reads a body and yields it with clean line endings: every bare LF becomes CRLF,
// once and counted, and a last line without an end gets one. The result is spooled, inspected
// and forwarded, so that no server downstream reads other lines than the scanner did. A bare
// CR or a NUL cannot be repaired without changing what the message says: it is noted, and the
// message is refused.
type repairer struct {
	r        io.Reader
	cr       bool // the last byte was a CR
	last     byte // 0 at the start
	err      error
	repaired uint32
	bareCR   bool
	nul      bool
}

// Read implements io.Reader. p needs room for two bytes.
func (g *repairer) Read(p []byte) (int, error) {
	if len(p) < 2 {
		return 0, io.ErrShortBuffer
	}
	if g.err == io.EOF {
		if n := g.finish(p); n > 0 {
			return n, nil
		}
	}
	if g.err != nil {
		return 0, g.err
	}
	// Half of p is read at a time, into its end: a repaired byte takes two.
	in := p[len(p)-len(p)/2:]
	n, err := g.r.Read(in)
	g.err = err
	return g.clean(p, in[:n]), nil
}

// clean writes the repaired form of in to p. They overlap: in is the second half of p,
// and writing never overtakes reading.
func (g *repairer) clean(p, in []byte) int {
	if len(in) == 0 {
		return 0
	}
	g.nul = g.nul || bytes.IndexByte(in, 0) >= 0
	out := 0
	for len(in) > 0 {
		if g.cr && in[0] != '\n' {
			g.bareCR = true
		}
		i := bytes.IndexByte(in, '\n')
		line := in
		if i >= 0 {
			line = in[:i]
		}
		// A CR inside the line, other than just before its LF, is bare.
		if j := bytes.IndexByte(line, '\r'); j >= 0 && j < len(line)-1 {
			g.bareCR = true
		}
		ended := g.cr
		if len(line) > 0 {
			ended = line[len(line)-1] == '\r'
			g.last = line[len(line)-1]
		}
		out += copy(p[out:], line)
		if i < 0 {
			g.cr = ended
			return out
		}
		in = in[i+1:]
		if !ended {
			p[out] = '\r'
			out++
			g.repaired++
		}
		p[out] = '\n'
		out++
		g.cr, g.last = false, '\n'
	}
	return out
}

// finish ends the last line.
func (g *repairer) finish(p []byte) int {
	g.bareCR = g.bareCR || g.cr
	if g.last == 0 || g.last == '\n' {
		return 0
	}
	g.last = '\n'
	return copy(p, "\r\n")
}
