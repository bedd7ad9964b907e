package testenv

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
)

// say sends lines to a Sink, waiting for each reply, and returns the last one.
func say(t *testing.T, s *Sink, lines ...string) string {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	read := func() string {
		for {
			l, err := r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if l[3] == ' ' {
				return strings.TrimSpace(l)
			}
		}
	}
	rep := read()
	for _, l := range lines {
		fmt.Fprint(c, l)
		rep = read()
	}
	return rep
}

var envelope = []string{"EHLO x\r\n", "MAIL FROM:<a@b.example>\r\n", "RCPT TO:<c@d.example>\r\n", "DATA\r\n"}

func TestSinkHashesFromTheTokenOn(t *testing.T) {
	s := StartSink(t)
	long := strings.Repeat("x", 100_000) + "\r\n"
	message := "X-Token: t\r\nSubject: s\r\n\r\n.dot\r\n" + long
	for _, head := range []string{"", "Received: by me\r\n\tid 1\r\n"} {
		if rep := say(t, s, append(envelope, head+strings.Replace(message, "\r\n.dot", "\r\n..dot",
			1)+".\r\n")...); rep[:3] != "250" {
			t.Fatal(rep)
		}
	}
	a := s.Arrivals()["t"]
	if a.Times != 2 || a.Differs || a.Sum != TokenSum([]byte(message)) ||
		a.Sum != TokenSum([]byte("Received: x\r\n"+message)) {
		t.Errorf("got %+v, want the same message twice, with its hash from the token on", a)
	}
	say(t, s, append(envelope, message+"more\r\n.\r\n")...)
	if a := s.Arrivals()["t"]; a.Times != 3 || !a.Differs {
		t.Errorf("an altered message is not told apart: %+v", a)
	}
	if b := s.Breaches(); len(b) != 0 {
		t.Errorf("breaches %q, want none", b)
	}
}

func TestSinkRefusesWhatTheProtocolForbids(t *testing.T) {
	for name, lines := range map[string][]string{
		"bare LF": append(envelope, "X-Token: t\r\n\r\na\nb\r\n.\r\n"),
		"bare CR": append(envelope, "X-Token: t\r\n\r\na\rb\r\n.\r\n"),
		"two CR":  append(envelope, "X-Token: t\r\n\r\na\r\r\n.\r\n"),
		"bare CR far away": append(envelope, "X-Token: t\r\n\r\n"+strings.Repeat("x",
			64<<10-1)+"\r"+strings.Repeat("y", 9)+"\r\n.\r\n"),
		"nested MAIL": append(envelope[:2:2], "MAIL FROM:<x@y.example>\r\n"),
		"RCPT first":  {"EHLO x\r\n", "RCPT TO:<c@d.example>\r\n"},
		"no hello":    {"MAIL FROM:<x@y.example>\r\n"},
		"no brackets": {"EHLO x\r\n", "MAIL FROM:x@y.example\r\n"},
		"nonsense":    {"EHLO x\r\n", "HELLO\r\n"},
	} {
		s := StartSink(t)
		if rep := say(t, s, lines...); rep[0] != '5' || len(s.Breaches()) != 1 || len(s.Arrivals()) != 0 {
			t.Errorf("%s: %s, breaches %q, arrivals %v", name, rep, s.Breaches(), s.Arrivals())
		}
	}
}
