package proxy

import (
	"bytes"
	"net"
	"regexp"
	"time"

	"sluis/proxy/clienthello"
)

// requestLine is the first line of HTTP/1 (RFC 9112, section 3). Other protocols of lines, such as SSH's, have none of
// that form.
var requestLine = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^ ]+ HTTP/1\\.[01]\r?$")

// beginsRequest is what may become such a line. Anything else is another protocol as soon as that shows, so that
// its server need not wait for the end of a line that never comes.
var beginsRequest = regexp.MustCompile("^(?:\r|[!#$%&'*+.^_`|~0-9A-Za-z-]*|[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^ ]*|" +
	"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^ ]+ (?:H(?:T(?:T(?:P(?:/(?:1(?:\\.(?:[01]\r?)?)?)?)?)?)?)?)?)$")

// Bounds of a request line, in bytes. A longer beginning than the second is not checked again with each byte that comes.
const (
	longestLine  = 64 << 10
	longestCheck = 512
)

// readRequestLine reads on from a connection, which has a deadline, of which raw was read, until it is clear whether
// the client speaks HTTP/1. It returns all that was read.
func readRequestLine(c net.Conn, raw []byte) (all []byte, is bool) {
	for buf := make([]byte, 4<<10); ; {
		text := bytes.TrimPrefix(raw, []byte("\r\n")) // RFC 9112, section 2.2
		if line, _, whole := bytes.Cut(text, []byte("\n")); whole {
			return raw, requestLine.Match(line)
		}
		if len(text) <= longestCheck && !beginsRequest.Match(text) || len(raw) > longestLine {
			return raw, false
		}
		n, err := c.Read(buf)
		raw = append(raw, buf[:n]...)
		if err != nil {
			return raw, false
		}
	}
}

// serveHTTP serves the requests of a client that speaks HTTP without TLS within its tunnel: browsers reach ws:// that
// way, and Node's agents http://. They are judged as those that come without a tunnel are.
func (t *tunnel) serveHTTP(raw []byte) {
	if t.upstream != nil {
		t.upstream.Close()
		t.upstream = nil
	}
	t.plain, t.site = true, t.host
	t.known.Hosts[0] = t.host
	t.conn.SetDeadline(time.Time{})
	in := &interceptedConn{clienthello.Replay(t.conn, raw), t}
	if t.proxy.handover.offer(newGuard(in, int(t.generation.Limits.Header))) != nil {
		t.finish()
	}
}
