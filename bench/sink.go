package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// sink takes mail as fast as it comes and notes when each message arrived. It speaks
// SMTP by hand, as the source does.
type sink struct {
	ln net.Listener

	mu      sync.Mutex
	arrived []time.Time // by message number; zero if it has not
	count   int
	last    time.Time
}

func newSink() (*sink, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{ln: ln}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go s.session(c)
		}
	}()
	return s, nil
}

func (s *sink) addr() string { return s.ln.Addr().String() }
func (s *sink) close()       { s.ln.Close() }

// expect forgets what has arrived and makes room for as many messages.
func (s *sink) expect(messages int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived, s.count, s.last = make([]time.Time, messages), 0, time.Time{}
}

// received returns how many different messages have arrived, and when the last one did.
func (s *sink) received() (int, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count, s.last
}

// arrival returns when a message arrived, zero if it has not.
func (s *sink) arrival(n int) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrived[n]
}

func (s *sink) session(c net.Conn) {
	defer c.Close()
	r := bufio.NewReaderSize(c, 64<<10)
	io.WriteString(c, "220 sink.example ESMTP\r\n")
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		reply := "250 2.0.0 Ok\r\n"
		switch verb := string(bytes.ToUpper(line[:min(4, len(line))])); verb {
		case "EHLO":
			reply = "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250-SIZE 104857600\r\n250 ENHANCEDSTATUSCODES\r\n"
		case "DATA":
			io.WriteString(c, "354 Go ahead\r\n")
			if err := s.data(r); err != nil {
				return
			}
		case "QUIT":
			io.WriteString(c, "221 2.0.0 Bye\r\n")
			return
		}
		// Replies to pipelined commands go out together.
		if _, err := io.WriteString(c, reply); err != nil {
			return
		}
	}
}

// data reads one message to its end.
func (s *sink) data(r *bufio.Reader) error {
	n := -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return err
		}
		if v, ok := bytes.CutPrefix(line, []byte("X-Bench: ")); ok && n < 0 {
			n, _ = strconv.Atoi(string(bytes.TrimSpace(v))) // our own header
		}
		if bytes.Equal(line, []byte(".\r\n")) {
			s.note(n)
			return nil
		}
	}
}

func (s *sink) note(n int) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if n >= 0 && n < len(s.arrived) && s.arrived[n].IsZero() {
		s.arrived[n] = now
		s.count++
		s.last = now
	}
}
