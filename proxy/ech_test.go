package proxy

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"sluis/internal/sitepolicy"
)

// echConfigs returns an ECHConfigList (RFC 9849, section 4) with a key of its own.
func echConfigs(t *testing.T, publicName string) []byte {
	t.Helper()
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var b cryptobyte.Builder
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint16(0xfe0d)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint8(7)       // id
			b.AddUint16(0x0020) // DHKEM(X25519, HKDF-SHA256)
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(key.PublicKey().Bytes()) })
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				b.AddUint16(1) // HKDF-SHA256
				b.AddUint16(1) // AES-128-GCM
			})
			b.AddUint8(64) // longest name
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(publicName)) })
			b.AddUint16(0) // no extensions
		})
	})
	return b.BytesOrPanic()
}

// TestAHiddenNameIsTriedAgainInPlain: where hidden names are blocked, and devices trust the gateway, it answers as the
// front, without the extension. The client then knows for certain that the front does not take it, and tries again
// without (RFC 9849, section 6.1.6). Others get no connection.
func TestAHiddenNameIsTriedAgainInPlain(t *testing.T) {
	policy, err := sitepolicy.New(sitepolicy.Options{Sites: sitepolicy.Sites{BlockECH: true}})
	if err != nil {
		t.Fatal(err)
	}
	for _, managed := range []bool{true, false} {
		r := newRig(t)
		s := r.site(hello200, "les.example")
		port := portOf("x:"+portString(s), 0)
		between := r.listen(Listener{Mode: TLS, Original: func(net.Conn) (netip.AddrPort, error) {
			return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port), nil
		}})
		r.decide = func(q sitepolicy.Request) sitepolicy.Decision {
			d := policy.Decide(q)
			d.BlockPage = d.Action == sitepolicy.Block && managed
			return d
		}
		for name, dial := range map[string]func() net.Conn{
			"asked":          func() net.Conn { return r.tunnel(t, "les.example:"+portString(s)) },
			"put in between": func() net.Conn { return dialed(t, between) },
		} {
			hidden := tls.Client(dial(), &tls.Config{
				ServerName:                     "les.example",
				RootCAs:                        r.trust,
				EncryptedClientHelloConfigList: echConfigs(t, "cloudflare-ech.com"),
			})
			var rejected *tls.ECHRejectionError
			err := hidden.Handshake()
			if got := errors.As(err, &rejected); got != managed || err == nil ||
				managed && len(rejected.RetryConfigList) > 0 {
				t.Errorf("%s, managed %v: got %v, want it rejected for certain where managed", name, managed, err)
			}
			hidden.Close()
			plain := tls.Client(dial(), &tls.Config{ServerName: "les.example", RootCAs: r.trust})
			if err := plain.Handshake(); err != nil {
				t.Errorf("%s, managed %v, again in plain: got %v, want a connection", name, managed, err)
				continue
			}
			if got := plain.ConnectionState().PeerCertificates[0].Issuer.CommonName; got != "public" {
				t.Errorf("%s: got a certificate of %s, want that of the site", name, got)
			}
			plain.Close()
		}
	}
}
