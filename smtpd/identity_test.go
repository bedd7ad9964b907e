package smtpd

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// oddMessages are messages that filters are known to damage. All have clean line ends:
// what has not is repaired before anybody sees it.
func damagedMessages() map[string]string {
	head := "From: Jan <jan@school.example>\r\nTo: b@elsewhere.example\r\nSubject: strange\r\n" +
		"Date: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@school.example>\r\n"
	random := make([]byte, 200_000)
	n := big.NewInt(256)
	for i := range random {
		b, _ := rand.Int(rand.Reader, n)
		random[i] = byte(b.Int64())
		if random[i] == 0 || random[i] == '\r' || random[i] == '\n' {
			random[i] = 'x'
		}
	}
	return map[string]string{
		"plain":                   head + "\r\nhello\r\n",
		"no body at all":          head,
		"empty body":              head + "\r\n",
		"blank lines at the end":  head + "\r\nhello\r\n\r\n\r\n\r\n",
		"blanks at line ends":     head + "\r\nhello \t \r\n  world\t\r\n",
		"long line":               head + "\r\n" + strings.Repeat("0123456789", 50_000) + "\r\n",
		"long header":             head + "X-Long: " + strings.Repeat("y", 20_000) + "\r\n\r\nhello\r\n",
		"eight bits":              head + "\r\ncaf\xe9 \xff\xfe \x80\r\n",
		"random bytes":            head + "\r\n" + string(random) + "\r\n",
		"dots":                    head + "\r\n.\r\n..\r\n...\r\n.x\r\n . \r\n.\r\n",
		"dot on every line":       head + "\r\n" + strings.Repeat(".\r\n", 5000),
		"folded headers":          head + "x-fold:   a\r\n\t b\r\n \tc   \r\nX-FOLD:d\r\nSubject: twice\r\n\r\nhello\r\n",
		"colon missing":           head + "this is no header\r\n\r\nhello\r\n",
		"utf-8 headers":           "Från: x\r\n" + head + "\r\nhällo\r\n",
		"broken mime":             head + "Content-Type: multipart/mixed; boundary=\"x\"; boundary=y\r\n\r\n--x\r\n\r\n--y\r\n--x-\r\n",
		"mbox From lines":         head + "\r\nFrom me to you\r\n>From you\r\n",
		"control characters":      head + "\r\n\x01\x02\x1b[31m\x7f\x0c\x08\r\n",
		"a received of its own":   "Received: from a by b; c\r\n" + head + "\r\nhello\r\n",
		"starts with a blank":     " folded first line\r\n" + head + "\r\nhello\r\n",
		"only an end of line":     "\r\n",
		"a tag of the sender's":   "X-Sluis: none\r\n" + head + "\r\nhello\r\n",
		"large":                   head + "\r\n" + strings.Repeat("All work and no play makes a dull line.\r\n", 30_000),
		"trailing blank line CRs": head + "\r\nx\r\n \r\n\t\r\n",
	}
}

func TestWhatIsForwardedIsByteIdentical(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s)
	c := st.client()
	for name, msg := range damagedMessages() {
		for _, how := range []string{"DATA", "BDAT", "BDAT in pieces"} {
			c.envelope("a@school.example", "b@elsewhere.example")
			switch how {
			case "DATA":
				c.cmd("DATA", "354")
				c.write(stuffed(msg) + ".\r\n")
			case "BDAT":
				c.write(fmt.Sprintf("BDAT %d LAST\r\n%s", len(msg), msg))
			default:
				rest := msg
				for size := 1; len(rest) > size; size = size*3 + 1 {
					c.write(fmt.Sprintf("BDAT %d\r\n%s", size, rest[:size]))
					c.want("250")
					rest = rest[size:]
				}
				c.write(fmt.Sprintf("BDAT %d LAST\r\n%s", len(rest), rest))
			}
			c.want("250 2.0.0 sink has it")
			all := s.Messages()
			if got := content(t, all[len(all)-1]); got != msg {
				t.Errorf("%s by %s: %d bytes became %d", name, how, len(msg), len(got))
			}
		}
	}
}

func stuffed(msg string) string {
	if strings.HasPrefix(msg, ".") {
		msg = "." + msg
	}
	return strings.ReplaceAll(msg, "\r\n.", "\r\n..")
}

func TestDKIMSurvives(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pub, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaPub, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	records := map[string]string{
		"rsa._domainkey.school.example": "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(rsaPub),
		"ed._domainkey.school.example":  "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub),
	}
	lookup := func(domain string) ([]string, error) { return []string{records[domain]}, nil }

	s := newSink(t).Start()
	st := play(t, s)
	c := st.client()
	signed := 0
	for name, msg := range damagedMessages() {
		for _, canon := range []dkim.Canonicalization{dkim.CanonicalizationSimple, dkim.CanonicalizationRelaxed} {
			for selector, key := range map[string]crypto.Signer{"rsa": rsaKey, "ed": edKey} {
				var b bytes.Buffer
				err := dkim.Sign(&b, strings.NewReader(msg), &dkim.SignOptions{
					Domain: "school.example", Selector: selector, Signer: key,
					HeaderCanonicalization: canon, BodyCanonicalization: canon,
				})
				if err != nil {
					continue // go-msgauth does not sign what is no message
				}
				v, err := dkim.VerifyWithOptions(bytes.NewReader(b.Bytes()), &dkim.VerifyOptions{LookupTXT: lookup})
				if err != nil || len(v) != 1 || v[0].Err != nil {
					continue // nor verify all that it signed
				}
				signed++
				c.envelope("a@school.example", "b@elsewhere.example")
				c.cmd("DATA", "354")
				c.write(stuffed(b.String()) + ".\r\n")
				c.want("250")
				all := s.Messages()
				arrived := bytes.NewReader(all[len(all)-1].Data)
				v, err = dkim.VerifyWithOptions(arrived, &dkim.VerifyOptions{LookupTXT: lookup})
				if err != nil || len(v) != 1 || v[0].Err != nil {
					t.Errorf("%s, %s, %s: %v %+v", name, selector, canon, err, v)
				}
			}
		}
	}
	t.Logf("%d signatures survived", signed)
	if signed < 60 {
		t.Errorf("only %d messages could be signed", signed)
	}
}
