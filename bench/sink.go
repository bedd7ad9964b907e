package main

import (
	"strconv"
	"sync"
	"time"

	"sluis/internal/testenv"
)

// sink is the next hop of the comparisons: it takes mail as fast as it comes and records when each message arrived.
type sink struct {
	*testenv.Sink

	mu      sync.Mutex
	arrived []time.Time // by message number; zero if it has not
	count   int
	last    time.Time
}

func newSink() (*sink, error) {
	hop, err := testenv.OpenSink()
	if err != nil {
		return nil, err
	}
	s := &sink{Sink: hop}
	hop.Detail, hop.Taken = testenv.Counts, s.note
	hop.Start()
	return s, nil
}

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

// note records the arrival of the message with a number for a token.
func (s *sink) note(token string) {
	now := time.Now()
	n, err := strconv.Atoi(token)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && n >= 0 && n < len(s.arrived) && s.arrived[n].IsZero() {
		s.arrived[n] = now
		s.count++
		s.last = now
	}
}
