package parties

import (
	"crypto/sha256"
	"io"
	"strings"
)

// maxIdentity bounds a Message-ID (RFC 5322 section 2.1.1 has lines of 998).
const maxIdentity = 1000

// Identity returns what stays the same of a message when a client sends it again: its Message-ID, or
// a hash of its first fields if it has none.
func Identity(header io.Reader) string {
	var first strings.Builder
	id := ""
	walk(io.TeeReader(io.LimitReader(header, maxPiece), &first), func(p part) bool { return p == identity },
		func(_ part, value []byte) bool {
			id = strings.TrimSpace(string(value[:min(len(value), maxIdentity)]))
			return id == ""
		})
	if id != "" {
		return id
	}
	head, _, _ := strings.Cut(first.String(), "\r\n\r\n")
	sum := sha256.Sum256([]byte(head))
	return string(sum[:])
}
