package extract

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"testing"
	"time"

	"sluis/filter/text"
)

// certificateOf makes a certificate that is signed by itself, long enough for sizes of two octets.
func certificateOf(t *testing.T) []byte {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "Jan", Organization: []string{"School voor voortgezet onderwijs"}},
		DNSNames:     []string{"www.school.example", "mail.school.example", "rooster.school.example"},
		NotAfter:     time.Now().Add(time.Hour),
	}
	b, err := x509.CreateCertificate(rand.Reader, c, c, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Known files without words of a person are no files that could not be read.
func TestPlainFilesRaiseNoDoubt(t *testing.T) {
	noise := photo(4096)
	shape := slices.Concat(make([]byte, 80), le.AppendUint32(nil, 2), noise[:100])
	view := slices.Concat([]byte(folderView), noise[:2000])
	ole := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 504)...)
	certificate := certificateOf(t)
	for _, c := range []struct {
		name    string
		content []byte
		flagged bool
	}{
		{"jan.cer", certificate, false},
		{"jan.crt", certificate, false},
		{"bijlage", certificate, false},
		{"toren.stl", shape, false},
		{".DS_Store", view, false},
		{"map/.DS_Store", view, false},
		{"Thumbs.db", ole, false},
		{"leeg.tar", make([]byte, 10240), false},

		{"jan.cer", append(slices.Clone(certificate), noise...), true},
		{"jan.cer", noise, true},
		{"toren.stl", append(slices.Clone(shape), noise...), true},
		{"toren.stl", noise, true},
		{"bijlage.dat", view, true},
		{"leerlingen.db", ole, true},
		{"vol.tar", append(make([]byte, 10240), noise...), true},
	} {
		for where, m := range map[string]string{
			"attached": attached(c.name, "application/octet-stream", c.content),
			"in a zip": attached("map.zip", "application/zip", zipOf(c.name, string(c.content))),
		} {
			if got := showMessage(t, m).report.Uninspectable(); (len(got) > 0) != c.flagged {
				t.Errorf("%s of %d bytes, %s: flagged for %v, want a flag: %v",
					c.name, len(c.content), where, got, c.flagged)
			}
		}
	}
	program := attached("jan.cer", "application/pkix-cert", []byte("MZ\x90\x00\x03\x00\x00\x00"))
	if got := dangers(showMessage(t, program).report); got != "jan.cer" {
		t.Errorf("a program named jan.cer: got %q, want it found", got)
	}
	if got := KindOf(certificate, ""); got != text.KindPlain {
		t.Errorf("a certificate: got kind %q, want %q", got, text.KindPlain)
	}
}
