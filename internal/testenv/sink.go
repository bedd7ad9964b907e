package testenv

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// Sink is a next hop (RFC 5321) that records what arrives, is strict about what the protocol asks, and fails on
// demand. It is written by hand, so that a fault of an SMTP library cannot hide itself.
//
// A message is known by its field "X-Token: TOKEN". Its hash begins with that line, so that prepended fields do not
// count.
type Sink struct {
	// These are set before Start. Their zero values are those of a good next hop.
	Extensions []string           // what EHLO offers; nil for AllExtensions
	TLS        *tls.Config        // for STARTTLS, which is not offered without
	Detail     Detail             // what is recorded of each message
	Lenient    bool               // takes bodies with bare CR and LF
	Taken      func(token string) // called for each message that is taken

	ln      net.Listener
	stopped context.Context
	stop    context.CancelFunc

	mu       sync.Mutex
	arrivals map[string]Arrival
	messages []*Message
	commands []string
	faults   func(Step) Fault
	breaches []string
	sessions int
	open     map[net.Conn]bool
	wg       sync.WaitGroup
}

// AllExtensions are what a Sink offers unless it has others.
var AllExtensions = []string{"PIPELINING", "SIZE 104857600", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "DSN"}

// Detail is how much a Sink records of each message.
type Detail uint8

// The details.
const (
	Sums   Detail = iota // counts and hashes, for Arrivals
	Counts               // counts alone: the least work, for measurements
	Whole                // all bytes and commands too, for Messages and Commands
)

// Arrival is what a Sink knows of the messages with one token that it took.
type Arrival struct {
	Times   int
	Sum     [sha256.Size]byte // SHA-256 of the last one, from the line with the token on
	Differs bool              // they were not all the same
	Bytes   int64             // of the last one, prepended fields included
	From    string            // the arguments of its MAIL command
	To      []string          // and of its RCPT commands
}

// Message is one message that a Sink took, whole.
type Message struct {
	From string   // the whole MAIL command
	To   []string // the whole RCPT commands
	Data []byte   // without dot-stuffing
	TLS  bool     // it came over TLS
}

// Stage is a point of a session at which a Sink can fail.
type Stage uint8

// The stages: at each the client waits for a reply to what has just come, save InBody.
const (
	OnConnect Stage = iota
	OnHello
	OnMail
	OnRcpt
	OnData
	InBody    // after the first 64 KB of a body
	OnBody    // to the final dot
	OnCommand // to any other command
)

// Step is what a Sink is about to reply to.
type Step struct {
	At   Stage
	Line string // the command, where there is one
}

// Fault is what a Sink does instead of what it should. The zero Fault is none.
type Fault struct {
	Delay time.Duration // before anything else
	Reply string        // instead of the usual one, such as "451 4.3.0 Not now"
	Drop  bool          // the connection is closed, without a reply or after Reply
	Keep  bool          // with OnBody: the message counts as taken all the same
}

// At is a fault at one stage, for Misbehave.
func (f Fault) At(stage Stage) func(Step) Fault {
	return func(s Step) Fault {
		if s.At == stage {
			return f
		}
		return Fault{}
	}
}

// OpenSink opens a sink on a free port of 127.0.0.1, which serves from Start on.
func OpenSink() (*Sink, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("sink: %w", err)
	}
	s := &Sink{Extensions: AllExtensions, ln: ln, arrivals: map[string]Arrival{}, open: map[net.Conn]bool{}}
	s.stopped, s.stop = context.WithCancel(context.Background())
	return s, nil
}

// NewSink is OpenSink for a test, with whose end the sink stops.
func NewSink(tb TB) *Sink {
	tb.Helper()
	s, err := OpenSink()
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(s.Stop)
	return s
}

// StartSink starts a sink that stops with the test.
func StartSink(tb TB) *Sink {
	tb.Helper()
	return NewSink(tb).Start()
}

// Start serves, and returns the sink.
func (s *Sink) Start() *Sink {
	s.wg.Go(s.listen)
	return s
}

// Addr returns where it listens.
func (s *Sink) Addr() string { return s.ln.Addr().String() }

// Misbehave has f say, from now on, what goes wrong at each step; nil ends that. Several sessions call it at once.
func (s *Sink) Misbehave(f func(Step) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// Arrivals returns what was taken, by token; messages without one have the token "".
func (s *Sink) Arrivals() map[string]Arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.arrivals)
}

// Messages returns the messages that were taken, oldest first, of a sink that records them whole.
func (s *Sink) Messages() []*Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Commands returns the command lines that came, of a sink that records them.
func (s *Sink) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Breaches returns what clients did that the protocol forbids, at most a hundred.
func (s *Sink) Breaches() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.breaches)
}

// Sessions returns how many connections there have been.
func (s *Sink) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// Stop closes all connections and waits until nothing runs any more.
func (s *Sink) Stop() {
	s.ln.Close()
	s.stop()
	s.Cut()
	s.wg.Wait()
}

// Cut closes the connections that are open now.
func (s *Sink) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		c.Close()
	}
}

func (s *Sink) listen() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.sessions++
		s.open[c] = true
		s.mu.Unlock()
		s.wg.Go(func() {
			(&sinkSession{sink: s, c: c, r: bufio.NewReaderSize(c, 64<<10)}).serve()
			c.Close()
			s.mu.Lock()
			delete(s.open, c)
			s.mu.Unlock()
		})
		if s.stopped.Err() != nil {
			c.Close()
		}
	}
}

func (s *Sink) fault(at Stage, line string) Fault {
	s.mu.Lock()
	f := s.faults
	s.mu.Unlock()
	if f == nil {
		return Fault{}
	}
	return f(Step{at, line})
}

func (s *Sink) breach(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.breaches) < 100 {
		s.breaches = append(s.breaches, what)
	}
}

// take records a message, and returns how many there are now with details of them all.
func (s *Sink) take(token string, a Arrival, m *Message) {
	s.mu.Lock()
	if m != nil {
		s.messages = append(s.messages, m)
	}
	before := s.arrivals[token]
	a.Times = before.Times + 1
	a.Differs = before.Differs || before.Times > 0 && before.Sum != a.Sum
	s.arrivals[token] = a
	s.mu.Unlock()
	if s.Taken != nil {
		s.Taken(token)
	}
}
