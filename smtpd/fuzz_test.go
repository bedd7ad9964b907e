package smtpd

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"
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

// repaired is the guard in one line, for messages without bare CR.
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

func FuzzGuard(f *testing.F) {
	for _, s := range []string{"", "\n", "\r\n", "\r", "a\nb\r\nc", "a\r\n.\r\n", "\r\r\n\n", "\x00", "\n\n\n\n\n\n\n\n\r\n"} {
		f.Add([]byte(s), []byte{0}, uint8(2))
		f.Add([]byte(s), []byte{1, 7}, uint8(5))
	}
	f.Fuzz(func(t *testing.T, data, steps []byte, size uint8) {
		g := &guard{r: &bySteps{data: data, steps: steps}}
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
		again := &guard{r: bytes.NewReader(out)}
		if b, err := io.ReadAll(again); err != nil || !bytes.Equal(b, out) || again.repaired != 0 {
			t.Errorf("not the same the second time: %q", b)
		}
	})
}

// FuzzWire checks that framing does not depend on how the network cuts a body, that data
// ends at the first CRLF "." CRLF and nowhere else, and that just the stuffing is lost.
func FuzzWire(f *testing.F) {
	for _, s := range []string{"x\r\n.\r\n", ".\r\n", "x\r\r\n.\r\nMAIL", "\n.\r\n", "\r\n.\n\r\n.\r\n", "..\r\n.\rY\r\n.\r\n", ".\r\r\n.\r\n", ".\r.\r\n.\r\n"} {
		f.Add([]byte(s), []byte{0}, uint8(2))
		f.Add([]byte(s), []byte{3, 1}, uint8(9))
	}
	f.Fuzz(func(t *testing.T, raw, steps []byte, size uint8) {
		run := func(f *framer, steps []byte, room int) (out []byte, read int, end bool) {
			dst := make([]byte, room)
			for i := 0; read < len(raw); {
				n := len(raw) - read
				if len(steps) > 0 {
					n = min(n, int(steps[i%len(steps)])+1)
					i++
				}
				nd, ns, done := f.data(dst, raw[read:read+n])
				if nd == 0 && ns == 0 {
					t.Fatal("stands still")
				}
				out, read = append(out, dst[:nd]...), read+ns
				if done {
					return out, read, true
				}
			}
			return out, read, false
		}
		var whole, pieces framer
		out1, read1, end1 := run(&whole, nil, 2*len(raw)+2)
		out2, read2, end2 := run(&pieces, steps, int(size)%100+2)
		if !bytes.Equal(out1, out2) || read1 != read2 || end1 != end2 || whole != pieces {
			t.Fatalf("%q: %q %d %v, in pieces %q %d %v", raw, out1, read1, end1, out2, read2, end2)
		}
		i := bytes.Index(append([]byte("\r\n"), raw...), []byte("\r\n.\r\n"))
		if (i >= 0) != end1 || end1 && read1 != i+3 {
			t.Fatalf("%q ends at %d (%v), want %d", raw, read1, end1, i)
		}
		if !end1 {
			return
		}
		content := raw[:read1-3]
		want := bytes.ReplaceAll(append([]byte("\r\n"), content...), []byte("\r\n."), []byte("\r\n"))[2:]
		if !bytes.Equal(out1, want) {
			t.Fatalf("%q became %q, want %q", raw[:read1], out1, want)
		}
		lone := regexp.MustCompile(`(\n\.\n|[^\r]\n\.\r\n)`)
		if got := lone.Match(append([]byte("\r\n"), raw[:read1]...)); got != whole.smuggled {
			t.Fatalf("smuggled %v in %q", whole.smuggled, raw[:read1])
		}
	})
}

// FuzzPath checks that what is passed on to the next hop is one path and nothing else.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"a@b", `"a b"@c`, `"a\"@b> SIZE=1"@c`, "postmaster", "@a:b@c", "a@[127.0.0.1]", "é@ü.example", "<a@b>", `"\`, "a@b>x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw, rest, ok := cutPath("<" + s + "> SIZE=1")
		if !ok {
			return
		}
		p, ok := parsePath(raw)
		if !ok {
			return
		}
		if strings.ContainsFunc(raw, control) {
			t.Fatalf("control character in %q", raw)
		}
		again, params, ok := cutPath("<" + p.raw + ">")
		if !ok || again != p.raw || params != "" {
			t.Fatalf("%q is read as %q and %q", p.raw, again, params)
		}
		if raw == s && rest != "SIZE=1" {
			t.Fatalf("parameters %q", rest)
		}
		if p.domain != "" && strings.ContainsAny(p.domain, " <>\"@%") {
			t.Fatalf("domain %q", p.domain)
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
	s := newSink(f).start()
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
		before, records := len(s.got()), len(st.journal.all())
		c, err := net.Dial("unix", sock)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		go func() {
			io.Copy(c, &bySteps{data: data, steps: steps})
			c.(*net.UnixConn).CloseWrite()
		}()
		got, err := io.ReadAll(iotest.DataErrReader(c))
		if err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatalf("hangs: %v after %q", err, got)
		}
		delivered := len(s.got()) - before
		if acked := bytes.Count(got, []byte("sink has it as")); err == nil && delivered != acked {
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
		for _, m := range s.got()[before:] {
			if bytes.Contains(bytes.ReplaceAll(m.data, []byte("\r\n"), nil), []byte("\r")) || bytes.Contains(m.data, []byte{0}) {
				t.Fatalf("the next hop got %q", m.data)
			}
		}
	})
}
