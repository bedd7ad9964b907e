package clamd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// eicar is the test file that every virus scanner knows, in two pieces, so that this file
// itself is none.
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD` + `-ANTIVIRUS-TEST-FILE!$H+H*`

func TestTheDaemonKnowsTheTestFile(t *testing.T) {
	testenv.Need(t, "clamd")
	c, err := testenv.StartClamd(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	d := New(c.Socket())
	for name, tc := range map[string]struct {
		content, want string
		err           error
	}{
		"the test file":  {eicar, "Eicar-Test-Signature.UNOFFICIAL", nil},
		"a letter":       {"Beste ouders,", "", nil},
		"nothing":        {"", "", nil},
		"several pieces": {"Subject: a\r\n\r\n" + strings.Repeat("een regel\r\n", 20_000), "", nil},
		"too large":      {strings.Repeat("x", 2<<20), "", ErrTooLarge},
	} {
		got, err := d.Scan(t.Context(), strings.NewReader(tc.content))
		if got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: got %q, %v; want %q, %v", name, got, err, tc.want, tc.err)
		}
	}
}

func TestNoVerdictIsAnError(t *testing.T) {
	for name, answer := range map[string]string{"silence": "", "nonsense": "hallo\x00",
		"cut off": "stream: Eicar-Te", "an error": "COMMAND READ TIMED OUT. ERROR\x00",
		"no name": "stream:  FOUND\x00"} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ln.Close() })
		go func() {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			c.SetReadDeadline(time.Now().Add(testenv.Patience))
			io.CopyN(io.Discard, c, 10+4+1+4) // the command, one piece and the end
			io.WriteString(c, answer)
		}()
		if got, err := New(ln.Addr().String()).Scan(t.Context(), strings.NewReader("x")); err == nil {
			t.Errorf("%s: got %q, want an error", name, got)
		}
	}
	if _, err := New("/does/not/exist").Scan(t.Context(), strings.NewReader("x")); err == nil {
		t.Error("no daemon, no error")
	}
}

func TestItDoesNotWaitLongerThanItMay(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() // without accepting or answering
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := New(ln.Addr().String()).Scan(ctx, bytes.NewReader(make([]byte, 100<<20))); !errors.Is(
		err,
		context.DeadlineExceeded,
	) {
		t.Errorf("got %v, want the end of the time", err)
	}
}
