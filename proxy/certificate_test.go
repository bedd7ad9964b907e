package proxy

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// certifier signs certificates of sites.
type certifier struct {
	t    *testing.T
	cert *x509.Certificate
	key  crypto.Signer
}

// sign makes a certificate, and changes it before; it is signed by its own key if there is no certifier.
func (c *certifier) sign(t *testing.T, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "a site"},
		DNSNames:     []string{"site.example"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	change(template)
	parent, signer := template, crypto.Signer(key)
	if c != nil {
		parent, signer = c.cert, c.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// authority makes a certifier of a certificate of an authority.
func (c *certifier) authority(t *testing.T, name string) *certifier {
	t.Helper()
	made := c.sign(t, func(x *x509.Certificate) {
		x.Subject.CommonName, x.DNSNames, x.ExtKeyUsage = name, nil, nil
		x.IsCA, x.BasicConstraintsValid, x.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	return &certifier{t, made.Leaf, made.PrivateKey.(crypto.Signer)}
}

// stapled adds what the authority says of a certificate.
func (c *certifier) stapled(t *testing.T, cert tls.Certificate, status int) tls.Certificate {
	t.Helper()
	der, err := ocsp.CreateResponse(c.cert, c.cert, ocsp.Response{
		Status:       status,
		SerialNumber: cert.Leaf.SerialNumber,
		ThisUpdate:   time.Now().Add(-time.Minute),
		NextUpdate:   time.Now().Add(time.Hour),
		RevokedAt:    time.Now().Add(-time.Minute),
	}, c.key)
	if err != nil {
		t.Fatal(err)
	}
	cert.OCSPStaple = der
	return cert
}

// TestThePageSaysWhatIsWrongWithACertificate: where a connection is inspected, the page is all that people see.
func TestThePageSaysWhatIsWrongWithACertificate(t *testing.T) {
	var nobody *certifier
	public := nobody.authority(t, "public")
	between, stranger := public.authority(t, "between"), nobody.authority(t, "stranger")
	nothing := func(*x509.Certificate) {}
	whole := between.sign(t, nothing)
	whole.Certificate = append(whole.Certificate, between.cert.Raw)
	for name, tt := range map[string]struct {
		cert tls.Certificate
		max  uint16
		want string
	}{
		"right":             {public.sign(t, nothing), 0, "hello"},
		"right, in TLS 1.2": {public.sign(t, nothing), tls.VersionTLS12, "hello"},
		"a whole chain":     {whole, 0, "hello"},
		"said to be good":   {public.stapled(t, public.sign(t, nothing), ocsp.Good), 0, "hello"},
		"expired": {public.sign(t, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		}), 0, "certificate expired"},
		"not yet valid":     {public.sign(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(30 * time.Minute) }), 0, "certificate early"},
		"of another site":   {public.sign(t, func(c *x509.Certificate) { c.DNSNames = []string{"ander.example"} }), 0, "certificate name"},
		"without a name":    {public.sign(t, func(c *x509.Certificate) { c.DNSNames = nil }), 0, "certificate name"},
		"signed by itself":  {nobody.sign(t, nothing), 0, "certificate self-signed"},
		"of a stranger":     {stranger.sign(t, nothing), 0, "certificate unknown"},
		"without the chain": {between.sign(t, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://x"} }), 0, "certificate incomplete"},
		"for something else": {public.sign(t, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}), 0, "certificate invalid"},
		"revoked":       {public.stapled(t, public.sign(t, nothing), ocsp.Revoked), 0, "certificate revoked"},
		"in an old TLS": {public.sign(t, nothing), tls.VersionTLS11, "certificate obsolete"},
	} {
		r := newRig(t, func(r *rig) {
			r.cfg.Roots = x509.NewCertPool()
			r.cfg.Roots.AddCert(public.cert)
		})
		s := r.site(hello200, "site.example")
		s.TLS.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &tt.cert, nil }
		s.TLS.MinVersion, s.TLS.MaxVersion = tls.VersionTLS10, tt.max
		r.decide = inspecting
		resp, body := r.get(r.browser(), at(s, "site.example", "/"))
		status := http.StatusBadGateway
		if tt.want == "hello" {
			status, body = http.StatusOK, body[:min(len(body), 5)]
		}
		if resp.StatusCode != status || body != tt.want {
			t.Errorf("a certificate that is %s: got %s, %q, want %d, %q", name, resp.Status, body, status, tt.want)
		}
	}
}
