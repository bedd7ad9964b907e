package testenv

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
)

// body reads a message to its final dot.
type body struct {
	detail  Detail
	halfway func() error // called once after the first halfBody bytes; its error ends the reading

	size  int64
	token string
	sum   hash.Hash // from the line with the token on, unless only counted
	known bool      // the line with the token has come
	whole []byte    // if all of it is recorded
	bare  bool      // a line end that is not CR LF
}

const halfBody = 64 << 10

var tokenField = []byte("X-Token: ")

func (b *body) read(r *bufio.Reader) error {
	for begins, cr := true, false; ; { // cr: a carriage return ended the last piece
		piece, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		ends := err == nil
		if begins {
			if string(piece) == ".\r\n" {
				return nil
			}
			if len(piece) > 0 && piece[0] == '.' {
				piece = piece[1:]
			}
			if t, ok := bytes.CutPrefix(piece, tokenField); ok && !b.known {
				b.token, b.known = string(bytes.TrimSpace(t)), true
				if b.detail != Counts {
					b.sum = sha256.New()
				}
			}
		}
		if err := b.record(piece); err != nil {
			return err
		}
		if n := len(piece) - 2; cr || !ends || n < 0 || piece[n] != '\r' || bytes.IndexByte(piece[:n], '\r') >= 0 {
			cr = b.inspect(piece, ends, cr)
		}
		begins = ends
	}
}

// inspect looks for bare carriage returns and line feeds in a piece that is no plain line, and
// reports whether it ends with a carriage return that the next piece may complete.
func (b *body) inspect(piece []byte, ends, cr bool) bool {
	text := piece
	if ends {
		text = bytes.TrimSuffix(piece, []byte("\n"))
		crlf := bytes.HasSuffix(text, []byte("\r")) || len(text) == 0 && cr
		b.bare = b.bare || !crlf
		text = bytes.TrimSuffix(text, []byte("\r"))
	}
	b.bare = b.bare || cr && len(text) > 0
	cr = !ends && bytes.HasSuffix(text, []byte("\r"))
	b.bare = b.bare || bytes.IndexByte(bytes.TrimSuffix(text, []byte("\r")), '\r') >= 0 ||
		ends && bytes.HasSuffix(text, []byte("\r"))
	return cr
}

// record counts, hashes and keeps a piece, as far as the detail asks.
func (b *body) record(piece []byte) error {
	before := b.size
	b.size += int64(len(piece))
	if b.sum != nil {
		b.sum.Write(piece)
	}
	if b.detail == Whole {
		b.whole = append(b.whole, piece...)
	}
	if before < halfBody && b.size >= halfBody {
		return b.halfway()
	}
	return nil
}

// TokenSum returns the hash that an Arrival of this message has: message begins with, or
// contains, the line with its token.
func TokenSum(message []byte) [sha256.Size]byte {
	at := 0
	if !bytes.HasPrefix(message, tokenField) {
		at = bytes.Index(message, append([]byte("\r\n"), tokenField...))
		if at < 0 {
			return [sha256.Size]byte{}
		}
		at += 2
	}
	return sha256.Sum256(message[at:])
}
