package clienthello

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// hello returns what Go's client sends first.
func clientHello(t testing.TB, c *tls.Config) []byte {
	t.Helper()
	client, server := net.Pipe()
	defer server.Close()
	c.InsecureSkipVerify = true
	go func() {
		tls.Client(client, c).Handshake()
		client.Close()
	}()
	head := make([]byte, 5)
	if _, err := io.ReadFull(server, head); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(server, body); err != nil {
		t.Fatal(err)
	}
	return append(head, body...)
}

// records cuts the hello of one record into records of at most n bytes each.
func records(hello []byte, n int) []byte {
	var out []byte
	for piece := range slices.Chunk(hello[5:], n) {
		out = append(out, hello[:3]...)
		out = binary.BigEndian.AppendUint16(out, uint16(len(piece)))
		out = append(out, piece...)
	}
	return out
}

// conn returns a connection on which the bytes arrive in pieces.
func conn(t testing.TB, sent []byte, piece int) net.Conn {
	client, server := net.Pipe()
	t.Cleanup(func() { client.Close(); server.Close() })
	go func() {
		for p := range slices.Chunk(sent, piece) {
			if _, err := client.Write(p); err != nil {
				return
			}
		}
		client.Close()
	}()
	return server
}

func TestRead(t *testing.T) {
	modern := clientHello(t, &tls.Config{ServerName: "www.School.example", NextProtos: []string{"h2", "http/1.1"}})
	if len(modern) < 1400 {
		t.Fatalf("got %d bytes, want a ClientHello with a post-quantum key share", len(modern))
	}
	old := clientHello(t, &tls.Config{ServerName: "old.example", MaxVersion: tls.VersionTLS12})
	nameless := clientHello(t, &tls.Config{})
	for _, tt := range []struct {
		name  string
		sent  []byte
		piece int
		host  string
		alpn  []string
		err   error
	}{
		{"a post-quantum hello", modern, 1 << 20, "www.school.example", []string{"h2", "http/1.1"}, nil},
		{"in segments", modern, 100, "www.school.example", []string{"h2", "http/1.1"}, nil},
		{"byte for byte", modern, 1, "www.school.example", []string{"h2", "http/1.1"}, nil},
		{"split over records", records(modern, 40), 1 << 20, "www.school.example", []string{"h2", "http/1.1"}, nil},
		{"split over records and segments", records(modern, 7), 3, "www.school.example", []string{"h2", "http/1.1"}, nil},
		{"TLS 1.2", old, 1 << 20, "old.example", nil, nil},
		{"no name", nameless, 1 << 20, "", nil, nil},
		{"something behind it", append(bytes.Clone(modern), "early data"...), 1 << 20, "www.school.example", []string{"h2", "http/1.1"}, nil},
		{"plain HTTP", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 1 << 20, "", nil, ErrNotTLS},
		{"SSH", []byte("SSH-2.0-OpenSSH_9.2\r\n"), 1 << 20, "", nil, ErrNotTLS},
		{"cut short", modern[:200], 1 << 20, "", nil, ErrNotTLS},
		{"an alert", []byte{22, 3, 1, 0, 2, 2, 40, 0}, 1 << 20, "", nil, ErrNotTLS},
		{"a hello without end", records(
			append([]byte{22, 3, 1, 0, 0, 1, 0, 0xff, 0xff}, bytes.Repeat([]byte{0}, 70_000)...), 1000,
		), 1 << 20, "", nil, ErrNotTLS},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := conn(t, tt.sent, tt.piece)
			c.SetDeadline(time.Now().Add(testenv.Patience))
			h, err := Read(c)
			if !errors.Is(err, tt.err) || err != nil && tt.err == nil {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if h.Name != tt.host || !slices.Equal(h.ALPN, tt.alpn) || h.ECH {
				t.Errorf(
					"got name %q, protocols %q, ECH %v, want %q, %q, false",
					h.Name,
					h.ALPN,
					h.ECH,
					tt.host,
					tt.alpn,
				)
			}
			if len(h.Raw) > MaxSize {
				t.Errorf("got %d bytes read, want %d at most", len(h.Raw), MaxSize)
			}
			c.SetDeadline(time.Now().Add(testenv.Patience))
			if len(tt.sent) <= MaxSize {
				all, _ := io.ReadAll(Replay(c, h.Raw))
				if !bytes.Equal(all, tt.sent) {
					t.Errorf("got %d bytes, want the %d that were sent", len(all), len(tt.sent))
				}
			}
		})
	}
}

