package demo

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// Maildir is a next hop that files every message it accepts in a Maildir, under
// new/, byte for byte as it came in.
type Maildir struct {
	dir    string
	server *smtp.Server
	ln     net.Listener
	filed  atomic.Int64
}

// OpenMaildir makes the directories under dir and starts to listen on an unused
// port of 127.0.0.1. Close ends it.
func OpenMaildir(dir string) (*Maildir, error) {
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("make maildir: %w", err)
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen as next hop: %w", err)
	}
	m := &Maildir{dir: dir, ln: ln}
	m.server = smtp.NewServer(m)
	m.server.Domain = "next-hop.school.example"
	m.server.EnableSMTPUTF8 = true
	m.server.EnableDSN = true
	m.server.ReadTimeout = 5 * time.Minute
	m.server.WriteTimeout = time.Minute
	m.server.MaxLineLength = 1 << 20 // long lines are passed on, never judged here
	go m.server.Serve(ln)            // returns when Close is called
	return m, nil
}

// Addr returns the address to deliver to.
func (m *Maildir) Addr() string { return m.ln.Addr().String() }

// Dir returns where the messages are.
func (m *Maildir) Dir() string { return filepath.Join(m.dir, "new") }

// Filed returns how many messages have been accepted.
func (m *Maildir) Filed() int { return int(m.filed.Load()) }

// Close stops listening.
func (m *Maildir) Close() error { return m.server.Close() }

// NewSession implements smtp.Backend.
func (m *Maildir) NewSession(*smtp.Conn) (smtp.Session, error) { return delivery{m}, nil }

type delivery struct{ m *Maildir }

func (d delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d delivery) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (d delivery) Reset()                               {}
func (d delivery) Logout() error                        { return nil }

func (d delivery) Data(r io.Reader) error {
	name := fmt.Sprintf("%d.%s.sluis", time.Now().Unix(), rand.Text())
	if err := d.file(name, r); err != nil {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Could not file the message"}
	}
	d.m.filed.Add(1)
	return nil
}

// file writes under tmp/ and renames into new/, as the Maildir format asks, so that
// a reader never sees half a message.
func (d delivery) file(name string, r io.Reader) error {
	tmp := filepath.Join(d.m.dir, "tmp", name)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(tmp) // fails once it is renamed, as it should
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(d.m.dir, "new", name))
}
