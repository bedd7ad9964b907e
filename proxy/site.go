package proxy

import (
	"bytes"
	"errors"
	"net"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// site is a connection to a site, which ends when it was silent in both directions for too long.
type site struct {
	net.Conn
	idle    time.Duration // for a write
	silence atomic.Int64  // that is borne, in nanoseconds
	last    atomic.Int64  // when bytes last went either way, or were asked for, in nanoseconds since 1970
}

// newSite returns a connection that bears silence until a response may have begun.
func newSite(c net.Conn, l Limits) *site {
	s := &site{Conn: c, idle: l.Idle}
	s.bear(max(l.Idle, l.Response))
	return s
}

// bear sets how much silence is borne.
func (s *site) bear(silence time.Duration) { s.silence.Store(int64(silence)) }

func (s *site) spoke() { s.last.Store(time.Now().UnixNano()) }

// Read implements net.Conn.
func (s *site) Read(b []byte) (int, error) {
	s.spoke()
	for {
		s.SetReadDeadline(time.Unix(0, s.last.Load()+s.silence.Load()))
		n, err := s.Conn.Read(b)
		switch {
		case n > 0:
			s.spoke()
		case errors.Is(err, os.ErrDeadlineExceeded) && time.Now().UnixNano() < s.last.Load()+s.silence.Load():
			continue // the other direction was in use
		}
		return n, err
	}
}

// Write implements net.Conn.
func (s *site) Write(b []byte) (int, error) {
	s.SetWriteDeadline(time.Now().Add(s.idle))
	n, err := s.Conn.Write(b)
	if n > 0 {
		s.spoke()
	}
	return n, err
}

// headed is a connection to a site that speaks HTTP/1.1. net/http drops a Connection field of a response that holds
// close, and with it the names of other fields that are about one hop (RFC 9110, section 7.6.1): headed keeps them.
type headed struct {
	net.Conn

	mu    sync.Mutex
	state headState
	line  []byte   // as far as it has come, and is of use
	named []string // the fields that Connection names
}

type headState uint8

const (
	headOver headState = iota
	headStatus
	headInterim
	headFields
)

// headLine bounds what is kept of a line, in bytes.
const headLine = 4 << 10

// NetConn returns the connection beneath.
func (h *headed) NetConn() net.Conn { return h.Conn }

// expect notes that a request is about to be sent: a header comes next.
func (h *headed) expect() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state, h.line, h.named = headStatus, h.line[:0], nil
}

// fieldsOfHop returns the fields that the last header names in Connection.
func (h *headed) fieldsOfHop() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.named
}

// Read implements net.Conn.
func (h *headed) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	h.mu.Lock()
	defer h.mu.Unlock()
	for rest := b[:n]; h.state != headOver && len(rest) > 0; {
		piece := rest
		end := bytes.IndexByte(rest, '\n')
		if end >= 0 {
			piece = rest[:end]
		}
		h.line = append(h.line, piece[:min(len(piece), headLine-min(len(h.line), headLine))]...)
		if end < 0 {
			break
		}
		h.take(string(bytes.TrimSuffix(h.line, []byte("\r"))))
		rest, h.line = rest[end+1:], h.line[:0]
	}
	return n, err
}

// take takes a line of a header.
func (h *headed) take(line string) {
	switch {
	case h.state == headStatus:
		_, status, _ := strings.Cut(line, " ")
		if h.state = headFields; strings.HasPrefix(status, "1") && !strings.HasPrefix(status, "101") {
			h.state = headInterim
		}
	case line == "" && h.state == headInterim:
		h.state = headStatus
	case line == "":
		h.state = headOver
	case h.state == headFields:
		name, value, _ := strings.Cut(line, ":")
		if !strings.EqualFold(textproto.TrimString(name), "Connection") {
			break
		}
		for token := range strings.SplitSeq(value, ",") {
			if token = textproto.TrimString(token); token != "" && !slices.Contains(h.named, token) {
				h.named = append(h.named, token)
			}
		}
	}
}
