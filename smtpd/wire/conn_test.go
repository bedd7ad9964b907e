package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// lobby admits everybody.
type lobby struct{ left chan struct{} }

func (lobby) Admit(*Conn) (Reply, bool) { return Reply{}, true }
func (lobby) Refused(string)            {}
func (l lobby) Leave(*Conn) {
	select {
	case <-l.left: // not the first call
	default:
		close(l.left)
	}
}

// session keeps what Session gets, and answers as it is set to.
type session struct {
	conn      *Conn
	left      chan struct{} // closed once the connection is
	arguments []Arguments
	body      string
	end       error
	answer    Reply
	unread    bool // leave the body
}

func (s *session) take(address string) error {
	a, ok := ParseArguments(address)
	if !ok {
		return errors.New("not a token of this package")
	}
	s.arguments = append(s.arguments, a)
	s.conn.Reply(NewReply(250, "2.1.0 as the next hop says"))
	return nil
}

func (s *session) Mail(address string, _ *smtp.MailOptions) error { return s.take(address) }
func (s *session) Rcpt(address string, _ *smtp.RcptOptions) error { return s.take(address) }
func (s *session) Reset()                                         {}
func (s *session) Logout() error                                  { return nil }
func (s *session) Data(io.Reader) error {
	body := s.conn.Body()
	if !s.unread {
		var b []byte
		b, s.end = io.ReadAll(body)
		s.body = string(b)
	}
	s.conn.Reply(s.answer)
	return nil
}

// oneConn is a listener with one connection.
type oneConn struct{ conns chan net.Conn }

func (l oneConn) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (oneConn) Close() error   { return nil }
func (oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// talkTo starts go-smtp on a Conn and returns the client's end.
func talkTo(t *testing.T, s *session) (net.Conn, *bufio.Reader) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s.left = make(chan struct{})
	s.conn = New(raw, lobby{s.left}, Options{Hostname: "gate.example", Limits: Limits{
		MessageSize: 100,
		Commands:    100,
		Errors:      100,
		Idle:        5 * time.Second,
		BodyTime:    5 * time.Second,
		SessionTime: time.Minute,
		Handshake:   time.Second,
	}})
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return s, nil }))
	srv.Domain = "gate.example"
	one := oneConn{make(chan net.Conn, 1)}
	one.conns <- s.conn
	go srv.Serve(one)
	t.Cleanup(func() {
		client.Close()
		select {
		case <-s.left:
		case <-time.After(5 * time.Second):
			t.Error("the connection did not leave")
		}
		close(one.conns)
		srv.Close()
	})
	client.SetDeadline(time.Now().Add(10 * time.Second))
	return client, bufio.NewReader(client)
}

// converse sends all lines at once and returns the codes of the replies.
func converse(t *testing.T, s *session, sent string) []string {
	t.Helper()
	client, in := talkTo(t, s)
	if _, err := io.WriteString(client, sent); err != nil {
		t.Fatal(err)
	}
	client.(*net.TCPConn).CloseWrite()
	var codes []string
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
				t.Errorf("the conversation ends with %v", err)
			}
			<-s.left
			return codes
		}
		if line[3] != '-' {
			codes = append(codes, line[:3])
		}
	}
}

const envelope = "EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n"

func TestSessionGetsArgumentsAndBodiesExact(t *testing.T) {
	for _, c := range []struct {
		name, sent string
		arguments  []Arguments
		body       string
		codes      []string
	}{
		{"paths and parameters", "EHLO x\r\nMAIL FROM:<\"a b> SIZE=1\"@X.y> size=3  BODY=8bitmime\r\nRCPT TO:<postmaster>\r\nDATA\r\n..x\r\n.\r\nQUIT\r\n",
			[]Arguments{{`"a b> SIZE=1"@X.y`, Params{"size=3", "BODY=8bitmime"}}, {"postmaster", nil}}, ".x\r\n",
			[]string{"220", "250", "250", "250", "354", "299", "221"}},
		{"the null path", "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<@a:b@c>\r\nBDAT 2\r\n.\rBDAT 1 LAST\r\n\nQUIT\r\n",
			[]Arguments{{"", nil}, {"@a:b@c", nil}}, ".\r\n",
			[]string{"220", "250", "250", "250", "250", "299", "221"}},
	} {
		s := &session{answer: NewReply(299, "as the next hop says")}
		codes := converse(t, s, c.sent)
		if !slices.Equal(codes, c.codes) {
			t.Errorf("%s: replies %v, want %v", c.name, codes, c.codes)
		}
		if len(s.arguments) != len(c.arguments) {
			t.Fatalf("%s: %d arguments, want %d", c.name, len(s.arguments), len(c.arguments))
		}
		for i, want := range c.arguments {
			if got := s.arguments[i]; got.Path != want.Path || !slices.Equal(got.Params, want.Params) {
				t.Errorf("%s: arguments %q, want %q", c.name, got, want)
			}
		}
		if s.body != c.body || s.end != nil {
			t.Errorf("%s: body %q and %v, want %q", c.name, s.body, s.end, c.body)
		}
	}
}

