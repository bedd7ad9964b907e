package extract

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"sluis/filter/text"
)

// der writes a value in BER; with a length, or without one where indefinite is set.
func der(indefinite bool, tag byte, contents ...[]byte) []byte {
	content := bytes.Join(contents, nil)
	if indefinite && tag&0x20 != 0 {
		return append(append([]byte{tag, 0x80}, content...), 0, 0)
	}
	return append(append([]byte{tag, 0x84}, binary.BigEndian.AppendUint32(nil, uint32(len(content)))...), content...)
}

var (
	oidData       = []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")
	oidSigned     = []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
	oidEnveloped  = []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03")
	oidCompressed = []byte("\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09")
	oidAuthEnv    = []byte("\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17")
)

// signed returns signed data; a nil content is that of a detached signature.
func signed(indefinite bool, content []byte) []byte {
	return cms(indefinite, oidSigned, der(indefinite, 0x31), content)
}

// cms returns a ContentInfo of a type, with what stands before the content.
func cms(indefinite bool, oid, before, content []byte) []byte {
	inner := [][]byte{oidData}
	if content != nil {
		octets := der(false, 0x04, content)
		if indefinite { // in pieces
			var pieces [][]byte
			e := der(false, 0x04, []byte("e"))
			for piece := range bytes.SplitSeq(content, []byte("e")) {
				pieces = append(pieces, der(false, 0x04, piece), e)
			}
			octets = der(true, 0x24, pieces[:len(pieces)-1]...)
		}
		inner = append(inner, der(indefinite, 0xa0, octets))
	}
	version := []byte("\x02\x01\x01")
	body := der(indefinite, 0x30, version, before, der(indefinite, 0x30, inner...), der(indefinite, 0x31))
	return der(indefinite, 0x30, oid, der(indefinite, 0xa0, body))
}

// inSignatures returns a part of a message that is signed again and again.
func inSignatures(times int) []byte {
	b := signed(false, []byte("Content-Type: text/plain\n\n"+token))
	for range times {
		b = signed(false, append([]byte("Content-Type: application/pkcs7-mime\n\n"), b...))
	}
	return b
}

func squeezed(zlibbed bool, content []byte) []byte {
	var b bytes.Buffer
	if zlibbed {
		z := zlib.NewWriter(&b)
		z.Write(content)
		z.Close()
		return b.Bytes()
	}
	z, _ := flate.NewWriter(&b, flate.BestCompression)
	z.Write(content)
	z.Close()
	return b.Bytes()
}

// pgp writes a packet of OpenPGP: in a new form, in pieces, or in the old form.
func pgp(form string, tag byte, contents ...[]byte) []byte {
	content := bytes.Join(contents, nil)
	n := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	switch form {
	case "old":
		return append(append([]byte{0x80 | tag<<2 | 2}, n...), content...)
	case "pieces":
		b := append([]byte{0xc0 | tag}, 224+3) // eight octets
		b = append(b, content[:8]...)
		return append(append(b, byte(len(content)-8)), content[8:]...)
	}
	return append(append([]byte{0xc0 | tag, 0xff}, n...), content...)
}

func literal(name, content string) []byte {
	return []byte("b" + string(rune(len(name))) + name + "\x00\x00\x00\x00" + content)
}

// armoured returns octets between lines that say what they are.
func armoured(label string, b []byte) string {
	return "-----BEGIN " + label + "-----\nVersion: x\n\n" + b64(string(b)) + "\n=aB3d\n-----END " + label + "-----\n"
}

func carrying(header string, b []byte) string {
	return mixed + "--b\n\nhoi\n--b\n" + header + "\nContent-Transfer-Encoding: base64\n\n" +
		base64.StdEncoding.EncodeToString(b) + "\n--b--\n"
}

