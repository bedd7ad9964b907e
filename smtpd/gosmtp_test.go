package smtpd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// The tests of this file show that faults of go-smtp v0.25.1 are real: each is a reason
// for something in package wire or in this one. One that fails after an upgrade says that the fault is
// gone, and that what guards against it can perhaps go too.

type plainSession struct {
	from, to []string
	body     []byte
	err      error
	extra    func() error
}

func (p *plainSession) Reset()        {}
func (p *plainSession) Logout() error { return nil }
func (p *plainSession) Mail(from string, _ *smtp.MailOptions) error {
	p.from = append(p.from, from)
	return nil
}
func (p *plainSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	p.to = append(p.to, to)
	return nil
}
func (p *plainSession) Data(r io.Reader) error {
	p.body, p.err = io.ReadAll(r)
	if p.extra != nil {
		return p.extra()
	}
	return nil
}

func plainServer(t *testing.T, s *plainSession, set func(*smtp.Server)) *talk {
	t.Helper()
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return s, nil }))
	srv.Domain = "plain"
	srv.ErrorLog = quietLog{newQuiet()}
	if set != nil {
		set(srv)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	c := dial(t, l.Addr().String())
	c.want("220")
	c.cmd("EHLO x", "250")
	return c
}

// silent reports whether no reply comes for a moment.
func (c *talk) silent() bool {
	c.conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	_, err := c.br.Peek(1)
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

func TestGoSMTPMissesTheEndAfterTwoCRs(t *testing.T) { // S1
	s := &plainSession{}
	c := plainServer(t, s, nil)
	c.envelope("a@x", "b@x")
	c.cmd("DATA", "354")
	c.write("x\r\r\n.\r\n")
	if !c.silent() {
		t.Fatal("the end of data was seen")
	}
	c.write("MAIL FROM:<swallowed@x>\r\n.\r\n")
	c.want("250")
	if !bytes.Contains(s.body, []byte("swallowed")) {
		t.Errorf("body %q", s.body)
	}
}

func TestGoSMTPLosesACRBehindADot(t *testing.T) { // S2
	s := &plainSession{}
	c := plainServer(t, s, nil)
	c.envelope("a@x", "b@x")
	c.cmd("DATA", "354")
	c.write("x\r\n.\rY\r\n.\r\n")
	c.want("250")
	if string(s.body) != "x\r\nY\r\n" {
		t.Errorf("body %q", s.body)
	}
}

func TestGoSMTPReadTimeoutIsForTheWholeBody(t *testing.T) { // S4
	s := &plainSession{}
	c := plainServer(t, s, func(srv *smtp.Server) { srv.ReadTimeout = 300 * time.Millisecond })
	c.envelope("a@x", "b@x")
	c.cmd("DATA", "354")
	for range 10 { // never idle for long
		c.conn.Write([]byte("line\r\n"))
		time.Sleep(60 * time.Millisecond)
	}
	if !strings.HasPrefix(c.want(""), "4") && s.err == nil {
		t.Error("a body that keeps coming was read beyond the timeout")
	}
}

func TestGoSMTPLimitsLinesOfChunks(t *testing.T) { // S5
	s := &plainSession{}
	c := plainServer(t, s, nil)
	c.envelope("a@x", "b@x")
	c.write("BDAT 3000 LAST\r\n" + strings.Repeat("x", 3000))
	c.want("500")
}

func TestGoSMTPAcceptsNestedMail(t *testing.T) { // S8
	s := &plainSession{}
	c := plainServer(t, s, nil)
	c.envelope("a@x", "b@x")
	c.cmd("MAIL FROM:<second@x>", "250")
	c.cmd("DATA", "354")
}

func TestGoSMTPUnquotesLocalParts(t *testing.T) { // S9
	s := &plainSession{}
	c := plainServer(t, s, nil)
	c.cmd("MAIL FROM:<>", "250")
	c.cmd(`RCPT TO:<"a@b> SIZE=1"@c>`, "250")
	if s.to[0] != "a@b> SIZE=1@c" {
		t.Errorf("recipient %q", s.to[0])
	}
}

func TestGoSMTPRefusesPostmasterAndDropsSourceRoutes(t *testing.T) { // S10
	s := &plainSession{}
	c := plainServer(t, s, nil)
	c.cmd("MAIL FROM:<>", "250")
	c.cmd("RCPT TO:<postmaster>", "501")
	c.cmd("RCPT TO:<@relay.example:user@x>", "250")
	if s.to[0] != "user@x" {
		t.Errorf("recipient %q", s.to[0])
	}
}

func TestGoSMTPLeaksErrorTextAsPermanent(t *testing.T) { // S11
	s := &plainSession{extra: func() error { return errors.New("disk /secret/path is full") }}
	c := plainServer(t, s, nil)
	c.envelope("a@x", "b@x")
	c.cmd("DATA", "354")
	c.write("x\r\n.\r\n")
	if rep := c.want("554"); !strings.Contains(rep, "/secret/path") {
		t.Errorf("reply %q", rep)
	}
}

func TestGoSMTPShutdownLeavesIdleClients(t *testing.T) { // S12
	s := &plainSession{}
	var srv *smtp.Server
	c := plainServer(t, s, func(x *smtp.Server) { srv = x })
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := srv.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	if err := srv.Close(); !errors.Is(err, smtp.ErrServerClosed) {
		t.Errorf("Close: %v", err)
	}
	c.cmd("NOOP", "250") // still there
}

func TestGoSMTPAcceptsEightBitPathsWithoutSMTPUTF8(t *testing.T) { // S13
	s := &plainSession{}
	c := plainServer(t, s, nil)
	c.cmd("MAIL FROM:<é@x>", "250")
}

func TestGoSMTPDoesNotSkipAChunkItDoesNotUnderstand(t *testing.T) { // S7
	s := &plainSession{}
	c := plainServer(t, s, nil)
	c.envelope("a@x", "b@x")
	c.write("BDAT 6 NOPE\r\nNOOP\r\n")
	c.want("501")
	c.want("250") // the chunk ran as a command
}

func TestGoSMTPClientChangesBodies(t *testing.T) { // C1, C3
	s := newSink(t)
	s.Lenient = true
	s.Start()
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail("a@x", &smtp.MailOptions{Body: smtp.Body7Bit}); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("b@x", nil); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "a\nb\r\r\nc")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	m := s.Messages()[0]
	if string(m.Data) == "a\nb\r\r\nc\r\n" {
		t.Errorf("body %q unchanged", m.Data)
	}
	if m.From != "MAIL FROM:<a@x> BODY=8BITMIME" {
		t.Errorf("%q", m.From)
	}
}

func TestGoSMTPClientDropsDSNInSilence(t *testing.T) { // C6
	s := newSink(t)
	s.Extensions = []string{"PIPELINING"}
	s.Start()
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail("a@x", &smtp.MailOptions{Return: smtp.DSNReturnHeaders, EnvelopeID: "x"}); err != nil {
		t.Fatal(err)
	}
	if ls := s.Commands(); ls[len(ls)-1] != "MAIL FROM:<a@x>" {
		t.Errorf("%q", ls)
	}
}

func TestGoSMTPClientSaysEHLOAfterReset(t *testing.T) { // C5
	s := newSink(t).Start()
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Mail("a@x", nil)
	c.Reset()
	c.Mail("a@x", nil)
	if n := strings.Count(strings.Join(s.Commands(), "\n"), "EHLO"); n != 2 {
		t.Errorf("%d times EHLO", n)
	}
}

func TestGoSMTPClientDeliversOnClose(t *testing.T) { // C2
	s := newSink(t).Start()
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Mail("a@x", nil)
	c.Rcpt("b@x", nil)
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "half a mess")
	w.Close() // as a defer would on a spool error
	if len(s.Messages()) != 1 {
		t.Error("nothing was delivered")
	}
}
