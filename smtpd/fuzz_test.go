package smtpd

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"sluis/internal/testenv"
)

// bySteps reads from data in pieces whose sizes come from steps.
type bySteps struct {
	data, steps []byte
	i           int
}

func (b *bySteps) Read(p []byte) (int, error) {
	if len(b.data) == 0 {
		return 0, io.EOF
	}
	n := len(p)
	if len(b.steps) > 0 {
		n = min(n, int(b.steps[b.i%len(b.steps)])+1)
		b.i++
	}
	n = copy(p[:n], b.data)
	b.data = b.data[n:]
	return n, nil
}

// repaired is the repairer in one line, for messages without bare CR.
func repaired(b []byte) []byte {
	s := strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n", "\r\n")
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "\r\n"
	}
	return []byte(s)
}

func bareCRs(b []byte) bool {
	return bytes.Contains(bytes.ReplaceAll(b, []byte("\r\n"), nil), []byte("\r")) // \r\r\n keeps one
}

func FuzzLineEnds(f *testing.F) {
	for _, s := range []string{
		"", "\n", "\r\n", "\r", "a\nb\r\nc", "a\r\n.\r\n", "\r\r\n\n", "\x00", "\n\n\n\n\n\n\n\n\r\n",
	} {
		f.Add([]byte(s), []byte{0}, uint8(2))
		f.Add([]byte(s), []byte{1, 7}, uint8(5))
	}
	f.Fuzz(func(t *testing.T, data, steps []byte, size uint8) {
		g := &repairer{r: &bySteps{data: data, steps: steps}}
		var out []byte
		buf := make([]byte, int(size)%64+2)
		for {
			n, err := g.Read(buf)
			out = append(out, buf[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(out) > 2*len(data)+2 {
				t.Fatal("grows")
			}
		}
		if g.nul != bytes.Contains(data, []byte{0}) {
			t.Errorf("nul %v", g.nul)
		}
		if g.bareCR != bareCRs(data) {
			t.Fatalf("bare CR %v in %q", g.bareCR, data)
		}
		if g.bareCR || g.nul {
			return
		}
		if want := repaired(data); !bytes.Equal(out, want) {
			t.Fatalf("%q became %q, want %q", data, out, want)
		}
		if n := bytes.Count(data, []byte("\n")) - bytes.Count(data, []byte("\r\n")); n != int(g.repaired) {
			t.Errorf("%d repairs counted, %d made", g.repaired, n)
		}
		again := &repairer{r: bytes.NewReader(out)}
		if b, err := io.ReadAll(again); err != nil || !bytes.Equal(b, out) || again.repaired != 0 {
			t.Errorf("not the same the second time: %q", b)
		}
	})
}

// trustedListener makes connections over a Unix socket look as if from the loopback.
type trustedListener struct{ net.Listener }

type trustedConn struct{ net.Conn }

func (trustedConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:4242"))
}

func (l trustedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return trustedConn{c}, nil
}

func FuzzSession(f *testing.F) {
	const open = "EHLO x\r\nMAIL FROM:<a@school.example>\r\nRCPT TO:<b@school.example>\r\n"
	for _, s := range []string{
		open + "DATA\r\nhi\r\n.\r\nQUIT\r\n",
		open + "BDAT 5\r\nhello" + "BDAT 3 LAST\r\n\r\nx" + "NOOP\r\n",
		open + "BDAT 5\r\nhello" + "RSET\r\nMAIL FROM:<>\r\nRCPT TO:<c@elsewhere.example>\r\nDATA\r\n..\r\n.\r\n",
		open + "DATA\r\nx\r\r\n.\r\nMAIL FROM:<>\r\n.\r\n" + open + "DATA\r\n.\r\n",
		"EHLO x\r\n" + strings.Repeat("MAIL FROM:<>\r\nRCPT TO:<\"a b\"@school.example>\r\nDATA\r\n\n.\n\r\n.\r\n", 3),
		"STARTTLS\r\nAUTH PLAIN\r\nVRFY x\r\nHELP\r\nEXPN\r\nHELO\r\nEHLO\r\nLHLO x\r\nDATA\r\nBDAT 0 LAST\r\n",
		"BDAT 99999999999\r\n", open + "BDAT -1 LAST\r\n", open + "DATA\r\n" + strings.Repeat("x", 5000),
	} {
		f.Add([]byte(s), []byte{255})
		f.Add([]byte(s), []byte{0, 3})
	}
	s := newSink(f).Start()
	st := play(f, s, func(c *Config, _ *stage) {
		c.Limits.Idle, c.Limits.MessageSize = 5*time.Second, 1<<20
	})
	sock := filepath.Join(f.TempDir(), "s")
	l, err := net.Listen("unix", sock)
	if err != nil {
		f.Fatal(err)
	}
	go st.relay.Serve(Listener{Listener: trustedListener{l}})

	f.Fuzz(func(t *testing.T, data, steps []byte) {
		before, records := len(s.Messages()), len(st.journal.all())
		c, err := net.Dial("unix", sock)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(testenv.Patience))
		go func() {
			io.Copy(c, &bySteps{data: data, steps: steps})
			c.(*net.UnixConn).CloseWrite()
		}()
		got, err := io.ReadAll(iotest.DataErrReader(c))
		if err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatalf("hangs: %v after %q", err, got)
		}
		delivered := len(s.Messages()) - before
		if acked := bytes.Count(got, []byte("sink has it")); err == nil && delivered != acked {
			t.Fatalf("%d delivered, %d acknowledged: %q", delivered, acked, got)
		}
		good := 0
		for _, r := range st.journal.all()[records:] {
			if r.Reply == 250 {
				good++
			}
		}
		if good != delivered {
			t.Fatalf("%d delivered, %d in the journal", delivered, good)
		}
		for _, m := range s.Messages()[before:] {
			if bareCRs(m.Data) || bytes.Contains(m.Data, []byte{0}) {
				t.Fatalf("the next hop got %q", m.Data)
			}
		}
	})
}