// What is signed or compressed only is read by everybody, and is read here.
func TestWhatIsSignedOnlyIsRead(t *testing.T) {
	part := []byte("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + token64)
	smime := "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"
	packets := pgp("", pgpLiteralTag, literal("x.txt", "het "+token+" is dit"))
	cleartext := "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhet\n- --" + token + "\n" +
		armoured("PGP SIGNATURE", []byte("\x89\x01\x33"))
	inner := []byte("Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n" +
		b64(string(signed(false, part))))
	octets := "Content-Type: application/octet-stream; name="
	withSignatures := bytes.Join([][]byte{pgp("old", 4, make([]byte, 13)), packets, pgp("", 2, []byte("x"))}, nil)
	for name, m := range map[string]string{
		"S/MIME":                               carrying(smime, signed(false, part)),
		"S/MIME without lengths":               carrying(smime, signed(true, part)),
		"S/MIME as the message":                strings.Replace(string(inner), "pkcs7", "x-pkcs7", 1),
		"S/MIME that is called something else": carrying(octets+"x.bin", signed(false, part)),
		"S/MIME in text":                       "Content-Type: text/plain\n\n" + armoured("PKCS7", signed(false, part)),
		"S/MIME compressed":                    carrying(smime, cms(false, oidCompressed, der(false, 0x30), squeezed(true, part))),
		"S/MIME, digested": carrying(smime, cms(false, []byte(strings.Replace(string(oidSigned), "\x07\x02", "\x07\x05", 1)),
			der(false, 0x30), part)),
		"S/MIME, nothing but data":  carrying(smime, der(true, 0x30, oidData, der(true, 0xa0, der(false, 0x04, part)))),
		"S/MIME in S/MIME":          carrying(smime, signed(true, inner)),
		"a file that is signed":     carrying("Content-Type: application/pkcs7-mime; name=brief.txt.p7m", signed(false, []byte("het "+token))),
		"OpenPGP":                   mixed + "--b\n\n" + armoured("PGP MESSAGE", packets) + "\n--b--\n",
		"OpenPGP in a file":         carrying(octets+"x.asc", []byte(armoured("PGP MESSAGE", packets))),
		"OpenPGP in octets":         carrying(octets+"x.gpg", packets),
		"OpenPGP deflated":          carrying(octets+"x.gpg", pgp("old", 8, []byte{1}, squeezed(false, packets))),
		"OpenPGP compressed":        carrying(octets+"x.gpg", pgp("pieces", 8, []byte{2}, squeezed(true, packets))),
		"OpenPGP with signatures":   "\n" + armoured("PGP MESSAGE", withSignatures),
		"OpenPGP in pieces":         "\n" + armoured("PGP MESSAGE", pgp("pieces", pgpLiteralTag, literal("", "het "+token))),
		"OpenPGP of part of a mail": "\n" + armoured("PGP MESSAGE", pgp("", pgpLiteralTag, literal("", string(part)))),
		"OpenPGP in clear text":     "Content-Type: text/plain\n\n" + cleartext,
	} {
		t.Run(name, func(t *testing.T) {
			s := showMessage(t, m)
			if !strings.Contains(s.decoded(), token) {
				t.Errorf("hidden; doubts %v; shown %q", s.report.Doubts, s.all())
			}
			if s.report.Ambiguous() || len(s.report.Uninspectable()) > 0 {
				t.Errorf("flagged: %v", s.report.Doubts)
			}
		})
	}
}

// pgpLiteralTag is the tag of a packet that holds a file as it is.
const pgpLiteralTag = 11

func TestAProgramThatIsSignedIsListed(t *testing.T) {
	octets := "Content-Type: application/octet-stream; name="
	script := []byte(octets + "rekening.js\nContent-Transfer-Encoding: base64\n\neD0x\n")
	for name, m := range map[string]string{
		"S/MIME":               carrying("Content-Type: application/pkcs7-mime; name=smime.p7m", signed(true, script)),
		"S/MIME of a file":     carrying("Content-Type: application/pkcs7-mime; name=rekening.js.p7m", signed(false, []byte("x=1"))),
		"OpenPGP":              "\n" + armoured("PGP MESSAGE", pgp("", pgpLiteralTag, literal("rekening.js", "x=1"))),
		"OpenPGP without name": carrying(octets+"rekening.js.gpg", pgp("", pgpLiteralTag, literal("", "x=1"))),
		"AppleSingle":          carrying("Content-Type: application/applefile; name=rekening", appleFile("rekening.js", "x=1")),
	} {
		found := false
		for _, a := range showMessage(t, m).report.Attachments {
			found = found || a.Executable
		}
		if !found {
			t.Errorf("%s: no program is listed", name)
		}
	}
}

// appleFile returns AppleSingle.
func appleFile(name, content string) []byte {
	b := append([]byte("\x00\x05\x16\x00\x00\x02\x00\x00"), make([]byte, 16)...)
	b = binary.BigEndian.AppendUint16(b, 2)
	at := uint32(len(b) + 2*12)
	for id, s := range []string{3: name, 1: content} {
		if s != "" {
			b = binary.BigEndian.AppendUint32(b, uint32(id))
			b = binary.BigEndian.AppendUint32(b, at)
			b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
			at += uint32(len(s))
		}
	}
	return append(append(b, content...), name...)
}

// What is encrypted is named so, and nothing else is said of it.
func TestWhatIsEncryptedIsNamed(t *testing.T) {
	key := pgp("old", 1, []byte("\x03\x01\x02\x03\x04\x05\x06\x07\x08\x01"), make([]byte, 40))
	octets := "Content-Type: application/octet-stream; name="
	smime := "Content-Type: application/pkcs7-mime; name=smime.p7m"
	inMIME := "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=p\n\n--p\n" +
		"Content-Type: application/pgp-encrypted\n\nVersion: 1\n\n--p\n" + octets + "encrypted.asc\n\n"
	envelope := func(oid []byte) []byte { return cms(false, oid, der(false, 0x31), []byte("\x00\x01\x02")) }
	inner := []byte("Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n" +
		b64(string(envelope(oidEnveloped))))
	for name, m := range map[string]string{
		"S/MIME":                  carrying(smime, envelope(oidEnveloped)),
		"S/MIME, authenticated":   carrying(smime, envelope(oidAuthEnv)),
		"S/MIME without a type":   carrying(octets+"x", envelope(oidEnveloped)),
		"S/MIME in a signature":   carrying(smime, signed(false, inner)),
		"PGP/MIME":                inMIME + armoured("PGP MESSAGE", key) + "\n--p--\n",
		"PGP in a text":           "Content-Type: text/plain\n\nDag,\n\n" + armoured("PGP MESSAGE", key),
		"PGP with a password":     "Content-Type: text/plain\n\n" + armoured("PGP MESSAGE", pgp("", 3, []byte("\x04\x09"))),
		"PGP that is nonsense":    "Content-Type: text/plain\n\n" + armoured("PGP MESSAGE", []byte("\x01\x02")),
		"PGP in a page":           inPage(armoured("PGP MESSAGE", key), "<br>\n"),
		"PGP in lines of a page":  inPage("Dag,\n"+armoured("PGP MESSAGE", key), "</div><div>"),
		"PGP in preformatted":     inPage("<style>p{color:red}</style><pre>\n"+armoured("PGP MESSAGE", key), "\n"),
		"PGP in octets":           carrying(octets+"cijfers.xlsx.gpg", key),
		"PGP in quoted-printable": "Content-Transfer-Encoding: quoted-printable\n\n" + strings.ReplaceAll(armoured("PGP MESSAGE", key), "=", "=3D"),
		"mail with rights":        carrying(octets+"message.rpmsg", []byte("\x76\xe8\x04\x60\xc4\x11\xe3\x86\x00\x01")),
	} {
		t.Run(name, func(t *testing.T) {
			r := showMessage(t, m).report
			if got := r.Uninspectable(); len(got) != 1 || got[0] != text.Encrypted || r.Ambiguous() {
				t.Errorf("uninspectable %v, doubts %v; want encrypted and no other", got, r.Doubts)
			}
		})
	}
}

// inPage returns a message whose page has lines, with what ends them.
func inPage(lines, end string) string {
	return "Content-Type: text/html\n\n<html><div>" + strings.ReplaceAll(lines, "\n", end) + "</div></html>\n"
}

// A page about encrypted mail is none.
func TestPagesAboutEncryptedMailAreRead(t *testing.T) {
	key := pgp("old", 1, []byte("\x03\x01\x02\x03\x04\x05\x06\x07\x08\x01"), make([]byte, 40))
	block := armoured("PGP MESSAGE", key)
	for name, m := range map[string]string{
		"an explanation":   inPage(strings.Repeat("Zo ziet een versleuteld bericht eruit. ", 20)+"\n"+block, "<br>"),
		"an end is missed": inPage(strings.Split(block, "-----END")[0], "<br>"),
		"dots for digits":  inPage("-----BEGIN PGP MESSAGE-----\n...\n-----END PGP MESSAGE-----\n", "<br>"),
		"only its name":    inPage("De eerste regel is -----BEGIN PGP MESSAGE-----\n", "<br>"),
	} {
		if r := showMessage(t, m).report; len(r.Uninspectable()) > 0 {
			t.Errorf("%s: got %v, want nothing that cannot be read", name, r.Uninspectable())
		}
	}
}

// What only says who wrote something is no reason for a flag.
func TestSignaturesAndKeysAreNotFlagged(t *testing.T) {
	signature := armoured("PGP SIGNATURE", []byte("\x89\x01\x33\x04\x00\x01"))
	beside := func(header, s string) string { return mixed + "--b\n\nhoi\n--b\n" + header + "\n\n" + s + "--b--\n" }
	quoted := strings.ReplaceAll(armoured("PGP MESSAGE", []byte("\x85\x01")), "\n", "\n> ")
	for name, m := range map[string]string{
		"S/MIME":             carrying("Content-Type: application/pkcs7-signature; name=smime.p7s", signed(false, nil)),
		"S/MIME, no lengths": carrying("Content-Type: application/x-pkcs7-signature; name=smime.p7s", signed(true, nil)),
		"S/MIME, no name":    carrying("Content-Type: application/pkcs7-signature", signed(true, nil)),
		"OpenPGP":            beside("Content-Type: application/pgp-signature; name=signature.asc", signature),
		"OpenPGP in octets":  carrying("Content-Type: application/pgp-signature; name=x.sig.gpg", pgp("old", 2, []byte("\x04\x00\x01\x02"))),
		"a key": beside("Content-Type: application/pgp-keys; name=sleutel.asc",
			armoured("PGP PUBLIC KEY BLOCK", []byte("\x99\x01\x0d"))),
		"an answer to a secret": "Content-Type: text/plain\n\nIk kan dit niet lezen:\n\n> " + quoted,
		"a sentence on secrets": "Content-Type: text/plain\n\nZo'n bericht begint met\n-----BEGIN PGP MESSAGE----- op een regel.\n",
		"a certificate":         beside("Content-Type: application/x-pem-file; name=a.pem", armoured("CERTIFICATE", []byte("0\x82"))),
	} {
		t.Run(name, func(t *testing.T) {
			if r := showMessage(t, m).report; r.Ambiguous() || len(r.Uninspectable()) > 0 {
				t.Errorf("flagged: %v", r.Doubts)
			}
		})
	}
}
