package smtpd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"sluis/internal/health"
	"sluis/internal/testenv"
)

// canary is what a next hop says and no report may quote.
const canary = "kanarie"

// saying is a server that says the first answer at once, and one more for each line.
func saying(t *testing.T, answers ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(5 * time.Second))
		buf := make([]byte, 1024)
		for _, a := range answers {
			if _, err := io.WriteString(c, a); err != nil {
				return
			}
			if _, err := c.Read(buf); err != nil {
				return
			}
		}
		if len(answers) == 0 {
			c.Read(buf) // silence, until the other side gives up
		}
	}()
	return l.Addr().String()
}

// closedPort returns an address where no server is.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// protected starts a sink with TLS that takes one password.
func protected(t *testing.T, ca *authority) string {
	t.Helper()
	s := newSink(t)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1")}}
	s.Extensions = append([]string{"AUTH PLAIN"}, testenv.AllExtensions...)
	s.Misbehave(func(command testenv.Step) (f testenv.Fault) {
		switch {
		case command.Line == "AUTH PLAIN AHNsdWlzAHNlY3JldA==": // sluis, secret
			f.Reply = "235 2.7.0 welcome"
		case strings.HasPrefix(command.Line, "AUTH"):
			f.Reply = "535 5.7.8 " + canary + "@school.example may not"
		}
		return f
	})
	return s.Start().Addr()
}

// TestANextHopIsWellIfItWouldTakeMail: health asks by the relay's own route, with its TLS and
// its password.
func TestANextHopIsWellIfItWouldTakeMail(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	plain := func(address string) Route { return Route{Hosts: []string{address}, TLS: TLSNone} }
	behind := func(ca *authority, password string) Route {
		r := Route{Hosts: []string{protected(t, ours)}, TLS: TLSVerified, TLSConfig: &tls.Config{RootCAs: ca.pool}}
		r.Auth = &Auth{Username: "sluis", Password: password}
		return r
	}
	withoutTLS := newSink(t).Start().Addr()
	const (
		foreign  = "does not answer as a mail server does"
		insecure = "no encrypted connection as its route demands"
		refused  = "refuses the name or the password of Sluis"
	)
	for name, c := range map[string]struct {
		route Route
		found string // of health, in English
	}{
		"answers":                     {plain(saying(t, "220 hop.example ESMTP\r\n", "250-hop.example\r\n250 SIZE 1\r\n")), "answers"},
		"knows no EHLO":               {plain(saying(t, "220 hop.example\r\n", "502 what\r\n", "250 hop.example\r\n")), "answers"},
		"refuses to talk":             {plain(saying(t, "554 "+canary+"@school.example\r\n")), foreign},
		"knows neither EHLO nor HELO": {plain(saying(t, "220 hop.example\r\n", "502 "+canary+"\r\n", "502\r\n")), foreign},
		"is a web server":             {plain(saying(t, "HTTP/1.1 400 "+canary+"\r\n\r\n")), foreign},
		"talks without end":           {plain(saying(t, "220-"+strings.Repeat(canary, 200_000))), foreign},
		"says lines without end":      {plain(saying(t, strings.Repeat("220-"+canary+"\r\n", 100_000))), foreign},
		"is silent":                   {plain(saying(t)), foreign},
		"is not there":                {plain(closedPort(t)), "cannot be reached"},
		"is plain where TLS should be": {
			Route{Hosts: []string{saying(t, "220 hop.example\r\n")}, Implicit: true, TLS: TLSRequired}, insecure,
		},
		"offers no TLS":         {Route{Hosts: []string{withoutTLS}, TLS: TLSRequired}, insecure},
		"takes our password":    {behind(ours, "secret"), "answers"},
		"refuses our password":  {behind(ours, "other"), refused},
		"has another authority": {behind(theirs, "secret"), insecure},
		"knows no AUTH":         {Route{Hosts: []string{withoutTLS}, TLS: TLSNone, Auth: &Auth{Username: "sluis", Password: "x"}}, refused},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := NewSender("gate.school.example", c.route)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			hops := s.NextHops()
			if len(hops) != 1 || hops[0].Address() != c.route.Hosts[0] {
				t.Fatalf("next hops %v, want %v", hops, c.route.Hosts)
			}
			ctx, cancel := context.WithTimeout(t.Context(), testenv.Patience)
			defer cancel()
			r := health.MailServer(hops[0])(ctx, time.Now())
			if want := c.found == "answers"; (r.State == health.OK) != want || r.Found.In("en") != c.found {
				t.Errorf("the next hop is %s, %q; want %q", r.State, r.Found.In("en"), c.found)
			}
			said, err := json.Marshal(r)
			if err != nil || strings.Contains(string(said), canary) {
				t.Errorf("the report quotes the next hop: %s", said)
			}
		})
	}
}

func TestEveryWayToANextHopIsAskedOnce(t *testing.T) {
	s, err := NewSender("gate.school.example",
		Route{To: []string{"a.example"}, Hosts: []string{"127.0.0.1:1", "127.0.0.1:2"}},
		Route{To: []string{"b.example"}, Hosts: []string{"127.0.0.1:2"}},
		Route{Hosts: []string{"127.0.0.1:2"}, TLS: TLSVerified},
	)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range s.NextHops() {
		got = append(got, n.Address())
	}
	if want := "127.0.0.1:1 127.0.0.1:2 127.0.0.1:2"; strings.Join(got, " ") != want {
		t.Errorf("next hops %v, want %s: the last by TLS", got, want)
	}
}

func TestASenderNeedsNoRelay(t *testing.T) {
	ca := newAuthority(t)
	address := protected(t, ca)
	route := Route{
		Hosts:     []string{address},
		TLS:       TLSVerified,
		TLSConfig: &tls.Config{RootCAs: ca.pool},
		Auth:      &Auth{Username: "sluis", Password: "secret"},
	}
	s, err := NewSender("gate.school.example", route)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	to := []Recipient{{Path: "board@school.example"}, {Path: "council@school.example"}}
	e := Envelope{From: "sluis@school.example", To: to}
	const text = "Subject: x\r\n\r\n.dot\r\n"
	rep, err := s.Send(t.Context(), e, int64(len(text)), strings.NewReader(text))
	if err != nil || !rep.OK() {
		t.Errorf("Send: %v, %v; want 250", rep.Code, err)
	}
	if _, err := NewSender("gate.school.example"); err == nil {
		t.Error("a sender without routes is made")
	}
	if _, err := NewSender("no name", route); err == nil {
		t.Error("a sender without a proper name is made")
	}
	route.TLSConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	if s, err = NewSender("gate.school.example", route); err != nil {
		t.Fatal(err)
	}
	if rep, err := s.Send(t.Context(), e, int64(len(text)), strings.NewReader(text)); err != nil || rep.Code != 451 {
		t.Errorf("to a next hop with another authority: %v, %v; want 451", rep.Code, err)
	}
}

func TestAReleaseGetsTheRefusalItself(t *testing.T) {
	s := newSink(t)
	s.Misbehave(testenv.Fault{Reply: "550 5.1.1 unknown"}.At(testenv.OnRcpt))
	st := play(t, s.Start())
	e := Envelope{From: "a@school.example", To: []Recipient{{Path: "gone@school.example"}}}
	rep, err := st.relay.Sender().Send(t.Context(), e, 3, strings.NewReader("x\r\n"))
	if err != nil || rep.Codes() != "550 5.1.1" || rep.Text() != "unknown" {
		t.Errorf("Send: %q %q, %v; want the next hop's own 550 5.1.1", rep.Codes(), rep.Text(), err)
	}
}
