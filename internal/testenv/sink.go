package testenv

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"time"
)

// Sink is a next hop that counts and hashes what arrives, is strict about what the
// protocol asks (RFC 5321), and fails when told to. It is written by hand, so that a
// fault of an SMTP library cannot hide itself.
//
// A message is known by its field "X-Token: TOKEN". Its hash begins with that line, so
// that prepended fields do not count.
type Sink struct {
	ln      net.Listener
	stopped context.Context
	stop    context.CancelFunc

	mu       sync.Mutex
	arrivals map[string]Arrival
	faults   func(Stage) Fault
	breaches []string
	sessions int
	open     map[net.Conn]bool
	wg       sync.WaitGroup
}

// Arrival is what a Sink knows of the messages with one token that it took.
type Arrival struct {
	Times   int
	Sum     [sha256.Size]byte // SHA-256 of the last one, from the line with the token on
	Differs bool              // they were not all the same
	Bytes   int64             // of the last one, prepended fields included
	From    string            // the arguments of its MAIL command
	To      []string          // and of its RCPT commands
}

// Stage is a point of a session at which a Sink can fail.
type Stage uint8

// The stages: at each the client waits for a reply to what has just come.
const (
	OnConnect Stage = iota
	OnHello
	OnMail
	OnRcpt
	OnData
	OnBody // to the final dot
)

// Fault is what a Sink does instead of what it should. The zero Fault is none.
type Fault struct {
	Delay time.Duration // before anything else
	Reply string        // instead of the usual one, such as "451 4.3.0 Not now"
	Drop  bool          // no reply: the connection is closed
	Keep  bool          // with OnBody: the message counts as taken all the same
}

// StartSink starts one on a free port of 127.0.0.1.
func StartSink() (*Sink, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("sink: %w", err)
	}
	s := &Sink{ln: ln, arrivals: map[string]Arrival{}, open: map[net.Conn]bool{}}
	s.stopped, s.stop = context.WithCancel(context.Background())
	s.wg.Go(s.listen)
	return s, nil
}

// Addr returns where it listens.
func (s *Sink) Addr() string { return s.ln.Addr().String() }

// Misbehave has f say, from now on, what goes wrong at each stage; nil ends that. It is
// called by several sessions at once.
func (s *Sink) Misbehave(f func(Stage) Fault) {
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

// Breaches returns what clients did that the protocol forbids, at most a hundred.
func (s *Sink) Breaches() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.breaches...)
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
			(&visit{sink: s, c: c, r: bufio.NewReaderSize(c, 32<<10)}).serve()
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

func (s *Sink) fault(st Stage) Fault {
	s.mu.Lock()
	f := s.faults
	s.mu.Unlock()
	if f == nil {
		return Fault{}
	}
	return f(st)
}

func (s *Sink) breach(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.breaches) < 100 {
		s.breaches = append(s.breaches, what)
	}
}

func (s *Sink) take(token string, a Arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.arrivals[token]
	a.Times = before.Times + 1
	a.Differs = before.Differs || before.Times > 0 && before.Sum != a.Sum
	s.arrivals[token] = a
}

// visit is one session of a client.
type visit struct {
	sink  *Sink
	c     net.Conn
	r     *bufio.Reader
	hello bool
	from  *string
	to    []string
}

var errOver = errors.New("session is over")

func (v *visit) serve() {
	if v.reply(OnConnect, "220 sink.example ESMTP") != nil {
		return
	}
	for {
		line, err := v.r.ReadSlice('\n')
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				v.sink.breach("command too long")
			}
			return
		}
		text, ok := strings.CutSuffix(string(line), "\r\n")
		if !ok {
			v.sink.breach("command ends with a bare line feed")
		}
		if v.command(text) != nil {
			return
		}
	}
}

// reply says text, or what the fault of this stage has instead.
func (v *visit) reply(st Stage, text string) error {
	f := v.sink.fault(st)
	if err := v.suffer(f); err != nil {
		return err
	}
	if f.Reply != "" {
		text = f.Reply
	}
	return v.say(text)
}

func (v *visit) suffer(f Fault) error {
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-v.sink.stopped.Done():
			return errOver
		}
	}
	if f.Drop {
		return errOver
	}
	return nil
}

func (v *visit) say(text string) error {
	_, err := io.WriteString(v.c, text+"\r\n")
	return err
}

