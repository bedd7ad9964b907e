package proxy

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// scripted is a connection of which each read does what the script says.
type scripted struct {
	net.Conn
	reads []func(b []byte) (int, error)
}

func (s *scripted) SetReadDeadline(time.Time) error { return nil }

func (s *scripted) Read(b []byte) (int, error) {
	read := s.reads[0]
	s.reads = s.reads[1:]
	return read(b)
}

// TestSilenceIsOfBothSides: a deadline for reading ends a connection only if nothing went the other way.
func TestSilenceIsOfBothSides(t *testing.T) {
	c := &scripted{}
	s := &site{Conn: c}
	s.bear(time.Hour)
	late := func([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }
	c.reads = []func([]byte) (int, error){late, late, func(b []byte) (int, error) { return copy(b, "x"), nil }}
	if n, err := s.Read(make([]byte, 8)); n != 1 || err != nil {
		t.Errorf("while the client speaks: got %d bytes, %v, want the one that comes", n, err)
	}
	c.reads = []func([]byte) (int, error){late, func([]byte) (int, error) {
		s.last.Store(0)
		return 0, os.ErrDeadlineExceeded
	}}
	if _, err := s.Read(make([]byte, 8)); !errors.Is(err, os.ErrDeadlineExceeded) || len(c.reads) > 0 {
		t.Errorf("while both are silent: got %v, %d reads left, want the deadline", err, len(c.reads))
	}
}

// deadlines keeps those that are set.
type deadlines struct {
	http.ResponseWriter
	set []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

// TestAClientIsSilentWhileItsSiteSends: what the site sends gives the client time, until its body has ended.
func TestAClientIsSilentWhileItsSiteSends(t *testing.T) {
	d := &deadlines{ResponseWriter: httptest.NewRecorder()}
	b := &receivedBody{ReadCloser: io.NopCloser(strings.NewReader("x")), flow: &flow{},
		control: http.NewResponseController(d), idle: time.Hour}
	p := make([]byte, 8)
	b.Read(p)
	b.siteSpoke()
	if len(d.set) != 1 || time.Until(d.set[0]) < time.Hour/2 {
		t.Fatalf("got deadlines %v, want one, of an hour", d.set)
	}
	b.until = time.Now().Add(time.Minute) // as if most of it had passed
	b.siteSpoke()
	if len(d.set) != 2 || time.Until(d.set[1]) < time.Hour/2 {
		t.Fatalf("got deadlines %v, want another hour", d.set)
	}
	if _, err := b.Read(p); err != io.EOF || !d.set[len(d.set)-1].IsZero() {
		t.Fatalf("at the end: got %v, deadlines %v, want none any more", err, d.set)
	}
	n := len(d.set)
	if b.siteSpoke(); len(d.set) != n {
		t.Errorf("after the end: got %v, want no deadline", d.set[n:])
	}
}

// TestOneSideOfASocketIsSilent: longer than a body may be.
func TestOneSideOfASocketIsSilent(t *testing.T) {
	r := newRig(t)
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusSwitchingProtocols)
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		b := make([]byte, 4)
		if _, err := io.ReadFull(c, b); err == nil { // says nothing before
			c.Write(b)
		}
	}))
	r.reload(func(c *Config) { c.Limits.Idle = 50 * time.Millisecond })
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	host := "site.example:" + portString(s)
	io.WriteString(c, "GET http://"+host+"/ HTTP/1.1\r\nHost: "+host+"\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n")
	time.Sleep(250 * time.Millisecond) // at least: a machine that is slow waits longer, which is as well
	io.WriteString(c, "done")
	b, _ := io.ReadAll(c)
	if !strings.HasPrefix(string(b), "HTTP/1.1 101 ") || !strings.HasSuffix(string(b), "\r\n\r\ndone") {
		t.Errorf("got %q, want 101 and what was sent", b)
	}
}
