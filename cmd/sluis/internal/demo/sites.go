package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"sluis/proxy/ca"
)

// Sites is the internet of the demonstration: every name leads to it, and to nowhere else.
type Sites struct {
	Plain, Secure uint16 // ports
	authority     *ca.Authority
	servers       []*http.Server
	names         net.PacketConn
}

// OpenSites starts the sites. What they need is kept in dir.
func OpenSites(dir string) (*Sites, error) {
	cert, key := filepath.Join(dir, "sites.crt"), filepath.Join(dir, "sites.key")
	authority, err := ca.Load(cert, key)
	if err != nil {
		if err := ca.Create(cert, key, ca.Spec{Name: "Authority of the demonstration's sites"}); err != nil {
			return nil, err
		}
		if authority, err = ca.Load(cert, key); err != nil {
			return nil, err
		}
	}
	s := &Sites{authority: authority}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open sites: %w", err)
	}
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open sites: %w", err)
	}
	if s.names, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("open sites: %w", err)
	}
	s.Plain, s.Secure = portOf(plain), portOf(secure)
	certify := func(i *tls.ClientHelloInfo) (*tls.Certificate, error) { return authority.For(i.ServerName) }
	secure = tls.NewListener(secure, &tls.Config{GetCertificate: certify})
	for _, ln := range []net.Listener{plain, secure} {
		srv := &http.Server{Handler: http.HandlerFunc(serveSite), ReadHeaderTimeout: 10 * time.Second}
		s.servers = append(s.servers, srv)
		go srv.Serve(ln)
	}
	go s.answer()
	return s, nil
}

func portOf(l net.Listener) uint16 { return l.Addr().(*net.TCPAddr).AddrPort().Port() }

func serveSite(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!doctype html><title>Demonstratie</title><h1>Welkom</h1>"+
		"<p>Dit is een pagina over dijken, molens en sluizen.</p>")
}

// Roots are the authorities that the sites' certificates come from.
func (s *Sites) Roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(s.authority.Certificate())
	return roots
}

// Resolver finds every name at the demonstration's sites.
func (s *Sites) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", s.names.LocalAddr().String())
	}}
}

// answer is a name server.
func (s *Sites) answer() {
	b := make([]byte, 1500)
	for {
		n, from, err := s.names.ReadFrom(b)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		q := m.Questions[0]
		m.Response, m.Additionals = true, nil
		if q.Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			}}
		}
		if out, err := m.Pack(); err == nil {
			s.names.WriteTo(out, from)
		}
	}
}

// Close ends the sites.
func (s *Sites) Close() error {
	for _, srv := range s.servers {
		srv.Close()
	}
	return s.names.Close()
}