func (v *visit) command(line string) error {
	verb, args, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		v.hello, v.from, v.to = true, nil, nil
		return v.reply(OnHello, "250-sink.example\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES")
	case "HELO":
		v.hello, v.from, v.to = true, nil, nil
		return v.reply(OnHello, "250 sink.example")
	case "MAIL":
		path, ok := cutFold(args, "FROM:<")
		if !v.hello || v.from != nil || !ok {
			return v.wrong("MAIL out of order or without path")
		}
		return v.unless(OnMail, "250 2.1.0 Ok", func() { from := "<" + path; v.from = &from })
	case "RCPT":
		path, ok := cutFold(args, "TO:<")
		if v.from == nil || !ok {
			return v.wrong("RCPT out of order or without path")
		}
		return v.unless(OnRcpt, "250 2.1.5 Ok", func() { v.to = append(v.to, "<"+path) })
	case "DATA":
		return v.data()
	case "RSET":
		v.from, v.to = nil, nil
		return v.say("250 2.0.0 Ok")
	case "NOOP":
		return v.say("250 2.0.0 Ok")
	case "QUIT":
		v.say("221 2.0.0 Bye")
		return errOver
	}
	return v.wrong("unknown command")
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

func (v *visit) wrong(what string) error {
	v.sink.breach(what)
	return v.say("503 5.5.1 " + what)
}

// unless replies, and does what the command asks if that is not a refusal.
func (v *visit) unless(st Stage, text string, do func()) error {
	f := v.sink.fault(st)
	if err := v.suffer(f); err != nil {
		return err
	}
	if f.Reply != "" {
		text = f.Reply
	}
	if text[0] == '2' {
		do()
	}
	return v.say(text)
}

func (v *visit) data() error {
	if v.from == nil {
		return v.wrong("DATA without MAIL")
	}
	if len(v.to) == 0 {
		return v.say("554 5.5.1 No valid recipients") // pipelining makes this legal
	}
	f := v.sink.fault(OnData)
	if err := v.suffer(f); err != nil {
		return err
	}
	if f.Reply != "" && f.Reply[0] != '3' {
		v.from, v.to = nil, nil
		return v.say(f.Reply)
	}
	if err := v.say("354 Go ahead"); err != nil {
		return err
	}
	b := body{}
	if err := b.read(v.r); err != nil {
		return err
	}
	a := Arrival{Bytes: b.size, From: *v.from, To: v.to}
	if b.sum != nil {
		b.sum.Sum(a.Sum[:0])
	}
	v.from, v.to = nil, nil
	if b.bare {
		v.sink.breach("bare CR or LF in a body")
		return v.say("554 5.6.0 Bare CR or LF")
	}
	f = v.sink.fault(OnBody)
	if f == (Fault{Delay: f.Delay}) || f.Keep || strings.HasPrefix(f.Reply, "2") && !f.Drop {
		v.sink.take(b.token, a)
	}
	if err := v.suffer(f); err != nil {
		return err
	}
	if f.Reply != "" {
		return v.say(f.Reply)
	}
	return v.say("250 2.0.0 Ok: taken")
}

// body reads a message to its final dot, without keeping it.
type body struct {
	size  int64
	token string
	sum   hash.Hash // from the line with the token on
	bare  bool      // a line end that is not CR LF
}

var tokenField = []byte("X-Token: ")

func (b *body) read(r *bufio.Reader) error {
	for begins, cr := true, false; ; { // cr: a carriage return ended the last piece
		piece, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		ends := err == nil
		if begins {
			if bytes.Equal(piece, []byte(".\r\n")) {
				return nil
			}
			piece = bytes.TrimPrefix(piece, []byte("."))
			if t, ok := bytes.CutPrefix(piece, tokenField); ok && b.sum == nil {
				b.token, b.sum = string(bytes.TrimSpace(t)), sha256.New()
			}
		}
		b.size += int64(len(piece))
		if b.sum != nil {
			b.sum.Write(piece)
		}
		text := piece
		if ends {
			text = bytes.TrimSuffix(piece, []byte("\n"))
			crlf := bytes.HasSuffix(text, []byte("\r")) || len(text) == 0 && cr
			b.bare = b.bare || !crlf
			text = bytes.TrimSuffix(text, []byte("\r"))
		}
		b.bare = b.bare || cr && len(text) > 0
		cr = !ends && bytes.HasSuffix(text, []byte("\r"))
		b.bare = b.bare || bytes.IndexByte(bytes.TrimSuffix(text, []byte("\r")), '\r') >= 0 || ends && bytes.HasSuffix(text, []byte("\r"))
		begins = ends
	}
}

// TokenSum returns the hash that an Arrival of this message has: message begins with, or
// contains, the line with its token.
func TokenSum(message []byte) [sha256.Size]byte {
	at := 0
	if !bytes.HasPrefix(message, tokenField) {
		at = bytes.Index(message, append([]byte("\r\n"), tokenField...))
		if at < 0 {
			return [sha256.Size]byte{}
		}
		at += 2
	}
	return sha256.Sum256(message[at:])
}
