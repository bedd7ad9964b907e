package clienthello

import (
	"bytes"
	"crypto/tls"
	"errors"
	"testing"
)

// withName returns a hello with a name that Go's client would not send, which has to be as long as another.
func withName(t testing.TB, name string, c *tls.Config) []byte {
	t.Helper()
	stand := string(bytes.Repeat([]byte("a"), len(name)-4)) + ".abc"
	c.ServerName = stand
	return bytes.Replace(clientHello(t, c), []byte(stand), []byte(name), 1)
}

// TestADotAfterTheName: a hello whose name ends in a dot says the same as one without, however it is cut.
func TestADotAfterTheName(t *testing.T) {
	for _, c := range []*tls.Config{
		{NextProtos: []string{"h2", "http/1.1"}},
		{MaxVersion: tls.VersionTLS12},
		{CurvePreferences: []tls.CurveID{tls.X25519}},
	} {
		sent := withName(t, "www.School.example.", c)
		for _, cut := range []int{len(sent), 100, 7} {
			wire := records(sent, cut)
			for _, piece := range []int{len(wire), 11} {
				h, err := Read(conn(t, wire, piece))
				if err != nil || h.Name != "www.school.example" || !h.Dot || !bytes.Equal(h.Raw, wire) ||
					len(h.ALPN) != len(c.NextProtos) {
					t.Errorf("records of %d in pieces of %d: got %q, %v, dot %v, %d bytes, %v; want www.school.example",
						cut, piece, h.Name, h.ALPN, h.Dot, len(h.Raw), err)
				}
			}
		}
	}
	if h, err := Read(conn(t, withName(t, "www.school.example..", &tls.Config{}), 1000)); !errors.Is(err, ErrNotTLS) {
		t.Errorf("two dots: got %q, %v, want no hello", h.Name, err)
	}
	if h, err := Read(conn(t, clientHello(t, &tls.Config{ServerName: "www.school.example"}), 1000)); err != nil || h.Dot {
		t.Errorf("a name without a dot: got dot %v, %v, want none", h.Dot, err)
	}
}

// FuzzWithoutDot: what comes without the dot is never longer, and no hello leads to a crash.
func FuzzWithoutDot(f *testing.F) {
	f.Add(withName(f, "www.school.example.", &tls.Config{}))
	f.Add(records(withName(f, "www.school.example.", &tls.Config{}), 9))
	f.Fuzz(func(t *testing.T, sent []byte) {
		if out := withoutDot(sent); len(out) > len(sent)+8 {
			t.Fatalf("got %d bytes of %d, want no more", len(out), len(sent))
		}
	})
}
