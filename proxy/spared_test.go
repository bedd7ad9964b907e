package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"sluis/internal/testenv"
)

// counted returns the value of a counter.
func (r *rig) counted(by string) int {
	var m dto.Metric
	if err := r.proxy.metrics.uninspectable.WithLabelValues(by).Write(&m); err != nil {
		r.t.Fatal(err)
	}
	return int(m.GetCounter().GetValue())
}

// issuer returns who issued the certificate that a client is shown for a site.
func (r *rig) issuer(authority, host string) string {
	r.t.Helper()
	issuer := ""
	c := tls.Client(r.tunnel(r.t, authority), &tls.Config{
		ServerName: host,
		RootCAs:    r.trust,
		VerifyPeerCertificate: func(_ [][]byte, chains [][]*x509.Certificate) error {
			issuer = chains[0][0].Issuer.CommonName
			return nil
		},
	})
	defer c.Close()
	c.Handshake() // the site may ask for a certificate then
	return issuer
}

// TestProgramsThatTrustTheirOwnCertificate: a program that refuses the gateway's certificate a few times is passed on
// closed, for its site and group only, and is counted. By its name the site is judged as before.
func TestProgramsThatTrustTheirOwnCertificate(t *testing.T) {
	for _, most := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, insist := range []bool{false, true} {
			r := newRig(t, func(r *rig) { r.cfg.Insist = insist })
			s := r.site(hello200, "app.example")
			r.decide = inspecting
			at := "app.example:" + portString(s)
			own := x509.NewCertPool()
			own.AddCert(r.sites.Certificate())
			app := &tls.Config{ServerName: "app.example", RootCAs: own, MaxVersion: most}
			for n := range refusals {
				c := tls.Client(r.tunnel(t, at), app)
				if err := c.Handshake(); err == nil {
					t.Fatalf("handshake %d: got no error, want the gateway's certificate refused", n+1)
				}
				c.Close()
			}
			testenv.Eventually(t, "three refusals are counted", func() bool { return r.counted("client") == refusals })
			want := "public"
			if insist {
				want = "Sluis"
			}
			if got := r.issuer(at, "app.example"); got != want {
				t.Errorf("after three refusals, insist %v: got a certificate of %s, want %s", insist, got, want)
			}
			if got := r.issuer("other.example:"+portString(s), "other.example"); got != "Sluis" {
				t.Errorf("another site: got a certificate of %s, want that of the gateway", got)
			}
			r.decide = blocking("app.example", false)
			if got := r.raw("CONNECT " + at + " HTTP/1.1\r\nHost: " + at + "\r\n\r\n"); !strings.HasPrefix(got, "403") {
				t.Errorf("a site that is blocked since: got %q, want 403", got)
			}
		}
	}
}

// TestAlertsInPlain: OpenSSL refuses a certificate in TLS 1.3 by an alert that is not encrypted.
func TestAlertsInPlain(t *testing.T) {
	for alert, want := range map[byte]int{42: 1, 46: 1, 48: 1, 90: 0, 0: 0} {
		r := newRig(t)
		s := r.site(hello200, "app.example")
		r.decide = inspecting
		c := r.tunnel(t, "app.example:"+portString(s))
		io.Copy(io.Discard, io.LimitReader(refuseInPlain(c, alert), 1<<20))
		c.Close()
		r.journal.wait(t, 1)
		if got := r.counted("client"); got != want {
			t.Errorf("alert %d: got %d counted, want %d", alert, got, want)
		}
	}
}

// refuseInPlain sends a ClientHello to a server, waits for its answer and sends an alert. It returns the connection.
func refuseInPlain(c net.Conn, alert byte) net.Conn {
	ours, theirs := net.Pipe()
	go tls.Client(ours, &tls.Config{ServerName: "app.example", InsecureSkipVerify: true}).Handshake()
	b := make([]byte, 16<<10)
	n, _ := theirs.Read(b)
	c.Write(b[:n])
	c.Read(b)
	c.Write([]byte{recordAlert, 3, 3, 0, 2, 2, alert})
	ours.Close()
	return c
}

// TestHangingUp: a program that ends the connection when it sees the certificate is counted, but only where no other
// program of the group gets on with it.
func TestHangingUp(t *testing.T) {
	for _, served := range []bool{false, true} {
		r := newRig(t)
		s := r.site(hello200, "app.example")
		r.decide = inspecting
		at := "app.example:" + portString(s)
		if served {
			resp, body := r.get(r.browser(), "https://"+at+"/")
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("got %s, %q, want 200", resp.Status, body)
			}
		}
		for range refusals {
			c := tls.Client(r.tunnel(t, at), &tls.Config{ServerName: "app.example", RootCAs: r.trust})
			if err := c.Handshake(); err != nil {
				t.Fatal(err)
			}
			c.Close()
		}
		testenv.Eventually(t, "three ends are counted", func() bool { return r.counted("client") == refusals })
		want := "public"
		if served {
			want = "Sluis"
		}
		if got := r.issuer(at, "app.example"); got != want {
			t.Errorf("a site that serves others %v: got a certificate of %s, want %s", served, got, want)
		}
	}
}

// TestSitesThatAskForACertificate: a site that does without no certificate of its visitor gives a page that says so,
// and its next connections are passed on closed. A site that only asks is inspected.
func TestSitesThatAskForACertificate(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, auth := range []tls.ClientAuthType{
			tls.RequestClientCert, tls.RequireAnyClientCert, tls.RequireAndVerifyClientCert,
		} {
			for _, protocol := range []string{"h2", "http/1.1"} {
				r := newRig(t)
				s := r.site(hello200, "site.example")
				s.TLS.ClientAuth, s.TLS.MaxVersion, s.TLS.NextProtos = auth, version, []string{protocol}
				s.TLS.ClientCAs = x509.NewCertPool()
				r.decide = inspecting
				resp, body := r.get(r.browser(), at(s, "site.example", "/"))
				issuer := r.issuer("site.example:"+portString(s), "site.example")
				if auth == tls.RequestClientCert {
					if resp.StatusCode != 200 || issuer != "Sluis" || r.counted("site") != 0 {
						t.Errorf("a site that asks only: got %s, %q, then a certificate of %s; want it inspected",
							resp.Status, body, issuer)
					}
					continue
				}
				if resp.StatusCode != 502 || body != "certificate asks" || issuer != "public" ||
					r.counted("site") == 0 {
					t.Errorf("TLS %x, %s: got %s, %q, then a certificate of %s; want a page, and then the site's own",
						version, protocol, resp.Status, body, issuer)
				}
			}
		}
	}
}
