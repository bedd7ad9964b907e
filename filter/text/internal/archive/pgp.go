package archive

import (
	"bufio"
	"compress/bzip2"
	"compress/flate"
	"compress/zlib"
	"errors"
	"io"
	"path"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// Packets of OpenPGP (RFC 9580 section 5), by their tags.
const (
	pgpCompressed = 8
	pgpLiteral    = 11
)

// pgpSigned are the packets that stand beside what everybody can read: signatures, keys, names, markers, padding.
var pgpSigned = map[byte]bool{2: true, 4: true, 5: true, 6: true, 7: true, 10: true, 12: true, 13: true, 14: true,
	17: true, 21: true}

// PGP shows what everybody can read in a message of OpenPGP without its armour: one that is signed or compressed only
// holds a file. One that is encrypted, or that cannot be told from it, is named as such.
func PGP(w *walk.Walker, at int, name string, r *io.SectionReader, depth int) error {
	br, done := walk.Buffered(walk.Fresh(r))
	defer done()
	return readPackets(w, at, strings.TrimSuffix(name, path.Ext(name)), br, depth, 0)
}

// maxPackings bounds what is compressed in something compressed.
const maxPackings = 4

func readPackets(w *walk.Walker, at int, name string, br *bufio.Reader, depth, packings int) error {
	for first := packings == 0; w.Stop == nil; first = false {
		tag, body, err := nextPacket(br)
		switch {
		case err == errPacket && first:
			w.Encrypted(at)
			return w.Stop
		case err != nil:
			return w.Damage(walk.NotEOF(err))
		}
		switch {
		case tag == pgpCompressed && packings == maxPackings:
			w.Doubt(text.TooDeep)
		case tag == pgpCompressed:
			var r io.Reader
			if r, err = decompress(body); err == nil {
				inner, done := walk.Buffered(w.Inflating(r))
				err = readPackets(w, at, name, inner, depth, packings+1)
				done()
			}
		case tag == pgpLiteral:
			var b *bufio.Reader
			if b, name, err = literal(body, name); err == nil {
				err = w.Member(name, b, depth)
			}
		case !pgpSigned[tag]:
			w.Encrypted(at)
			return w.Stop
		}
		if err := w.Damage(err); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return w.Damage(err)
		}
	}
	return w.Stop
}

var errPacket = errors.New("no packet of OpenPGP that is known")

// nextPacket reads the head of a packet (RFC 9580 section 4.2).
func nextPacket(br *bufio.Reader) (tag byte, body io.Reader, err error) {
	first, err := br.ReadByte()
	switch {
	case err != nil:
		return 0, nil, err
	case first&0xc0 == 0xc0:
		p := &packetBody{r: br}
		return first & 0x3f, p, p.next()
	case first&0x80 == 0:
		return 0, nil, errPacket
	}
	tag = first >> 2 & 0xf
	if first&3 == 3 { // to the end
		return tag, br, nil
	}
	n, err := bigEndian(br, 1<<(first&3))
	return tag, io.LimitReader(br, n), err
}

// bigEndian reads a number of so many octets.
func bigEndian(br *bufio.Reader, octets int) (n int64, err error) {
	for range octets {
		c, err := br.ReadByte()
		if err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		n = n<<8 | int64(c)
	}
	return n, nil
}

// packetBody is the body of a packet, which may come in pieces.
type packetBody struct {
	r    *bufio.Reader
	left int64
	more bool // another piece follows
}

// next reads the length of a piece.
func (p *packetBody) next() error {
	c, err := bigEndian(p.r, 1)
	p.more = false
	switch {
	case err != nil:
	case c < 192:
		p.left = c
	case c < 224:
		var low int64
		low, err = bigEndian(p.r, 1)
		p.left = (c-192)<<8 + low + 192
	case c < 255:
		p.left, p.more = 1<<(c&0x1f), true
	default:
		p.left, err = bigEndian(p.r, 4)
	}
	return err
}

// Read implements io.Reader.
func (p *packetBody) Read(b []byte) (int, error) {
	for p.left == 0 {
		if !p.more {
			return 0, io.EOF
		}
		if err := p.next(); err != nil {
			return 0, err
		}
	}
	n, err := p.r.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	return n, err
}

// decompress opens the body of a compressed packet.
func decompress(body io.Reader) (io.Reader, error) {
	br := bufio.NewReader(body)
	switch algorithm, err := br.ReadByte(); {
	case err != nil:
		return nil, err
	case algorithm == 0:
		return br, nil
	case algorithm == 1:
		return flate.NewReader(br), nil
	case algorithm == 2:
		return zlib.NewReader(br)
	case algorithm == 3:
		return bzip2.NewReader(br), nil
	}
	return nil, errPacket
}

// literal returns the content of a literal packet and the name of the file in it, if it has one.
func literal(body io.Reader, name string) (*bufio.Reader, string, error) {
	br := bufio.NewReader(body)
	if _, err := br.ReadByte(); err != nil { // whether it is a text
		return br, name, err
	}
	n, err := bigEndian(br, 1)
	if err != nil {
		return br, name, err
	}
	given := make([]byte, n)
	if _, err := io.ReadFull(br, given); err != nil {
		return br, name, err
	}
	if n > 0 {
		name = string(given)
	}
	_, err = bigEndian(br, 4)                // its time
	head, _ := br.Peek(len("content-type:")) // an error shows when it is read
	if n == 0 && walk.HasPrefixFold(head, "content-type:") {
		name += ".eml" // part of a message (RFC 3156 section 6.2)
	}
	return br, name, err
}
