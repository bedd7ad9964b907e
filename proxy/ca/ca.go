// Package ca is the certificate authority (RFC 5280) whose leaf certificates the proxy shows in place of a site's,
// where a connection is inspected or a block page is shown.
//
// It promises that every leaf has a key and a serial number of its own, fresh from the system's randomness, ends
// within 30 days, names one host, and is signed by the school's own authority. The cache is bounded. The authority's
// key is used through crypto.Signer alone, so that it can be in a module that never gives it away. Devices have to
// trust the authority: the package does not see to that.
package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"os"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/singleflight"
)

const (
	cached   = 2048                // certificates
	lifetime = 30 * 24 * time.Hour // of a certificate
	keep     = 12 * time.Hour      // in the cache
)

// Authority issues certificates. It is safe for concurrent use.
type Authority struct {
	cert   *x509.Certificate
	signer crypto.Signer
	cache  *expirable.LRU[string, *tls.Certificate]
	making singleflight.Group
}

// New returns an authority. The certificate has to be one of an authority, valid now, and
// of the signer's key.
func New(certificate *x509.Certificate, signer crypto.Signer) (*Authority, error) {
	switch now := time.Now(); {
	case !certificate.IsCA || certificate.KeyUsage != 0 && certificate.KeyUsage&x509.KeyUsageCertSign == 0:
		return nil, errors.New("the certificate is not that of an authority: make one with sluis web authority")
	case now.Before(certificate.NotBefore) || now.After(certificate.NotAfter):
		return nil, fmt.Errorf(
			"the authority's certificate is valid from %s to %s: make a new one with sluis web authority",
			certificate.NotBefore.Format(time.DateOnly), certificate.NotAfter.Format(time.DateOnly))
	}
	public, ok := certificate.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(signer.Public()) {
		return nil, errors.New("the authority's key is not that of its certificate")
	}
	return &Authority{
		cert:   certificate,
		signer: signer,
		cache:  expirable.NewLRU[string, *tls.Certificate](cached, nil, keep),
	}, nil
}

// Load reads an authority of two PEM files.
func Load(certificate, key string) (*Authority, error) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, errors.New("read authority: the key cannot sign")
	}
	return New(pair.Leaf, signer)
}

// Spec describes the authority that Create makes.
type Spec struct {
	Name    string        // that people see, such as Sluis of the school
	Valid   time.Duration // zero: five years
	Domains []string      // that it may issue for (name constraints, RFC 5280, section 4.2.1.10); none: all
}

// Create makes an authority and writes it in two PEM files that are not there yet.
func Create(certificate, key string, s Spec) error {
	if s.Valid == 0 {
		s.Valid = 5 * 365 * 24 * time.Hour
	}
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make authority: %w", err)
	}
	now := time.Now()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber:                serial(),
		Subject:                     pkix.Name{CommonName: s.Name},
		NotBefore:                   now.Add(-time.Hour),
		NotAfter:                    now.Add(s.Valid),
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLenZero:              true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedDNSDomains:         s.Domains,
		PermittedDNSDomainsCritical: len(s.Domains) > 0,
	}, &x509.Certificate{Subject: pkix.Name{CommonName: s.Name}}, signer.Public(), signer)
	if err != nil {
		return fmt.Errorf("make authority: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return fmt.Errorf("make authority: %w", err)
	}
	if err := writePEM(key, "PRIVATE KEY", private, 0o600); err != nil {
		return err
	}
	return writePEM(certificate, "CERTIFICATE", der, 0o644)
}

func writePEM(path, kind string, der []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("make authority: %w", err)
	}
	return errors.Join(pem.Encode(f, &pem.Block{Type: kind, Bytes: der}), f.Sync(), f.Close())
}

// Certificate returns the authority's own certificate, which devices have to trust.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// For returns a certificate for a host name or an address.
func (a *Authority) For(host string) (*tls.Certificate, error) {
	if c, ok := a.cache.Get(host); ok {
		return c, nil
	}
	c, err, _ := a.making.Do(host, func() (any, error) {
		c, err := a.issue(host)
		if err == nil {
			a.cache.Add(host, c)
		}
		return c, err
	})
	if err != nil {
		return nil, err
	}
	return c.(*tls.Certificate), nil
}

func (a *Authority) issue(host string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("issue certificate: %w", err)
	}
	now := time.Now()
	until := now.Add(lifetime)
	if until.After(a.cert.NotAfter) {
		until = a.cert.NotAfter
	}
	t := &x509.Certificate{
		SerialNumber: serial(), NotBefore: now.Add(-time.Hour), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		t.IPAddresses = append(t.IPAddresses, ip.AsSlice())
	} else {
		t.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.signer)
	if err != nil {
		return nil, errors.New("issue certificate: the host has no name that a certificate can hold")
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("issue certificate: the host has no name that a certificate can hold")
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: parsed}, nil
}

// serial returns a random serial number of 127 bits (RFC 5280 allows 20 octets).
func serial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b)
	b[0] &= 0x7f
	b[15] |= 1
	return new(big.Int).SetBytes(b)
}