func TestABodyThatSessionLeavesIsNotTakenForCommands(t *testing.T) {
	for _, sent := range []string{
		"DATA\r\nNOOP\r\nNOOP\r\n.\r\nQUIT\r\n",
		"BDAT 6\r\nNOOP\r\nBDAT 6 LAST\r\nNOOP\r\nQUIT\r\n",
	} {
		s := &session{answer: NewReply(550, "5.7.1 no"), unread: true}
		codes := converse(t, s, envelope+sent)
		want := []string{"220", "250", "250", "250", "354", "550", "221"}
		if strings.HasPrefix(sent, "BDAT") {
			want[4] = "250" // of the first chunk
		}
		if !slices.Equal(codes, want) {
			t.Errorf("%.10q: replies %v, want %v", sent, codes, want)
		}
	}
}

func TestABodyHasOneEnd(t *testing.T) {
	for _, c := range []struct {
		name, sent string
		end        error // wanted; a Reply for one of its code
		codes      string
	}{
		{"given up", "BDAT 2\r\nhiRSET\r\nQUIT\r\n", ErrGivenUp, "220 250 250 250 250 250 221"},
		{"given up by EHLO", "BDAT 2\r\nhiEHLO y\r\nQUIT\r\n", ErrGivenUp, "220 250 250 250 250 250 221"},
		{"too large", "BDAT 101 LAST\r\n" + strings.Repeat("x", 101) + "QUIT\r\n", NewReply(552, ""), "220 250 250 250 299 221"},
		{"broken off", "DATA\r\nhalf a", io.ErrUnexpectedEOF, "220 250 250 250 354 299"},
		{"broken off in a chunk", "BDAT 9 LAST\r\nhalf", io.ErrUnexpectedEOF, "220 250 250 250 299"},
		{"broken off between chunks", "BDAT 4\r\nhalf", io.ErrUnexpectedEOF, "220 250 250 250 250"},
	} {
		s := &session{answer: NewReply(299, "")}
		if c.end == ErrGivenUp {
			s.answer = Reply{} // the command has a reply of its own
		}
		codes := converse(t, s, envelope+c.sent)
		if got := strings.Join(codes, " "); got != c.codes {
			t.Errorf("%s: replies %s, want %s", c.name, got, c.codes)
		}
		var got, want Reply
		if errors.As(c.end, &want) && errors.As(s.end, &got) && got.Code == want.Code {
			continue
		}
		if !errors.Is(s.end, c.end) {
			t.Errorf("%s: the body ends with %v, want %v", c.name, s.end, c.end)
		}
	}
}

func TestHurryWakesAnIdleClientAndNoTransaction(t *testing.T) {
	s := &session{answer: NewReply(250, "2.0.0 taken")}
	client, in := talkTo(t, s)
	read := func(want string) {
		t.Helper()
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatalf("waiting for %s: %v", want, err)
			}
			if line[3] == '-' {
				continue
			}
			if line[:3] != want {
				t.Fatalf("reply %q, want %s", line, want)
			}
			return
		}
	}
	read("220")
	io.WriteString(client, envelope+"DATA\r\n")
	for _, want := range []string{"250", "250", "250", "354"} {
		read(want)
	}
	s.conn.Hurry()
	io.WriteString(client, "all of it\r\n.\r\n")
	read("250")
	read("421")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if _, err := in.ReadByte(); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection stays open")
			}
			return
		}
	}
}
