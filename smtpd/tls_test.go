package smtpd

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"

	"sluis/internal/testenv"
)

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{cert, key, x509.NewCertPool()}
	a.pool.AddCert(cert)
	return a
}

func (a *authority) issue(t *testing.T, host string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		tmpl.IPAddresses = []net.IP{ip}
	} else {
		tmpl.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secure continues a conversation in TLS.
func (c *talk) secure(cfg *tls.Config) *talk {
	c.t.Helper()
	c.conn.SetDeadline(time.Now().Add(testenv.Patience))
	tc := tls.Client(c.conn, cfg)
	if err := tc.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	return &talk{c.t, tc, bufio.NewReader(tc)}
}

func withTLS(cfg *tls.Config) func(*Config, *stage) {
	return func(c *Config, _ *stage) { c.TLS = cfg }
}

// certified has the relay offer TLS, with a certificate of an authority.
func certified(t *testing.T, ca *authority) func(*Config, *stage) {
	return withTLS(&tls.Config{Certificates: []tls.Certificate{ca.issue(t, "gate.school.example")}})
}

func TestSTARTTLS(t *testing.T) {
	ca := newAuthority(t)
	s := newSink(t).Start()
	st := play(t, s, certified(t, ca))
	c := dial(t, st.addr)
	c.want("220")
	if got := c.cmd("EHLO x", "250"); !strings.Contains(got, "STARTTLS") {
		t.Fatalf("%s", got)
	}
	c.cmd("MAIL FROM:<carried@over.example>", "250")
	c.cmd("STARTTLS now", "501")
	c.cmd("STARTTLS", "220")
	c = c.secure(&tls.Config{RootCAs: ca.pool, ServerName: "gate.school.example"})
	c.cmd("RCPT TO:<b@school.example>", "503") // nothing is carried over
	if got := c.cmd("EHLO client.example", "250"); strings.Contains(got, "STARTTLS") {
		t.Errorf("%s", got)
	}
	c.cmd("STARTTLS", "503")
	c.cmd("RCPT TO:<b@school.example>", "5")
	c.send("a@school.example", "b@school.example", "x\r\n", "250")
	for _, want := range []string{"with ESMTPS id ", "(using TLSv1.3 with cipher TLS_"} {
		if d := string(s.Messages()[0].Data); !strings.Contains(d, want) {
			t.Errorf("the trace field lacks %q: %s", want, d)
		}
	}
	if !st.journal.all()[0].TLS {
		t.Error("journal")
	}
}

func TestNothingIsInjectedBeforeTLS(t *testing.T) {
	ca := newAuthority(t)
	s := newSink(t).Start()
	st := play(t, s, certified(t, ca))
	c := st.client()
	c.write("STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@x.example>\r\n")
	c.want("220")
	c = c.secure(&tls.Config{RootCAs: ca.pool, ServerName: "gate.school.example"})
	c.cmd("NOOP", "250") // and not replies to what came before
	c.cmd("EHLO x", "250")
	if ls := strings.Join(s.Commands(), "\n"); strings.Contains(ls, "evil") {
		t.Errorf("%s", ls)
	}
}

func TestImplicitTLS(t *testing.T) {
	ca := newAuthority(t)
	s := newSink(t).Start()
	st := play(t, s, certified(t, ca))
	addr := st.listen(Listener{TLS: true})
	c := dial(t, addr).secure(&tls.Config{RootCAs: ca.pool, ServerName: "gate.school.example"})
	c.want("220")
	c.cmd("EHLO x", "250")
	c.send("a@school.example", "b@school.example", "x\r\n", "250")

	plain := dial(t, addr)
	plain.write("EHLO x\r\n")
	plain.closed()
}

func TestRequireTLSNeedsIt(t *testing.T) {
	ca := newAuthority(t)
	s := newSink(t)
	s.Extensions = append([]string{"REQUIRETLS"}, testenv.AllExtensions...)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1")}}
	s.Start()
	for _, mode := range []TLSMode{TLSVerified, TLSRequired} {
		st := play(t, s, certified(t, ca), func(c *Config, _ *stage) {
			c.Routes[0].TLS, c.Routes[0].TLSConfig = mode, &tls.Config{RootCAs: ca.pool}
		})
		c := st.client()
		c.cmd("MAIL FROM:<a@school.example> REQUIRETLS", "554 5.7.30")
		c.cmd("STARTTLS", "220")
		c = c.secure(&tls.Config{RootCAs: ca.pool, ServerName: "gate.school.example"})
		offered := strings.Contains(c.cmd("EHLO x", "250"), "REQUIRETLS")
		if offered != (mode == TLSVerified) {
			t.Errorf("%v: offered %v", mode, offered)
		}
		if !offered {
			c.cmd("MAIL FROM:<a@school.example> REQUIRETLS", "550 5.7.30")
			continue
		}
		c.cmd("MAIL FROM:<a@school.example> REQUIRETLS", "250")
		c.cmd("RCPT TO:<b@school.example>", "250")
		c.cmd("DATA", "354")
		c.write("x\r\n.\r\n")
		c.want("250")
		if m := s.Messages()[0]; m.From != "MAIL FROM:<a@school.example> REQUIRETLS" || !m.TLS {
			t.Errorf("%q", m.From)
		}
	}
}

func TestOnlyOurOwnCertificatesRelay(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	s := newSink(t).Start()
	server := ours.issue(t, "gate.school.example")
	for _, tt := range []struct {
		name  string
		cas   *x509.CertPool
		cert  *tls.Certificate
		reply string
	}{
		{"ours", ours.pool, ptr(ours.issue(t, "mail.school.example")), "250"},
		{"none", ours.pool, nil, "550 5.7.1"},
		{"any is asked, none is verified", nil, ptr(theirs.issue(t, "x")), "550 5.7.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			auth := tls.VerifyClientCertIfGiven
			if tt.cas == nil {
				auth = tls.RequestClientCert
			}
			st := play(t, s, untrusted, withTLS(&tls.Config{
				Certificates: []tls.Certificate{server},
				ClientAuth:   auth,
				ClientCAs:    tt.cas,
			}))
			c := st.client()
			c.cmd("STARTTLS", "220")
			cfg := &tls.Config{RootCAs: ours.pool, ServerName: "gate.school.example"}
			if tt.cert != nil {
				cfg.Certificates = []tls.Certificate{*tt.cert}
			}
			c = c.secure(cfg)
			c.cmd("EHLO x", "250")
			c.cmd("MAIL FROM:<a@school.example>", "250")
			c.cmd("RCPT TO:<b@elsewhere.example>", tt.reply)
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestPROXYTellsTheClient(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, untrusted)
	addr := st.listen(Listener{Proxies: []netip.Prefix{loopback}})
	hello := func(src string) *talk {
		c := dial(t, addr)
		from := &net.TCPAddr{IP: net.ParseIP(src), Port: 4242}
		to := &net.TCPAddr{IP: net.ParseIP("198.51.100.1"), Port: 25}
		h := proxyproto.HeaderProxyFromAddrs(2, from, to)
		if _, err := h.WriteTo(c.conn); err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := hello("203.0.113.7")
	c.want("220")
	c.cmd("EHLO x", "250")
	c.send("a@x.example", "b@school.example", "x\r\n", "250")
	if d := string(s.Messages()[0].Data); !strings.Contains(d, "([203.0.113.7])") {
		t.Errorf("%s", d)
	}

	c = dial(t, addr) // no header
	c.write("EHLO x\r\n")
	c.closed()

	strangers := st.listen(Listener{Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	c = dial(t, strangers)
	c.closed()
}