func TestECH(t *testing.T) {
	b := clientHello(t, &tls.Config{ServerName: "outer.example", EncryptedClientHelloConfigList: echList(t)})
	h, err := Read(conn(t, b, 1<<20))
	if err != nil || !h.ECH {
		t.Errorf("got ECH %v, name %q, %v, want ECH", h.ECH, h.Name, err)
	}
	if h.Name != "public.example" {
		t.Errorf("got the name %q, want the outer one, public.example", h.Name)
	}
}

// echList is a list with one configuration (RFC 9849, section 4) for a public name.
func echList(t *testing.T) []byte {
	t.Helper()
	key := make([]byte, 32)
	key[0] = 9 // the base point of X25519 is a point as good as any
	name := "public.example"
	c := []byte{1, 0, 0x20, 0, 32} // id, KEM X25519, length of the key
	c = append(c, key...)
	c = append(c, 0, 4, 0, 1, 0, 1, 64, byte(len(name))) // HKDF-SHA256, AES-128-GCM; longest name
	c = append(c, name...)
	c = append(c, 0, 0)
	c = append([]byte{0xfe, 0x0d, 0, byte(len(c))}, c...)
	return append([]byte{0, byte(len(c))}, c...)
}

func TestSlowHello(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	go client.Write([]byte{22, 3, 1})
	server.SetDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := Read(server); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want the end of the time", err)
	}
}

func FuzzRead(f *testing.F) {
	modern := clientHello(f, &tls.Config{ServerName: "www.school.example", NextProtos: []string{"h2"}})
	f.Add(modern)
	f.Add(records(modern, 11))
	f.Add(clientHello(f, &tls.Config{ServerName: "x.example", MaxVersion: tls.VersionTLS12}))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add(withName(f, "www.school.example.", &tls.Config{}))
	f.Fuzz(func(t *testing.T, sent []byte) {
		h, err := Read(&script{r: bytes.NewReader(sent)})
		if !bytes.HasPrefix(sent, h.Raw) {
			t.Fatal("got other bytes, want those that were sent")
		}
		if err == nil && !h.Dot && !strings.EqualFold(h.Name, strings.TrimSuffix(asServerSees(sent), ".")) {
			t.Fatalf("got %q, want %q as a server sees it", h.Name, asServerSees(sent))
		}
	})
}

// asServerSees returns the name that a server gets from the same bytes.
func asServerSees(sent []byte) (name string) {
	tls.Server(&script{r: bytes.NewReader(sent)}, &tls.Config{
		GetCertificate: func(i *tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("enough") },
		GetConfigForClient: func(i *tls.ClientHelloInfo) (*tls.Config, error) {
			name = i.ServerName
			return nil, errors.New("enough")
		},
	}).Handshake()
	return name
}

// script is a client that sends its bytes and ends.
type script struct {
	net.Conn
	r *bytes.Reader
}

func (s *script) Read(b []byte) (int, error)       { return s.r.Read(b) }
func (s *script) Write(b []byte) (int, error)      { return len(b), nil }
func (s *script) Close() error                     { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

func BenchmarkRead(b *testing.B) {
	modern := clientHello(b, &tls.Config{ServerName: "www.school.example", NextProtos: []string{"h2", "http/1.1"}})
	b.ReportAllocs()
	for b.Loop() {
		if h, err := Read(&script{r: bytes.NewReader(modern)}); err != nil || h.Name == "" {
			b.Fatal(err)
		}
	}
}
