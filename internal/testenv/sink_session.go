package testenv

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// sinkSession is one session of a client with a Sink.
type sinkSession struct {
	sink  *Sink
	c     net.Conn
	r     *bufio.Reader
	tls   bool
	hello bool
	mail  string // the MAIL command; empty outside a transaction
	rcpt  []string
}

var errOver = errors.New("session is over")

func (v *sinkSession) serve() {
	if v.reply(OnConnect, "", "220 sink.example ESMTP", nil) != nil {
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
		if v.sink.Detail == Whole {
			v.sink.mu.Lock()
			v.sink.commands = append(v.sink.commands, text)
			v.sink.mu.Unlock()
		}
		if v.command(text) != nil {
			return
		}
	}
}

// reply says text, or what the fault of this stage has instead, and does what the command asks if that is no refusal.
func (v *sinkSession) reply(at Stage, line, text string, do func()) error {
	f := v.sink.fault(at, line)
	if f.Reply != "" {
		text = f.Reply
	}
	if text[0] == '2' && do != nil {
		do()
	}
	return v.say(f, text)
}

// say says text, with the delay and the end that a fault has. A dropped connection gets a text only if the fault has
// one.
func (v *sinkSession) say(f Fault, text string) error {
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-v.sink.stopped.Done():
			return errOver
		}
	}
	if !f.Drop || f.Reply != "" {
		if _, err := io.WriteString(v.c, text+"\r\n"); err != nil {
			return err
		}
	}
	if f.Drop {
		return errOver
	}
	return nil
}

func (v *sinkSession) reset() { v.mail, v.rcpt = "", nil }

func (v *sinkSession) command(line string) error {
	verb, args, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		return v.reply(OnHello, line, v.greeting(), func() { v.hello = true; v.reset() })
	case "HELO":
		return v.reply(OnHello, line, "250 sink.example", func() { v.hello = true; v.reset() })
	case "STARTTLS":
		return v.startTLS(line)
	case "MAIL":
		if !v.hello || v.mail != "" || !prefixFold(args, "FROM:<") {
			return v.wrong("MAIL out of order or without path")
		}
		return v.reply(OnMail, line, "250 2.1.0 sink takes the sender", func() { v.mail = line })
	case "RCPT":
		if v.mail == "" || !prefixFold(args, "TO:<") {
			return v.wrong("RCPT out of order or without path")
		}
		return v.reply(OnRcpt, line, "250 2.1.5 sink takes the recipient", func() { v.rcpt = append(v.rcpt, line) })
	case "DATA":
		return v.data(line)
	case "RSET":
		return v.reply(OnCommand, line, "250 2.0.0 Ok", v.reset)
	case "NOOP":
		return v.reply(OnCommand, line, "250 2.0.0 Ok", nil)
	case "QUIT":
		return errors.Join(v.reply(OnCommand, line, "221 2.0.0 Bye", nil), errOver)
	}
	if f := v.sink.fault(OnCommand, line); f != (Fault{}) {
		return v.say(f, f.Reply)
	}
	return v.wrong("unknown command")
}

func (v *sinkSession) greeting() string {
	lines := append([]string{"sink.example"}, v.sink.Extensions...)
	if v.sink.TLS != nil && !v.tls {
		lines = append(lines, "STARTTLS")
	}
	last := len(lines) - 1
	var b strings.Builder
	for _, l := range lines[:last] {
		b.WriteString("250-" + l + "\r\n")
	}
	return b.String() + "250 " + lines[last]
}

func (v *sinkSession) startTLS(line string) error {
	if v.sink.TLS == nil || v.tls {
		return v.wrong("STARTTLS was not offered")
	}
	f := v.sink.fault(OnCommand, line)
	if f.Reply != "" || f.Drop {
		return v.say(f, f.Reply)
	}
	if err := v.say(f, "220 2.0.0 Go ahead"); err != nil {
		return err
	}
	c := tls.Server(v.c, v.sink.TLS)
	if err := c.Handshake(); err != nil {
		return err
	}
	v.c, v.r, v.tls, v.hello = c, bufio.NewReaderSize(c, 64<<10), true, false
	v.reset()
	return nil
}

func prefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func (v *sinkSession) wrong(what string) error {
	v.sink.breach(what)
	return v.say(Fault{}, "503 5.5.1 "+what)
}

func (v *sinkSession) data(line string) error {
	if v.mail == "" {
		return v.wrong("DATA without MAIL")
	}
	if len(v.rcpt) == 0 {
		return v.say(Fault{}, "554 5.5.1 No valid recipients") // pipelining makes this legal
	}
	f := v.sink.fault(OnData, line)
	if f.Drop || f.Reply != "" && f.Reply[0] != '3' {
		v.reset()
		return v.say(f, f.Reply)
	}
	if err := v.say(f, "354 Go ahead"); err != nil {
		return err
	}
	b := body{detail: v.sink.Detail, halfway: func() error { return v.halfway(line) }}
	if err := b.read(v.r); err != nil {
		return err
	}
	a := Arrival{Bytes: b.size, From: argument(v.mail)}
	for _, r := range v.rcpt {
		a.To = append(a.To, argument(r))
	}
	if b.sum != nil {
		b.sum.Sum(a.Sum[:0])
	}
	var m *Message
	if v.sink.Detail == Whole {
		m = &Message{From: v.mail, To: v.rcpt, Data: b.whole, TLS: v.tls}
	}
	v.reset()
	if b.bare && !v.sink.Lenient {
		v.sink.breach("bare CR or LF in a body")
		return v.say(Fault{}, "554 5.6.0 Bare CR or LF")
	}
	f = v.sink.fault(OnBody, ".")
	if f == (Fault{Delay: f.Delay}) || f.Keep || strings.HasPrefix(f.Reply, "2") && !f.Drop {
		v.sink.take(b.token, a, m)
	}
	text := f.Reply
	if text == "" {
		text = "250 2.0.0 sink has it"
	}
	return v.say(f, text)
}

// argument is what follows FROM: or TO: in a command.
func argument(command string) string {
	_, arg, _ := strings.Cut(command, ":")
	return arg
}

// halfway commits the fault that is asked for in the middle of a body. After an early reply the sink reads the rest,
// so that the client gets to read the reply; a dropped connection has the reply a moment ahead.
func (v *sinkSession) halfway(line string) error {
	f := v.sink.fault(InBody, line)
	if f == (Fault{}) {
		return nil
	}
	err := v.say(f, f.Reply)
	switch {
	case f.Drop && f.Reply != "":
		time.Sleep(100 * time.Millisecond) // the end resets the connection, because data was not read
	case !f.Drop && f.Reply != "":
		if c, ok := v.c.(*net.TCPConn); ok {
			c.CloseWrite()
		}
		io.Copy(io.Discard, v.c)
		return errOver
	}
	return err
}
