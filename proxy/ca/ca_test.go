package ca

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func authority(t testing.TB, s Spec) *Authority {
	t.Helper()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key")
	if err := Create(cert, key, s); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key's file: got %v, %v, want 0600", info.Mode(), err)
	}
	a, err := Load(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestFor(t *testing.T) {
	a := authority(t, Spec{Name: "Sluis test"})
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate())
	seen := map[string]bool{}
	for _, host := range []string{
		"www.school.example", "xn--bcher-kva.example", "192.0.2.7", "2001:db8::1", "a.b.c.d.example",
	} {
		c, err := a.For(host)
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: host}); err != nil {
			t.Errorf("%s: got %v, want a certificate for it", host, err)
		}
		if days := time.Until(c.Leaf.NotAfter).Hours() / 24; days > 90 || c.Leaf.IsCA {
			t.Errorf("%s: got %.0f days, an authority: %v, want 90 at most and none", host, days, c.Leaf.IsCA)
		}
		if s := c.Leaf.SerialNumber.String(); seen[s] || c.Leaf.SerialNumber.BitLen() < 64 {
			t.Errorf("%s: got serial number %s, want a random one of its own", host, s)
		} else {
			seen[s] = true
		}
		point, err := c.PrivateKey.(*ecdsa.PrivateKey).PublicKey.Bytes()
		if err != nil || seen[string(point)] {
			t.Errorf("%s: got another's key, %v, want one of its own", host, err)
		}
		seen[string(point)] = true
		if again, _ := a.For(host); again != c {
			t.Errorf("%s: got a second certificate, want the first", host)
		}
	}
	if _, err := a.For("schoöl.example"); err == nil {
		t.Error("no host name: got a certificate, want an error")
	}
}

func TestBounded(t *testing.T) {
	a := authority(t, Spec{Name: "Sluis test"})
	for i := range cached + 50 {
		if _, err := a.For(fmt.Sprintf("h%d.example", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := a.cache.Len(); n > cached {
		t.Errorf("got %d certificates in the cache, want %d at most", n, cached)
	}
}

// TestAtOnce: many connections to one host at the same time cost one signature.
func TestAtOnce(t *testing.T) {
	a := authority(t, Spec{Name: "Sluis test"})
	var wg sync.WaitGroup
	got := make([]*tls.Certificate, 64)
	for i := range got {
		wg.Go(func() { got[i], _ = a.For("www.school.example") })
	}
	wg.Wait()
	for _, c := range got {
		if c == nil || c != got[0] {
			t.Fatal("got several certificates for one host, want one")
		}
	}
}

func TestNameConstraints(t *testing.T) {
	a := authority(t, Spec{Name: "Sluis test", Domains: []string{"school.example"}})
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate())
	for host, ok := range map[string]bool{"www.school.example": true, "www.bank.example": false} {
		c, err := a.For(host)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: host}); (err == nil) != ok {
			t.Errorf("%s: got %v, want it valid: %v", host, err, ok)
		}
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	name := func(n string) string { return filepath.Join(dir, n) }
	for _, n := range []string{"one", "two"} {
		if err := Create(name(n+".pem"), name(n+".key"), Spec{Name: n}); err != nil {
			t.Fatal(err)
		}
	}
	if err := Create(name("old.pem"), name("old.key"), Spec{Name: "old", Valid: time.Nanosecond}); err != nil {
		t.Fatal(err)
	}
	if err := Create(name("one.pem"), name("other.key"), Spec{Name: "one"}); err == nil {
		t.Error("a file that exists: got it overwritten, want an error")
	}
	for _, tt := range []struct{ cert, key, want string }{
		{"one.pem", "two.key", "private key does not match"},
		{"old.pem", "old.key", "make a new one"},
		{"none.pem", "one.key", "no such file"},
	} {
		if _, err := Load(name(tt.cert), name(tt.key)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s with %s: got %v, want %q", tt.cert, tt.key, err, tt.want)
		}
	}
	a, err := Load(name("one.pem"), name("one.key"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.For("www.school.example")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(c.Leaf, c.PrivateKey.(*ecdsa.PrivateKey)); err == nil {
		t.Error("a leaf as authority: got one, want an error")
	}
}

func BenchmarkIssue(b *testing.B) {
	a := authority(b, Spec{Name: "Sluis test"})
	for b.Loop() {
		if _, err := a.issue("www.school.example"); err != nil {
			b.Fatal(err)
		}
	}
}
