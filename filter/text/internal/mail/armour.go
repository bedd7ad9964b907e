package mail

import (
	"bufio"
	"bytes"
	"strings"
)

// The lines that begin what is encrypted or signed in a text (RFC 9580 section 6.2, RFC 7468), up to the dashes.
const (
	armourPGP   = "-----BEGIN PGP MESSAGE"
	armourPKCS7 = "-----BEGIN PKCS7"
	armourCMS   = "-----BEGIN CMS"
)

// beginArmour returns the file in armour that a line announces, nil if it does not. Its name says what it is.
func beginArmour(br *bufio.Reader, line string) *fileLines {
	if !strings.HasSuffix(strings.TrimRight(line, " \t"), "-----") {
		return nil
	}
	name := ""
	switch {
	case strings.HasPrefix(line, armourPGP):
		name = "message.pgp"
	case strings.HasPrefix(line, armourPKCS7), strings.HasPrefix(line, armourCMS):
		name = "smime.p7m"
	default:
		return nil
	}
	var d base64Decoder
	return &fileLines{r: br, name: name, end: "-----END ", decode: func(dst, line []byte) []byte {
		if bytes.IndexByte(line, ':') >= 0 || line[0] == '=' { // a header, or the checksum
			return dst
		}
		return d.append(dst, line)
	}}
}
