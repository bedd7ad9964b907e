package proxy

import (
	"errors"
	"net"
	"os"
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
